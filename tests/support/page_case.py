"""Tests of the page in a real Chromium."""

from browser import Browser
from web import PASSWORD, WebCase


class PageCase(WebCase):
    timeout_sec = 120

    def browser(self, **options):
        browser = Browser(**options)
        self.addCleanup(browser.close)
        return browser

    def page(self, settings=None, signed_in=True, browser=None, **options):
        """A daemon, a browser that shows its page, and a client of the API."""
        browser = browser or self.browser()
        sally, web = self.web(settings, with_token=False, **options)
        browser.open(f"http://127.0.0.1:{web.port}/")
        if signed_in:
            self.sign_in(browser)
            web.sign_in()
        return sally, browser, web

    def sign_in(self, browser, password=PASSWORD):
        browser.find("#password").type(password)
        browser.button("Sign in").click()

    def assert_fits(self, browser):
        """Nothing stands out to the right: nobody has to scroll sideways."""
        width, room = browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(width, room)

"""The page as people meet it, in a real Chromium."""

from browser import NARROW, TAB
from daemon import eventually
from page_case import PageCase
from web import PASSWORD


class Frame(PageCase):
    def test_who_does_not_know_the_password_sees_nothing(self):
        _, browser, _ = self.page(signed_in=False)
        self.sign_in(browser, "not the password")
        browser.wait_text("#said", "that is not the password")
        self.assertFalse(browser.find("#views").is_shown())
        self.sign_in(browser)
        browser.wait_text("main", "Greetings held")
        browser.button("Sign out").click()
        browser.wait_text("main", "Password")
        self.assertNotIn("Greetings held", browser.text("main"))

    def test_the_console_has_nothing_to_complain_of(self):
        _, browser, _ = self.page()
        browser.wait_text("main", "Greetings held")
        self.assertEqual(browser.complaints(), [])

    def test_no_script_that_comes_from_elsewhere_runs(self):
        _, browser, _ = self.page()
        browser.wait_text("main", "Greetings held")
        browser.run("const made = document.createElement('script'); made.textContent = 'window.isBroken = true';"
                    "document.body.append(made); document.body.setAttribute('onclick', 'window.isBroken = true')")
        browser.find("body").click()
        self.assertIsNone(browser.run("return window.isBroken"))

    def test_the_cookie_is_nothing_for_scripts(self):
        _, browser, _ = self.page()
        browser.wait_text("main", "Greetings held")
        self.assertEqual(browser.run("return document.cookie"), "")

    def test_another_password_leads_back_to_the_door(self):
        sally, browser, _ = self.page()
        browser.wait_text("main", "Greetings held")
        sally.write_file("password", "quite another password\n", 0o600)
        sally.reload()
        browser.wait_text("main", "Password", 20)
        browser.wait_text("#said", "please sign in")

    def test_the_keyboard_is_enough(self):
        _, browser, _ = self.page(signed_in=False)
        browser.find("#password")
        self.assertEqual(browser.run("return document.activeElement.id"), "password")
        browser.press(*PASSWORD, "\ue007")
        browser.wait_text("main", "Greetings held")
        browser.open(browser.get("/url"))
        browser.wait_text("main", "Greetings held")
        browser.press(TAB)
        self.assertEqual(browser.run("return document.activeElement.textContent"), "Skip to the view")
        browser.press(TAB)
        self.assertEqual(browser.run("return document.activeElement.closest('nav').ariaLabel"), "Views")

    def test_a_daemon_that_is_gone_is_said_to_be(self):
        sally, browser, _ = self.page()
        browser.wait_text("main", "Greetings held")
        sally.signal(15)
        sally.wait_end()
        browser.wait_text("#said", ".", 20)


class Now(PageCase):
    def test_it_tells_what_happens(self):
        sally, browser, web = self.page()
        self.assert_deferred(sally)
        told = eventually(lambda: (lambda now: now["latency"]["mails"] and not now["connections"] and now)(
            web.get("/api/now").json()), "mail")
        self.assertEqual((told["mode"], told["connections"], told["store"]["is_up"]), ("enforce", 0, True))
        self.assertEqual(len(told["minutes"]), 60)
        told = eventually(lambda: (lambda now: now["minutes"][-1]["defer"] and now)(web.get("/api/now").json()),
                          "count of this minute")
        self.assertEqual([minute["begins_ms"] - told["minutes"][0]["begins_ms"] for minute in told["minutes"]],
                         [60000 * i for i in range(60)])
        self.assertLessEqual(told["latency"]["p50_ms"], told["latency"]["p95_ms"])
        browser.wait_text(".tiles", r"of 1 mails.*Redis\s+answers.*Mode\s+enforce")
        browser.shot("now")

    def test_redis_that_is_gone_is_said_to_be(self):
        sally, browser, web = self.page({"store": "unix:/nowhere/redis.sock"})
        self.assert_degraded(sally)
        self.assertEqual(web.get("/api/now").json()["are_minutes_known"], False)
        browser.wait_text(".tiles", r"Redis\s+(does not answer|out of order)")

    def test_a_phone_shows_it(self):
        _, browser, _ = self.page(browser=self.browser(size=NARROW))
        browser.wait_text("main", "Greetings held")
        self.assert_fits(browser)
        browser.shot("now-phone")

    def test_the_dark_shows_it(self):
        _, browser, _ = self.page(browser=self.browser(is_dark=True))
        browser.wait_text("main", "Greetings held")
        browser.shot("now-dark")

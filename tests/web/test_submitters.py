"""Submitters: who sends how much against which limit; lock and release."""

from urllib.parse import quote

from browser import NARROW
from page_case import PageCase
from submit import submit
from web import WebCase

SETTINGS = {"outbound.limits": ["messages: 3/1h hold", "recipients: 20/1h locked"],
            "outbound.login-domain": "here.example"}
EVIL = "<script>alert(1)</script>"


class Api(WebCase):
    def test_who_is_held_is_listed_and_released(self):
        sally, web = self.web(SETTINGS, with_password=False)
        for _ in range(4):
            submit(sally, "alice")
        submit(sally, "bob")
        told = web.bearer("/api/submitters").json()
        self.assertEqual([(user["submitter"], user["state"]) for user in told["users"]],
                         [("sasl:alice@here.example", "hold")])
        told = web.bearer("/api/submitters?by=last").json()
        self.assertEqual([user["submitter"] for user in told["users"]],
                         ["sasl:bob@here.example", "sasl:alice@here.example"])
        user = web.bearer("/api/submitters/show?submitter=alice").json()["user"]
        self.assertIn("4 mails in the last hour", user["why"])
        answer = web.bearer("/api/submitters/set", body={"submitter": "alice", "state": "ok"})
        self.assertEqual((answer.status, answer.json()["user"]["state"]), (200, "ok"))
        self.assertEqual(web.bearer("/api/submitters").json()["users"], [])

    def test_a_lock_holds_at_once(self):
        sally, web = self.web(SETTINGS, with_password=False)
        self.assertEqual(submit(sally, "eve"), 1)
        answer = web.bearer("/api/submitters/set", body={"submitter": "eve", "state": "locked", "why": "stolen"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(submit(sally, "eve"), 0)
        self.assertIn("web 127.0.0.1", sally.log_text())

    def test_nonsense_is_refused(self):
        _, web = self.web(SETTINGS, with_password=False)
        for body in ({}, {"submitter": "x"}, {"submitter": "x", "state": "away"}, {"submitter": 1, "state": "ok"},
                     {"submitter": "x" * 2000, "state": "locked"}, {"submitter": "", "state": "locked"},
                     {"submitter": "x", "state": "locked", "term_ms": -1}):
            with self.subTest(body=str(body)[:50]):
                self.assertEqual(web.bearer("/api/submitters/set", body=body).status, 400)
        self.assertEqual(web.bearer("/api/submitters/set", body={"submitter": "nobody", "state": "ok"}).status, 404)
        self.assertEqual(web.bearer("/api/submitters/show?submitter=nobody").status, 404)
        self.assertEqual(web.bearer("/api/submitters/show").status, 400)
        self.assertEqual(web.bearer("/api/submitters?state=away").status, 400)
        self.assertEqual(web.bearer("/api/submitters?by=x&from=999999999999999999999").status, 200)
        self.assertEqual(web.bearer("/api/submitters/show?submitter=" + quote("\udcff", errors="surrogateescape")).status, 404)

    def test_nobody_changes_anything_without_a_password(self):
        _, web = self.web(SETTINGS, with_password=False, with_token=False)
        self.assertEqual(web.post("/api/submitters/set", {"submitter": "x", "state": "locked"}).status, 403)


class View(PageCase):
    def submitters(self, logins, **options):
        sally, browser, web = self.page(SETTINGS, **options)
        for login in logins:
            submit(sally, login)
        browser.wait_text("main", "Greetings held")
        browser.run("location.hash = 'submitters'")
        return sally, browser, web

    def test_who_is_held_is_shown_and_released(self):
        _, browser, _ = self.submitters(["alice"] * 4)
        browser.wait_text("#submitters", r"sasl:alice@here\.example.*hold.*mails in the last hour", 20)
        browser.button("Show sasl:alice@here.example").click()
        browser.wait_text("#submitter", r"messages: 3/1h hold.*4 of 3.*198\.51\.100\.0/24")
        browser.shot("submitters")
        browser.button("Release sasl:alice@here.example", "#submitter").click()
        browser.wait_text("#said", r"sasl:alice@here\.example is released")
        browser.wait_text("#submitter", r"ok.*Before: hold")
        browser.wait_text("#submitters", "There are none")

    def test_a_script_for_a_login_is_text(self):
        sally, browser, _ = self.submitters([EVIL] * 4)
        browser.wait_text("#submitters", "<script>alert.*hold", 20)
        browser.all("#submitters td button")[0].click()
        browser.wait_text("#submitter", "<script>alert")
        self.assertEqual(browser.run("return document.querySelectorAll('#main script').length"), 0)
        self.assertEqual(browser.complaints(), [])
        self.assertIn("script", sally.log_text())

    def test_a_phone_shows_it(self):
        _, browser, _ = self.submitters(["a-login-that-is-rather-long-for-a-phone"] * 4, browser=self.browser(size=NARROW))
        browser.wait_text("#submitters", "hold", 20)
        browser.all("#submitters td button")[0].click()
        browser.wait_text("#submitter", "messages: 3/1h")
        self.assert_fits(browser)
        browser.shot("submitters-phone")

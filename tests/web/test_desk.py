"""The greylist desk: its API, its view, and what it does to mail in a real Postfix."""

from urllib.parse import quote

import milter
from browser import NARROW
from case import needs_root
from fields import fields_of
from page_case import PageCase
from postfix import Postfix
from web import WebCase

DELAY = 91
EVIL_SENDER = '"x\\"y<script>alert(1)</script>"@example.org'


class Api(WebCase):
    def desk(self, settings=None):
        sally, web = self.web(settings, with_password=False)
        return sally, web

    def ask(self, web, path, body=None):
        answer = web.bearer(path, body=body)
        return answer.json()

    def test_who_waits_is_there_until_he_comes_back(self):
        sally, web = self.desk()
        self.assert_deferred(sally)
        told = self.ask(web, "/api/greylist")
        self.assertEqual((told["waiting"], told["next"], told["is_enforced"], told["may_trust"]), (1, 0, True, True))
        row = told["rows"][0]
        self.assertEqual((row["sender"], row["recipient"], row["client"], row["identity"], row["tries"], row["state"]),
                         ("a@example.org", "b@test.example", "192.0.2.1", "net:192.0.2.0/24", 1, "waiting"))
        self.assertLessEqual(row["left_ms"], 90000)
        self.assertGreater(row["left_ms"], 60000)
        sally.advance(DELAY)
        row = self.ask(web, "/api/greylist")["rows"][0]
        self.assertEqual((row["left_ms"], row["state"]), (0, "ready"))
        self.assert_let_in(sally)
        self.assertEqual(self.ask(web, "/api/greylist")["waiting"], 0)
        outcome = self.ask(web, "/api/greylist/outcome")
        self.assertEqual([outcome["all"][name] for name in ("begun", "came", "never", "never_honest")], [1, 1, 0, 0])
        self.assertGreater(outcome["all"]["median_ms"], 60000)
        self.assertEqual(outcome["identities"][0]["identity"], "net:192.0.2.0/24")

    def test_what_is_only_observed_is_not_shown(self):
        sally, web = self.desk({"greylist.mode": "observe"})
        self.assert_let_in(sally)
        told = self.ask(web, "/api/greylist")
        self.assertEqual((told["waiting"], told["is_enforced"]), (0, False))

    def test_a_search_finds_by_each_word(self):
        sally, web = self.desk()
        self.assert_deferred(sally, "192.0.2.1", "<one@example.org>")
        self.assert_deferred(sally, "198.51.100.7", "<two@example.org>")
        self.assert_deferred(sally, "2001:db8::9", "<three@example.net>")
        for search, senders in [("", ["three", "two", "one"]), ("TWO@", ["two"]), ("198.51.100.9", ["two"]),
                                ("2001:db8::1", ["three"]), ("example.org", ["two", "one"]), ("nobody", []),
                                ("%", []), ("[", []), ("x" * 500, []), ("\u00e9", []), ("a b", [])]:
            with self.subTest(search=search[:20]):
                rows = self.ask(web, "/api/greylist?search=" + quote(search))["rows"]
                self.assertEqual([row["sender"].split("@")[0] for row in rows], senders)
        rows = self.ask(web, "/api/greylist?order=old")["rows"]
        self.assertEqual([row["sender"].split("@")[0] for row in rows], ["one", "two", "three"])

    def test_who_is_released_passes_at_once(self):
        sally, web = self.desk()
        self.assert_deferred(sally)
        row = self.ask(web, "/api/greylist")["rows"][0]
        answer = web.bearer("/api/greylist/release", body={key: row[key] for key in ("identity", "sender", "recipient")})
        self.assertEqual((answer.status, answer.json()), (200, {"done": "greylist-release"}))
        self.assertEqual(self.ask(web, "/api/greylist")["rows"][0]["state"], "released")
        self.assert_let_in(sally)
        event = sally.wait_event("operator", action="greylist-release")
        self.assertEqual((event["via"], event["peer"], event["sender"]), ("web", "127.0.0.1", "a@example.org"))

    def test_who_is_trusted_waits_no_more(self):
        sally, web = self.desk()
        self.assert_deferred(sally)
        self.assertEqual(web.bearer("/api/greylist/trust", body={"identity": "net:192.0.2.0/24"}).status, 200)
        self.assert_let_in(sally, "192.0.2.200", "<quite-another@example.net>")

    def test_nobody_is_trusted_where_nobody_is_ever_known(self):
        _, web = self.desk({"greylist.known-after": 0})
        self.assertEqual(web.bearer("/api/greylist/trust", body={"identity": "net:192.0.2.0/24"}).status, 409)

    def test_who_is_expected_need_not_wait(self):
        sally, web = self.desk()
        self.assertEqual(web.bearer("/api/greylist/expect", body={"recipient": "B@Test.Example"}).status, 200)
        self.assert_let_in(sally)
        sally.advance(15 * 60 + 1)
        self.assert_deferred(sally, "198.51.100.1", "<later@example.org>")

    def test_nonsense_is_refused(self):
        _, web = self.desk()
        for path, body, status in [
                ("release", {}, 400), ("release", {"identity": "x", "sender": "y"}, 400),
                ("release", {"identity": 1, "sender": [], "recipient": {}}, 400),
                ("release", {"identity": "x" * 400, "sender": "", "recipient": "b"}, 400),
                ("release", {"identity": "net:192.0.2.0/24", "sender": "", "recipient": "nobody@test.example"}, 404),
                ("trust", {}, 400), ("trust", {"identity": ""}, 400), ("trust", {"identity": None}, 400),
                ("expect", {}, 400), ("expect", {"recipient": ""}, 400), ("expect", {"recipient": "<>"}, 400),
                ("expect", {"recipient": "a b\r\nc@d"}, 400), ("expect", {"recipient": "x" * 600 + "@example.org"}, 400)]:
            with self.subTest(path=path, body=str(body)[:60]):
                self.assertEqual(web.bearer("/api/greylist/" + path, body=body).status, status)

    def test_nobody_changes_anything_without_a_password(self):
        sally, web = self.web(with_password=False, with_token=False)
        self.assert_deferred(sally)
        for path in ("release", "trust", "expect"):
            self.assertEqual(web.post("/api/greylist/" + path, {"identity": "net:192.0.2.0/24"}).status, 403)

    def test_redis_that_is_gone_is_said_to_be(self):
        _, web = self.desk({"store": "unix:/nowhere/redis.sock"})
        for path in ("/api/greylist", "/api/greylist/outcome"):
            self.assertEqual(web.bearer(path).status, 503)


class View(PageCase):
    def desk(self, senders=("<a@example.org>",), **options):
        sally, browser, web = self.page(**options)
        for sender in senders:
            link = milter.session(sally.socket_path, "192.0.2.1")
            link.whole_mail(sender)
            link.quit()
            sally.advance(1)
        browser.wait_text("main", "Greetings held")
        browser.run("location.hash = 'desk'")
        return sally, browser, web

    def test_it_shows_who_waits_and_finds_them(self):
        _, browser, _ = self.desk(["<a@example.org>", "<b@example.net>", "<>"])
        browser.wait_text("#waiting", r"Waiting: 3.*<>.*b@example\.net.*a@example\.org")
        browser.find("#search").type("example.net\ue007")
        browser.wait_text("#waiting", r"Waiting: 3; shown: 1")
        self.assertNotIn("a@example.org", browser.text("#waiting"))
        browser.shot("desk")

    def test_words_of_strangers_are_text(self):
        _, browser, _ = self.desk([f"<{EVIL_SENDER}>", "<'onmouseover=alert(1)@example.org>",
                                   "<img/src=x/onerror=alert(1)@example.org>"])
        browser.wait_text("#waiting", "Waiting: 3")
        said = browser.text("#waiting")
        self.assertIn("<script>alert(1)</script>", said)
        self.assertIn("<img/src=x/onerror=alert(1)@example.org", said.lower())
        self.assertEqual(browser.run("return document.querySelectorAll('#main script, #main img').length"), 0)
        self.assertEqual(browser.complaints(), [])

    def test_columns_sort(self):
        _, browser, _ = self.desk(["<b@example.org>", "<a@example.org>", "<c@example.org>"])
        browser.wait_text("#waiting", r"c@.*a@.*b@")
        browser.button("Sender", "#waiting").click()
        browser.wait_text("#waiting", r"Sender \(sorted\).*a@.*b@.*c@")

    def test_what_came_of_it_is_shown(self):
        sally, browser, _ = self.desk()
        browser.wait_text("#waiting", "Waiting: 1")
        sally.advance(DELAY)
        self.assert_let_in(sally)
        browser.wait_text("#outcome", r"Came back\s+1 \(100 %\).*net:192\.0\.2\.0/24", 20)

    def test_a_phone_shows_it(self):
        _, browser, _ = self.desk(browser=self.browser(size=NARROW))
        browser.wait_text("#waiting", "Waiting: 1")
        self.assert_fits(browser)
        browser.button("Let the next try of a@example.org to b@test.example pass")
        browser.shot("desk-phone")

    def test_who_only_looks_has_no_buttons_to_press(self):
        _, browser, _ = self.desk(with_password=False, signed_in=False)
        browser.wait_text("#waiting", "Waiting: 1")
        self.assertEqual([one.attribute("disabled") for one in browser.all("#waiting td button")], ["true", "true"])


@needs_root
class WithPostfix(PageCase):
    def test_a_mail_that_is_released_passes_through_postfix(self):
        Postfix.need()
        browser = self.browser()
        sally, browser, _ = self.page(browser=browser, under=Postfix.folders_under)
        postfix = Postfix("unix:" + sally.socket_path)
        self.addCleanup(postfix.stop)
        postfix.start()
        refused, _ = self.send(postfix)
        self.assertEqual(refused[0][0], 451, refused)
        browser.wait_text("main", "Greetings held")
        browser.run("location.hash = 'desk'")
        browser.button("Let the next try of waits@example.org to r1@test.example pass").click()
        browser.wait_text("#said", "The next try of waits@example.org to r1@test.example will pass")
        browser.shot("desk-released")
        let_in, _ = self.send(postfix)
        self.assertEqual(let_in[0][0], 250, let_in)
        (_, _, message), = postfix.wait_delivered("r1@test.example")
        self.assertIn("X-Sallyport-Verdict", [field[0] for field in fields_of(message)])

    def send(self, postfix):
        smtp = postfix.client("192.0.2.44")
        try:
            return smtp.whole_mail("waits@example.org", ["r1@test.example"], None)
        finally:
            smtp.close()

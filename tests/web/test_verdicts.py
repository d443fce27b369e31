"""Verdicts: what the API finds, and what the page tells of one mail."""

import milter
from browser import NARROW
from daemon import eventually
from page_case import PageCase
from web import WebCase


def mail(sally, sender="<a@example.org>", address="192.0.2.1", recipient="<b@test.example>"):
    before = len(sally.events())
    link = milter.session(sally.socket_path, address)
    link.whole_mail(sender, [recipient])
    link.quit()
    sally.wait_event(count=before + 1)  # a mail that is put off is over when its session is


class Api(WebCase):
    def events(self, web, query="", count=None):
        def read():
            events = web.bearer("/api/verdicts?" + query).json()["events"]
            return events if count is None or len(events) >= count else None
        return eventually(read, f"{count} events of {query}") if count else read()

    def test_they_are_found_by_each_word(self):
        sally, web = self.web(with_password=False)
        mail(sally, "<a@one.example>", "192.0.2.1")
        mail(sally, "<b@two.example>", "198.51.100.7")
        sally.advance(91)
        mail(sally, "<a@one.example>", "192.0.2.1")
        events = self.events(web, count=3)
        self.assertEqual([event["verdict"] for event in events], ["accept", "defer", "defer"])
        self.assertEqual(events[0]["from"], "<a@one.example>")
        self.assertTrue(all(event["at"] > 1_600_000_000_000 for event in events))
        for query, found in [("verdict=defer", 2), ("verdict=accept", 1), ("client=198.51.100.7", 1),
                             ("from=one.example", 2), ("finding=GREYLISTED", 2), ("greylist=new", 2),
                             ("verdict=defer&from=one.example&greylist=new&client=192.0.2.1", 1),
                             ("id=" + events[1]["id"], 1), ("search=TWO.example", 1), ("search=zzz", 0),
                             ("since_ms=%d" % (events[0]["at"] + 3_600_000), 0), ("verdict=sometimes", 0), ("before=", 3)]:
            with self.subTest(query=query):
                self.assertEqual(len(self.events(web, query)), found)

    def test_a_story_has_reasons(self):
        sally, web = self.web(with_password=False)
        mail(sally)
        event, = self.events(web, count=1)
        reasons = {finding["name"]: finding["reason"] for finding in event["findings"]}
        self.assertIn("GREYLISTED", reasons)
        self.assertTrue(all(reasons.values()))

    def test_one_is_told_with_what_would_have_changed_it(self):
        sally, web = self.web(with_password=False)
        mail(sally)
        event, = self.events(web, count=1)
        told = web.bearer("/api/verdicts/show?id=" + event["id"]).json()
        self.assertEqual(told["id"], event["id"])
        self.assertEqual(told["what_if"]["without"], [{"name": "GREYLISTED", "verdict": "accept"}])
        explained = sally.operator_json("explain", event["id"])
        self.assertEqual(told["what_if"], explained["what_if"])

    def test_one_that_is_not_there_is_not_told(self):
        _, web = self.web(with_password=False)
        for query, status in [("id=01HZZZZZZZZZZZZZZZZZZZZZZZ", 404), ("", 400), ("id=", 400), ("id=%20*", 404),
                              ("id=" + "x" * 900, 404)]:
            with self.subTest(query=query[:30]):
                self.assertEqual(web.bearer("/api/verdicts/show?" + query).status, status)

    def test_many_are_read_page_by_page(self):
        sally, web = self.web(with_password=False)
        for i in range(55):
            mail(sally, f"<s{i}@example.org>", f"10.0.{i}.1")
        eventually(lambda: self.events(web, "from=example.org&client=10.0.54.1"), "the last event")
        first = web.bearer("/api/verdicts").json()
        self.assertEqual(len(first["events"]), 50)
        rest = web.bearer("/api/verdicts?before=" + first["next"]).json()
        self.assertEqual((len(rest["events"]), rest["next"]), (5, ""))

    def test_nonsense_is_refused(self):
        _, web = self.web(with_password=False)
        for query, status in [("before=now", 400), ("before=" + "1" * 99, 400), ("before=-", 200), ("before=1-", 200),
                              ("id=a&queue=b&client=c&from=d&verdict=e", 400), ("since_ms=x", 200), ("id=" + "x" * 900, 200),
                              ("search=%00", 200), ("search=%ff%fe", 200), ("id=%20*", 200)]:
            with self.subTest(query=query[:30]):
                answer = web.bearer("/api/verdicts?" + query)
                self.assertEqual(answer.status, status, answer.text)

    def test_redis_that_is_gone_is_said_to_be(self):
        _, web = self.web({"store": "unix:/nowhere/redis.sock"}, with_password=False)
        self.assertEqual(web.bearer("/api/verdicts").status, 503)


class View(PageCase):
    def verdicts(self, **options):
        sally, browser, web = self.page(**options)
        browser.wait_text("main", "Greetings held")
        return sally, browser, web

    def test_one_click_leads_to_the_story(self):
        sally, browser, _ = self.verdicts()
        mail(sally)
        mail(sally, "<c@example.net>", "198.51.100.7")
        browser.run("location.hash = 'verdicts'")
        browser.wait_text("#verdicts", r"c@example\.net.*a@example\.org", 20)
        browser.button("Explain the verdict of <a@example.org> to <b@test.example>").click()
        browser.wait_text("#story", r"defer: <a@example\.org> to <b@test\.example>.*GREYLISTED.*"
                                     r"What would have changed it.*Without GREYLISTED: let in")
        self.assertEqual(browser.run("return document.activeElement.id"), "story")
        browser.shot("verdicts")

    def test_a_filter_narrows_them(self):
        sally, browser, _ = self.verdicts()
        mail(sally)
        mail(sally, "<c@example.net>", "198.51.100.7")
        browser.run("location.hash = 'verdicts'")
        browser.wait_text("#verdicts", "a@example", 20)
        browser.find("#filter-from").type("example.net\ue007")
        eventually(lambda: "a@example.org" not in browser.text("#verdicts"), "filter")
        self.assertIn("c@example.net", browser.text("#verdicts"))

    def test_words_of_strangers_are_text(self):
        sally, browser, _ = self.verdicts()
        mail(sally, '<"x\\"<script>alert(1)</script>"@example.org>', recipient='<"<img src=x>"@test.example>')
        browser.run("location.hash = 'verdicts'")
        browser.wait_text("#verdicts", "<script>alert", 20)
        browser.all("#verdicts td button")[0].click()
        browser.wait_text("#story", "<script>alert")
        self.assertEqual(browser.run("return document.querySelectorAll('#main script, #main img').length"), 0)
        self.assertEqual(browser.complaints(), [])

    def test_a_phone_shows_it(self):
        sally, browser, _ = self.verdicts(browser=self.browser(size=NARROW))
        mail(sally)
        browser.run("location.hash = 'verdicts'")
        browser.wait_text("#verdicts", "a@example.org", 20)
        browser.all("#verdicts td button")[0].click()
        browser.wait_text("#story", "GREYLISTED")
        self.assert_fits(browser)
        browser.shot("verdicts-phone")

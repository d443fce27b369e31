"""sallyport explain: the story of a verdict, from memory and from Redis."""

import unittest

import dns
from case import Case
from daemon import eventually
from dns_case import HEALTHY, LISTS, LOOKUPS, host
from milter import session
from redis import Redis


class ExplainCase(Case):
    def try_mail(self, sally, *words, status=1, address="192.0.2.7", sender="a@a.example"):
        return sally.operator_json("try", "--client", address, "--helo", "mx.a.example", "--from", sender, "--rcpt",
                                   "ben@test.example", *words, status=status)

    def explain(self, sally, name, status=0):
        return sally.operator_json("explain", name, status=status)

    def wait_kept(self, sally, count):
        eventually(lambda: sally.ask("status")["events"]["kept"] >= count, f"{count} events")

    def without(self, told):
        return {one["name"]: one["verdict"] for one in told["what_if"]["without"]}

    def queued_mail(self, sally, queue, address="192.0.2.1", sender="<a@example.org>", **options):
        """A mail that the mail server has named."""
        link = session(sally.socket_path, address, **options)
        link.mail(sender, macros={"i": queue})
        link.rcpt()
        link.abort()
        link.quit()


class Explain(ExplainCase):
    def test_a_greylisted_mail_is_told_when_it_may_come_back(self):
        sally = self.daemon()
        name = self.try_mail(sally)["verdict"]["id"]
        told = self.explain(sally, name)
        self.assertEqual((told["verdict"], told["because"], told["source"]),
                         ("defer", "GREYLISTED", "the daemon's memory"))
        self.assertEqual(self.without(told), {"GREYLISTED": "accept"})
        text = sally.operator("explain", name)
        self.assertIn("asked to come back, because of GREYLISTED", text)
        self.assertRegex(text, r"a try from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC on passes, until ")
        self.assertIn("10 below what is refused", text)

    def test_one_that_came_back_is_told_how_long_it_took(self):
        sally = self.daemon()
        self.try_mail(sally)
        sally.advance(120)
        name = self.try_mail(sally, status=0)["verdict"]["id"]
        self.assertIn("passed: it came back after 2m", sally.operator("explain", name))

    def test_redis_tells_the_same_when_the_daemon_has_forgotten(self):
        sally = self.daemon({"greylist.enabled": False})
        name = self.try_mail(sally, status=0)["verdict"]["id"]
        before = self.explain(sally, name)
        for number in range(26):
            link = session(sally.socket_path, f"10.0.{number}.1")
            for _ in range(10):
                link.whole_mail("<a@example.org>")
            link.quit()
        self.wait_kept(sally, 261)
        after = self.explain(sally, name)
        self.assertEqual(after["source"], "Redis")
        for told in (before, after):
            del told["source"]
        self.assertEqual(before, after)

    def test_a_queue_id_finds_the_last_mail_of_that_name(self):
        sally = self.daemon({"greylist.enabled": False})
        for address in ("192.0.2.1", "192.0.2.2"):
            self.queued_mail(sally, "4XYZ", address)
        self.wait_kept(sally, 2)
        self.assertEqual(self.explain(sally, "4XYZ")["client"], "192.0.2.2")
        redis = Redis(sally.redis_path())
        self.addCleanup(redis.close)
        self.assertEqual(len(redis.command("ZRANGEBYLEX", "sp:events:{record}:find", "[queue/4XYZ ", "(queue/4XYZ!")),
                         2)

    def test_who_is_not_there_is_told_how_long_mails_are_kept(self):
        sally = self.daemon({"greylist.enabled": False, "record.events": 500, "record.keep": "3d"})
        sally.operator("explain", "01ARZ3NDEKTSV4RRFFQ69G5FAV", status=1)
        self.assertIn("none is kept", sally.complaint)
        self.try_mail(sally, status=0)
        self.wait_kept(sally, 1)
        sally.operator("explain", "01ARZ3NDEKTSV4RRFFQ69G5FAV", status=1)
        self.assertIn("the latest 500 are kept, no longer than 3d; now 1, since ", sally.complaint)
        for words in ((), ("a b",), ("x" * 64,), ("A", "B"), ("",)):
            sally.operator("explain", *words, status=2)

    def test_what_was_only_observed_is_told(self):
        sally = self.daemon({"mode": "observe", "access.deny-clients": ["192.0.2.0/24"]})
        name = self.try_mail(sally, status=0)["verdict"]["id"]
        told = self.explain(sally, name)
        self.assertEqual((told["verdict"], told["would"]), ("accept", "reject"))
        self.assertEqual(self.without(told)["ACCESS_DENY"], "accept")
        self.assertIn("only observed: enforced, it would have been refused", sally.operator("explain", name))

    def test_what_a_stranger_says_does_no_harm_to_a_terminal(self):
        sally = self.daemon({"greylist.enabled": False})
        self.queued_mail(sally, "4BAD", sender="<\x1b]0;x\x07@example.org>", helo="\x1b[2Jmx.example\r\n")
        self.wait_kept(sally, 1)
        text = sally.operator("explain", "4BAD")
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\x07", text)


class Score(ExplainCase):
    """Why a mail reached the score, or did not."""

    def setUp(self):
        self.server = dns.Server({"a.example": {"MX": "10 mx.a.example"}, **HEALTHY,
                                  **host("192.0.2.7", "mx.a.example"),
                                  "7.2.0.192.bad.list.example": {"A": "127.0.0.2"},
                                  "a.example.dom.list.example": {"A": "127.0.0.2"}})
        self.addCleanup(self.server.close)

    def play(self, **settings):
        sally = self.daemon({"dns.server": [self.server.address], **LOOKUPS, **LISTS,
                             **{key.replace("__", "."): value for key, value in settings.items()}})
        eventually(lambda: all(one["state"] == "well" for kind in ("address_lists", "domain_lists")
                               for one in sally.ask("status")[kind]
                               if "spamhaus" not in one["zone"]), "lists that are well")
        told = self.try_mail(sally, status=None)
        return sally, self.explain(sally, told["verdict"]["id"])

    def try_mail(self, sally, *words, status=1, **options):
        if status is not None:
            return super().try_mail(sally, *words, status=status, **options)
        try:
            return super().try_mail(sally, status=1)
        except AssertionError:
            return super().try_mail(sally, status=0)

    def test_the_finding_that_made_the_difference_is_named(self):
        _, told = self.play(score__refuse=6)
        self.assertEqual(told["verdict"], "reject")
        self.assertEqual(self.without(told), {"DNSBL_BAD": "accept", "RHSBL_DOM": "accept"})
        self.assertTrue(any(one["name"] == "7.2.0.192.bad.list.example" for one in told["lookups"]), told["lookups"])

    def test_where_no_single_one_made_it_those_that_did_together_are_named(self):
        sally, told = self.play(score__refuse=3)
        self.assertEqual((told["verdict"], self.without(told)), ("reject", {}))
        self.assertEqual(told["what_if"]["together"], ["RHSBL_DOM", "DNSBL_BAD"])
        self.assertIn("it takes RHSBL_DOM and DNSBL_BAD not to be refused", sally.operator("explain", told["id"]))

    def test_another_configuration_since_then_is_said(self):
        sally, told = self.play(score__refuse=6)
        sally.write_config(score__refuse=50)
        told = self.explain(sally, told["id"])
        self.assertEqual((told["what_if"]["is_changed"], told["what_if"]["verdict"]), (True, "accept"))
        self.assertIn("the configuration since then: now it would be let in", sally.operator("explain", told["id"]))


if __name__ == "__main__":
    unittest.main()

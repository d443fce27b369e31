"""What the domains of HELO name and sender say of the client (SPF), through a
running daemon and a DNS server of the test's own."""

import re
import time

import dns
import milter
from case import concurrent
from dns_case import DnsCase
from milter import CONTINUE

LABELS_64 = ".".join(["l"] * 63) + ".example"

TEN_AND_ONE = "v=spf1 " + " ".join(f"a:a{number}.many.example" for number in range(11)) + " -all"


class SpfCase(DnsCase):
    engine = "builtin"
    more = {}

    def setUp(self):
        self.settings = {"spf.enabled": True, "spf.engine": self.engine, "greylist.enabled": False,
                         "helo.enabled": False,
                         "hostname": "mx.here.example", "score.refuse": 100, **self.more}
        super().setUp()

    def session(self, address="192.0.2.7", helo="mx.client.example"):
        link = milter.session(self.sally.socket_path, address, helo)
        self.addCleanup(link.close)
        return link

    def found_in(self, link):
        return dict(milter.added_headers(link.changes)).get("X-Sallyport-Tests", "")


class Builtin(SpfCase):
    zones = {"pass.example": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"},
             "fail.example": {"TXT": "v=spf1 ip4:198.51.100.0/24 -all"},
             "soft.example": {"TXT": ["some other text", "v=spf1 ~all"]},
             "neutral.example": {"TXT": "v=spf1 mx ?all"},
             "silent-end.example": {"TXT": "v=spf1 ip4:198.51.100.1"},
             "none.example": {"TXT": "no record of SPF"},
             "typo.example": {"TXT": "v=spf1 ipv4:192.0.2.0/24 -all"},
             "two.example": {"TXT": ["v=spf1 -all", "v=spf1 +all"]},
             "many.example": {"TXT": TEN_AND_ONE},
             **{f"a{number}.many.example": {"A": "198.51.100.1"} for number in range(11)},
             "world.example": {"TXT": "v=spf1 a +all"},
             "half.example": {"TXT": "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"},
             "long.example": {"TXT": "v=spf1 include:one.long.example include:two.long.example redirect=end.long.example"},
             "one.long.example": {"TXT": "v=spf1 a:198-51-100-1.example -all"},
             "two.long.example": {"TXT": "v=spf1 mx:long.example exists:%{i}.%{l}.%{v}.long.example ?all"},
             "mx.long.example": {"A": "198.51.100.9"},
             "end.long.example": {"TXT": "v=spf1 include:pass.example -all"},
             "198-51-100-1.example": {"A": "198.51.100.1"},
             "servfail.example": dns.SERVFAIL,
             "half-dead.example": {"TXT": "v=spf1 include:servfail.example -all"},
             "macro.example": {"TXT": "v=spf1 exists:%{l}.l.macro.example exists:%{h}.h.macro.example -all"},
             "mx.client.example.h.macro.example": {"A": "127.0.0.2"},
             "xn--pss-qla.example": {"TXT": "v=spf1 ip4:192.0.2.7 -all"},
             "six.example": {"TXT": "v=spf1 ip6:2001:db8::/32 -all"},
             "helo-fail.example": {"TXT": "v=spf1 -all"},
             "told.example": {"TXT": "v=spf1 redirect=_spf.told.example exp=not.told.example"},
             "_spf.told.example": {"TXT": "v=spf1 -all exp=why.told.example"},
             "why.told.example": {"TXT": "%{i} is not %{h}'s; %{S} 100%%, said at %{r}"},
             "forged.example": {"TXT": "v=spf1 -all exp=why.forged.example"},
             "why.forged.example": {"TXT": "no\r\n250 2.1.5 yes"},
             "odd.example": {"TXT": "v=spf1 -all exp=why.odd.example"}, "why.odd.example": {"TXT": "%{l} "},
             "bounces.example": {"TXT": "v=spf1 exists:%{l}.is.example -all"},
             "postmaster.is.example": {"A": "127.0.0.2"}}

    def test_what_a_senders_record_is_worth(self):
        rows = [("the client is named", "pass.example", {"SPF_PASS": -0.2},
                 "pass.example lets the client send for it (ip4:192.0.2.0/24)"),
                ("it is not", "fail.example", {"SPF_FAIL": 2.5},
                 "fail.example says that the client may not send for it (-all)"),
                ("it probably is not", "soft.example", {"SPF_SOFTFAIL": 1.0},
                 "soft.example says that the client probably may not send for it (~all)"),
                ("nobody says", "neutral.example", {"SPF_NEUTRAL": 0.5},
                 "neutral.example does not say whether the client may send for it (?all)"),
                ("the record just ends", "silent-end.example", {"SPF_NEUTRAL": 0.5},
                 "silent-end.example does not say whether the client may send for it (nothing matches)"),
                ("no record", "none.example", {"SPF_NONE": 0.5}, "none.example has no SPF record"),
                ("no domain", "nosuch.example", {"SPF_NONE": 0.5}, "nosuch.example has no SPF record"),
                ("an unknown term", "typo.example", {"SPF_PERMERROR": 0.5},
                 "the SPF record of typo.example cannot be evaluated: this is no term of SPF: ipv4:192.0.2.0/24"),
                ("two records", "two.example", {"SPF_PERMERROR": 0.5},
                 "the SPF record of two.example cannot be evaluated: more than one SPF record"),
                ("eleven terms that ask", "many.example", {"SPF_PERMERROR": 0.5},
                 "the SPF record of many.example cannot be evaluated: too many terms that ask DNS"),
                ("all the world", "world.example", {"SPF_PASSES_WORLD": 1.0},
                 "the SPF record of world.example lets nearly everybody send (+all)"),
                ("all the world in two halves", "half.example", {"SPF_PASSES_WORLD": 1.0}, None),
                ("by includes and a redirect", "long.example", {"SPF_PASS": -0.2},
                 "long.example lets the client send for it (include:pass.example)"),
                ("its name server fails", "servfail.example", {}, None),
                ("that of an include fails", "half-dead.example", {}, None)]
        for sentence, domain, wanted, reason in rows:
            with self.subTest(sentence):
                self.assertEqual(self.findings(sender="a@" + domain), wanted)
                if reason:
                    self.assertEqual(self.reason(list(wanted)[0]), reason)
                self.assertEqual(self.headers().get("X-Sallyport-Degraded"), None if wanted else "dns")

    def test_odd_senders(self):
        rows = [("quoted", '"a b"@fail.example', "SPF_FAIL"),
                ("with an at sign", '"a@pass.example"@fail.example', "SPF_FAIL"),
                ("with a source route", "<@relay.example:a@fail.example>", "SPF_FAIL"),
                ("of 8 bits", "j\u00f6rg@macro.example", "SPF_PASS"),  # by the HELO name; the local part is no name
                ("in another case", "a@FAIL.Example", "SPF_FAIL"),
                ("without a domain", "pass.example", "SPF_NONE"),
                ("with an empty domain", "a@", "SPF_NONE"),
                ("of one label", "a@localhost", "SPF_NONE"),
                ("of 64 labels", "a@" + LABELS_64, "SPF_NONE"),
                ("with a label of 64", "a@" + "l" * 64 + ".example", "SPF_NONE"),
                ("of Unicode labels", "a@p\u00e4ss.example", "SPF_PASS"),
                ("with a space in the domain", "a@pass.example x", "SPF_NONE"),
                ("a literal", "a@[192.0.2.7]", "SPF_NONE"),
                ("a literal of IPv6", "a@[IPv6:2001:db8::7]", "SPF_NONE"),
                ("a local part of 600", "a" * 600 + "@pass.example", "SPF_NONE")]
        link = self.session()
        for sentence, sender, wanted in rows:
            with self.subTest(sentence):
                sender = sender if sender.startswith("<") else f"<{sender}>"
                link.whole_mail(sender.encode())
                self.assertEqual(self.found_in(link).split("=")[0], wanted)

    def test_the_null_sender_is_postmaster_at_the_helo_name(self):
        found = self.findings(sender="<>", helo="bounces.example")
        self.assertEqual(found, {"SPF_PASS": -0.2})
        self.assertEqual(self.reason("SPF_PASS"),
                         "bounces.example lets the client send for it (exists:%{l}.is.example)")
        self.assertEqual(self.findings(sender="<>", helo="[192.0.2.7]"), {"SPF_NONE": 0.5})

    def test_the_helo_name_has_a_record_too(self):
        self.assertEqual(self.findings(sender="a@pass.example", helo="helo-fail.example"),
                         {"SPF_HELO_FAIL": 1.5, "SPF_PASS": -0.2})
        self.assertEqual(self.reason("SPF_HELO_FAIL"),
                         "helo-fail.example says that the client may not use its name (-all)")
        for helo in ("localhost", "192.0.2.7", "a b.example", "\u00e4.example"):
            with self.subTest(helo):
                self.assertEqual(self.findings(sender="a@pass.example", helo=helo), {"SPF_PASS": -0.2})

    def test_the_last_greeting_counts(self):
        link = self.session(helo="helo-fail.example")
        link.whole_mail("<a@pass.example>")
        self.assertEqual(self.found_in(link), "SPF_HELO_FAIL=1.5, SPF_PASS=-0.2")
        link.helo("mx.client.example")
        link.whole_mail("<a@pass.example>")
        self.assertEqual(self.found_in(link), "SPF_PASS=-0.2")
        for number in range(50):
            link.helo(f"n{number}.helo-fail.example")
        link.helo("helo-fail.example")
        link.whole_mail("<a@pass.example>")
        self.assertEqual(self.found_in(link), "SPF_HELO_FAIL=1.5, SPF_PASS=-0.2")
        self.assertLess(len({name for name, _ in self.server.asked if ".helo-fail.example" in name}), 10)

    def test_clients_of_ipv6_and_of_ipv4_within_it(self):
        for address, sender, wanted in (("2001:db8::7", "six.example", "SPF_PASS"),
                                        ("2001:db9::7", "six.example", "SPF_FAIL"),
                                        ("::ffff:192.0.2.7", "pass.example", "SPF_PASS"),
                                        ("::ffff:192.0.3.7", "pass.example", "SPF_FAIL")):
            with self.subTest(address):
                link = self.session(address)
                link.whole_mail(f"<a@{sender}>")
                self.assertEqual(self.found_in(link).split("=")[0], wanted)

    def test_of_a_client_without_an_address_nothing_is_said(self):
        link = milter.Milter(self.sally.socket_path).negotiate()
        self.addCleanup(link.close)
        link.event("C", b"gone\0U")
        link.helo("helo-fail.example")
        link.whole_mail("<a@fail.example>")
        self.assertNotIn("SPF", self.found_in(link))

    def test_a_hundred_mails_to_nobody_are_not_looked_up(self):
        self.server.zones["*.silent.example"] = dns.SILENT
        link = self.session()
        for number in range(100):
            link.mail(f"<a@n{number}.silent.example>")
            link.send("A")
        link.whole_mail("<a@fail.example>")
        self.assertEqual(self.found_in(link), "SPF_FAIL=2.5")
        asked = {name for name, _ in self.server.asked if name.endswith("silent.example")}
        self.assertLess(len(asked), 10)

    def test_trusted_and_authenticated_clients_are_not_asked_about(self):
        self.server.asked.clear()
        self.assertEqual(list(self.findings("127.0.0.5", "fail.example", "a@fail.example")), ["TRUSTED"])
        self.assertEqual(self.server.asked, [])
        self.assertEqual(list(self.findings(sender="a@fail.example", words=["--login", "alice"])), ["TRUSTED"])
        self.assertEqual(self.server.count("fail.example"), 0)


SLOW = {"slow.example": {"TXT": "v=spf1 include:late.example -all"},
        # Later than the resolver waits at first: it asks again.
        "late.example": {"TXT": dns.after(700, "v=spf1 ?all")},
        "unneeded.example": {"TXT": "v=spf1 a:first.example include:silent.example -all"},
        "first.example": {"A": dns.after(100, "192.0.2.7")},
        "unsaid.example": {"TXT": "v=spf1 -all exp=silent.example"},
        "silent.example": dns.SILENT}


class Libspf2(Builtin):
    engine = "libspf2"


class Explained(SpfCase):
    more = {"score.refuse": 2.5}
    zones = Builtin.zones

    def reply_to(self, sender):
        """As an MTA tells it: libmilter's percent signs are doubled."""
        link = self.session()
        link.mail(f"<{sender}>".encode())
        return link.rcpt()[1].replace("%%", "%")

    def test_a_refusal_tells_what_the_senders_domain_says(self):
        told = ("told.example explains: 192.0.2.7 is not mx.client.example's; %22a%20b%22%40told.example 100%, "
                "said at mx.here.example")
        rows = [("through a redirect", '"a b"@told.example', told),
                ("without one", "a@fail.example", None),
                ("with line ends in it", "a@forged.example", None),
                ("with what a client wrote", '"a\x7f\xe4b"@odd.example',
                 'odd.example explains: "a\\x7f\\xc3\\xa4b" ')]
        for sentence, sender, words in rows:
            with self.subTest(sentence):
                self.assertRegex(self.reply_to(sender), "^550 5.7.1 Refused: too much here looks like spam"
                                 + (re.escape("; " + words) if words else "") + r" \(id 01[0-9A-Z]{24}\)$")


class ExplainedByLibspf2(Explained):
    engine = "libspf2"


@concurrent
class Needed(SpfCase):
    zones = SLOW

    def test_a_mail_waits_only_for_what_the_result_needs(self):
        for sender, wanted in (("unneeded.example", {"SPF_PASS": -0.2}), ("unsaid.example", {"SPF_FAIL": 2.5})):
            with self.subTest(sender):
                self.assertEqual(self.findings(sender="a@" + sender), wanted)
                self.assertLess(self.told["verdict"]["ms_wait"], 2990)  # budget.dns is 3 s
                self.assertNotIn("X-Sallyport-Degraded", self.headers())


@concurrent
class NeededByLibspf2(Needed):
    engine = "libspf2"


@concurrent
class Late(SpfCase):
    more = {"budget.dns": "500ms"}
    zones = SLOW

    def test_what_is_not_answered_in_time_is_neither_clean_nor_dirty(self):
        self.assertEqual(self.findings(sender="a@silent.example"), {})
        self.assertEqual(self.headers()["X-Sallyport-Degraded"], "dns")

    def send_slowly(self, *later):
        """A mail whose first recipient comes too soon for an answer."""
        link = self.session()
        link.mail("<a@slow.example>")
        self.assertEqual(link.rcpt()[0], CONTINUE)
        time.sleep(2)
        for recipient in later:
            self.assertEqual(link.rcpt(recipient)[0], CONTINUE)
        link.end()
        self.assertEqual(self.found_in(link), "SPF_FAIL=2.5")

    def test_a_late_answer_counts_for_the_next_recipient(self):
        self.send_slowly("<c@test.example>")
        event = self.sally.wait_event()
        self.assertEqual((event["tests"], event["degraded"]), ("SPF_FAIL=2.5", "dns"))

    def test_a_late_answer_counts_at_end_of_message(self):
        self.send_slowly()

    def test_a_dead_resolver_costs_no_more_than_the_budget(self):
        self.server.trick = dns.SILENT
        for _ in range(3):
            self.assertEqual(self.findings(sender="a@slow.example"), {})
            self.assertEqual(self.headers()["X-Sallyport-Degraded"], "dns")
            self.assertLess(self.told["verdict"]["ms_wait"], 1990)  # budget.mail is 5 s

"""What is looked up of a client, its names and its sender, through a running
daemon and a DNS server of the test's own."""

import threading
import time

import dns
from case import concurrent
from daemon import eventually
from dns_case import DnsCase, host, KEY, LISTS, LOOKUPS, SECRET_ZONE


class Names(DnsCase):
    zones = {**host("192.0.2.7", "mx.client.example"),
             **host("192.0.2.10", "mail.example.de"), "mail.com": {"A": "198.51.100.77"},
             dns.reverse("192.0.2.11"): {"PTR": "bank.example"}, "bank.example": {"A": "198.51.100.1"},
             **host("192.0.2.12", "192-0-2-12.dsl.provider.example"),
             dns.reverse("192.0.2.13"): dns.SERVFAIL,
             dns.reverse("192.0.2.14"): {"PTR": "loop.example"}, "loop.example": {"CNAME": "loop2.example"},
             "loop2.example": {"CNAME": "loop.example"},
             **host("2001:db8::7", "six.client.example")}

    def test_an_honest_client_is_spoken_of_by_nobody(self):
        self.assertEqual(self.findings(), {})
        self.assertNotIn("X-Sallyport-Degraded", self.headers())

    def test_the_real_case_of_mail_com(self):
        found = self.findings("192.0.2.10", "mail.com")
        self.assertEqual(found, {"HELO_MISMATCH": 1.5})
        self.assertEqual(self.reason("HELO_MISMATCH"),
                         "the HELO name mail.com does not lead to the client, whose own name is mail.example.de")
        event = self.sally.wait_event(id=self.told["id"])
        self.assertEqual((event["client"], event["helo"]), ("192.0.2.10", "mail.com"))

    def test_hosts_of_one_organisation_may_say_each_others_names(self):
        self.server.zones["other.example.de"] = {"A": "198.51.100.78"}
        self.assertEqual(self.findings("192.0.2.10", "other.example.de"), {"HELO_ELSEWHERE": 0.3})

    def test_an_address_without_a_name(self):
        self.assertEqual(self.findings("192.0.2.99"), {"RDNS_NONE": 1.5, "HELO_ELSEWHERE": 0.3})

    def test_a_name_that_does_not_lead_back(self):
        self.assertIn("RDNS_NOT_CONFIRMED", self.findings("192.0.2.11", "bank.example"))
        self.assertIn("bank.example does not lead back", self.reason("RDNS_NOT_CONFIRMED"))

    def test_a_customers_line(self):
        found = self.findings("192.0.2.12", "192-0-2-12.dsl.provider.example")
        self.assertEqual(found, {"RDNS_GENERIC": 1.5})

    def test_a_name_server_that_fails_is_neither_clean_nor_dirty(self):
        found = self.findings("192.0.2.13")
        self.assertNotIn("RDNS_NONE", found)
        self.assertEqual(self.headers()["X-Sallyport-Degraded"], "dns")

    def test_aliases_in_a_circle_end(self):
        self.assertNotIn("RDNS_NONE", self.findings("192.0.2.14"))

    def test_a_helo_name_without_address(self):
        self.assertEqual(self.findings(helo="nowhere.client.example"), {"HELO_NOWHERE": 1.0})

    def test_an_ipv6_client(self):
        self.assertEqual(self.findings("2001:db8::7", "six.client.example"), {})

    def test_odd_names_ask_for_nothing_else(self):
        asked = len(self.server.asked)
        self.findings(helo="a b.client.example")
        self.findings(helo="a\\.client.example")
        self.findings(helo="..client.example")
        self.assertFalse([name for name, _ in self.server.asked[asked:] if "client.example" in name and
                          name != "mx.client.example"])

    def test_trusted_and_authenticated_clients_are_not_looked_up(self):
        self.server.asked.clear()
        self.assertEqual(list(self.findings("127.0.0.5")), ["TRUSTED"])
        self.assertEqual(self.server.asked, [])
        self.assertEqual(list(self.findings("192.0.2.11", words=["--login", "alice"])), ["TRUSTED"])


class Senders(DnsCase):
    zones = {**host("192.0.2.7", "mx.client.example"), "nullmx.example": {"MX": "0 ."},
             "addressonly.example": {"A": "198.51.100.20"}, "empty.example": {"TXT": "nothing else"},
             "private.example": {"MX": ["10 a.private.example", "20 b.private.example"]},
             "a.private.example": {"A": "127.0.0.1"}, "b.private.example": {"A": "10.1.2.3"},
             "half.example": {"MX": ["10 a.private.example", "20 mx.sender.example"]},
             "broken.example": dns.SERVFAIL}

    def test_what_a_senders_domain_is_worth(self):
        rows = [("a domain with MX", "sender.example", {}),
                ("a domain with an address only", "addressonly.example", {}),
                ("a domain that does not exist", "nosuch.example", {"SENDER_DOMAIN_ABSENT": 4.0}),
                ("a domain that takes no mail", "nullmx.example", {"SENDER_DOMAIN_NULL_MX": 4.0}),
                ("a domain with neither MX nor address", "empty.example", {"SENDER_DOMAIN_NO_HOST": 3.0}),
                ("MX at private addresses", "private.example", {"SENDER_DOMAIN_PRIVATE_MX": 3.0}),
                ("one MX of two at a private address", "half.example", {}),
                ("a name server that fails", "broken.example", {})]
        for sentence, domain, wanted in rows:
            with self.subTest(sentence):
                self.assertEqual(self.findings(sender="a@" + domain), wanted)

    def test_the_null_sender_has_no_domain(self):
        self.assertEqual(self.findings(sender="<>"), {})


class Known(DnsCase):
    zones = host("192.0.2.7", "mx.client.example")

    def setUp(self):
        self.addCleanup(setattr, dns, "TTL_SEC", dns.TTL_SEC)
        dns.TTL_SEC = 300
        super().setUp()

    def test_a_mail_like_one_before_asks_nobody(self):
        self.assertEqual(self.findings(), {})
        before = self.sally.ask("status")["dns"]
        self.assertGreater(before["sent"], 3)
        self.server.trick = dns.SILENT
        self.assertEqual(self.findings(), {})
        self.assertNotIn("X-Sallyport-Degraded", self.headers())
        after = self.sally.ask("status")["dns"]
        self.assertEqual(after["sent"], before["sent"])
        self.assertEqual(after["cached"] - before["cached"], after["asked"] - before["asked"])
        self.assertIn(f"{after['cached']} from the cache", self.sally.operator("status"))


class Lists(DnsCase):
    settings = {**LOOKUPS, **LISTS}
    zones = {**host("192.0.2.7", "mx.client.example"), **host("192.0.2.20", "mx.spam.example"),
             dns.reverse("192.0.2.20", "bad.list.example"): {"A": "127.0.0.4"},
             dns.reverse("192.0.2.20", SECRET_ZONE): {"A": "127.0.0.3"},
             **host("192.0.2.21", "mx.half.example"),
             dns.reverse("192.0.2.21", "bad.list.example"): {"A": "127.0.0.4"},
             dns.reverse("192.0.2.21", "good.list.example"): {"A": "127.0.0.5"},
             **host("192.0.2.22", "mx.odd.example"),
             dns.reverse("192.0.2.22", "bad.list.example"): {"A": "127.0.0.77"},
             **host("192.0.2.23", "mx.parked.example"),
             dns.reverse("192.0.2.23", "bad.list.example"): {"A": "203.0.113.80"},
             **host("192.0.2.24", "mx.listed.example"), "listed.example.dom.list.example": {"A": "127.0.0.2"},
             "listed.example": {"MX": "10 mx.sender.example"}}

    def setUp(self):
        super().setUp()
        eventually(lambda: all(one["state"] == "well" for one in self.lists()), "well lists")

    def lists(self):
        status = self.sally.ask("status")
        return status["address_lists"] + status["domain_lists"]

    def tests_told(self):
        """The first list's state once its test points were asked anew."""
        if ("1.0.0.127.bad.list.example", "A") not in self.server.asked:
            return None
        time.sleep(0.3)  # their answers are on their way to the daemon
        self.server.asked.clear()
        return self.lists()[0]["state"]

    def test_a_listed_client_gets_each_lists_points(self):
        self.assertEqual(self.findings("192.0.2.20", "mx.spam.example"), {"DNSBL_BAD": 3.0, "DNSBL_KEYED": 4.0})

    def test_how_long_a_list_takes_is_in_the_status(self):
        self.server.delay_ms = 40
        self.findings("192.0.2.20", "mx.spam.example")
        for one in self.lists():
            # A question that joins another's lookup has waited for part of it
            # only, and a tenth of that goes into the average.
            self.assertGreaterEqual(one["latency_ms"], 20, one)
            self.assertEqual((one["questions"] > 0, one["errors"]), (True, 0), one)

    def test_a_list_of_the_good_takes_points_away(self):
        self.assertEqual(self.findings("192.0.2.21", "mx.half.example"), {"DNSBL_BAD": 3.0, "DNSBL_GOOD": -2.0})

    def test_an_answer_that_no_filter_means(self):
        self.assertEqual(self.findings("192.0.2.22", "mx.odd.example"), {})

    def test_an_answer_outside_127_is_no_listing(self):
        self.assertEqual(self.findings("192.0.2.23", "mx.parked.example"), {})

    def test_the_key_is_shown_to_nobody(self):
        told = self.try_mail("192.0.2.20", "mx.spam.example")
        self.assertIn(("20.2.0.192." + SECRET_ZONE, "A"), self.server.asked)
        said = str(told) + self.sally.log_text() + str(self.sally.ask("status")) + self.sally.operator("status")
        said += self.sally.operator("config", "show") + self.sally.operator("config", "show", "--json")
        self.assertNotIn(KEY, said)
        self.assertIn("*.zen.dq.spamhaus.net", said)

    def test_a_listed_domain_by_whatever_name(self):
        for sentence, options in (("the client's name and HELO name", {"address": "192.0.2.24", "helo": "mx.listed.example"}),
                                  ("the sender's domain", {"sender": "a@sub.listed.example"})):
            with self.subTest(sentence):
                self.assertEqual(self.findings(**options).get("RHSBL_DOM"), 3.5)

    def test_the_authors_domain_is_looked_at_at_end_of_message(self):
        message = b"From: Somebody <a@news.listed.example>\r\nSubject: x\r\n\r\nx\r\n"
        self.assertEqual(self.findings(message=message), {"RHSBL_DOM": 3.5})
        self.assertIn("author's domain", self.reason("RHSBL_DOM"))

    def test_a_list_that_refuses_us_counts_for_nothing_and_it_is_said_once(self):
        self.server.zones["*.bad.list.example"] = {"A": "127.255.255.254"}
        self.server.zones["2.0.0.127.bad.list.example"] = {"A": "127.255.255.254"}
        self.sally.advance(301)
        eventually(lambda: [one for one in self.lists() if one["state"] == "unwell"], "list that is unwell")
        for _ in range(3):
            self.assertNotIn("DNSBL_BAD", self.findings("192.0.2.20", "mx.spam.example"))
        self.assertEqual(self.sally.log_text().count("bad.list.example counts for nothing"), 1)
        self.assertIn("unwell     bad.list.example", self.sally.operator("status"))

    def test_a_list_that_lists_everything_is_suspended_and_comes_back(self):
        self.server.zones["*.bad.list.example"] = {"A": "127.0.0.2"}
        self.sally.advance(301)
        eventually(lambda: self.lists()[0]["state"] == "unwell", "list that is unwell")
        self.assertEqual(self.findings(), {})
        del self.server.zones["*.bad.list.example"]
        self.server.asked.clear()
        for state in ("probation", "probation", "well"):
            self.sally.advance(301)
            eventually(lambda: self.tests_told() == state, f"list that is on {state}")
        eventually(lambda: self.lists()[0]["state"] == "well", "list that is well again")
        self.assertEqual(self.findings("192.0.2.20", "mx.spam.example").get("DNSBL_BAD"), 3.0)

    def test_a_reload_brings_other_lists(self):
        self.sally.write_config(dnsbl__lists=["OTHER: good.list.example*1.5"])
        self.sally.reload()
        eventually(lambda: self.lists()[0]["state"] == "well", "well list")
        self.assertEqual(self.findings("192.0.2.21", "mx.half.example"), {"DNSBL_OTHER": 1.5})


class Refused(DnsCase):
    settings = {**LOOKUPS, **LISTS, "greylist.enabled": True, "greylist.delay": "0s", "score.refuse": 6}
    zones = Lists.zones

    def test_a_mail_that_is_refused_earns_its_sender_nothing(self):
        eventually(lambda: self.sally.ask("status")["address_lists"][1]["state"] == "well", "well lists")
        for _ in range(3):
            self.assertIn("DNSBL_KEYED", self.findings("192.0.2.20", "mx.spam.example", status=1))
            self.assertEqual(self.told["outcome"], "refused")
        self.assertEqual(self.sally.operator_json("greylist", "list", status=1)["entries"], [])
        event = self.sally.wait_event(id=self.told["id"])
        self.assertNotIn("greylist", event)
        self.assertIn("ms_connect", event)


class Overlap(DnsCase):
    settings = {**LOOKUPS, **LISTS}
    zones = {**host("192.0.2.7", "mx.client.example")}
    delay_ms = 200  # from the start: a server that turns slow is asked twice and thrice

    def test_a_mail_waits_for_the_longest_chain_and_not_for_the_sum(self):
        eventually(lambda: self.sally.ask("status")["domain_lists"][0]["state"] == "well", "well lists")
        self.server.asked.clear()
        begun = time.monotonic()
        self.assertEqual(self.findings(), {})
        took_ms = (time.monotonic() - begun) * 1000
        asked = len(set(self.server.asked))
        self.assertGreaterEqual(asked, 8)
        # PTR, then A, then their lists; one after the other it were 8 x 200.
        self.assertLess(took_ms, 200 * asked / 2)


@concurrent
class Outage(DnsCase):
    settings = {**LOOKUPS, **LISTS, "budget.dns": "1s", "budget.mail": "2s", "budget.callback": "2s"}
    zones = {**host("192.0.2.7", "mx.client.example")}

    def test_a_resolver_that_never_answers_costs_one_deadline_then_nothing(self):
        self.server.trick = dns.SILENT
        begun = time.monotonic()
        self.assertEqual(self.findings(), {})
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(self.headers()["X-Sallyport-Degraded"], "dns")
        self.assertLess(self.told["verdict"]["ms_wait"], 1990)
        eventually(lambda: self.try_mail() and self.sally.ask("status")["dns"]["is_dead"], "resolver known dead", 60)
        self.assertLess(self.try_mail()["verdict"]["ms_wait"], 1000)
        self.assertEqual(self.sally.operator("status", status=1).count("DOES NOT ANSWER"), 1)

        self.server.trick = None
        eventually(lambda: not self.sally.ask("status")["dns"]["is_dead"], "resolver that is back", 60)
        self.assertEqual(self.findings(), {})

    def test_many_at_once_are_all_answered(self):
        self.server.trick = dns.SILENT
        told = []

        def one(number):
            told.append(self.try_mail(f"198.51.100.{number}")["outcome"])

        threads = [threading.Thread(target=one, args=(number,)) for number in range(1, 41)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(told, ["accepted"] * 40)

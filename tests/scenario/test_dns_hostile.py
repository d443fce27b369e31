"""Clients, lists and operators that make lookups difficult."""

import time

import dns
import milter
from daemon import eventually
from milter import CONTINUE
from dns_case import LISTS, LOOKUPS, DnsCase, host


class Listed(DnsCase):
    """With lists that are well before a test begins."""

    settings = {**LOOKUPS, **LISTS}
    zones = {**host("192.0.2.7", "mx.client.example"), **host("192.0.2.20", "mx.spam.example"),
             "listed.example.dom.list.example": {"A": "127.0.0.2"}, "listed.example": {"MX": "10 mx.sender.example"}}

    def setUp(self):
        super().setUp()
        eventually(lambda: all(state == "well" for state in self.states()), "well lists")

    def lists(self):
        status = self.sally.ask("status")
        return status["address_lists"] + status["domain_lists"]

    def states(self):
        return [one["state"] for one in self.lists()]

    def session(self, address="192.0.2.7", helo="mx.client.example"):
        link = milter.session(self.sally.socket_path, address, helo)
        self.addCleanup(link.close)
        return link

    def found_in(self, link):
        """What the headers that were added say was found."""
        return dict(milter.added_headers(link.changes)).get("X-Sallyport-Tests", "")


class Health(Listed):
    def test_one_failed_answer_is_told_once_whatever_the_number_of_recipients(self):
        self.server.zones[dns.reverse("192.0.2.7", "bad.list.example")] = dns.SERVFAIL
        link = self.session()
        answers, end = link.whole_mail("<a@sender.example>", [f"<u{number}@test.example>" for number in range(25)])
        self.assertEqual({kind for kind, _ in answers}, {CONTINUE})
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT))
        self.assertEqual(self.states()[0], "well")
        self.assertEqual(self.lists()[0]["errors"], 1)


class Slowness(Listed):
    settings = {**LOOKUPS, **LISTS, "budget.dns": "1s"}

    def test_a_sender_that_takes_its_time_uses_up_none_of_ours(self):
        self.server.zones["listed.example.dom.list.example"] = {"A": dns.after(200, "127.0.0.2")}
        link = self.session()
        link.mail("<a@sender.example>")
        self.assertEqual(link.rcpt()[0], CONTINUE)
        time.sleep(1.2)
        link.header("From", "Somebody <a@listed.example>")
        self.assertIn(link.end()[0], (CONTINUE, milter.ACCEPT))
        self.assertEqual(self.found_in(link), "RHSBL_DOM=3.5")

    def test_a_list_that_is_silent_about_a_name_hides_nothing_else_of_it(self):
        self.server.zones[dns.reverse("192.0.2.30")] = {"PTR": "mx.quiet.example"}
        self.server.zones["quiet.example.dom.list.example"] = dns.SILENT
        self.assertIn("RDNS_NOT_CONFIRMED", self.findings("192.0.2.30", "mx.client.example"))


class Greetings(Listed):
    def greet_and_send(self, link, *names):
        for name in names:
            link.helo(name)
        link.mail("<a@sender.example>")
        self.assertEqual(link.rcpt()[0], CONTINUE)
        self.assertIn(link.end()[0], (CONTINUE, milter.ACCEPT))
        link.send("A")  # as an MTA before the next greeting
        return self.found_in(link)

    def test_the_last_greeting_counts(self):
        link = self.session(helo="mx.listed.example")
        self.assertEqual(self.greet_and_send(link), "HELO_NOWHERE=1, HELO_MISMATCH=1.5, RHSBL_DOM=3.5")
        self.assertEqual(self.greet_and_send(link, "[192.0.2.7]"), "")
        self.assertEqual(self.greet_and_send(link, "mx.client.example"), "")

    def test_who_greets_a_hundred_times_is_looked_up_all_the_same(self):
        link = self.session()
        names = [f"mx{number}.flood.example" for number in range(100)]
        self.server.asked.clear()
        self.assertEqual(self.greet_and_send(link, *names, "nowhere.client.example"), "HELO_NOWHERE=1")
        self.assertNotIn("X-Sallyport-Degraded", dict(milter.added_headers(link.changes)))
        self.assertLess(len([name for name, _ in self.server.asked if "flood.example" in name]), 40)

    def test_a_hundred_mails_to_nobody_are_not_looked_up(self):
        self.server.zones["*.silent.example"] = dns.SILENT
        link = self.session()
        for number in range(100):
            link.mail(f"<a@n{number}.silent.example>")
            link.send("A")
        link.whole_mail("<a@nosuch.example>")
        self.assertEqual(self.found_in(link), "SENDER_DOMAIN_ABSENT=4")
        asked = {name for name, _ in self.server.asked if name.endswith("silent.example")}
        self.assertLess(len(asked), 10)


class GreetingsWithoutLookup(Listed):
    settings = {**LOOKUPS, **LISTS, "helo.lookup": False}

    def test_lists_are_asked_about_the_greeting_all_the_same(self):
        self.assertEqual(self.findings(helo="mx.listed.example"), {"RHSBL_DOM": 3.5})


class ManyLists(Listed):
    """As many as a configuration may name."""

    count = 32
    settings = {**LOOKUPS, "dnsbl.enabled": True,
                "dnsbl.lists": [f"L{number}: l{number}.example" for number in range(count)],
                "dnsbl.domain-lists": [f"D{number}: d{number}.example" for number in range(count)]}
    zones = {**Listed.zones, "listed.example.d31.example": {"A": "127.0.0.2"},
             **{f"2.0.0.127.l{number}.example": {"A": "127.0.0.2"} for number in range(count)},
             **{f"test.d{number}.example": {"A": "127.0.0.2"} for number in range(count)}}

    def test_all_of_them_are_asked_about_each_name(self):
        self.assertEqual(self.findings(), {})
        self.assertNotIn("X-Sallyport-Degraded", self.headers())
        message = b"From: a@listed.example\r\n\r\nx\r\n"
        for options in ({"helo": "mx.listed.example"}, {"sender": "a@listed.example"}, {"message": message}):
            with self.subTest(options):
                self.assertEqual(self.findings(**options).get("RHSBL_D31"), 1.0)


class Reloads(Listed):
    def test_lists_that_come_while_the_old_ones_go_are_tested(self):
        for number in range(6):
            self.sally.write_config(dnsbl__lists=[f"OFF{number}: good.list.example"], dnsbl__enabled=False)
            self.sally.reload()
            self.sally.write_config(dnsbl__lists=[f"ON{number}: good.list.example"], dnsbl__enabled=True)
            self.sally.reload()
            eventually(lambda: self.states()[0] == "well", "well list")

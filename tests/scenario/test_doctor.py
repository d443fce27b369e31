"""sallyport doctor before made-up zones: what it says of hosts that are well,
and of those that are not. (Of relaying: tests/mta/test_doctor.py.)"""

import time

import dns
from case import concurrent
from daemon import slow
from dns_case import SECRET_ZONE
from doctor_case import DOMAIN, NAME, OWN, DoctorCase, listed

# The daemon of these tests has no MTA.
WITHOUT_MTA = {"mail": "warning", "macros": "unknown"}


class Host(DoctorCase):
    def setUp(self):
        super().setUp()
        # A daemon whose milter nobody ever spoke to races with libmilter's own end.
        self.try_mail()


class DoctorTest(Host):
    @concurrent
    def test_a_healthy_host_has_nothing_to_do(self):
        lines = self.examine(status=5)
        self.assertEqual(self.results(), WITHOUT_MTA)
        self.assertEqual(sorted(lines), sorted([
            "daemon", "mail", "macros", "sock_diag", "redis", "host name", "resolver", "addresses", f"PTR {OWN}",
            f"HELO name for {OWN}", "list bad.list.example", "list *.zen.dq.spamhaus.net", "list good.list.example",
            f"listing of {OWN}", "list dom.list.example", f"listing of {DOMAIN}", f"listing of {NAME}",
            f"MX {DOMAIN}", f"SPF for {OWN}", "DKIM key sel", f"DMARC {DOMAIN}"]))
        self.assertEqual((self.told["helo"], self.told["domain"], self.told["addresses"], self.told["result"]),
                         (NAME, DOMAIN, [OWN], "warning"))

    def test_what_is_said_to_people_is_what_is_said_to_programs(self):
        self.examine(status=5)
        text = self.sally.operator("doctor", "--no-smtp", "--address", OWN, "--helo", NAME, "--selector", "sel",
                                   DOMAIN, status=5)
        self.assertIn(f"ok       SPF for {OWN}: pass, by ip4:{OWN} of {DOMAIN}\n", text)
        self.assertIn("warning  mail: the MTA has sent none since the daemon's start\n         -> is it told", text)

    def test_no_access_key_of_a_list_is_shown(self):
        self.server.zones[listed(OWN, SECRET_ZONE)] = {"A": "127.0.0.2", "TXT": "see there"}
        self.examine(status=1)
        self.assertNotIn(SECRET_ZONE, str(self.told))
        self.assert_line(f"listing of {OWN}", "bad", r"^\*\.zen\.dq\.spamhaus\.net has it \(KEYED\)$", "says: see there$")

    def test_the_domain_is_that_of_the_host_when_none_is_named(self):
        self.doctor("--no-smtp", "--address", OWN, "--helo", NAME, domain=None, status=5)
        self.assertEqual(self.told["domain"], DOMAIN)
        self.assert_line("DKIM key", "unknown", "DNS does not tell", "--selector")

    def test_its_addresses_come_from_the_configuration_and_its_name(self):
        self.sally.write_config(**{"helo.own-addresses": ["198.51.100.3", "203.0.113.0/24"], "hostname": NAME})
        self.doctor("--no-smtp", status=1)
        self.assertEqual(self.told["helo"], NAME)
        self.assertLessEqual({"198.51.100.3", OWN}, set(self.told["addresses"]))
        self.assertNotIn("127.0.0.1", self.told["addresses"])


class SickHostTest(Host):
    """Each test breaks one thing, and sees one line change."""

    def assert_only(self, result, *whats):
        self.assertEqual(self.results(), {**WITHOUT_MTA, **dict.fromkeys(whats, result)})

    def test_on_a_block_list(self):
        self.server.zones[listed(OWN, "bad.list.example")] = {"A": "127.0.0.4", "TXT": "spam seen\x1b[2J"}
        self.examine(status=1)
        self.assert_only("bad", f"listing of {OWN}")
        self.assert_line(f"listing of {OWN}", "bad", r"^bad\.list\.example has it \(BAD\)$", r"removed .*spam seen")

    def test_on_a_list_of_the_good(self):
        self.server.zones[listed(OWN, "good.list.example")] = {"A": "127.0.0.5"}
        self.examine(status=5)
        self.assert_line(f"praise of {OWN}", "ok", r"^good\.list\.example has it")

    def test_its_domain_on_a_block_list(self):
        self.server.zones[DOMAIN + ".dom.list.example"] = {"A": "127.0.0.2"}
        self.examine(status=1)
        self.assert_only("bad", f"listing of {DOMAIN}")

    def test_no_name(self):
        del self.server.zones[dns.reverse(OWN)]
        self.examine(status=1)
        self.assert_only("bad", f"PTR {OWN}")
        self.assert_line(f"PTR {OWN}", "bad", "^the address has no name$", f"to {NAME};")

    def test_a_name_that_does_not_lead_back(self):
        self.server.zones[dns.reverse(OWN)] = {"PTR": "lost.test.example"}
        self.examine(status=1)
        self.assertEqual(self.lines[f"PTR {OWN}"]["result"], "bad")
        self.assert_line(f"HELO name for {OWN}", "warning", "is not the name of the address, lost")

    def test_a_name_as_customers_have_it(self):
        self.server.zones[dns.reverse(OWN)] = {"PTR": "dsl-192-0-2-7.pool.isp.example"}
        self.server.zones["dsl-192-0-2-7.pool.isp.example"] = {"A": OWN}
        self.examine(status=5)
        self.assert_line(f"PTR {OWN}", "warning", "customer's line", "your provider")

    def test_a_helo_name_that_leads_elsewhere(self):
        self.server.zones[NAME] = {"A": "192.0.2.99"}
        self.examine(status=1)
        self.assert_line(f"HELO name for {OWN}", "warning", "other addresses only", "myhostname")
        self.assert_line(f"MX {DOMAIN}", "warning", "not this host")

    def test_a_helo_name_that_is_nowhere(self):
        self.server.zones[NAME] = {"TXT": "here"}
        self.examine(status=1)
        self.assert_line(f"HELO name for {OWN}", "bad", "has no such address")
        self.assert_line(f"MX {DOMAIN}", "bad", f"^{NAME} has no address")

    def test_no_mail_host(self):
        self.server.zones[DOMAIN] = {"TXT": f"v=spf1 ip4:{OWN} -all"}
        self.examine(status=1)
        self.assert_only("bad", f"MX {DOMAIN}")

    @concurrent
    def test_spf_records(self):
        for record, result, words in (
                ("v=spf1 ip4:192.0.2.8 -all", "bad", r"^fail, by -all"),
                ("v=spf1 ip4:192.0.2.8 ~all", "bad", r"^softfail, by ~all"),
                ("v=spf1 +all", "bad", "whole world"),
                ("v=spf1 ip4:192.0.2.300 -all", "bad", "cannot be evaluated"),
                ("something else", "bad", "no SPF record"),
                ("v=spf1 include:dead.test.example -all", "unknown", "DNS does not say")):
            with self.subTest(record=record):
                self.server.zones["dead.test.example"] = dns.SERVFAIL
                self.server.zones[DOMAIN]["TXT"] = record
                self.examine(status=1 if result == "bad" else 5)
                self.assert_line(f"SPF for {OWN}", result, words)

    def test_dkim_keys(self):
        for record, result, words in (
                ("v=DKIM1; p=", "bad", "revoked"),
                ("v=DKIM1; k=rsa; p=AAAA", "bad", "."),
                (self.key.record.replace("v=DKIM1;", "v=DKIM1; t=y;"), "warning", "2048 bits, for testing"),
                (self.key.record, "ok", "RSA key of 2048 bits")):
            with self.subTest(record=record[:24]):
                self.server.zones["sel._domainkey." + DOMAIN] = {"TXT": record}
                self.examine(status=1 if result == "bad" else 5)
                self.assert_line("DKIM key sel", result, words)
        self.examine("--selector", "none", status=1)
        self.assert_line("DKIM key none", "bad", "there is no key")

    def test_dmarc_records(self):
        for record, result, words in (
                (None, "bad", "no DMARC record"),
                ("v=DMARC1; p=none", "warning", "forged mail is let pass"),
                ("v=DMARC1; p=reject; t=y", "warning", "only testing"),
                ("v=DMARC1; p=nonsense", "bad", "."),
                ("v=DMARC1; p=quarantine", "ok", "p=quarantine")):
            with self.subTest(record=record):
                self.server.zones["_dmarc." + DOMAIN] = {"TXT": record} if record else {"A": "192.0.2.1"}
                self.examine(status=1 if result == "bad" else 5)
                self.assert_line(f"DMARC {DOMAIN}", result, words)

    def test_a_list_that_refuses_its_resolver(self):
        for name in ("2.0.0.127.bad.list.example", "1.0.0.127.bad.list.example", listed(OWN, "bad.list.example")):
            self.server.zones[name] = {"A": "127.255.255.254"}
        self.examine(status=1)
        self.assert_only("bad", "list bad.list.example")
        self.assert_line("list bad.list.example", "bad", "counts for nothing", "a resolver of your own")

    def test_a_list_that_lists_everything(self):
        self.server.zones["*.bad.list.example"] = {"A": "127.0.0.2"}
        self.examine(status=1)
        self.assert_line("list bad.list.example", "bad", "lists everything")
        self.assertEqual(self.lines[f"listing of {OWN}"]["result"], "ok")

    def test_a_list_that_is_dead(self):
        del self.server.zones["2.0.0.127.bad.list.example"]
        self.server.zones["2.0.0.127.good.list.example"] = dns.SERVFAIL
        self.examine(status=1)
        self.assert_line("list bad.list.example", "bad", "does not list what every list must")
        self.assert_line("list good.list.example", "warning", "no answer")

    @concurrent
    def test_a_silent_resolver_is_waited_for_once(self):
        self.server.trick = dns.SILENT
        began = time.monotonic()
        self.examine(status=1)
        self.assertLess(time.monotonic() - began, 25 * slow())
        self.assert_line("resolver", "bad", "does not answer")
        self.assertEqual({line["result"] for what, line in self.lines.items() if what.startswith(
            ("PTR", "HELO", "list", "listing", "MX", "SPF", "DKIM", "DMARC"))}, {"unknown"})

    def test_a_resolver_that_fails(self):
        self.server.trick = dns.REFUSED
        self.examine(status=1)
        self.assert_line("resolver", "bad", "does not answer")

    def test_without_the_daemon_all_else_is_looked_at(self):
        self.sally.stop()
        self.sally = self.not_started({"dns.server": [self.server.address], **self.settings})
        self.examine(status=1)
        self.assertEqual(self.results(), {"daemon": "bad", "redis": "unknown"})

    def test_wrong_words_are_refused(self):
        for words in (["--address", "x"], ["--helo", "mx"], ["--port", "0"], ["nodot"], ["a.example", "b.example"]):
            with self.subTest(words=words):
                self.assertEqual(self.sally.operator("doctor", *words, status=2), "")


class RedisTest(DoctorCase):
    settings = {**DoctorCase.settings, "store": "redis://127.0.0.1:1", "dnsbl.enabled": False}

    def test_a_redis_that_is_not_there(self):
        self.examine(status=1)
        self.assert_line("redis", "bad", "does not answer: ")
        self.assert_line("lists", "unknown", "dnsbl.enabled")

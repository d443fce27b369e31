"""Authentication-Results through a running daemon: what it says of a mail, and
what becomes of those that came in. In front of MTAs: tests/mta."""

import re
import struct
import unittest

import dns
import sign
from case import DaemonCase
from dns_case import LOOKUPS, DnsCase, host
from fields import unfolded
from results import parse

KEY = sign.Key()

MESSAGE = """\
From: Ann <ann@sender.example>
To: b@test.example
Subject: Hello

Hello
"""

NAME = "Authentication-Results"


class Results(DnsCase):
    settings = {**LOOKUPS, "spf.enabled": True, "dmarc.enabled": True, "hostname": "mx.here.example",
                "authentication-results.received-spf": True, "access.trusted-networks": ["203.0.113.0/24"]}
    zones = {**host("192.0.2.7", "mx.client.example"), **host("2001:db8::7", "six.client.example"),
             "sender.example": {"MX": "10 mx.sender.example", "TXT": "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"},
             "sel._domainkey.sender.example": {"TXT": KEY.record},
             "_dmarc.sender.example": {"TXT": "v=DMARC1; p=reject; t=y"},
             "dead.example": dns.SERVFAIL,
             "mx.client.example": {"A": "192.0.2.7", "TXT": "v=spf1 a ~all"}}

    def results(self, *args, **options):
        """The name, and (method, result, properties) of each result."""
        self.findings(*args, **options)
        name, results = parse(self.headers()[NAME])
        return name, [(method, result, properties) for method, result, _, properties in results]

    def test_a_mail_that_proves_who_it_is(self):
        signed = KEY.sign(MESSAGE, "sender.example")
        name, results = self.results(message=signed.encode())
        self.assertEqual(name, "mx.here.example")
        field = re.sub(r"\s", "", signed.split("From:")[0])
        start = re.search(r";b=(.{8})", field).group(1)
        self.assertEqual(results, [
            ("iprev", "pass", {"policy.iprev": "192.0.2.7"}),
            ("spf", "pass", {"smtp.mailfrom": "sender.example"}),
            ("spf", "pass", {"smtp.helo": "mx.client.example"}),
            ("dkim", "pass", {"header.d": "sender.example", "header.s": "sel", "header.a": "rsa-sha256",
                              "header.b": start}),
            ("dmarc", "pass", {"header.from": "sender.example", "policy.dmarc": "quarantine"})])
        self.assertIn("dmarc=pass (p=reject, disposition=none)", unfolded(self.headers()[NAME]))

    def test_one_that_does_not(self):
        name, results = self.results("198.51.100.9", message=MESSAGE.encode())
        self.assertEqual(results, [
            ("iprev", "permerror", {"policy.iprev": "198.51.100.9"}),
            ("spf", "fail", {"smtp.mailfrom": "sender.example"}),
            ("spf", "softfail", {"smtp.helo": "mx.client.example"}),
            ("dkim", "none", {}),
            ("dmarc", "fail", {"header.from": "sender.example", "policy.dmarc": "quarantine"})])

    def test_a_null_sender_has_one_spf_result(self):
        _, results = self.results(sender="<>", message=MESSAGE.encode())
        self.assertEqual([result for result in results if result[0] == "spf"],
                         [("spf", "pass", {"smtp.helo": "mx.client.example"})])

    def test_an_ipv6_client(self):
        _, results = self.results("2001:db8::7", "six.client.example")
        self.assertIn(("iprev", "pass", {"policy.iprev": "2001:db8::7"}), results)

    def test_dns_that_fails_is_a_temperror(self):
        _, results = self.results(helo="dead.example", sender="a@dead.example")
        self.assertIn(("spf", "temperror", {"smtp.mailfrom": "dead.example"}), results)
        self.assertIn(("spf", "temperror", {"smtp.helo": "dead.example"}), results)

    def test_a_helo_that_says_more_than_a_name(self):
        for helo in ("x; dkim=pass header.d=sender.example", 'x"; dkim=pass (', "=?utf-8?q?x?=", "a\\", "[192.0.2.7]"):
            with self.subTest(helo=helo):
                _, results = self.results(helo=helo)
                self.assertEqual([method for method, _, _ in results], ["iprev", "spf", "dkim", "dmarc"],
                                 "SPF is asked of names only")

    def test_a_sender_that_says_more_than_an_address(self):
        for sender in ('<"a; dkim=pass"@sender.example>', '<"a\\"; dkim=pass ("@sender.example>', "<a@b;dkim=pass>"):
            with self.subTest(sender=sender):
                _, results = self.results(sender=sender)
                self.assertNotIn("a; dkim", self.headers()[NAME])
                self.assertEqual([method for method, _, _ in results], ["iprev", "spf", "spf", "dkim", "dmarc"])
                self.assertRegex(unfolded(self.headers()["Received-SPF"]),
                                 r'^\w+ client-ip=192\.0\.2\.7; envelope-from="(\\.|[^"\\])*"; '
                                 r"helo=mx\.client\.example; receiver=mx\.here\.example; identity=mailfrom(; |$)")

    def test_a_trusted_client_and_a_login_are_not_checked(self):
        self.assertEqual(self.results("203.0.113.9"), ("mx.here.example", []))
        self.assertEqual(self.results(words=["--login", "alice"]), ("mx.here.example", []))

    def test_try_shows_it_to_people(self):
        said = self.sally.operator("try", "--client", "192.0.2.7", "--helo", "mx.client.example", "--from",
                                   "a@sender.example", "--rcpt", "b@test.example")
        self.assertRegex(said, r"header inserted: Authentication-Results: mx\.here\.example;\n"
                               r"      iprev=pass policy\.iprev=192\.0\.2\.7;\n")
        self.assertEqual(re.findall("header inserted: ([A-Za-z-]+)", said),
                         ["Authentication-Results", "Received-SPF", "X-Sallyport-Verdict", "X-Sallyport-Tests"],
                         "as they stand in the mail")


class Edits(DaemonCase):
    settings = {"hostname": "mx.here.example", "access.allow-clients": ["192.0.2.0/24"],
                "access.trusted-networks": ["203.0.113.0/24"]}

    def edits(self, headers, address="192.0.2.1", **settings):
        """[("m", index, name, value) or ("i", ...)] in the order the MTA gets them."""
        sally = self.daemon({**self.settings, **settings})
        self.mail(sally, address, headers=headers)
        found = []
        for kind, data in self.changes:
            index = struct.unpack(">I", data[:4])[0]
            name, value = data[4:].split(b"\0")[:2]
            found.append((kind, index, name.decode(), value.decode("latin-1")))
        return found

    def test_the_highest_of_each_name_is_removed_first_then_ours_go_in_the_last_one_first(self):
        headers = []
        for number in range(3):
            headers += [(NAME, " mx.here.example; dkim=pass"), (NAME.lower(), " b.example; none"),
                        ("X-Sallyport-Verdict", " accept"), (NAME.upper(), " (c) MX.here.example 1; none")]
        edits = self.edits(headers)
        self.assertEqual([edit[:3] for edit in edits], [
            ("m", number, NAME) for number in (9, 7, 6, 4, 3, 1)] + [
            ("m", number, "X-Sallyport-Verdict") for number in (3, 2, 1)] + [
            ("i", 1, "X-Sallyport-Tests"), ("i", 1, "X-Sallyport-Verdict"), ("i", 1, NAME)])
        self.assertEqual({edit[3] for edit in edits if edit[0] == "m"}, {""}, "an empty value removes")

    def test_observing_shows_the_same(self):
        edits = self.edits([(NAME, " mx.here.example; dkim=pass")], mode="observe")
        self.assertEqual([(kind, name) for kind, _, name, _ in edits if name == NAME], [("m", NAME), ("i", NAME)])

    def test_forged_ones_go_also_when_we_write_none(self):
        edits = self.edits([(NAME, " mx.here.example; dkim=pass")], **{"authentication-results.enabled": False})
        self.assertEqual([(kind, name) for kind, _, name, _ in edits if name == NAME], [("m", NAME)])

    def test_who_does_not_know_its_name_writes_none(self):
        names = [name for _, _, name, _ in self.edits([(NAME, " mx.here.example; none")], hostname="")]
        self.assertNotIn(NAME, names)

    def test_other_names_of_ours_are_ours_too(self):
        headers = [(NAME, f" {name}; none") for name in
                   ("id.example", "mx.here.example", "a.own.example", "own.example", "other.example")]
        edits = self.edits(headers, **{"authentication-results.authserv-id": "id.example",
                                       "helo.own-names": ["own.example"]})
        self.assertEqual([index for kind, index, _, _ in edits if kind == "m"], [4, 3, 2, 1])
        self.assertTrue(edits[-1][3].startswith(" id.example;"), edits[-1])

    def test_ten_thousand_of_them(self):
        headers = [(NAME, " b.example; none")] * 2000 + [(NAME, " mx.here.example; none")] * 8000
        edits = self.edits(headers)
        self.assertEqual([index for kind, index, _, _ in edits if kind == "m"], list(range(10000, 1024, -1)),
                         "beyond 1,024 nobody knows whose they are")

    def test_64_kib_of_everything(self):
        size = 60000
        headers = [(NAME, value * (size // len(value))) for value in
                   (" ", "(", "()", "\\", '"', "a", ".", "\n ", ";", "mx.here.example ", "\xff", "=?")]
        edits = self.edits(headers)
        self.assertIn(("i", 1, NAME), [edit[:3] for edit in edits])

    def test_renamed_fields_stay_in_their_order_and_are_bounded(self):
        headers = [(NAME, f" mx{number}.b.example;\n\tspf=pass") for number in range(40)]
        headers.append((NAME, " long.example; " + "x" * 5000))
        edits = self.edits(headers, **{"authentication-results.keep": False})
        self.assertEqual([index for kind, index, _, _ in edits if kind == "m"], list(range(41, 0, -1)))
        self.assertEqual([value for kind, _, name, value in edits if name == "Old-" + NAME],
                         [f" mx{number}.b.example;\n\tspf=pass" for number in range(31, -1, -1)])

    def test_a_renamed_field_cannot_become_two(self):
        edits = self.edits([(NAME, " a.example;\nBcc: x\r\nX: y\r none\n")], **{"authentication-results.keep": False})
        value, = [value for _, _, name, value in edits if name == "Old-" + NAME]
        self.assertNotRegex(value, r"\r|\n(?![ \t])")


if __name__ == "__main__":
    unittest.main()

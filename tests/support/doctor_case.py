"""A host and its zones for `sallyport doctor`: everything well, until a test
breaks it."""

import dns
import sign
from case import DaemonCase
from dns_case import HEALTHY, LISTS, DnsCase

OWN = "192.0.2.7"
NAME = "mx.test.example"
DOMAIN = "test.example"


def listed(address, zone):
    return dns.reverse(address, zone)


class DoctorCase(DnsCase, DaemonCase):
    settings = {**LISTS, "greylist.enabled": False}
    key = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = sign.Key()

    def setUp(self):
        self.zones = {
            dns.reverse(OWN): {"PTR": NAME},
            NAME: {"A": OWN},
            DOMAIN: {"MX": "10 " + NAME, "TXT": f"v=spf1 ip4:{OWN} -all"},
            "_dmarc." + DOMAIN: {"TXT": "v=DMARC1; p=reject"},
            "sel._domainkey." + DOMAIN: {"TXT": self.key.record},
            **HEALTHY,
        }
        super().setUp()

    def doctor(self, *words, status, domain=DOMAIN):
        """All lines, by what they are about."""
        told = self.sally.operator_json("doctor", *words, *([domain] if domain else []), status=status)
        self.lines = {(line["what"] + " " + line.get("about", "")).strip(): line for line in told["lines"]}
        self.assertEqual(len(self.lines), len(told["lines"]), "two lines about one thing")
        self.told = told
        return self.lines

    def examine(self, *words, status):
        """The usual host, without asking an MTA."""
        return self.doctor("--no-smtp", "--address", OWN, "--helo", NAME, "--selector", "sel", *words, status=status)

    def assert_line(self, what, result, words, todo="^"):
        line = self.lines[what]
        self.assertEqual(line["result"], result, line)
        self.assertRegex(line["found"], words)
        self.assertRegex(line.get("todo", ""), todo)

    def results(self):
        """What is not "ok"."""
        return {what: line["result"] for what, line in self.lines.items() if line["result"] != "ok"}

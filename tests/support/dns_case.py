"""What scenarios of DNS have in common: a daemon with a DNS server of the
test's own, lists that are well, and `sallyport try` as the client."""

import dns
from case import Case

KEY = "q7w2e9r4t1y8u3i6o5"  # as an operator of lists hands them out
SECRET_ZONE = f"{KEY}.zen.dq.spamhaus.net"

HEALTHY = {"2.0.0.127.bad.list.example": {"A": "127.0.0.2"},
           "2.0.0.127." + SECRET_ZONE: {"A": "127.0.0.2"},
           "2.0.0.127.good.list.example": {"A": "127.0.0.2"},
           "test.dom.list.example": {"A": "127.0.0.2"}}

LISTS = {"dnsbl.enabled": True,
         "dnsbl.lists": ["BAD: bad.list.example=127.0.0.[2..9]*3", f"KEYED: {SECRET_ZONE}=127.0.0.[2..9]*4",
                         "GOOD: good.list.example=127.0.0.5*-2"],
         "dnsbl.domain-lists": ["DOM: dom.list.example*3.5"]}

# What a test changes is seen at its next question.
dns.TTL_SEC = 0

LOOKUPS = {"rdns.enabled": True, "helo.lookup": True, "sender-domain.enabled": True, "greylist.enabled": False}


def host(address, name, helo=None):
    """Zones of an honest client."""
    kind = "AAAA" if ":" in address else "A"
    return {dns.reverse(address): {"PTR": name}, name: {kind: address}, helo or name: {kind: address}}


class DnsCase(Case):
    settings = LOOKUPS
    zones = {}
    delay_ms = 0  # of each answer

    def setUp(self):
        self.server = dns.Server({"sender.example": {"MX": "10 mx.sender.example"},
                                  "mx.sender.example": {"A": "198.51.100.9"}, **HEALTHY, **self.zones})
        self.addCleanup(self.server.close)
        self.server.delay_ms = self.delay_ms
        self.sally = self.daemon({"dns.server": [self.server.address], **self.settings})

    def try_mail(self, address="192.0.2.7", helo="mx.client.example", sender="a@sender.example", status=0, message=None,
                 words=()):
        return self.sally.operator_json("try", "--client", address, "--helo", helo, "--from", sender, "--rcpt",
                                        "b@test.example", *words, *(["-"] if message else []), status=status,
                                        stdin=message)

    def findings(self, *args, **options):
        told = self.try_mail(*args, **options)
        self.told = told
        return {finding["name"]: finding["weight"] for finding in told["verdict"]["findings"]}

    def reason(self, name):
        return [finding["reason"] for finding in self.told["verdict"]["findings"] if finding["name"] == name][0]

    def headers(self):
        return {change["name"]: change["value"].removeprefix(" ") for change in self.told["changes"]}

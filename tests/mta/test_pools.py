"""Greylisting by identity in front of a real Postfix: one sender that comes
back from other networks."""

import dns
from mta_case import DELAY
from postfix_case import PostfixCase

POOL = ["192.0.2.7", "198.51.100.7", "203.0.113.7", "192.0.2.8", "198.51.100.8"]
SPF = "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all"


class Pools(PostfixCase):
    """The clients have no names and say one that does not exist: enough to wait
    with the shipped greylist.from-score."""

    @classmethod
    def setUpClass(cls):
        cls.server = dns.Server({"pool.example": {"MX": "10 mx.pool.example", "TXT": SPF},
                                 "plain.example": {"MX": "10 mx.pool.example"},
                                 "mx.pool.example": {"A": "198.51.100.9"}})
        cls.addClassCleanup(cls.server.close)
        cls.settings = {"rdns.enabled": True, "helo.lookup": True, "sender-domain.enabled": True, "spf.enabled": True,
                        "greylist.from-score": 2, "dns.server": [cls.server.address]}
        super().setUpClass()

    def come(self, address, sender):
        return self.send(sender, address=address, helo="out.client.example")

    def test_under_one_spf_record_they_are_one_and_let_in_on_the_second_try(self):
        self.assert_deferred(self.come(POOL[0], "a@pool.example"))
        self.sally.advance(DELAY)
        for address in POOL[1:]:
            self.assert_let_in(self.come(address, "a@pool.example"))
        line = self.sally.wait_event(to=f"<{self.rcpt}>", greylist="passed")
        self.assertEqual((line["client"], line["identity"], line["proof"]), (POOL[1], "domain:pool.example", "spf"))
        self.assertEqual(len(self.arrived(4)), 4)

    def test_without_one_each_network_waits_for_itself(self):
        for address in POOL[:3]:
            self.assert_deferred(self.come(address, "a@plain.example"))
            self.sally.advance(DELAY)
        for address in POOL[3:]:
            self.assert_let_in(self.come(address, "a@plain.example"))

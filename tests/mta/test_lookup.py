"""What is looked up in DNS, in front of a real Postfix and a real Sendmail: who
passes unseen, who is refused by score, and what happens when no name server
answers."""

import time

import dns
from daemon import eventually
from fields import headers_of
from postfix_case import PostfixCase
from sendmail_case import SendmailCase

LISTED = "2.0.0.127.bad.list.example"
LISTED_DOMAIN = "test.dom.list.example"

SETTINGS = {"greylist.enabled": False, "rdns.enabled": True, "helo.lookup": True, "sender-domain.enabled": True,
            "dnsbl.enabled": True, "dnsbl.lists": ["BAD: bad.list.example=127.0.0.2*6"], "dnsbl.domain-lists": ["DOM: dom.list.example*3"],
            "budget.dns": "500ms", "access.trusted-networks": ["127.0.0.0/8"]}


class Lookups:
    @classmethod
    def setUpClass(cls):
        cls.server = dns.Server({LISTED: {"A": "127.0.0.2"}, LISTED_DOMAIN: {"A": "127.0.0.2"},  # test entries
                                 "slow.example.dom.list.example": {"A": dns.after(30, "127.0.0.2")},
                                 "sender.example": {"MX": "10 mx.sender.example"},
                                 "mx.sender.example": {"A": "198.51.100.9"}})
        cls.addClassCleanup(cls.server.close)
        cls.settings = dict(SETTINGS, **{"dns.server": [cls.server.address]})
        super().setUpClass()
        cls.daemon_shared.wait_ready()
        for which in ("address_lists", "domain_lists"):
            eventually(lambda: cls.daemon_shared.ask("status")[which][0]["state"] == "well", "well list")

    def setUp(self):
        super().setUp()
        self.name = f"mx.{self.rcpt.split('@')[0]}.example"
        self.server.zones.update({dns.reverse(self.client): {"PTR": self.name}, self.name: {"A": self.client}})

    def list_client(self):
        self.server.zones[dns.reverse(self.client, "bad.list.example")] = {"A": "127.0.0.2"}

    def mail_from(self, sender):
        return self.send(sender, helo=self.name)

    def test_a_clean_client_passes_without_findings(self):
        self.assert_let_in(self.mail_from("a@sender.example"))
        message, = self.arrived()
        verdict, = headers_of(message, "X-Sallyport-Verdict")
        self.assertRegex(verdict, "^accept; score=0/10; id=01[0-9A-Z]{24}$")
        self.assertEqual(headers_of(message, "X-Sallyport-Tests"), [])
        self.assertEqual(headers_of(message, "X-Sallyport-Degraded"), [])

    def test_a_list_by_itself_only_marks(self):
        self.list_client()
        self.assert_let_in(self.mail_from("a@sender.example"))
        self.assertEqual(headers_of(self.arrived()[0], "X-Sallyport-Tests"), ["DNSBL_BAD=6"])

    def test_a_list_and_a_domain_that_does_not_exist_are_refused_by_score(self):
        self.list_client()
        reply, = self.mail_from("a@nosuch.example")[0]
        self.assert_said(reply, 550, "Refused: .*")
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["verdict"], line["score"]), ("reject", "10.0"))
        self.assertEqual(line["tests"], "SENDER_DOMAIN_ABSENT=4,DNSBL_BAD=6")

    def test_observing_they_are_only_marked(self):
        self.sally.write_config(mode="observe")
        self.sally.reload()
        self.addCleanup(self.sally.reload)
        self.addCleanup(self.sally.write_config, mode="enforce")
        self.list_client()
        self.assert_let_in(self.mail_from("a@nosuch.example"))
        message, = self.arrived()
        self.assertRegex(headers_of(message, "X-Sallyport-Verdict")[0], "^accept; score=10/10; .*; would=reject$")
        self.assertEqual(headers_of(message, "X-Sallyport-Tests"), ["SENDER_DOMAIN_ABSENT=4, DNSBL_BAD=6"])

    def test_a_slow_client_does_not_use_up_the_time_that_is_ours_to_wait(self):
        smtp = self.connect(helo=self.name)
        smtp.mail("a@sender.example")
        smtp.rcpt(self.rcpt)
        time.sleep(0.7)  # longer than budget.dns; the author's domain is asked about only now
        self.assertEqual(smtp.data("From: a@slow.example\r\nSubject: x\r\n\r\nx\r\n")[0], 250)
        message, = self.arrived()
        self.assertEqual(headers_of(message, "X-Sallyport-Degraded"), [])
        self.assertEqual(headers_of(message, "X-Sallyport-Tests"), ["RHSBL_DOM=3"])

    def test_without_an_answer_mail_flows_and_says_so(self):
        self.list_client()
        self.server.trick = dns.SILENT
        self.addCleanup(self.wait_well)
        self.assert_let_in(self.mail_from("a@nosuch-either.example"))
        message, = self.arrived()
        self.assertEqual(headers_of(message, "X-Sallyport-Degraded"), ["dns"])
        self.assertEqual(headers_of(message, "X-Sallyport-Tests"), [])
        self.assertEqual(self.sally.wait_event(client=self.client)["degraded"], "dns")

    def wait_well(self):
        self.server.trick = None
        eventually(lambda: not self.sally.ask("status")["dns"]["is_dead"], "resolver that is back", 30)


class PostfixLookups(Lookups, PostfixCase):
    pass


class SendmailLookups(Lookups, SendmailCase):
    pass

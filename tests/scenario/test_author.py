"""Who wrote it: DKIM and DMARC of signed messages, through a running daemon and
a DNS server of the test's own."""

import dns
import sign
from daemon import eventually, is_sanitized
from dns_case import DnsCase

KEY = sign.Key()  # it takes a while to find one

MESSAGE = """\
From: Ann <ann@author.example>
To: b@test.example
Subject: Hello
X-Odd:no space
X-Wide:   three,
\tand a tab

Hello,
  this is it.
"""

BOUNCE = "a@other.example"


class Author(DnsCase):
    settings = {"greylist.enabled": False, "dmarc.enabled": True, "spf.enabled": False}
    zones = {"sel._domainkey.author.example": {"TXT": KEY.record},
             "_dmarc.author.example": {"TXT": "v=DMARC1; p=reject"},
             "author.example": {"MX": "10 mx.author.example"},
             "sel._domainkey.lists.example": {"TXT": KEY.record}}

    def judge(self, message, status=0, **options):
        """The findings of a mail from somebody else's server."""
        found = self.findings(sender=BOUNCE, message=message.encode("latin-1"), status=status, **options)
        self.results = [(result["method"], result["result"]) for result in self.told["verdict"]["results"]]
        return found


class Signatures(Author):
    def test_a_signature_of_the_author_proves_him(self):
        found = self.judge(KEY.sign(MESSAGE, "author.example"))
        self.assertEqual(found, {"DKIM_VALID": -0.2, "DMARC_PASS": -0.3})
        self.assertEqual(self.results, [("dkim", "pass"), ("dmarc", "pass")])
        self.assertEqual(self.reason("DMARC_PASS"), "author.example is proven by DKIM")

    def test_a_signature_over_every_space_holds(self):
        signed = KEY.sign(MESSAGE, "author.example", how=(b"simple", b"simple"),
                          include_headers=[b"from", b"x-odd", b"x-wide", b"subject"])
        self.assertEqual(self.judge(signed), {"DKIM_VALID": -0.2, "DMARC_PASS": -0.3})

    def test_a_body_that_was_changed(self):
        found = self.judge(KEY.sign(MESSAGE, "author.example").replace("this is it", "this was it"))
        self.assertEqual(found, {"DKIM_INVALID": 0.3, "DMARC_REJECT": 3})
        self.assertIn(("dkim", "fail"), self.results)

    def test_a_header_that_was_changed(self):
        found = self.judge(KEY.sign(MESSAGE, "author.example").replace("Subject: Hello", "Subject: Buy"))
        self.assertEqual(found, {"DKIM_INVALID": 0.3, "DMARC_REJECT": 3})

    def test_a_malformed_signature_hides_no_good_one(self):
        signed = KEY.sign(MESSAGE, "author.example")
        for bad in ("DKIM-Signature: v=1; a=rsa-sha256; d=author.example\n", "DKIM-Signature: \x01\n",
                    "DKIM-Signature: v=1; v=1\n", signed.split("Ann")[0].split("From:")[0].replace("d=author", "d=x")):
            with self.subTest(bad=bad[:60]):
                self.assertIn("DMARC_PASS", self.judge(bad + signed))

    def test_without_a_key(self):
        del self.server.zones["sel._domainkey.author.example"]
        self.assertIn("DKIM_INVALID", self.judge(KEY.sign(MESSAGE, "author.example")))
        self.assertIn(("dkim", "permerror"), self.results)

    def test_a_key_that_does_not_come_is_neither_clean_nor_dirty(self):
        self.server.zones["sel._domainkey.author.example"] = dns.SERVFAIL
        self.assertEqual(self.judge(KEY.sign(MESSAGE, "author.example")), {})
        self.assertEqual(self.results, [("dkim", "temperror"), ("dmarc", "temperror")])
        self.assertEqual(self.headers()["X-Sallyport-Degraded"], "dns")

    def test_who_only_tests_has_not_signed(self):
        self.server.zones["sel._domainkey.author.example"] = {"TXT": KEY.record.replace("k=rsa", "t=y; k=rsa")}
        self.assertEqual(self.judge(KEY.sign(MESSAGE, "author.example")), {"DKIM_TESTING": 0, "DMARC_REJECT": 3})

    def test_a_signature_over_a_part_of_the_body(self):
        signed = KEY.sign(MESSAGE, "author.example", length=True) + "buy here\n"
        self.assertEqual(self.judge(signed), {"DKIM_PARTIAL": 0.2, "DMARC_REJECT": 3})
        self.sally.write_config(dkim__accept_partial=True)
        self.sally.reload()
        self.assertEqual(self.judge(signed), {"DKIM_PARTIAL": 0.2, "DMARC_PASS": -0.3})

    def test_fifty_signatures(self):
        signed = KEY.sign(MESSAGE, "author.example")
        others = "".join(signed.split("From:")[0].replace("author", f"d{number}") for number in range(49))
        found = self.judge(others + signed)
        self.assertEqual(found, {"DKIM_VALID": -0.2, "DKIM_TOO_MANY": 0.5, "DMARC_PASS": -0.3})

    def test_an_empty_body(self):
        signed = KEY.sign("From: Ann <ann@author.example>\n\n", "author.example")
        self.assertIn("DMARC_PASS", self.judge(signed))

    def test_a_large_body_takes_no_memory(self):
        self.judge(KEY.sign(MESSAGE, "author.example"))
        before = self.sally.memory_kb()
        signed = KEY.sign(MESSAGE + ("0123456789" * 7 + "\n") * 150000, "author.example")
        self.assertIn("DMARC_PASS", self.judge(signed))
        if not is_sanitized():  # ASan keeps what was freed
            self.assertLess(self.sally.memory_kb() - before, 5000)

    def test_an_authenticated_user_is_not_looked_at(self):
        found = self.judge(KEY.sign(MESSAGE, "author.example"), words=["--login", "ann"])
        self.assertEqual(list(found), ["TRUSTED"])
        self.assertEqual(self.server.asked, [])


class Authors(Author):
    def test_two_from_fields_never_pass(self):
        signed = KEY.sign(MESSAGE, "author.example")
        for twice in ("From: ann@author.example\n" + signed, signed.replace("To: ", "From: x@bank.example\nTo: ")):
            found = self.judge(twice)
            self.assertIn("FROM_SEVERAL", found)
            self.assertIn(("dmarc", "permerror"), self.results)

    def test_nobody_wrote_it(self):
        self.assertIn("FROM_NONE", self.judge("Subject: nobody\n\nHello\n"))

    def test_who_is_not_proven(self):
        self.assertEqual(self.judge(MESSAGE), {"DMARC_REJECT": 3})

    def test_a_subdomain_falls_under_its_organisation(self):
        message = MESSAGE.replace("@author", "@news.author")
        self.assertEqual(self.judge(KEY.sign(message, "author.example")), {"DKIM_VALID": -0.2, "DMARC_PASS": -0.3})
        self.assertEqual(self.judge(message), {"DMARC_REJECT": 3})

    def test_another_organisation_proves_nothing(self):
        found = self.judge(KEY.sign(MESSAGE, "lists.example"))
        self.assertEqual(found, {"DKIM_VALID": -0.2, "DMARC_REJECT": 3})

    def test_a_mailing_list_softens_it(self):
        message = "List-Id: Talk <talk.lists.example>\n" + MESSAGE
        self.assertEqual(self.judge(KEY.sign(message, "lists.example")), {"DKIM_VALID": -0.2, "DMARC_MAILING_LIST": 1.5})
        self.assertIn("the mailing list of lists.example", self.reason("DMARC_MAILING_LIST"))

    def test_a_list_id_alone_softens_nothing(self):
        self.assertEqual(self.judge("List-Id: Talk <talk.lists.example>\n" + MESSAGE), {"DMARC_REJECT": 3})

    def test_no_policy(self):
        del self.server.zones["_dmarc.author.example"]
        self.assertEqual(self.judge(MESSAGE), {})
        self.assertIn(("dmarc", "none"), self.results)

    def test_a_policy_that_does_not_come(self):
        self.server.zones["_dmarc.author.example"] = dns.SERVFAIL
        self.assertEqual(self.judge(MESSAGE), {})
        self.assertIn(("dmarc", "temperror"), self.results)


class Honoured(Author):
    settings = {**Author.settings, "dmarc.honour": "reject", "dmarc.trusted-forwarders": ["198.51.100.0/24"]}

    def test_a_policy_of_reject_refuses(self):
        self.judge(MESSAGE, status=1)
        reply = self.told["stages"][-1]["reply"]
        self.assertTrue(reply.startswith("550 5.7.26 Refused as the author's domain asks (DMARC)"), reply)

    def test_who_is_proven_is_let_in(self):
        self.judge(KEY.sign(MESSAGE, "author.example"))

    def test_a_trusted_forwarder_is_let_in(self):
        self.assertEqual(self.judge(MESSAGE, address="198.51.100.7"), {"DMARC_FORWARDED": 0})

    def test_a_mailing_list_is_let_in(self):
        self.judge(KEY.sign("List-Id: <talk.lists.example>\n" + MESSAGE, "lists.example"))

    def test_a_resolver_that_is_gone_refuses_nobody(self):
        self.server.trick = dns.SILENT
        self.assertEqual(self.judge(MESSAGE), {})
        eventually(lambda: self.sally.ask("status")["dns"], "a status")


class Ahead(Author):
    def test_the_policy_is_asked_for_while_the_client_still_speaks(self):
        """At RCPT it was on its way already: the sender is most often the author."""
        self.findings(sender="ann@author.example", message=KEY.sign(MESSAGE, "author.example").encode())
        names = [name for name, _ in self.server.asked]
        self.assertLess(names.index("_dmarc.author.example"), names.index("sel._domainkey.author.example"))
        self.assertEqual(names.count("_dmarc.author.example"), 1)

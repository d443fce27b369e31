"""Tests in front of a real MTA: what they stand on.

A class says by `mta_type` which MTA it is about. tests/mta/cases.py holds what
has to be so with each; it is joined to PostfixCase and to SendmailCase.
"""

from case import Case, SharedDaemon
from fields import fields_of

DELAY = 91  # seconds: a little more than the shipped delay

LIST = {
    "access.trusted-networks": ["127.0.0.0/8", "::1", "203.0.113.0/24"],
    "access.allow-clients": ["198.51.100.7"],
    "access.deny-clients": ["198.51.100.0/24"],
    "access.deny-helo": ["spammer.example"],
    "access.allow-senders": ["friend@allowed.example"],
    "access.deny-senders": ["enemy@denied.example", "denied-domain.example"],
    "access.allow-recipients": ["postmaster@"],
    "access.deny-recipients": ["closed@test.example"],
}

LET_IN = "198.51.100.7"  # a client that neither waits nor is scored


class MtaCase(SharedDaemon):
    """One daemon and one MTA for a class; a network of its own for a test."""

    mta_type = None
    settings = LIST
    mta_options = {}

    @classmethod
    def setUpClass(cls):
        cls.mta_type.need()
        cls.daemon_options = {"under": cls.mta_type.folders_under}
        super().setUpClass()
        cls.mta_shared = cls.mta_type("unix:" + cls.daemon_shared.socket_path, **cls.mta_options)
        cls.addClassCleanup(cls.mta_shared.stop)
        cls.mta_shared.start()

    def setUp(self):
        super().setUp()
        self.mta = type(self).mta_shared
        self.client = self.new_network()
        self.rcpt = self.new_recipient()

    @staticmethod
    def new_recipient():
        """One that no other test has: what arrives for it is easy to find."""
        SharedDaemon.count += 1
        return f"r{SharedDaemon.count}@test.example"

    # ------------------------------------------------------------------ sending

    def connect(self, address=None, **options):
        smtp = self.mta.client(address or self.client, **options)
        self.addCleanup(smtp.close)
        return smtp

    def send(self, sender="a@example.org", message=None, address=None, recipients=None, **options):
        """One mail in one session: the recipients' replies and the end's."""
        smtp = self.connect(address, **options)
        answer = smtp.whole_mail(sender, recipients or [self.rcpt], message)
        smtp.quit()
        return answer

    def assert_said(self, reply, code, words):
        """A recipient's reply is ours: that code, those words, the mail's id.
        Sendmail puts the recipient before the words."""
        self.assertEqual(reply[0], code, reply)
        status = f"{code // 100}\\.7\\.1"
        self.assertRegex(reply[1], rf"^{status} (<.*>\.\.\. )?{words} \(id 01[0-9A-Z]{{24}}\)$")

    def assert_deferred(self, answer):
        reply, = answer[0]
        self.assert_said(reply, 451, "Greylisted, please come back in .*")

    def assert_let_in(self, answer):
        self.assertEqual(answer[0][0][0], 250, answer)
        self.assertIsNotNone(answer[1])
        self.assertEqual(answer[1][0], 250, answer)

    def make_known(self, sender="a@example.org", **options):
        self.send(sender, **options)
        self.sally.advance(DELAY)
        self.assert_let_in(self.send(sender, **options))

    def arrived(self, count=1):
        return [message for _, _, message in self.mta.wait_delivered(self.rcpt, count)]

    # ------------------------------------------------------------------ headers

    def through(self, head, body="Hello\r\n", **options):
        """A message with this header, as raw as it is given ("Name: value\\r\\n"
        lines), through the MTA: the delivered message's fields, fields_of()."""
        recipient = self.new_recipient()
        options = dict({"address": LET_IN, "recipients": [recipient]}, **options)
        self.assert_let_in(self.send(message=head + "\r\n" + body, **options))
        (_, _, message), = self.mta.wait_delivered(recipient)
        return fields_of(message)

    def assert_only_kept(self, head, **options):
        """Of the fields of `head` those that hold the word "forged" are gone,
        and those with "kept" arrive as they are and in their order. Returns
        the delivered fields."""
        sent = fields_of(head.replace("\r\n", "\n"))
        fields = self.through(head, **options)
        self.assertEqual([field for field in fields if "forged" in str(field).lower()], [])
        self.assertEqual([field for field in fields if "kept" in str(field)],
                         [field for field in sent if "kept" in str(field)])
        return fields


class FreshMtaCase(Case):
    """Tests that need an MTA, or a daemon, of their own."""

    mta_type = None

    @classmethod
    def setUpClass(cls):
        cls.mta_type.need()

    def daemon(self, settings=None, **options):
        return super().daemon(settings, **dict({"under": self.mta_type.folders_under}, **options))

    def mta_before(self, milter, **options):
        mta = self.mta_type(milter, **options)
        self.addCleanup(mta.stop)
        return mta.start()

    def start_both(self, settings=None, **options):
        self.sally = self.daemon(settings)
        self.mta = self.mta_before("unix:" + self.sally.socket_path, **options)

    def send(self):
        """The code that MAIL or RCPT was refused with, or that of the end."""
        smtp = self.mta.client("192.0.2.9")
        code, _ = smtp.mail()
        if code == 250:
            code, _ = smtp.rcpt()
        if code == 250:
            code, _ = smtp.data()
        smtp.quit()
        return code


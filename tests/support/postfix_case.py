"""Tests in front of a real Postfix: what they stand on."""

import re

from case import SharedDaemon, needs_root
from postfix import Postfix

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


def headers_of(message, name):
    """The values of a header field in a delivered message."""
    head = re.sub(r"\n[ \t]+", " ", message.split("\n\n", 1)[0])
    return [line.split(":", 1)[1].strip() for line in head.splitlines()
            if line.lower().startswith(name.lower() + ":")]


@needs_root
class PostfixCase(SharedDaemon):
    """One daemon and one Postfix for a class; a network of its own for a test."""

    settings = LIST
    postfix_options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix_shared = Postfix("unix:" + cls.daemon_shared.socket_path, **cls.postfix_options)
        cls.addClassCleanup(cls.postfix_shared.stop)
        cls.postfix_shared.start()

    def setUp(self):
        super().setUp()
        self.postfix = type(self).postfix_shared
        self.client = self.new_network()
        # A recipient of its own makes what arrives easy to find.
        self.rcpt = f"r{SharedDaemon.count}@test.example"

    def connect(self, address=None, **options):
        smtp = self.postfix.client(address or self.client, **options)
        self.addCleanup(smtp.close)
        return smtp

    def send(self, sender="a@example.org", message=None, address=None, recipients=None, **options):
        """One mail in one session: the recipients' replies and the end's."""
        smtp = self.connect(address, **options)
        answer = smtp.whole_mail(sender, recipients or [self.rcpt], message)
        smtp.quit()
        return answer

    def assert_deferred(self, answer):
        (code, text), = answer[0]
        self.assertEqual(code, 451, text)
        self.assertRegex(text, r"^4\.7\.1 .*\(id 01[0-9A-Z]{24}\)$")

    def assert_let_in(self, answer):
        self.assertEqual(answer[0][0][0], 250, answer)
        self.assertIsNotNone(answer[1])
        self.assertEqual(answer[1][0], 250, answer)

    def make_known(self, sender="a@example.org", **options):
        self.send(sender, **options)
        self.sally.advance(DELAY)
        self.assert_let_in(self.send(sender, **options))

    def arrived(self, count=1):
        return [message for _, _, message in self.postfix.wait_delivered(self.rcpt, count)]

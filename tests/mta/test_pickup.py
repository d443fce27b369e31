"""Whose mail it is that was handed to Postfix's sendmail command: what the table
in etc/postfix makes of it, with a real Postfix. tests/unit/test-pickup.c holds
what we read of it."""

import unittest

from case import needs_root
from daemon import eventually
from milter_server import MilterServer, delete
from pickup import HEADER, UID, sendmail, set_up
from postfix import Postfix


@needs_root
class Pickup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.milter = MilterServer(changes=[delete(1, HEADER)])
        cls.addClassCleanup(cls.milter.close)
        cls.postfix = Postfix("unix:" + cls.milter.path)
        cls.addClassCleanup(cls.postfix.stop)
        set_up(cls.postfix)
        cls.postfix.start()

    def mail(self, headers="", uid=UID, words=None):
        """Its session, macros and header as the milter got them, and the
        message that arrived."""
        self.recipient = f"{self.id().rsplit('.', 1)[1]}@test.example"
        before = len(self.milter.mails())
        message = f"{headers}Subject: test\n\nHello\n"
        if words is None:
            sendmail(self.postfix, message, "-f", "a@test.example", self.recipient, uid=uid)
        else:
            sendmail(self.postfix, words + message.replace("\n", "\r\n") + ".\r\nQUIT\r\n", "-bs", uid=uid)
        eventually(lambda: len(self.milter.mails()) > before, "mail at the milter")
        (_, _, arrived), = self.postfix.wait_delivered(self.recipient)
        return (*self.milter.mails()[-1], arrived)

    def assert_named_first(self, session, macros, headers, uid=UID):
        self.assertEqual(session.port, 0)
        self.assertEqual(headers[0], (HEADER, f"uid={uid} id={macros['i']}"))

    def test_the_user_stands_first_with_the_queue_id_and_is_taken_out(self):
        session, macros, headers, arrived = self.mail()
        self.assert_named_first(session, macros, headers)
        self.assertEqual([name for name, _ in headers].count(HEADER), 1)
        self.assertNotIn(HEADER, arrived)
        self.assertIn(f"from userid {UID}", arrived)

    def test_each_user_is_told_from_another(self):
        session, macros, headers, _ = self.mail(uid=71024)
        self.assert_named_first(session, macros, headers, 71024)

    def test_who_writes_it_himself_loses_it(self):
        session, macros, headers, arrived = self.mail(f"{HEADER}: uid=0 id=0\n{HEADER.lower()}: uid=0 id=1\n")
        self.assert_named_first(session, macros, headers)
        self.assertEqual([name.lower() for name, _ in headers].count(HEADER.lower()), 1)
        self.assertNotIn("uid=0", arrived)

    def test_a_forged_received_makes_one_further_down(self):
        session, macros, headers, _ = self.mail(
            "Received: by mx.test.example (Postfix, from userid 0)\n\tid 0123456789A; Mon, 1 Jan 2024 00:00:00 +0000\n")
        self.assert_named_first(session, macros, headers)
        self.assertEqual([value for name, value in headers[1:] if name == HEADER], ["uid=0 id=0123456789A"])

    def test_the_commands_own_smtp_is_named_too(self):
        recipient = f"{self.id().rsplit('.', 1)[1]}@test.example"
        session, macros, headers, _ = self.mail(
            words=f"HELO localhost\r\nMAIL FROM:<a@test.example>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
        self.assert_named_first(session, macros, headers)

    def test_mail_from_the_network_keeps_what_it_has_and_gets_none(self):
        recipient = "network@test.example"
        with self.postfix.client("192.0.2.1") as smtp:
            smtp.whole_mail("a@example.org", [recipient], f"{HEADER}: uid=0 id=0\r\nSubject: test\r\n\r\nHello\r\n")
        self.postfix.wait_delivered(recipient)
        session, _, headers = self.milter.mails()[-1]
        self.assertNotEqual(session.port, 0)
        self.assertEqual(headers[0], (HEADER, "uid=0 id=0"))


if __name__ == "__main__":
    unittest.main()

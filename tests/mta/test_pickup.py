"""Whose mail it is that was handed to Postfix's sendmail command: what the table
in etc/postfix makes of it, with a real Postfix. tests/unit/test-pickup.c holds
what we read of it."""

import os
import re
import shutil
import subprocess
import unittest

from case import needs_root
from daemon import TOP, eventually
from milter_server import MilterServer, delete
from postfix import MASTER, Postfix

TABLE = os.path.join(TOP, "etc", "postfix", "local_header_checks")
HEADER = "X-Sallyport-Local"
UID = 71023


def recipe():
    """The lines for master.cf as the table's own comment gives them."""
    with open(TABLE, encoding="ascii") as file:
        lines = re.findall(r"^#   (.*)$", file.read(), flags=re.M)
    return "".join(re.sub(r"unix  n  -  y ", "unix n - n ", line) + "\n" for line in lines)


@needs_root
class Pickup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.milter = MilterServer(changes=[delete(1, HEADER)])
        cls.addClassCleanup(cls.milter.close)
        cls.postfix = Postfix("unix:" + cls.milter.path)
        cls.addClassCleanup(cls.postfix.stop)
        master = re.sub(r"^pickup .*\n", lambda _: recipe(), MASTER, flags=re.M)
        cls.postfix.write("etc/master.cf", master.format(folder=cls.postfix.folder, port=cls.postfix.port))
        shutil.copy(TABLE, cls.postfix.path("etc"))
        cls.postfix.start()

    def sendmail(self, message, *words, uid=UID):
        """As another user; that command believes only /etc/postfix, so it gets
        an /etc/postfix of its own."""
        script = 'mount --bind "$1" /etc/postfix && shift && exec setpriv --reuid="$1" --regid="$1" --clear-groups ' \
                 '/usr/sbin/sendmail "${@:2}"'
        done = subprocess.run(["unshare", "--mount", "bash", "-c", script, "bash", self.postfix.etc, str(uid), *words],
                              input=message.encode(), capture_output=True, check=False)
        if b"unshare" in done.stderr or b"mount:" in done.stderr:
            self.skipTest("this machine allows no mounts: " + done.stderr.decode())
        self.assertEqual(done.returncode, 0, done.stderr)

    def mail(self, headers="", uid=UID, words=None):
        """Its session, macros and header as the milter got them, and the
        message that arrived."""
        self.recipient = f"{self.id().rsplit('.', 1)[1]}@test.example"
        before = len(self.milter.mails())
        message = f"{headers}Subject: test\n\nHello\n"
        if words is None:
            self.sendmail(message, "-f", "a@test.example", self.recipient, uid=uid)
        else:
            self.sendmail(words + message.replace("\n", "\r\n") + ".\r\nQUIT\r\n", "-bs", uid=uid)
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

"""Which user of this machine has sent a mail: by the other end of his connection,
and by what Postfix writes for its sendmail command."""

import socket
import subprocess
import sys
import unittest

import pickup
from case import needs_root
from daemon import eventually
from mta_case import FreshMtaCase
from pickup import HEADER, UID
from postfix import MASTER, Postfix
from postfix_case import PostfixCase
from sendmail_case import SendmailCase

SETTINGS = {"access.trusted-networks": [], "greylist.enabled": False}

# host, port, recipient, "wait" for each answer or say all and leave.
CLIENT = """
import socket, sys
host, port, recipient, how = sys.argv[1:]
link = socket.create_connection((host, int(port)), 30)
def heard():
    while True:
        line = lines.readline()
        if not line or line[3:4] != b"-":
            return line
lines = link.makefile("rb")
said = ["EHLO there.example", "MAIL FROM:<a@sender.example>", "RCPT TO:<%s>" % recipient, "DATA",
        "X-Sallyport-Local: uid=0 id=0\\r\\nSubject: x\\r\\n\\r\\nHello\\r\\n.", "QUIT"]
if how == "wait":
    heard()
    for line in said:
        link.sendall(line.encode() + b"\\r\\n")
        heard()
else:
    link.sendall("".join(line + "\\r\\n" for line in said).encode())
    lines.close()
    link.close()
"""


def another_address():
    """One of this machine that is not of loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 25))  # sends nothing
        except OSError:
            return None
        return probe.getsockname()[0]


class Everywhere(Postfix):
    """Also on ::1 and another own address; and on 127.0.0.7, where it serves one
    client at a time."""

    def __init__(self, milter, **options):
        super().__init__(milter, **options)
        ends = ["[::1]", another_address() or "127.0.0.6"]
        more = "".join(f"{end}:{self.port} inet n - n - - smtpd\n" for end in ends)
        more += f"127.0.0.7:{self.port} inet n - n - 1 smtpd\n"
        self.write("etc/master.cf", MASTER.format(folder=self.folder, port=self.port) + more)


class Submits:
    settings = SETTINGS

    def submit(self, host, port, how="wait"):
        subprocess.run([sys.executable, "-c", CLIENT, host, str(port), self.rcpt, how], user=UID, group=UID,
                       extra_groups=[], check=True, timeout=60)

    def arrives(self):
        """Its event."""
        self.mta.wait_delivered(self.rcpt)
        return eventually(lambda: [event for event in self.sally.events() if self.rcpt in event.get("to", "")],
                          "verdict")[0]

    def leave_before(self):
        """A mail of a process that is gone before we can look."""
        with socket.create_connection(("127.0.0.7", self.mta.port), 30) as first:
            first.recv(100)  # so the next one has to wait to be served
            self.submit("127.0.0.7", self.mta.port, "leave")
            first.sendall(b"QUIT\r\n")
            first.recv(100)


class OwnerCases(Submits):
    def assert_named(self, host, port):
        self.submit(host, port)
        event = self.arrives()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (str(UID), None))
        self.assertEqual(self.sally.ask("verdict " + event["id"])["uid"], UID)

    def test_the_user_at_127_0_0_1_is_named(self):
        self.assert_named("127.0.0.1", self.mta.port)

    def test_a_field_with_our_name_says_nothing_and_is_removed(self):
        self.submit("127.0.0.1", self.mta.port)
        self.assertEqual(self.arrives().get("uid"), str(UID))
        (_, _, message), = self.mta.wait_delivered(self.rcpt)
        self.assertNotIn(HEADER, message)


class AtPostfix(OwnerCases, PostfixCase):
    mta_type = Everywhere

    def test_the_user_at_ipv6_is_named(self):
        self.assert_named("::1", self.mta.port)

    def test_the_user_at_another_own_address_is_named(self):
        self.assert_named(another_address() or "127.0.0.6", self.mta.port)

    def test_who_has_left_before_is_nobody_and_never_root(self):
        self.leave_before()
        event = self.arrives()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (None, "closed"))

    def test_a_client_from_elsewhere_has_no_user(self):
        self.send(address="192.0.2.1")
        event = self.arrives()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (None, None))

    def test_who_says_to_be_local_by_xclient_is_not_believed(self):
        self.send(address="127.0.0.1")
        event = self.arrives()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (None, "unseen"))


class Hidden(Submits, PostfixCase):
    """Who sees to it that nobody can say who he is has limits all the same."""

    mta_type = Everywhere
    settings = dict(SETTINGS, **{"outbound.limits": ["messages: 3/1h hold"]})

    def test_they_are_one_submitter_and_held(self):
        self.leave_before()
        self.assertEqual(self.arrives().get("submitter"), "uid:unknown")
        before = len(self.sally.events())
        for _ in range(3):
            self.rcpt = self.new_recipient()
            self.leave_before()
        eventually(lambda: len(self.sally.events()) == before + 3, "three verdicts")
        self.assertEqual(self.sally.events()[-1]["verdict"], "hold")
        eventually(lambda: len(self.mta.held_ids()) == 1, "a held mail")


class AtSendmail(OwnerCases, SendmailCase):
    pass


@needs_root
class Command(FreshMtaCase):
    """Mail handed to Postfix's sendmail command."""

    mta_type = Postfix

    def start(self, is_set_up=True, **settings):
        self.sally = self.daemon({**SETTINGS, **settings})
        self.mta = Postfix("unix:" + self.sally.socket_path)
        self.addCleanup(self.mta.stop)
        if is_set_up:
            pickup.set_up(self.mta)
        self.mta.start()

    def mail(self, headers="", uid=UID):
        """Its event, and the message that arrived."""
        message = f"{headers}Subject: x\n\nHello\n"
        pickup.sendmail(self.mta, message, "-f", "a@test.example", "b@test.example", uid=uid)
        (_, _, arrived), = self.mta.wait_delivered("b@test.example")
        return self.sally.wait_event(), arrived

    def test_the_user_is_named_and_the_field_removed(self):
        self.start(**{"local.pickup-header": True})
        event, arrived = self.mail()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (str(UID), None))
        self.assertNotIn(HEADER, arrived)

    def test_forged_fields_name_nobody_else_and_are_removed(self):
        self.start(**{"local.pickup-header": True})
        event, arrived = self.mail(
            f"{HEADER}: uid=0 id=0\n{HEADER.lower()}: uid=0 id=1\n"
            "Received: by mx.test.example (Postfix, from userid 0)\n\tid 0123456789A; Mon, 1 Jan 2024 00:00:00 +0000\n")
        self.assertEqual(event.get("uid"), str(UID))
        self.assertNotIn(HEADER.lower(), arrived.lower())

    def test_without_the_option_the_field_is_not_believed_but_removed(self):
        self.start()
        event, arrived = self.mail()
        self.assertEqual((event.get("uid"), event.get("uid_why")), (None, "not-set-up"))
        self.assertNotIn(HEADER, arrived)

    def test_without_the_table_a_forged_field_is_not_believed_but_removed(self):
        self.start(is_set_up=False, **{"local.pickup-header": True})
        event, arrived = self.mail(f"{HEADER}: uid=0 id=0123456789A\n")
        self.assertEqual((event.get("uid"), event.get("uid_why")), (None, "no-header"))
        self.assertNotIn(HEADER, arrived)


if __name__ == "__main__":
    unittest.main()

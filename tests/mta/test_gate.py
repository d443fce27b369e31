"""The greeting held back where an MTA writes addresses in unusual ways, and where
it does not wait for us. tests/mta/test_greeting.py has what clients do and what
becomes of them."""

import socket
import time

from case import needs_root
from daemon import eventually
from mta_case import MtaCase
from postfix import Postfix
from sendmail import Sendmail

DELAY_SEC = 1.0

SETTINGS = {
    "access.trusted-networks": [],
    "greylist.enabled": False,
    "greeting.delay": f"{int(DELAY_SEC * 1000)}ms",
    "greeting.only-suspicious": False,
}

HELO = b"EHLO early.example\r\n"


class SendmailOfManyPorts(Sendmail):
    """Also on all addresses at once, where it tells none. Its clients come from
    where they really do."""

    all_port = 0

    def __init__(self, milter, **options):
        super().__init__(milter, **options)
        self.environment["SENDMAIL_BELIEVES"] = "1"

    def daemons(self):
        if not self.has_ipv6():
            return super().daemons()
        self.all_port = self.port_of_ipv6 + 1
        return super().daemons() + f"DAEMON_OPTIONS(`Name=MTA-all, Family=inet6, Port={self.all_port}, Addr=::')\n"

    def places(self):
        yield "127.0.0.1", "127.0.0.1", self.port
        if self.has_ipv6():
            yield "::1", "::1", self.port_of_ipv6
            yield "::1", "::1", self.all_port
            yield "127.0.0.1", "127.0.0.1", self.all_port
            yield "127.0.0.76", "127.0.0.5", self.all_port


class Line:
    """A connection, read line by line."""

    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")

    def reply(self):
        while True:
            line = self.file.readline().decode("latin-1")
            if line[3:4] != "-":
                return line.rstrip()

    def ask(self, text):
        self.connection.sendall(text.encode() + b"\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.connection.close()


class GateCase(MtaCase):
    settings = SETTINGS

    def dial(self, source, server, port):
        made = socket.create_connection((server, port), 20, (source, 0))
        self.addCleanup(made.close)
        return made


@needs_root
class Addresses(GateCase):
    """However its addresses are written, a client's connection is found, by a
    daemon that is nobody."""

    mta_type = SendmailOfManyPorts

    def test_the_daemon_that_sees_is_nobody(self):
        with open(f"/proc/{self.sally.process.pid}/status", encoding="ascii") as file:
            uids = [line.split()[1:] for line in file if line.startswith("Uid:")]
        self.assertNotIn("0", uids[0])

    def test_who_talks_is_seen_at_each_address(self):
        for place in self.mta.places():
            with self.subTest(place):
                before = len(self.sally.events("greeting"))
                began = time.monotonic()
                made = self.dial(*place)
                time.sleep(DELAY_SEC / 4)
                made.sendall(HELO)
                event = eventually(lambda: self.sally.events("greeting")[before:], "line of the greeting")[0]
                self.assertEqual((event["greeting"], event["bytes"]), ("talked", str(len(HELO))))
                self.assertLess(time.monotonic() - began, DELAY_SEC)

    def test_who_waits_is_greeted_at_each_address(self):
        for place in self.mta.places():
            with self.subTest(place):
                began = time.monotonic()
                line = Line(self.dial(*place))
                self.assertEqual(line.reply()[:3], "220")
                self.assertGreaterEqual(time.monotonic() - began, DELAY_SEC - 0.05)
                line.close()


@needs_root
class Impatient(GateCase):
    """An MTA that does not wait for as long as we hold: an answer to its greeting
    is no early talk."""

    mta_type = Postfix
    settings = {**SETTINGS, "greeting.delay": "20s"}
    mta_options = {"settings": "milter_command_timeout = 1s\nmilter_default_action = accept\n"}

    def test_an_answer_to_an_mta_that_did_not_wait_is_no_talk(self):
        line = Line(self.dial("127.0.0.1", "127.0.0.1", self.mta.port))
        began = time.monotonic()
        self.assertEqual(line.reply()[:3], "220")
        line.ask("EHLO there.example")
        self.assertLess(time.monotonic() - began, 10)
        self.sally.wait_log("the MTA did not wait for us")
        self.assertEqual(self.sally.events("greeting"), [])

"""The greeting held back on other ways in: IPv6, TLS at once and later, XCLIENT."""

import socket
import ssl
import time

from daemon import eventually
from postfix import MASTER, Postfix
from postfix_case import PostfixCase
from sendmail_case import SendmailCase
from smtp import Smtp

DELAY_SEC = 1.0

SETTINGS = {
    "access.trusted-networks": [],
    "greylist.enabled": False,
    "greeting.delay": f"{int(DELAY_SEC * 1000)}ms",
    "greeting.only-suspicious": False,
}

SMTPS = "127.0.0.8"


class Ways(Postfix):
    def __init__(self, milter, **options):
        super().__init__(milter, sasl=True, **options)
        self.write("etc/master.cf", MASTER.format(folder=self.folder, port=self.port)
                   + f"[::1]:{self.port} inet n - n - - smtpd\n"
                   + f"{SMTPS}:{self.port} inet n - n - - smtpd\n -o smtpd_tls_wrappermode=yes\n")


class Ipv6(Smtp):
    """`talks`: its HELO comes before it is greeted."""

    def __init__(self, port, talks=False):
        self.talks = talks
        super().__init__(port)

    def dial(self, port, address, timeout):
        made = socket.create_connection(("::1", port), timeout)
        if self.talks:
            made.sendall(b"EHLO mail.example.org\r\n")
        return made

    def introduce(self, address, login):
        if self.talks:
            self.reply()
        else:
            super().introduce(address, login)


class Smtps(Smtp):
    def dial(self, port, address, timeout):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection((SMTPS, port), timeout))


class WaysCases:
    settings = SETTINGS

    def event_of(self, smtp):
        """The verdict on a mail of that client."""
        self.addCleanup(smtp.close)
        smtp.whole_mail("a@example.org", [self.rcpt])
        smtp.quit()
        return eventually(lambda: [event for event in self.sally.events() if self.rcpt in event.get("to", "")],
                          "verdict")[0]

    def test_who_asks_for_tls_after_the_greeting_was_quiet(self):
        smtp = Smtp(self.mta.port)
        smtp.starttls()
        event = self.event_of(smtp)
        self.assertEqual(event["greeting"], "quiet")
        self.assertNotIn("EARLY_TALKER", event.get("tests", ""))


class AtPostfix(WaysCases, PostfixCase):
    mta_type = Ways

    def test_who_waits_on_ipv6_is_quiet(self):
        began = time.monotonic()
        smtp = Ipv6(self.mta.port)
        self.assertGreaterEqual(time.monotonic() - began, DELAY_SEC - 0.05)
        self.assertEqual(self.event_of(smtp)["greeting"], "quiet")

    def test_who_talks_on_ipv6_is_found_out(self):
        event = self.event_of(Ipv6(self.mta.port, talks=True))
        self.assertEqual(event["greeting"], "talked")
        self.assertIn("EARLY_TALKER", event["tests"])

    def test_who_has_to_speak_first_for_tls_is_not_judged(self):
        event = self.event_of(Smtps(self.mta.port))
        self.assertEqual(event["greeting"], "unknown")
        self.assertIn("TLS", event["greeting_why"])
        self.assertNotIn("EARLY_TALKER", event.get("tests", ""))

    def test_whose_address_came_by_xclient_is_unknown_and_has_not_gone(self):
        before = self.sally.ask("status")["greetings"]["hang_ups"]
        event = self.event_of(self.connect())
        self.assertEqual((event["client"], event["greeting"]), (self.client, "unknown"))
        self.assertIn("XCLIENT", event["greeting_why"])
        self.assertNotIn("HUNG_UP_EARLY", event.get("tests", ""))
        self.assertEqual(self.sally.ask("status")["greetings"]["hang_ups"], before)


class AtSendmail(WaysCases, SendmailCase):
    mta_options = {"sasl": True}

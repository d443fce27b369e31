"""The main job, in front of a real Sendmail."""

import re
import signal
import unittest

import cases
from daemon import eventually
from fields import headers_of
from mta_case import LIST
from sendmail import readme_filter
from sendmail_case import FreshSendmailCase, SendmailCase


class Greylisting(cases.Greylisting, SendmailCase):
    pass


class Sessions(cases.Sessions, SendmailCase):
    code_without_recipients = 503


class Access(cases.Access, SendmailCase):
    pass


class OwnAddress(SendmailCase):
    """Sendmail's {daemon_addr} is what it listens on, often 0.0.0.0; which of
    its addresses a client has connected to is told by {if_addr}."""

    settings = dict(LIST, **{"relay.local-domains": ["test.example"]})
    mta_options = {"settings": "FEATURE(`promiscuous_relay')\n"}

    def assert_forged(self, helo, **options):
        self.send(helo=helo, **options)
        self.assertIn("HELO_FORGED", self.sally.wait_event(client=options.get("address", self.client))["tests"])

    def test_it_is_a_forgery_as_helo(self):
        self.assert_forged("[192.0.2.25]", local="192.0.2.25")

    def test_so_is_an_ipv6_address(self):
        self.assert_forged("[IPv6:2001:db8::25]", address="2001:db8:77::1", local="2001:db8:0::25")

    def test_on_loopback_it_is_the_one_listened_on(self):
        self.assert_forged("[127.0.0.1]")

    def test_a_recipient_at_it_is_ours(self):
        self.assert_deferred(self.send(recipients=["b@[192.0.2.25]"], local="192.0.2.25"))
        self.assertEqual(self.send(recipients=["b@[192.0.2.26]"], local="192.0.2.25")[0][0][0], 550)


class Forgery(cases.Forgery, SendmailCase):
    pass


class Observing(cases.Observing, SendmailCase):
    pass


class ObservingGreylistOnly(cases.ObservingGreylistOnly, SendmailCase):
    pass


class Submission(cases.Submission, SendmailCase):
    pass


class Local(SendmailCase):
    """The sendmail command hands mail to the daemon by SMTP, from 127.0.0.1."""

    def test_it_is_trusted_like_any_client_of_this_host(self):
        done = self.mta.sendmail("Subject: local\n\nHello\n", "-f", "enemy@denied.example",
                                 self.rcpt, "closed@test.example")
        self.assertEqual(done.returncode, 0, done.stdout)
        message, = self.arrived()
        self.mta.wait_delivered("closed@test.example")
        self.assertEqual(headers_of(message, "X-Sallyport-Tests"), ["TRUSTED=0"])
        line = self.sally.events(from_="<enemy@denied.example>")[-1]
        self.assertEqual((line["client"], line["verdict"], line["accepted"]), ("127.0.0.1", "accept", "2"))
        eventually(lambda: not self.mta.queue(), "end of all queues")


class Refused(SendmailCase):
    """Of recipients that it refuses itself, Sendmail shows unknown users only."""

    HERE = "mx.test.example"

    def test_an_unknown_user_is_counted_and_is_no_verdict_of_ours(self):
        smtp = self.connect()
        smtp.mail()
        self.assertEqual(smtp.rcpt("no-such-user@" + self.HERE)[0], 550)
        smtp.quit()
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["rcpts"], line["mta_unknown"], line["refused"]), ("0", "1", "0"))
        self.assertEqual(line["verdict"], "aborted")

    def test_a_relay_attempt_is_not_shown(self):
        smtp = self.connect()
        smtp.mail()
        code, text = smtp.rcpt("x@elsewhere.example")
        smtp.quit()
        self.assertEqual(code, 550)
        self.assertIn("Relaying denied", text)
        line = self.sally.wait_event(client=self.client)
        self.assertEqual(line["rcpts"], "0")
        self.assertNotIn("mta_relay", line)

    def test_a_harvester_is_found_in_its_session(self):
        smtp = self.connect()
        smtp.mail()
        for name in ("no-such-a", "no-such-b", "no-such-c"):
            self.assertEqual(smtp.rcpt(f"{name}@{self.HERE}")[0], 550)
        self.assertEqual(smtp.rcpt("root@" + self.HERE)[0], 451)
        smtp.quit()
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["rcpts"], line["mta_unknown"]), ("1", "3"))
        self.assertIn("HARVEST=3", line["tests"])


class Guard(cases.Guard, SendmailCase):
    """A Sendmail that relays for everybody, by mistake."""

    mta_options = {"settings": "FEATURE(`promiscuous_relay')\n", "sasl": True}


class GuardObserving(cases.GuardObserving, SendmailCase):
    mta_options = Guard.mta_options


class Reload(cases.Reload, SendmailCase):
    pass


# What INPUT_MAIL_FILTER says of a milter that is not there, and what a client
# is told then: at connect, at MAIL, at end of message.
FLAGS = [
    ("without F=, as the README has it, mail passes", "", (220, 250, 250)),
    ("F=T asks to come back", "F=T, ", (220, 451, None)),
    ("F=R refuses", "F=R, ", (554, 550, None)),
    ("F=4 closes the connection", "F=4, ", (421, None, None)),
]


def with_flags(flags):
    return re.sub(r", T=", f", {flags}T=", readme_filter())


class Gone(FreshSendmailCase):
    """The milter is not there, dies, or hangs."""

    def told(self, mta):
        """The codes at connect, MAIL and end of message; None: not asked any more."""
        smtp = mta.client("192.0.2.9", helo=None)
        codes = [smtp.banner[0], None, None]
        if codes[0] != 421:
            smtp.helo("mail.example.org")
            codes[1] = smtp.mail()[0]
        if codes[1] == 250:
            smtp.rcpt()
            codes[2] = smtp.data()[0]
        smtp.close()
        return tuple(codes)

    def test_a_milter_that_is_not_there(self):
        for sentence, flags, expected in FLAGS:
            with self.subTest(sentence):
                mta = self.mta_before("unix:/run/sallyport-none/milter.sock", filter_line=with_flags(flags))
                self.assertEqual(self.told(mta), expected)
                mta.stop()

    def die_after_rcpt(self, flags):
        """The code at the end of a mail in whose middle the milter is killed."""
        self.start_both({"greylist.enabled": False}, filter_line=with_flags(flags))
        smtp = self.mta.client("192.0.2.9")
        smtp.mail()
        self.assertEqual(smtp.rcpt()[0], 250)
        self.sally.process.kill()
        self.sally.wait_end()
        code = smtp.data()[0]
        smtp.quit()
        return code

    def test_a_mail_in_whose_middle_it_dies_passes_without_its_headers(self):
        self.assertEqual(self.die_after_rcpt(""), 250)
        (_, _, message), = self.mta.wait_delivered("b@test.example")
        self.assertEqual(headers_of(message, "X-Sallyport-Verdict"), [])
        self.sally.start()
        self.assertEqual(self.send(), 250)
        self.assertEqual(self.sally.wait_event(verdict="accept")["client"], "192.0.2.9")

    def test_with_a_flag_it_is_asked_to_come_back(self):
        self.assertEqual(self.die_after_rcpt("F=T, "), 451)
        self.sally.start()
        self.assertEqual(self.send(), 250)
        (_, _, message), = self.mta.wait_delivered("b@test.example")
        self.assertEqual(len(headers_of(message, "X-Sallyport-Verdict")), 1)

    def test_one_that_hangs_delays_a_mail_but_does_not_hold_it(self):
        self.start_both(filter_line=re.sub(r"T=.*'", "T=C:1s;S:1s;R:1s;E:1s'", readme_filter()))
        smtp = self.mta.client("192.0.2.9")
        smtp.mail()
        self.sally.signal(signal.SIGSTOP)
        self.addCleanup(self.sally.signal, signal.SIGCONT)
        self.assertEqual(smtp.rcpt()[0], 250)
        self.assertEqual(smtp.data()[0], 250)
        smtp.quit()
        self.assertIn("timeout before data read", self.mta.log_text())


class Shipped(FreshSendmailCase):
    """As installed: nobody but the daemon and root may open the socket."""

    def test_sendmail_opens_the_socket_as_root(self):
        self.start_both({"listen-mode": "0660"})
        self.assertEqual(self.send(), 451)

    def test_it_does_not_start_with_a_socket_below_a_folder_that_everybody_may_write_to(self):
        sally = self.daemon(under="/tmp")
        with self.assertRaisesRegex(AssertionError, "milter.sock unsafe: World writable directory"):
            self.mta_before("unix:" + sally.socket_path)


class Restart(cases.Restart, FreshSendmailCase):
    pass


class Outage(cases.Outage, FreshSendmailCase):
    pass


class InetSocket(cases.InetSocket, FreshSendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()


class Explanation(cases.Explanation, SendmailCase):
    pass

"""The main job, in front of a real Postfix: what clients are told, what arrives."""

import os
import re
import subprocess
import unittest

import cases
from daemon import TOP
from mta_case import DELAY
from postfix_case import FreshPostfixCase, PostfixCase


class Greylisting(cases.Greylisting, PostfixCase):
    pass


class Sessions(cases.Sessions, PostfixCase):
    code_without_recipients = 554


class Access(cases.Access, PostfixCase):
    pass


class Forgery(cases.Forgery, PostfixCase):
    def test_text_in_helo_cannot_break_a_log_line(self):
        smtp = self.connect(helo=None)
        smtp.helo('x"y event=verdict')
        smtp.mail()
        smtp.rcpt(self.rcpt)
        smtp.quit()
        self.assertEqual(self.sally.wait_event(client=self.client)["helo"], 'x"y event=verdict')


class Reload(cases.Reload, PostfixCase):
    pass


class Observing(cases.Observing, PostfixCase):
    pass


class ObservingGreylistOnly(cases.ObservingGreylistOnly, PostfixCase):
    pass


class Submission(cases.Submission, PostfixCase):
    def test_the_local_sendmail_command_is_never_answered_at_rcpt(self):
        done = self.mta.sendmail("Subject: local\n\nHello\n", "-f", "enemy@denied.example",
                                 self.rcpt, "closed@test.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.arrived()
        self.mta.wait_delivered("closed@test.example")
        self.assertNotIn("milter configuration error", self.mta.log_text())
        self.assertEqual(self.mta.queue(), [])
        self.assertEqual(self.sally.events(from_="enemy@denied.example")[-1]["verdict"], "accept")

    def test_swaks_sees_the_deferral_and_then_the_delivery(self):
        def swaks():
            return subprocess.run(
                ["swaks", "--server", f"127.0.0.1:{self.mta.port}", "--helo", "mail.example.org",
                 "--from", "swaks@example.org", "--to", self.rcpt,
                 "--xclient", f"NAME=mail.example.org ADDR={self.client} PORT=4321"],
                capture_output=True, text=True, check=False, timeout=30)
        first = swaks()
        self.assertEqual(first.returncode, 24, first.stdout)
        self.assertIn("<** 451 4.7.1 Greylisted", first.stdout)
        self.sally.advance(DELAY)
        second = swaks()
        self.assertEqual(second.returncode, 0, second.stdout)
        self.assertIn("X-Sallyport-Verdict: accept", self.arrived()[0])


class Restart(cases.Restart, FreshPostfixCase):
    def test_while_it_is_gone_postfix_asks_to_come_back(self):
        self.sally.signal(15)
        self.sally.wait_end()
        self.assertEqual(self.send(), 451)
        self.sally.start()
        self.sally.advance(DELAY)
        self.assertEqual(self.send(), 451, "our own deferral: it was never asked before")
        self.sally.advance(DELAY)
        self.assertEqual(self.send(), 250)


class Shipped(FreshPostfixCase):
    """With what the README tells one to put into main.cf, but for the path."""

    def setUp(self):
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            line = re.search(r"^smtpd_milters = (.*)$", file.read(), re.M).group(1)
        self.sally = self.daemon()
        self.mta = self.mta_before(line.replace("unix:/sallyport/milter.sock", "unix:" + self.sally.socket_path))

    def test_a_stranger_is_asked_to_come_back(self):
        self.assertEqual(self.send(), 451)

    def test_mail_passes_while_it_is_gone(self):
        self.sally.process.kill()
        self.sally.wait_end()
        self.assertEqual(self.send(), 250)
        self.sally.start()
        self.assertEqual(self.send(), 451)


class Outage(cases.Outage, FreshPostfixCase):
    pass


class InetSocket(cases.InetSocket, FreshPostfixCase):
    pass


if __name__ == "__main__":
    unittest.main()


class Explanation(cases.Explanation, PostfixCase):
    pass

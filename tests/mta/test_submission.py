"""A submission service with milters of its own, set up as the README says, in front
of each MTA: it does not take mail unguarded."""

import os
import re
import unittest

from case import needs_root
from daemon import TOP, free_port
from mta_case import FreshMtaCase
from outbound import LOGIN, SETTINGS
from postfix import MASTER, Postfix
from sendmail import Sendmail
from smtp import Smtp


def readme(pattern):
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        return re.search(pattern, file.read(), re.M).group(0)


class Submission:
    def begin(self):
        self.sally = self.daemon(SETTINGS)
        self.port = free_port()
        self.submission_port = self.port + 2  # Sendmail has its IPv6 between
        self.mta = self.make("unix:" + self.sally.socket_path)
        self.addCleanup(self.mta.stop)
        self.mta.start()

    def connect(self):
        smtp = Smtp(self.submission_port)
        self.addCleanup(smtp.close)
        return smtp

    def log_in(self):
        smtp = self.connect()
        smtp.starttls()
        self.assertEqual(smtp.auth_plain(LOGIN, "secret")[0], 235)
        return smtp

    def test_who_logs_in_is_counted_by_his_login(self):
        self.begin()
        replies, end = self.log_in().whole_mail(LOGIN, ["far@elsewhere.example"])
        self.assertEqual((replies[0][0], end[0]), (250, 250))
        self.mta.wait_delivered("far@elsewhere.example")
        self.assertEqual(self.sally.wait_event(verdict="accept")["submitter"], "sasl:" + LOGIN)

    def test_who_does_not_log_in_sends_nothing(self):
        self.begin()
        smtp = self.connect()
        smtp.starttls()
        codes = [smtp.mail()[0], smtp.rcpt("b@test.example")[0]]
        self.assertTrue(any(code >= 500 for code in codes), codes)

    def test_while_we_are_down_only_the_other_port_takes_mail(self):
        self.begin()
        self.sally.process.kill()
        self.sally.wait_end()
        with self.mta.client("192.0.2.9") as smtp:
            self.assertEqual(smtp.whole_mail()[1][0], 250)
        self.assertEqual(self.connect().command("STARTTLS")[0], 454)
        self.sally.start()
        self.assertEqual(self.log_in().whole_mail(LOGIN, ["far@elsewhere.example"])[1][0], 250)


@needs_root
class AtPostfix(Submission, FreshMtaCase):
    mta_type = Postfix

    def make(self, milter):
        """With both of the README's lines."""
        main = readme(r"^smtpd_milters = .*$").split(" = ", 1)[1].replace("unix:/sallyport/milter.sock", milter)
        lines = readme(r"^submission inet n - y .*\n(  -o .*\n)+")
        self.assertIn("unix:/sallyport/milter.sock", lines)
        lines = lines.replace("submission inet n - y", f"127.0.0.1:{self.submission_port} inet n - n", 1)
        mta = Postfix(main, port=self.port, sasl=True)
        mta.write("etc/master.cf", MASTER.format(folder=mta.folder, port=mta.port)
                  + lines.replace("unix:/sallyport/milter.sock", milter))
        return mta


@needs_root
class AtSendmail(Submission, FreshMtaCase):
    mta_type = Sendmail

    def make(self, milter):
        lines = [readme(r"^MAIL_FILTER\(.*\)$"), readme(r"^DAEMON_OPTIONS\(`Name=MSA.*\)$")]
        self.assertIn("S=unix:/run/sallyport/milter.sock", lines[0])
        settings = "\n".join(lines).replace("unix:/run/sallyport/milter.sock", milter)
        settings = settings.replace("Port=587", f"Port={self.submission_port}, Addr=127.0.0.1")
        return Sendmail(milter, port=self.port, sasl=True, settings=settings)


if __name__ == "__main__":
    unittest.main()

"""What `./dev run` shows, without its building."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from case import Case, needs_root
from daemon import ACCOUNT, TOP, build_folder, environment, eventually, free_port, slow
from redis import is_running
from smtp import Smtp


class Demonstration(Case):
    timeout_sec = 120

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sallyport-demo-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        self.said = os.path.join(self.folder, "said")

    def spawn(self, *words):
        with open(self.said, "wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-B", os.path.join(TOP, "tests", "support", "demo.py"), build_folder(),
                 "--folder", self.folder, *words],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment())
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def text(self):
        with open(self.said, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_up(self):
        eventually(lambda: "Ctrl-C" in self.text(), "demonstration that stays up", 30)
        return int(re.search(r"is up \(process (\d+)\)", self.text()).group(1))

    def test_it_shows_the_clean_sender_the_deferral_the_retry_and_the_known_sender(self):
        process = self.spawn("--once")
        self.assertEqual(process.wait(60 * slow()), 0, self.text())
        answers = re.findall(r"RCPT TO:<ben@test.example>\s+(451 4\.7\.1 Greylisted|550 5\.7\.1 Refused|continue)", self.text())
        self.assertEqual(answers, ["continue", "451 4.7.1 Greylisted", "continue", "continue", "550 5.7.1 Refused"])
        self.assertEqual(re.findall(r"\ngreylist +(\w+)\nidentity +(\S+)\nproof +(\w+)", self.text()),
                         [("noted", "domain:example.org", "spf"), ("new", "domain:example.com", "spf"),
                          ("passed", "domain:example.com", "spf"), ("seen", "domain:example.com", "spf")])
        self.assertEqual(len(re.findall("header inserted: X-Sallyport-Verdict: accept; score=[^;]*", self.text())), 3)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "control.sock")))

    def test_nothing_speaks_against_an_honest_client_and_a_liar_is_refused_by_several(self):
        process = self.spawn("--once")
        self.assertEqual(process.wait(60 * slow()), 0, self.text())
        scores = [float(score) for score in re.findall(r" score=([-\d.]+)", self.text().split("== The log says")[1])]
        self.assertLess(scores[0], 0)
        for score in scores[1:4]:
            self.assertGreaterEqual(score, 2)  # greylist.from-score
            self.assertLess(score, 5)
        self.assertGreaterEqual(scores[4], 10)  # score.refuse
        self.assertIn("the HELO name mail.com does not lead to the client, whose own name is mail.example.de",
                      self.text())
        for finding in ("HELO_MISMATCH", "DNSBL_ONE", "DNSBL_TWO", "SENDER_DOMAIN_ABSENT"):
            self.assertEqual(self.text().count(finding + " "), 1, finding)
        self.assertNotIn("degraded", self.text())

    def test_it_stays_up_until_term_and_leaves_nothing_behind(self):
        process = self.spawn()
        daemon_pid = self.wait_up()
        self.assertTrue(is_running(daemon_pid))
        self.assertIn("smtpd_milters = unix:", self.text())
        self.assertIn("INPUT_MAIL_FILTER(`sallyport'", self.text())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30 * slow()), 0, self.text())
        self.assertFalse(is_running(daemon_pid))

    @needs_root
    def test_a_postfix_in_front_of_it_asks_to_come_back(self):
        port = free_port()
        process = self.spawn("--postfix", "--port", str(port))
        self.wait_up()
        with Smtp(port, "198.51.100.62", helo="out.example.com") as smtp:
            self.assertEqual(smtp.whole_mail("eve@example.com", ["ben@test.example"])[0][0][0], 451)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30 * slow()), 0, self.text())
        with self.assertRaises(OSError):
            Smtp(port)

    def test_when_the_daemon_cannot_start_it_says_why(self):
        os.makedirs(os.path.join(self.folder, "milter.sock"))  # no socket can be made there
        process = self.spawn("--once")
        self.assertEqual(process.wait(60 * slow()), 1)
        self.assertIn("milter.sock", self.text())

    def test_root_is_not_what_it_runs_as(self):
        process = self.spawn()
        daemon_pid = self.wait_up()
        owner = os.stat(f"/proc/{daemon_pid}").st_uid
        self.assertNotEqual(owner, 0, f"it should have become {ACCOUNT}")
        process.send_signal(signal.SIGTERM)
        process.wait(30 * slow())


if __name__ == "__main__":
    unittest.main()

"""etc/fail2ban/sallyport.conf, by fail2ban-regex, over lines of a real daemon: the
right clients, whatever strangers write into a line."""

import os
import shutil
import subprocess
import unittest

from case import Case
from daemon import TOP

FILTER = os.path.join(TOP, "etc/fail2ban/sallyport.conf")
JAIL = os.path.join(TOP, "etc/fail2ban/jail.conf")

# What somebody writes who wants another one banned.
VICTIM = "203.0.113.66"
LINE = (f"2026-11-22T00:00:00.000Z sallyportd[1]: event=verdict id=01M80SXRKEZVZ4FRDT8Z1ERQ66 client={VICTIM} "
        "verdict=reject score=9 tests=RELAY_PROBE=4")
HOSTILE = [LINE, "\n" + LINE, '" ' + LINE, '"\n' + LINE, "\r\n" + LINE + "\r\n", "\\x22 " + LINE,
           f"x client={VICTIM} verdict=reject tests=RELAY_PROBE=4", f'" client={VICTIM} verdict=reject tests=HARVEST=3 "',
           f"client={VICTIM}", LINE.replace(" ", "\t"), "\N{NO-BREAK SPACE}" + LINE]


@unittest.skipUnless(shutil.which("fail2ban-regex"), "wants the package fail2ban")
class FilterTest(Case):
    settings = {"greylist.enabled": False, "relay.local-domains": ["test.example"], "relay.mode": "enforce",
                "access.deny-helo": ["spammer.example"]}

    def setUp(self):
        self.sally = self.daemon(self.settings)
        self.seen = 0

    def try_mail(self, client, *, rcpt="a@elsewhere.example", helo="mx.client.example", sender="a@b.example", words=(),
                 status=1):
        self.sally.operator("try", "--client", client, "--helo", helo, "--from", sender, "--rcpt", rcpt, *words,
                            status=status)
        self.seen += 1
        self.sally.wait_event(count=self.seen)

    def found(self, mode="normal", text=None):
        """The addresses that the filter takes, one for each line."""
        log = self.sally.log_path
        if text is not None:
            log = self.sally.write_file("other.log", text)
        done = subprocess.run(["fail2ban-regex", "-o", "ip", log, f"{FILTER}[mode={mode}]"], capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        self.assertNotIn("Error", done.stdout + done.stderr)
        return done.stdout.split()

    def test_who_tries_to_relay_is_found(self):
        self.try_mail("192.0.2.9")
        self.try_mail("2001:db8::7")
        self.try_mail("192.0.2.10", rcpt="a@test.example", status=0)
        self.assertEqual(self.found(), ["192.0.2.9", "2001:db8::7"])

    def test_who_is_refused_for_other_reasons_is_found_only_when_all_are_wanted(self):
        self.try_mail("192.0.2.9", helo="spammer.example", rcpt="a@test.example")
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found("all"), ["192.0.2.9"])

    def test_what_is_only_observed_is_not_found(self):
        self.sally.write_config(mode="observe", relay__mode=None)
        self.sally.signal(1)
        self.sally.wait_log("reload: done")
        self.try_mail("192.0.2.9", status=0)
        self.assertIn("would=reject", self.sally.log_text())
        self.assertEqual(self.found("all"), [])

    def test_in_the_words_of_syslog(self):
        self.try_mail("192.0.2.9")
        line, = [line.split(" ", 1)[1] for line in self.sally.log_text().splitlines() if "event=verdict" in line]
        self.assertEqual(self.found(text=f"Nov 22 04:58:39 mx {line}\n2026-11-22T04:58:39.123456+00:00 mx {line}\n"),
                         ["192.0.2.9"] * 2)

    def test_nobody_is_banned_by_what_another_one_writes(self):
        for text in HOSTILE:
            self.try_mail("192.0.2.9", rcpt="a@test.example", status=0, helo=text)
            self.try_mail("192.0.2.9", rcpt="a@test.example", status=0, words=["--login", text])
            self.try_mail("192.0.2.9", rcpt="a@test.example", status=0, words=["--name", text])
            self.try_mail("192.0.2.9", rcpt="a@test.example", status=0, sender=f"<{text}>")
        self.assertIn(VICTIM, self.sally.log_text())
        self.assertEqual(self.found("all"), [])

    def test_nobody_hides_by_what_he_writes(self):
        for text in HOSTILE:
            self.try_mail("192.0.2.9", helo=text, words=["--name", text], sender=f"<{text}>")
        self.assertEqual(self.found(), ["192.0.2.9"] * len(HOSTILE))

    def test_a_naive_pattern_would_be_fooled(self):
        """What is tested here can fail: the same lines, read carelessly."""
        self.try_mail("192.0.2.9", rcpt="a@test.example", status=0, helo=HOSTILE[6])
        naive = self.sally.write_file("naive.conf", "[Definition]\nfailregex = client=<ADDR> verdict=reject\n")
        done = subprocess.run(["fail2ban-regex", "-o", "ip", self.sally.log_path, naive], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.stdout.split(), [VICTIM])

    def test_fail2ban_takes_filter_and_jail(self):
        folder = os.path.join(self.sally.folder, "fail2ban")
        shutil.copytree("/etc/fail2ban", folder)
        os.remove(os.path.join(folder, "jail.d", "defaults-debian.conf"))
        shutil.copy(FILTER, os.path.join(folder, "filter.d", "sallyport.conf"))
        shutil.copy(JAIL, os.path.join(folder, "jail.d", "sallyport.conf"))
        done = subprocess.run(["fail2ban-client", "-c", folder, "-t"], capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        dumped = subprocess.run(["fail2ban-client", "-c", folder, "-d"], capture_output=True, text=True, check=False,
                                timeout=60).stdout
        self.assertIn("'sallyport', 'maxretry', 3", dumped)

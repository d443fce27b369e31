"""./dev bench works: its programs build, both milters serve, the plan of the load
comes true and the tables are printed. Where all checks are on, it ends unless every
signature verifies, here and in the peers. How fast it was is not judged here."""

import os
import subprocess
import sys

from case import Case
from daemon import TOP, build_folder, environment, is_sanitized


class Bench(Case):
    timeout_sec = 600

    def test_a_quick_run_prints_every_table(self):
        if is_sanitized():
            self.skipTest("speed under a sanitizer says nothing")
        subprocess.run(["make", "-s", "-C", build_folder(), "sallyportd", "tests/bench/load", "tests/bench/null-milter",
                        "tests/bench/dns-server"], check=True, capture_output=True)
        done = subprocess.run([sys.executable, os.path.join(TOP, "tests/bench/run"), build_folder(), "--quick",
                               "--peers"],
                              capture_output=True, text=True, check=False, env=environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ("| m=1, 2 KB | sallyportd |", "| m=10, 100 KB | null |", "inet", "at random",
                      "held after MAIL", "greylisting alone", "one Redis round trip per mail", "of distant clients", "known dead",
                      "| m=1, 10 rcpt | sallyportd |"):
            self.assertIn(words, done.stdout)
        for words in ("| m=10 | sallyportd |", "| CPU ms/mail | 2k signed |", "50 mails/s at random", "50 sessions at once",
                      "all checks, mails so far", "never-seen senders, 4 sessions", "400 new senders"):
            self.assertIn(words, done.stdout)
        for name, program in (("rspamd-cut", "/usr/bin/rspamd"), ("opendkim", "/usr/sbin/opendkim")):
            if os.path.exists(program):
                self.assertIn(f"| m=1 | {name} |", done.stdout)
            else:
                self.assertIn(f"skipped: {program} is not there", done.stdout)

"""The administrator is told: by a program, by mail, at once, once, and never in
the way of mail. tests/unit/test-notify.c has the programs that misbehave."""

import email
import email.policy
import json
import os
import signal
import time
import unittest

from case import DaemonCase, concurrent
from daemon import Daemon, eventually, slow

# Writes down what it is told, one line each, and what it was called with.
TELL = 'cat >>told; echo "$@" >>words'
HANG = "trap '' TERM; echo $$ >>begun; while :; do sleep 5; done"
SENDMAIL = 'for word; do echo "[$word]"; done >mail-words; cat >mail'


class NotifyCase(DaemonCase):
    def notified(self, settings=None, **scripts):
        """A daemon with these as notify.program (`program`) and notify.sendmail
        (`sendmail`), each in the daemon's folder."""
        sally = Daemon(settings)
        self.addCleanup(sally.stop)
        for name, script in scripts.items():
            self.write_script(sally, name, script)
        changes = {}
        if "program" in scripts:
            changes["notify__program"] = [os.path.join(sally.folder, "program"), "to the", "administrator"]
        if "sendmail" in scripts:
            changes.update(notify__mail="postmaster@test.example",
                           notify__sendmail=os.path.join(sally.folder, "sendmail"))
        sally.write_config(**changes)
        return sally.start()

    @staticmethod
    def write_script(sally, name, script):
        return sally.write_file(name, f"#!/bin/sh\ncd {sally.folder}\n{script}\n", 0o755)

    @staticmethod
    def read(sally, name):
        try:
            with open(os.path.join(sally.folder, name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def told(self, sally):
        """What the program was told: one dictionary a run."""
        return [json.loads(line) for line in self.read(sally, "told").splitlines()]


@concurrent
class Test(NotifyCase):
    """`sallyport notify test`"""

    def test_it_is_told_on_both_ways(self):
        sally = self.notified({"hostname": "mx.test.example"}, program=TELL, sendmail=SENDMAIL)
        answer = sally.operator_json("notify", "test")
        self.assertEqual((answer["program"]["stage"], answer["mail"]["stage"]), ("good", "good"), answer)
        told, = self.told(sally)
        self.assertEqual((told["event"], told["host"]), ("test", "mx.test.example"))
        self.assertRegex(told["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        sally.wait_event("notify", way="program", about="test", result="good", how="exit 0")
        self.assertEqual(self.read(sally, "words"), "to the administrator\n")
        self.assertEqual(self.read(sally, "mail-words"), "[-i]\n[-f]\n[<>]\n[--]\n[postmaster@test.example]\n")
        mail = email.message_from_string(self.read(sally, "mail"), policy=email.policy.strict)
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mail["To"].addresses[0].addr_spec, "postmaster@test.example")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "sallyport@mx.test.example")
        self.assertIn("This is a test", mail.get_content())
        self.assertEqual(sally.ask("status")["notices"]["good"], 2)

    def test_what_fails_is_shown_with_its_words(self):
        sally = self.notified(program="echo no such number; exit 3", sendmail=SENDMAIL)
        said = sally.operator("notify", "test", status=1)
        self.assertRegex(said, r"program  failed: exit 3 after \d+ ms\n +it said: no such number\nmail     good: exit 0")
        sally.wait_event("notify", way="program", result="failed", how="exit 3", output="no such number")
        self.assertEqual(sally.ask("status")["notices"]["failed"], 1)
        self.assertIn("notices      1 told, 1 failed", sally.operator("status"))

    def test_nobody_to_tell_is_said(self):
        sally = self.notified()
        sally.operator("notify", "test", status=1)
        self.assertIn("neither notify.program nor notify.mail is set", sally.complaint)
        self.assertNotIn("notices", sally.operator("status"))

    def test_no_daemon_is_said(self):
        sally = self.not_started()
        sally.operator("notify", "test", status=3)

    def test_used_wrongly(self):
        sally = self.not_started()
        sally.operator("notify", status=2)
        sally.operator("notify", "tset", status=2)

    def test_it_need_not_be_waited_for(self):
        sally = self.notified(program="sleep 1\n" + TELL)
        began = time.monotonic()
        sally.operator("notify", "test", "--no-wait")
        self.assertLess(time.monotonic() - began, 0.9 * slow())
        eventually(lambda: self.told(sally), "notice")


@concurrent
class Life(NotifyCase):
    def test_a_reload_changes_the_program(self):
        sally = self.notified(program=TELL)
        sally.operator("notify", "test")
        sally.write_config(notify__program=[self.write_script(sally, "other", "cat >other-told"), "x", "x"])
        sally.reload()
        sally.operator("notify", "test")
        self.assertEqual(len(self.told(sally)), 1)
        self.assertIn('"event":"test"', self.read(sally, "other-told"))
        sally.write_config(notify__program=None)
        sally.reload()
        sally.operator("notify", "test", status=1)

    def hanging(self, **settings):
        """With a program that has begun, and does not end."""
        sally = self.notified({"notify.timeout": "10m", **settings}, program=HANG)
        sally.operator("notify", "test", "--no-wait")
        eventually(lambda: self.read(sally, "begun"), "run of the program")
        return sally

    def test_a_program_that_hangs_delays_the_end_by_seconds_only(self):
        sally = self.hanging()
        began = time.monotonic()
        sally.signal(signal.SIGTERM)
        sally.wait_end(60)
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("1 notices were not told", sally.log_text())
        self.assertFalse(os.path.exists("/proc/" + self.read(sally, "begun").strip()), "it lives on")

    def test_a_program_that_hangs_holds_up_no_mail(self):
        sally = self.hanging(**{"access.allow-senders": ["a@example.org"]})
        for _ in range(3):
            sally.operator("notify", "test", "--no-wait")
        for _ in range(100):
            began = time.monotonic()
            self.assert_let_in(sally)
            # Had it waited for the program, it would be ten minutes.
            self.assertLess(time.monotonic() - began, 5)

    def test_a_program_has_its_time(self):
        sally = self.notified({"notify.timeout": "1s"}, program=HANG)
        answer = sally.operator_json("notify", "test", status=1)
        self.assertRegex(answer["program"]["how"], r"^ended by us after \d+ ms \(notify.timeout\)$")
        pid = self.read(sally, "begun").strip()
        self.assertFalse(os.path.exists(f"/proc/{pid}"), "it lives on")

    def test_a_flood_and_other_languages_are_one_safe_line(self):
        sally = self.notified(program="printf '\\033[31m\\nevent=verdict \\303\\251'; head -c 100000000 /dev/zero")
        answer = sally.operator_json("notify", "test", status=1)
        self.assertTrue(answer["program"]["output"].startswith("\\x1b[31m | event=verdict \\xc3\\xa9"), answer)
        self.assertEqual([line for line in sally.events("verdict") if line["event"] == "verdict"], [])
        for line in sally.log_text().encode().split(b"\n"):
            self.assertTrue(all(32 <= byte < 127 for byte in line), line)


if __name__ == "__main__":
    unittest.main()

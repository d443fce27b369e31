"""The administrator is told: by a program, by mail, at once, once, and never in
the way of mail. tests/unit/test-notify.c has the programs that misbehave."""

import concurrent.futures
import email
import email.policy
import json
import os
import signal
import time
import unittest

import case
from case import DaemonCase
from daemon import Daemon, eventually, slow
from milter import CONTINUE, session
from redis import RedisServer

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
        sally = self.notified(program="until [ -e go ]; do sleep 0.05; done\n" + TELL)
        sally.operator("notify", "test", "--no-wait")
        self.assertEqual(self.told(sally), [])
        sally.write_file("go", "")
        eventually(lambda: self.told(sally), "notice")


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
        sally.wait_end(30)
        self.assertLess(time.monotonic() - began, 30 * slow())
        self.assertIn("1 notices were not told", sally.log_text())
        self.assertFalse(os.path.exists("/proc/" + self.read(sally, "begun").strip()), "it lives on")

    @case.concurrent
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


LIMITS = {"outbound.limits": ["messages: 3/1h watch", "recipients: 6/1h hold", "recipients: 9/1h locked"]}


@case.concurrent
class Submitters(NotifyCase):
    """Each state is told once, whoever sends how much from wherever."""

    def send(self, sally, count, login="alice@test.example"):
        """So many mails to one recipient each, on connections of their own."""
        for number in range(count):
            link = session(sally.socket_path, "198.51.100.7")
            try:
                kind, _ = link.mail(f"<{number}@test.example>", {"{auth_authen}": login, "i": "4dBkQ01yQmz3"})
                if kind != CONTINUE:
                    continue  # locked
                link.rcpt(f"<r{number}@far.example>")
                link.header("Message-ID", f" <{number}.{id(link)}.{time.monotonic()}@laptop.example>")
                link.end()
            finally:
                link.close()

    def at_once(self, sallies, count, threads=10):
        """From several clients of each of these daemons at the same time."""
        with concurrent.futures.ThreadPoolExecutor(threads * len(sallies)) as pool:
            for run in [pool.submit(self.send, sally, count) for sally in sallies for _ in range(threads)]:
                run.result()

    def settled(self, *sallies):
        """All that was told, by whichever daemon, once nothing is on its way."""
        def is_idle():
            notices = [sally.ask("status")["notices"] for sally in sallies]
            return not any(notice["waiting"] + notice["running"] for notice in notices)
        eventually(is_idle, "end of all notices")
        return [told for sally in sallies for told in self.told(sally)]

    def assert_told(self, told, *states):
        self.assertEqual([one["state"] for one in told], list(states), told)

    def test_each_state_once_for_many_mails(self):
        sally = self.notified(LIMITS, program=TELL, sendmail=SENDMAIL)
        self.send(sally, 30)
        told = self.settled(sally)
        self.assert_told(told, "watch", "hold", "locked")
        locked = told[-1]
        line = sally.wait_event("submitter", state="locked")
        self.assertEqual(len(sally.events("submitter")), 3)
        self.assertEqual((locked["submitter"], locked["mail"], locked["client"], locked["queue"]),
                         ("sasl:alice@test.example", line["id"], "198.51.100.7", "4dBkQ01yQmz3"))
        self.assertEqual(locked["cause"], {"kind": "limit", "counted": "recipients", "count": 10, "most": 9,
                                           "window_sec": 3600})
        self.assertEqual((locked["why"], locked["is_observed"]), (line["why"], False))
        self.assertEqual(len(sally.events("notify", way="mail", result="good")), 3)
        mail = email.message_from_string(self.read(sally, "mail"), policy=email.policy.strict)
        self.assertEqual(mail["Subject"], "[sallyport] sasl:alice@test.example is locked")
        self.assertIn("  sallyport user release 'sasl:alice@test.example'\n", mail.get_content())

    def test_once_for_parallel_sessions(self):
        sally = self.notified(LIMITS, program=TELL)
        self.at_once([sally], 4)
        told = self.settled(sally)
        self.assertEqual(sorted(one["state"] for one in told), ["hold", "locked", "watch"])

    def test_once_in_all_by_two_machines(self):
        redis = RedisServer()
        self.addCleanup(redis.stop)
        redis.start()
        where = dict(LIMITS, store=f"redis://127.0.0.1:{redis.port}")
        sallies = [self.notified(where, program=TELL) for _ in "12"]
        self.at_once(sallies, 3, 5)
        told = self.settled(*sallies)
        self.assertEqual(sorted(one["state"] for one in told), ["hold", "locked", "watch"])

    def test_once_without_redis(self):
        sally = self.notified(dict(LIMITS, store="unix:/nonexistent/redis.sock"), program=TELL)
        self.send(sally, 15)
        self.assert_told(self.settled(sally), "watch", "hold", "locked")

    def test_observed(self):
        sally = self.notified(dict(LIMITS, mode="observe"), program=TELL, sendmail=SENDMAIL)
        self.send(sally, 15)
        told = self.settled(sally)
        self.assert_told(told, "watch", "hold", "locked")
        self.assertEqual([one["is_observed"] for one in told], [True] * 3)
        self.assertIn("Nothing is done about it", self.read(sally, "mail"))

    def test_again_after_its_term(self):
        sally = self.notified(LIMITS, program=TELL)
        self.send(sally, 5)
        sally.advance(3 * 86400)
        self.send(sally, 5)
        self.assert_told(self.settled(sally), "watch", "watch")

    def test_whatever_a_login_is_called(self):
        sally = self.notified(LIMITS, program=TELL, sendmail=SENDMAIL)
        logins = ['"},{"event":"test"}', "a\\", "a b\r\nBcc: x@example.org\r\n\r\nx", "\x80\xff", "é" * 300,
                  "$(touch pwned);`touch pwned`'touch pwned'|x", "%s%n", "-f", "\x1b[31m", "x" * 1000]
        for login in logins:
            self.send(sally, 4, login)
        told = self.settled(sally)
        self.assert_told(told, *["watch"] * len(logins))
        for one in told:
            self.assertRegex(one["submitter"], r"^sasl:[!-~]{1,170}$")
        self.assertEqual(len({one["submitter"] for one in told}), len(logins))
        self.assertEqual(len(sally.events("notify", way="mail", result="good")), len(logins))

    def test_a_program_that_hangs_holds_up_no_submitter(self):
        sally = self.notified(dict(LIMITS, **{"notify.timeout": "10m"}), program=HANG, sendmail=SENDMAIL)
        began = time.monotonic()
        self.send(sally, 30)
        # Had one of them waited for the program, it would be ten minutes.
        self.assertLess(time.monotonic() - began, 30)
        eventually(lambda: len(sally.events("notify", way="mail", result="good")) == 3, "three mails")
        self.assertEqual(sally.ask("status")["notices"]["waiting"], 2)


if __name__ == "__main__":
    unittest.main()

"""Redis gone, slow, wiped, closed: mail flows, and it is said."""

import os
import signal
import stat
import threading
import time
import unittest

import milter
from case import DaemonCase, concurrent, deferred
from daemon import Daemon, eventually, slow
from milter import CONTINUE, Closed, session
from redis import Redis, RedisServer

DELAY = 91


class Outage(DaemonCase):
    def test_a_killed_redis_is_started_again_with_its_data(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        time.sleep(1.2)  # Redis writes to disk once a second: its clock, not ours
        old = sally.redis_pid()
        os.kill(old, signal.SIGKILL)
        eventually(lambda: sally.redis_pid() not in (0, old), "new redis-server")
        self.assertEqual(sally.ask("status")["store"]["embedded_restarts"], 1)
        sally.advance(DELAY)

        def is_let_in_undegraded():
            self.assert_let_in(sally)
            return not any(name == "X-Sallyport-Degraded" for name, _ in self.clean_headers())
        eventually(is_let_in_undegraded, "mail let in by what was remembered")
        self.assertIn(sally.events()[-1]["greylist"], ("passed", "seen"))

    def test_while_redis_is_stopped_mail_flows_within_its_deadline(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        os.kill(sally.redis_pid(), signal.SIGSTOP)
        self.addCleanup(os.kill, sally.redis_pid(), signal.SIGCONT)
        for number in range(8):
            began = time.monotonic()
            self.assert_degraded(sally, f"192.0.{number}.1")
            self.assertLess(time.monotonic() - began, 1.0 * slow())
        self.assertTrue(sally.ask("status")["store"]["is_breaker_open"])
        began = time.monotonic()
        self.assert_degraded(sally, "192.0.100.1")
        self.assertLess(time.monotonic() - began, 0.2 * slow(), "with the breaker open nobody waits")
        self.assertEqual(sally.wait_event(count=10)["degraded"], "store")

    def test_it_is_asked_again_when_it_is_back(self):
        sally = self.daemon({"redis.breaker-pause": "200ms"})
        pid = sally.redis_pid()
        os.kill(pid, signal.SIGSTOP)
        for number in range(6):
            self.assert_degraded(sally, f"192.0.{number}.1")
        os.kill(pid, signal.SIGCONT)

        def is_asked_again():
            answers, _ = self.mail(sally, "192.0.200.1")
            return deferred(answers)
        eventually(is_asked_again, "greylisting after the outage")
        self.assertFalse(sally.ask("status")["store"]["is_breaker_open"])

    def test_a_wiped_redis_only_makes_senders_wait_again(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        client = Redis(sally.redis_path())
        client.command("FLUSHALL")
        client.command("SCRIPT", "FLUSH")
        client.close()
        sally.advance(DELAY)
        self.assert_deferred(sally)
        sally.advance(DELAY)
        self.assert_let_in(sally)

    def test_a_redis_that_only_reads_degrades(self):
        server = RedisServer("--replicaof", "127.0.0.1 1", "--replica-read-only", "yes").start()
        self.addCleanup(server.stop)
        sally = self.daemon({"store": f"redis://127.0.0.1:{server.port}"})
        self.assert_degraded(sally)

    def test_a_wrong_password_degrades_and_is_said(self):
        server = RedisServer("--requirepass", "right").start()
        self.addCleanup(server.stop)
        daemon = Daemon({"store": f"redis://127.0.0.1:{server.port}"})
        self.addCleanup(daemon.stop)
        path = daemon.write_file("password", "wrong\n", 0o600)
        daemon.write_config(redis__password_file=path)
        sally = daemon.start()
        self.assert_degraded(sally)
        self.assertRegex(sally.ask("status")["store"]["last_error"], "WRONGPASS|denied|refused|password")
        sally.write_file("password", "right\n", 0o600)
        sally.reload()
        eventually(lambda: deferred(self.mail(sally, "192.0.77.1")[0]), "greylisting with the right password")

    def test_without_the_redis_program_mail_flows_and_the_log_says_what_is_missing(self):
        sally = self.daemon({"redis.server-program": "/nonexistent/redis-server"})
        self.assert_degraded(sally)
        self.assertIn("/nonexistent/redis-server", sally.log_text())

    def test_every_key_has_an_end(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        sally.advance(DELAY)
        self.assert_let_in(sally)
        client = Redis(sally.redis_path())
        keys = client.keys()
        self.assertGreaterEqual(len(keys), 2)
        for key in keys:
            self.assertGreater(client.command("PTTL", key), 0, key)
            if key.startswith("sp:grey:"):
                self.assertIn("{net:192.0.2.0/24}", key)
        client.close()

    def test_redis_listens_to_nobody_else(self):
        sally = self.daemon()
        path = sally.redis_path()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0)
        with open(f"/proc/{sally.redis_pid()}/net/tcp", encoding="ascii") as file:
            listening = {line.split()[9] for line in file.read().splitlines()[1:] if line.split()[3] == "0A"}
        inodes = {os.readlink(f"/proc/{sally.redis_pid()}/fd/{fd}")
                  for fd in os.listdir(f"/proc/{sally.redis_pid()}/fd")}
        self.assertFalse({f"socket:[{inode}]" for inode in listening} & inodes)


@concurrent
class OutageUnderLoad(DaemonCase):
    timeout_sec = 120

    def test_redis_killed_under_load_stops_no_mail(self):
        sally = self.daemon({"redis.breaker-pause": "200ms"})
        failures = []
        stop = threading.Event()

        def drive(number):
            count = 0
            while not stop.is_set():
                count += 1
                try:
                    with session(sally.socket_path, f"172.19.{number}.9") as link:
                        answers, end = link.whole_mail(f"<s{count}@example.org>")
                        if not deferred(answers) and (end is None or end[0] not in (CONTINUE, milter.ACCEPT)):
                            failures.append((answers, end))
                except (OSError, Closed) as error:
                    failures.append(repr(error))

        threads = [threading.Thread(target=drive, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                old = sally.redis_pid()
                if old:
                    os.kill(old, signal.SIGKILL)
                eventually(lambda: sally.redis_pid() not in (0, old), "new redis-server")
                time.sleep(0.3)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures[:5], [])
        self.assertTrue(sally.events(degraded="store"))


if __name__ == "__main__":
    unittest.main()

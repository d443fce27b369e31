"""The daemon as an administrator meets it: its start, reload, end, log, Redis."""

import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import time
import unittest

import milter
from case import DaemonCase, deferred, needs_root
from daemon import ACCOUNT, Daemon, environment, eventually, program, slow
from milter import CONTINUE, added_headers, session
from redis import RedisServer, is_running

DELAY = 91


class Configuration(DaemonCase):
    def check(self, text):
        """`sallyportd -t` on that file: its status and what it said."""
        daemon = self.not_started()
        path = daemon.write_file("sallyport.yaml", text)
        done = subprocess.run([program("sallyportd"), "-t", "-c", path], capture_output=True, text=True,
                              check=False, env=environment(), timeout=20 * slow())
        return done.returncode, done.stderr.replace(path, "FILE"), done.stdout

    def test_a_good_file_passes(self):
        status, said, _ = self.check("mode: observe\ngreylist:\n  delay: 5m\n")
        self.assertEqual((status, re.findall("FILE:.*", said)), (0, []))

    def test_what_mtas_hardly_bear_is_warned_of(self):
        for text, warns in [("greeting:\n  delay: 8s\n", False), ("greeting:\n  delay: 8001ms\n", True),
                            ("greeting:\n  tarpit: 9s\n", True)]:
            with self.subTest(text=text):
                status, said, _ = self.check(text)
                self.assertEqual(status, 0, said)
                for name in ("warning: greeting.", "milter_command_timeout", "Sendmail", "R:"):
                    self.assertEqual(name in said, warns, said)

    def test_it_is_warned_of_at_start_and_at_reload_too(self):
        sally = self.daemon({"greeting.delay": "9s"})
        self.assertEqual(sally.log_text().count("greeting.delay is above 8s"), 1)
        sally.reload()
        self.assertEqual(sally.log_text().count("greeting.delay is above 8s"), 2)
        sally.write_config(greeting__delay="6s")
        sally.reload()
        self.assertEqual(sally.log_text().count("greeting.delay is above 8s"), 2)

    def test_errors_name_file_and_line(self):
        for text, where in [
                ("mode: observe\nmodus: x\n", "FILE:2:"),
                ("mode: sometimes\n", "FILE:1:"),
                ("mode: observe\ngreylist:\n  delay: soon\n", "FILE:3:"),
                ("greylist:\n  delay: 400d\n", "FILE:2:"),
                ("mode: observe\nmode: enforce\n", "FILE:2:"),
                ("redis:\n  connections: 0\n", "FILE:2:"),
                ("access:\n  deny-clients:\n    - 192.0.2.0/24\n    - 192.0.2.7/24\n", "FILE:4:"),
                ("mode: [observe\n", "FILE:"),
                ("weights:\n  NO_SUCH_TEST: 3\n", "FILE:2:"),
                ("greylist: 90s\n", "FILE:1:")]:
            with self.subTest(text=text):
                status, said, _ = self.check(text)
                self.assertEqual(status, 1, said)
                self.assertIn(where, said)

    def test_all_errors_are_told_at_once(self):
        status, said, _ = self.check("modus: x\nmode: sometimes\ngreylist:\n  delay: soon\n")
        self.assertEqual(status, 1)
        for line in (1, 2, 4):
            self.assertIn(f"FILE:{line}:", said)

    def test_a_list_file_with_an_error_is_named_with_its_line(self):
        daemon = self.not_started()
        path = daemon.write_file("deny.list", "# networks\n192.0.2.0/24\nnot a network\n")
        status, said, _ = self.check(f"access:\n  deny-clients: [\"file:{path}\"]\n")
        self.assertEqual(status, 1)
        self.assertIn(f"{path}:3:", said)

    def test_a_missing_file_is_said_so(self):
        done = subprocess.run([program("sallyportd"), "-t", "-c", "/nonexistent/sallyport.yaml"],
                              capture_output=True, text=True, check=False, env=environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/sallyport.yaml", done.stderr)

    def test_a_broken_file_keeps_it_from_starting(self):
        daemon = self.not_started()
        daemon.write_file("sallyport.yaml", "modus: x\n")
        daemon.spawn()
        self.assertEqual(daemon.wait_end(), 1)
        self.assertIn("sallyport.yaml:1:", daemon.log_text())

    def test_help_and_version(self):
        for word, expected in (("--help", "-t"), ("--version", "0.1")):
            done = subprocess.run([program("sallyportd"), word], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn(expected, done.stdout)

    def test_an_unknown_option_is_refused(self):
        done = subprocess.run([program("sallyportd"), "--no-such-option"], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no-such-option", done.stderr)


class Reload(DaemonCase):
    def test_new_values_are_for_new_connections(self):
        sally = self.daemon()
        with session(sally.socket_path, "192.0.2.1") as before:
            sally.write_config(greylist__enabled=False)
            self.assertEqual(sally.reload()["reload_error"], "")
            self.assertTrue(deferred(before.whole_mail()[0]), "a connection keeps what it began with")
        self.assert_let_in(sally)

    def test_a_broken_file_keeps_the_running_one(self):
        sally = self.daemon()
        sally.write_file("sallyport.yaml", sally_text(sally) + "modus: x\n")
        self.assertIn("sallyport.yaml:", sally.reload()["reload_error"])
        self.assertIn("modus", sally.log_text())
        self.assert_deferred(sally)
        sally.write_config()
        self.assertEqual(sally.reload()["reload_error"], "")

    def test_lists_in_files_are_read_anew(self):
        daemon = Daemon()
        self.addCleanup(daemon.stop)
        path = daemon.write_file("allow.list", "# nobody yet\n")
        daemon.write_config(access__allow_clients=["file:" + path])
        sally = daemon.start()
        self.assert_deferred(sally)
        sally.write_file("allow.list", "192.0.2.0/24  # all of them\n")
        self.assert_deferred(sally)
        sally.reload()
        self.assert_let_in(sally)

    def test_many_reloads_grow_nothing(self):
        sally = self.daemon()
        sally.reload()
        before = sally.memory_kb()
        for _ in range(50):
            sally.reload()
        self.assertLess(sally.memory_kb() - before, 2048 * slow() ** 2)

    def test_the_store_can_change_at_a_reload(self):
        sally = self.daemon()
        server = RedisServer().start()
        self.addCleanup(server.stop)
        self.assert_deferred(sally)
        sally.write_config(store=f"redis://127.0.0.1:{server.port}/3")
        self.assertEqual(sally.reload()["reload_error"], "")
        self.assert_deferred(sally)
        client = server.client()
        client.command("SELECT", 3)
        self.assertTrue([key for key in client.keys() if key.startswith("sp:grey:")])
        client.close()


def sally_text(sally):
    with open(sally.config_path, encoding="utf-8") as file:
        return file.read()


class End(DaemonCase):
    def test_term_lets_an_open_mail_finish(self):
        sally = self.daemon({"access.allow-senders": ["a@example.org"], "drain": "10s"})
        link = session(sally.socket_path)
        self.addCleanup(link.close)
        link.mail()
        self.assertEqual(link.rcpt()[0], CONTINUE)
        sally.signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(sally.process.poll(), "it waits for the open mail")
        link.data()
        link.header("Subject", "in time")
        link.end_of_headers()
        self.assertIn(link.end()[0], (CONTINUE, milter.ACCEPT))
        self.assertTrue(added_headers(link.changes))
        link.quit()
        self.assertEqual(sally.wait_end(), 0)
        self.assertEqual(sally.events()[-1]["verdict"], "accept")

    def test_term_waits_no_longer_than_drain(self):
        sally = self.daemon({"drain": "1s", "access.allow-senders": ["a@example.org"]})
        link = session(sally.socket_path)
        self.addCleanup(link.close)
        link.mail()
        link.rcpt()
        began = time.monotonic()
        sally.signal(signal.SIGTERM)
        self.assertEqual(sally.wait_end(), 0)
        self.assertLess(time.monotonic() - began, 8 * slow())

    def test_the_sockets_and_redis_are_gone_afterwards(self):
        sally = self.daemon()
        redis_pid = sally.redis_pid()
        self.assertTrue(is_running(redis_pid))
        sally.signal(signal.SIGTERM)
        self.assertEqual(sally.wait_end(), 0)
        self.assertFalse(is_running(redis_pid))
        self.assertFalse(os.path.exists(sally.socket_path))
        self.assertFalse(os.path.exists(sally.control_path))

    def test_int_ends_it_like_term(self):
        sally = self.daemon()
        sally.signal(signal.SIGINT)
        self.assertEqual(sally.wait_end(), 0)

    def test_a_killed_daemon_takes_its_redis_along(self):
        sally = self.daemon()
        redis_pid = sally.redis_pid()
        sally.process.kill()
        sally.wait_end()
        eventually(lambda: not is_running(redis_pid), "end of redis-server")
        sally.start()
        self.assert_deferred(sally)


class Sockets(DaemonCase):
    def test_a_stale_socket_is_taken_over(self):
        daemon = self.not_started()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(daemon.socket_path)
        sally = self.daemon(folder=daemon.folder)
        self.assert_deferred(sally)

    def test_a_socket_on_which_somebody_answers_is_refused(self):
        sally = self.daemon()
        second = self.not_started({"listen": "unix:" + sally.socket_path})
        second.spawn()
        self.assertNotEqual(second.wait_end(), 0)
        self.assertIn(sally.socket_path, second.log_text())
        self.assert_deferred(sally)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        daemon = self.not_started()
        with open(daemon.socket_path, "w", encoding="ascii") as file:
            file.write("precious")
        daemon.spawn()
        self.assertNotEqual(daemon.wait_end(), 0)
        with open(daemon.socket_path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_the_mode_of_the_socket_is_as_configured(self):
        for mode in ("0600", "0660", "0666"):
            with self.subTest(mode=mode):
                sally = self.daemon({"listen-mode": mode})
                self.assertEqual(stat.S_IMODE(os.stat(sally.socket_path).st_mode), int(mode, 8))

    @needs_root
    def test_the_group_of_the_socket_is_as_configured(self):
        sally = self.daemon({"listen-group": "nogroup", "listen-mode": "0660"})
        self.assertEqual(os.stat(sally.socket_path).st_gid, pwd.getpwnam("nobody").pw_gid)

    @needs_root
    def test_the_group_of_the_socket_may_enter_the_folder_that_we_make_for_it(self):
        daemon = self.not_started()
        daemon.socket_path = os.path.join(daemon.folder, "made", "milter.sock")
        daemon.write_config(listen="unix:" + daemon.socket_path, listen_group="postfix", listen_mode="0660")
        daemon.start()
        made = os.stat(os.path.dirname(daemon.socket_path))
        self.assertEqual((made.st_uid, stat.S_IMODE(made.st_mode)), (pwd.getpwnam(ACCOUNT).pw_uid, 0o750))
        account = pwd.getpwnam("postfix")
        self.assertEqual(made.st_gid, account.pw_gid)
        reach = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        subprocess.run(["/usr/bin/python3", "-c", reach, daemon.socket_path], check=True, user=account.pw_uid,
                       group=account.pw_gid, extra_groups=[])
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        self.assertFalse(os.path.exists(daemon.socket_path))

    @needs_root
    def test_a_folder_that_the_group_of_the_socket_cannot_enter_is_told(self):
        daemon = self.not_started()
        folder = os.path.join(daemon.folder, "mine")
        os.mkdir(folder, 0o750)
        daemon.give(folder)
        daemon.write_config(listen=f"unix:{folder}/milter.sock", listen_group="postfix")
        daemon.start()
        daemon.wait_log(f"listen: group postfix cannot enter {folder}")
        os.chmod(folder, 0o711)
        daemon.signal(signal.SIGTERM)
        daemon.wait_end()
        daemon.start()
        self.assertEqual(daemon.log_text().count("cannot enter"), 1)

    def test_the_control_socket_answers_nonsense_with_an_error(self):
        sally = self.daemon()
        self.assertIn("error", sally.ask("nonsense"))
        with self.assertRaises((ConnectionError, ValueError), msg="too long a line is not read to its end"):
            sally.ask("verdict " + "x" * 30000)
        self.assertIn("error", sally.ask("verdict 01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        self.assertEqual(sally.ask("status")["pid"], sally.process.pid)

    def test_a_client_of_the_control_socket_that_says_nothing_blocks_it_not_for_long(self):
        sally = self.daemon()
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(sally.control_path)
            self.assertEqual(sally.ask("status")["pid"], sally.process.pid)

    def test_the_control_socket_explains_a_verdict(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        line = sally.wait_event()
        told = sally.ask("verdict " + line["id"])
        self.assertEqual((told["verdict"], told["client"]), ("defer", "192.0.2.1"))
        self.assertIn("GREYLISTED", [finding["name"] for finding in told["findings"]])
        self.assertTrue(all(finding["reason"] for finding in told["findings"]))
        self.assertIn("rcpt", [stage["name"] for stage in told["stages"]])

    def test_the_status_counts(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        sally.advance(DELAY)
        self.assert_let_in(sally)
        status = eventually(lambda: (lambda s: s["connections"] == 0 and s)(sally.ask("status")), "status")
        self.assertEqual((status["connections_total"], status["mails_total"], status["mails_open"]), (2, 2, 0))
        self.assertEqual((status["verdicts"]["defer"], status["verdicts"]["accept"]), (1, 1))
        self.assertEqual((status["mode"], status["listen"]), ("enforce", "unix:" + sally.socket_path))
        self.assertEqual(status["store"]["kind"], "embedded")
        self.assertTrue(status["store"]["is_up"])


@needs_root
class Privileges(DaemonCase):
    def uids(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            text = file.read()
        return (set(re.search(r"Uid:\s+(.*)", text).group(1).split()),
                set(re.search(r"Gid:\s+(.*)", text).group(1).split()),
                set(re.search(r"Groups:[ \t]*(.*)", text).group(1).split()))

    def test_root_is_given_up_for_the_configured_user(self):
        nobody = pwd.getpwnam("nobody")
        sally = self.daemon({"user": "nobody"}, command=["setpriv", "--groups", "4,24"])
        for pid in (sally.process.pid, sally.redis_pid()):
            uids, gids, groups = self.uids(pid)
            self.assertEqual((uids, gids), ({str(nobody.pw_uid)}, {str(nobody.pw_gid)}))
            self.assertLessEqual(groups, {str(nobody.pw_gid)}, "none of root's groups")
        self.assert_deferred(sally)
        sally.write_config(greylist__enabled=False)
        self.assertEqual(sally.reload()["reload_error"], "")
        self.assert_let_in(sally)

    def test_a_new_state_directory_belongs_to_the_user(self):
        sally = self.daemon({"user": "nobody"})
        eventually(sally.redis_pid, "redis-server")
        self.assertEqual(os.stat(sally.state_dir).st_uid, pwd.getpwnam("nobody").pw_uid)

    def test_no_core_file_can_hold_secrets(self):
        sally = self.daemon()
        with open(f"/proc/{sally.process.pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size\s+0\s+0")

    def test_root_without_an_account_to_become_is_an_error(self):
        daemon = self.not_started()
        daemon.write_config(user=None)
        daemon.spawn()
        self.assertNotEqual(daemon.wait_end(), 0)
        self.assertIn("user:", daemon.log_text())

    def test_an_unknown_user_is_an_error(self):
        daemon = self.not_started({"user": "no-such-user"})
        daemon.spawn()
        self.assertNotEqual(daemon.wait_end(), 0)
        self.assertIn("no-such-user", daemon.log_text())


class Supervised(DaemonCase):
    def test_the_service_manager_is_told_when_it_is_ready_and_when_it_stops(self):
        folder = self.not_started().folder
        path = os.path.join(folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            os.chmod(path, 0o777)
            manager.settimeout(10 * slow())
            sally = self.daemon(environment={"NOTIFY_SOCKET": path})
            self.assertIn(b"READY=1", manager.recv(4096))
            sally.signal(signal.SIGTERM)
            said = manager.recv(4096)
            while b"STOPPING=1" not in said:
                said = manager.recv(4096)
            sally.wait_end()

    def test_the_pid_file_holds_its_pid_and_is_gone_afterwards(self):
        folder = self.not_started().folder
        path = os.path.join(folder, "sallyportd.pid")
        sally = self.daemon({"pid-file": path})
        with open(path, encoding="ascii") as file:
            self.assertEqual(int(file.read()), sally.process.pid)
        sally.signal(signal.SIGTERM)
        sally.wait_end()
        self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    unittest.main()

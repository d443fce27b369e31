"""What the daemon tells the administrator, and what strangers cannot make it tell."""

import json
import os
import signal
import unittest

import milter
from case import DaemonCase
from daemon import eventually
from milter import Milter


class Logs(DaemonCase):
    def test_key_value_lines_have_stable_keys(self):
        sally = self.daemon()
        self.assert_deferred(sally)
        line = sally.wait_event()
        for key, value in {"client": "192.0.2.1", "helo": "mail.example.org", "rcpts": "1", "deferred": "1",
                           "verdict": "defer", "greylist": "new", "identity": "net:192.0.2.0/24", "proof": "address"}.items():
            self.assertEqual(line.get(key), value, line)
        for key in ("id", "from", "to", "score", "tests"):
            self.assertIn(key, line)
        self.assertTrue(any(key.startswith("ms_") for key in line), line)

    def test_json_lines_hold_the_same(self):
        sally = self.daemon({"log.format": "json"})
        self.assert_deferred(sally)
        self.assertEqual(sally.wait_event()["verdict"], "defer")
        for line in sally.log_text().splitlines():
            self.assertIsInstance(json.loads(line), dict)

    def test_a_log_file_is_opened_anew_at_a_reload(self):
        folder = self.not_started().folder
        path = os.path.join(folder, "sallyport.log")
        sally = self.daemon({"log.to": "file:" + path})
        self.assert_deferred(sally)
        sally.log_path = path
        sally.wait_event()
        os.rename(path, path + ".1")
        sally.signal(signal.SIGHUP)
        eventually(lambda: os.path.exists(path), "new log file")
        self.assert_deferred(sally)
        sally.wait_event()

    def test_levels_hold_lines_back(self):
        sally = self.daemon({"log.level": "error"})
        self.assert_deferred(sally)
        eventually(lambda: sally.ask("status")["mails_total"] == 1, "counted mail")
        self.assertEqual(sally.events(), [])

    def test_nothing_that_a_stranger_says_can_forge_a_line(self):
        sally = self.daemon({"access.allow-senders": ["a@example.org"]})
        forged = '\r\nevent=verdict id=01FORGED client=6.6.6.6 verdict=accept " \\x22 \x1b[31m\x00\xff'
        link = Milter(sally.socket_path).negotiate()
        self.addCleanup(link.close)
        link.connect_client("192.0.2.66", name="host" + forged.replace("\x00", ""))  # NUL ends it
        link.helo("helo" + forged)
        link.mail("<a" + forged + "@example.org>")
        link.rcpt("<b" + forged + "@test.example>")
        link.abort()
        link.mail("<a@example.org>", macros={"i": "queue" + forged, "{auth_type}": forged})
        link.rcpt("<b" + forged + "@test.example>")
        link.data({"i": "queue" + forged})
        link.header("X" + forged, forged)
        link.end_of_headers()
        link.end({"i": "queue" + forged})
        link.quit()
        sally.wait_event(count=2, client="192.0.2.66")
        self.assertEqual(sally.events(client="6.6.6.6"), [])
        for line in sally.log_text().encode().split(b"\n"):
            self.assertTrue(all(32 <= byte < 127 for byte in line), line)

    def test_a_reply_cannot_be_split_by_what_a_client_said(self):
        sally = self.daemon({"access.deny-recipients": ["test.example"]})
        link = Milter(sally.socket_path).negotiate()
        self.addCleanup(link.close)
        link.connect_client("192.0.2.66")
        link.helo("x%s%n\r\n250 ok")
        link.mail("<a%d%n@example.org>")
        kind, text = link.rcpt("<b\r\n250 ok%n@test.example>")
        self.assertEqual(kind, milter.REPLYCODE)
        self.assertNotIn("\n", text.strip())

    def test_an_error_that_repeats_is_not_said_each_time(self):
        sally = self.daemon({"store": "unix:/nonexistent/redis.sock", "redis.breaker-pause": "100ms"})
        for number in range(60):
            self.assert_let_in(sally, f"192.0.2.{number}")
        said = [line for line in sally.log_text().splitlines() if "level=" in line and "redis.sock" in line]
        self.assertTrue(0 < len(said) < 12, said)


if __name__ == "__main__":
    unittest.main()

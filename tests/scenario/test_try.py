"""The operator's command, against a running daemon: try, status, greylist, config."""

import subprocess
import unittest

from case import Case, SharedDaemon
from daemon import Daemon, environment, program

DELAY = 91
FINE, NO, USAGE, UNREACHABLE, BAD_CONFIG = range(5)


def triplet(address, sender="a@example.org", recipient="b@test.example"):
    return ["--client", address, "--helo", "mail.example.org", "--from", sender, "--rcpt", recipient]


class OperatorCase(SharedDaemon):
    settings = {"access.deny-senders": ["enemy@denied.example"],
                "access.allow-recipients": ["postmaster@"],
                "access.trusted-networks": ["203.0.113.0/24"]}

    def setUp(self):
        super().setUp()
        self.client = self.new_network()
        self.identity = "net:" + self.client[:-1] + "0/24"

    def try_mail(self, *words, status=FINE, stdin=None):
        return self.sally.operator_json("try", *words, status=status, stdin=stdin)

    def wait_and_pass(self):
        self.try_mail(*triplet(self.client), status=NO)
        self.sally.advance(DELAY)
        self.try_mail(*triplet(self.client))


class Try(OperatorCase):
    def test_a_first_time_sender_is_deferred_and_its_retry_let_in(self):
        told = self.try_mail(*triplet(self.client), status=NO)
        self.assertEqual(told["outcome"], "deferred")
        rcpt = [stage for stage in told["stages"] if stage["stage"] == "RCPT"][0]
        self.assertTrue(rcpt["reply"].startswith("451 4.7.1 Greylisted"))
        self.assertIn(told["id"], rcpt["reply"])
        self.assertIn("GREYLISTED", [finding["name"] for finding in told["verdict"]["findings"]])
        self.sally.advance(DELAY)
        told = self.try_mail(*triplet(self.client))
        self.assertEqual((told["outcome"], told["accepted"]), ("accepted", 1))
        names = [change["name"] for change in told["changes"]]
        self.assertEqual(names, ["X-Sallyport-Verdict", "Authentication-Results"], "the last one goes in first")
        self.assertIn(told["id"], told["changes"][0]["value"])

    def test_people_read_the_same(self):
        said = self.sally.operator("try", *triplet(self.client), status=NO)
        for text in ("CONNECT", "HELO mail.example.org", "RCPT TO:<b@test.example>", "451 4.7.1 Greylisted",
                     "GREYLISTED", self.identity):
            self.assertIn(text, said)

    def test_a_refused_sender_shows_why(self):
        told = self.try_mail(*triplet(self.client, "enemy@denied.example"), status=NO)
        self.assertEqual(told["outcome"], "refused")
        self.assertIn("ACCESS_DENY", [finding["name"] for finding in told["verdict"]["findings"]])

    def test_a_login_and_a_trusted_client_pass_at_once(self):
        self.try_mail(*triplet(self.client, "enemy@denied.example"), "--login", "alice")
        self.try_mail(*triplet("203.0.113.9", "enemy@denied.example"))

    def test_port_0_plays_the_local_sendmail_command(self):
        told = self.try_mail(*triplet("127.0.0.1", "enemy@denied.example"), "--port", "0")
        self.assertEqual(told["outcome"], "accepted")

    def test_several_recipients_get_answers_of_their_own(self):
        told = self.try_mail(*triplet(self.client), "--rcpt", "postmaster@test.example")
        self.assertEqual((told["recipients"], told["accepted"]), (2, 1))

    def test_the_null_sender_is_answered_at_the_end(self):
        told = self.try_mail(*triplet(self.client, ""), status=NO)
        self.assertEqual([stage["stage"] for stage in told["stages"] if stage["reply"]], ["END"])

    def test_a_message_is_read_from_a_file_and_from_standard_input(self):
        message = b"Subject: one\nX-Sallyport-Verdict: forged\nX-Sallyport-Verdict: forged again\n\nBody\n"
        path = self.sally.write_file("message.eml", message.decode())
        for words, stdin in ((["--rcpt", "postmaster@test.example", path], None),
                             (["--rcpt", "postmaster@test.example", "-"], message)):
            told = self.try_mail(*triplet(self.client), *words, stdin=stdin)
            self.assertEqual(told["header_fields"], 3)
            removed = [change["index"] for change in told["changes"] if change["change"] == "change-header"]
            self.assertEqual(removed, [2, 1], "the last copy first")

    def test_an_ipv6_client(self):
        told = self.try_mail(*triplet("2001:db8:77::1"), status=NO)
        self.assertEqual(told["verdict"]["identity"], "net:2001:db8:77::/64")

    def test_nobody_at_the_socket_is_another_exit_code(self):
        self.sally.operator("try", *triplet(self.client), "--socket", "unix:/nonexistent/milter.sock",
                            status=UNREACHABLE)
        self.assertIn("/nonexistent/milter.sock", self.sally.complaint)

    def test_wrong_use_is_told_with_exit_code_2(self):
        for words in (["try"], ["try", "--client", "not an address", "--from", "a@b.example", "--rcpt", "c@d.example"],
                      ["try", "--no-such-option"], ["nonsense"], []):
            with self.subTest(words=words):
                self.sally.operator(*words, status=USAGE)
                self.assertNotEqual(self.sally.complaint, "")

    def test_help_is_everywhere(self):
        for words in (["--help"], ["help"], ["try", "--help"], ["status", "--help"], ["greylist", "--help"],
                      ["config", "--help"], ["help", "greylist"]):
            self.assertIn("sallyport", self.sally.operator(*words))


class Greylist(OperatorCase):
    def entries(self, *words, status=FINE):
        told = self.sally.operator_json("greylist", *words, status=status)
        return told.get("entries", [])

    def states(self):
        return {entry["state"] for entry in self.entries("list", "--client", self.client) if "sender" in entry}

    def test_list_shows_what_waits_what_is_ready_and_what_has_passed(self):
        self.try_mail(*triplet(self.client), status=NO)
        self.assertEqual(self.states(), {"waiting"})
        self.sally.advance(DELAY)
        self.assertEqual(self.states(), {"ready"})
        self.try_mail(*triplet(self.client))
        self.assertEqual(self.states(), {"passed"})
        self.try_mail(*triplet(self.client, "late@example.org"), status=NO)
        self.sally.advance(3 * 86400)
        self.assertIn("expired", self.states())

    def test_filters_choose(self):
        other = self.new_network()
        self.try_mail(*triplet(self.client, "one@filter.example"), status=NO)
        self.try_mail(*triplet(other, "two@filter.example", "c@test.example"), status=NO)

        def senders(*words):
            return {entry["sender"] for entry in self.entries("list", *words, "--limit", "0") if "sender" in entry}
        both = {"one@filter.example", "two@filter.example"}
        self.assertEqual(senders("--sender", "filter.example"), both)
        self.assertEqual(senders("--client", self.client), {"one@filter.example"})
        self.assertEqual(senders("--client", self.client[:-1] + "0/24"), {"one@filter.example"})
        self.assertEqual(senders("--sender", "filter.example", "--recipient", "c@test"), {"two@filter.example"})
        self.assertEqual(senders("--sender", "filter.example", "--state", "waiting"), both)
        self.assertEqual(self.entries("list", "--sender", "nobody.example", status=NO), [])

    def test_a_released_triplet_passes_at_its_next_try(self):
        self.try_mail(*triplet(self.client), status=NO)
        self.sally.operator("greylist", "release", self.client, "a@example.org", "b@test.example")
        told = self.try_mail(*triplet(self.client))
        self.assertEqual(told["verdict"]["greylist"], "released")
        self.try_mail(*triplet(self.client, "other@example.org"), status=NO)

    def test_release_of_all_that_a_filter_matches(self):
        self.try_mail(*triplet(self.client), "--rcpt", "c@test.example", status=NO)
        self.sally.operator("greylist", "release", "--client", self.client, "--all")
        self.assertEqual(self.try_mail(*triplet(self.client), "--rcpt", "c@test.example")["accepted"], 2)

    def test_release_of_what_is_not_there_is_told(self):
        self.sally.operator("greylist", "release", self.client, "a@example.org", "b@test.example", status=NO)

    def test_release_without_a_filter_wants_one(self):
        self.sally.operator("greylist", "release", "--all", status=USAGE)

    def test_a_forgotten_triplet_waits_again(self):
        self.wait_and_pass()
        self.sally.operator("greylist", "forget", self.identity, "a@example.org", "b@test.example")
        self.try_mail(*triplet(self.client), status=NO)

    def test_a_forgotten_identity_is_a_stranger_again(self):
        self.wait_and_pass()
        self.assertEqual(self.sally.operator_json("greylist", "forget", self.client), {"forgotten": 2})
        self.assertEqual(self.entries("show", self.client, status=NO), [])
        self.try_mail(*triplet(self.client), status=NO)

    def test_show_tells_everything_of_an_identity(self):
        self.wait_and_pass()
        told = self.entries("show", self.client)
        self.assertEqual({entry["state"] for entry in told}, {"learning", "passed"})
        self.assertEqual([entry["passes"] for entry in told if entry["state"] == "learning"], [1])

    def test_the_null_sender_is_written_so(self):
        self.try_mail(*triplet(self.client, ""), status=NO)
        self.sally.operator("greylist", "release", self.client, "<>", "b@test.example")
        self.try_mail(*triplet(self.client, ""))

    def test_strange_senders_are_listed_and_let_go(self):
        strange = "a{b}%c*?x=y+z/~|^`&#!$'@example.org"
        self.try_mail(*triplet(self.client, strange), status=NO)
        listed, = [entry for entry in self.entries("show", self.client) if "sender" in entry]
        self.sally.operator("greylist", "release", self.client, listed["sender"], "b@test.example")
        self.try_mail(*triplet(self.client, strange))


class StatusAndConfig(Case):
    def test_status_of_a_daemon_that_is_well(self):
        sally = self.daemon()
        self.assertEqual(sally.operator_json("status")["pid"], sally.process.pid)
        self.assertIn("mode enforce", sally.operator("status"))

    def test_status_when_the_store_is_out_of_order(self):
        sally = self.daemon({"store": "unix:/nonexistent/redis.sock"})
        sally.operator_json("try", *triplet("192.0.2.1"))
        self.assertFalse(sally.operator_json("status", status=NO)["store"]["is_up"])

    def test_status_after_a_reload_that_failed(self):
        sally = self.daemon()
        good = sally.config_path
        with open(good, "a", encoding="ascii") as file:
            file.write("modus: x\n")
        sally.reload()
        sally.write_config()
        self.assertIn("modus", sally.operator_json("status", status=NO)["reload_error"])

    def test_status_of_nobody(self):
        daemon = Daemon()
        self.addCleanup(daemon.discard)
        daemon.operator("status", status=UNREACHABLE)
        daemon.operator("greylist", "list", status=UNREACHABLE)

    def test_config_show_tells_effective_values(self):
        daemon = Daemon({"greylist.delay": "5m"})
        self.addCleanup(daemon.discard)
        option, = daemon.operator_json("config", "show", "greylist.delay")
        self.assertEqual((option["value"], option["default"], option["is_set"]), ("5m", "90s", True))
        changed = {row["name"] for row in daemon.operator_json("config", "show", "--changed")}
        self.assertIn("greylist.delay", changed)
        self.assertNotIn("greylist.remember", changed)
        daemon.operator("config", "show", "no.such.option", status=NO)

    def test_config_check_names_file_and_line(self):
        daemon = Daemon()
        self.addCleanup(daemon.discard)
        daemon.operator("config", "check")
        path = daemon.write_file("bad.yaml", "mode: observe\nmodus: x\n")
        daemon.operator("config", "check", path, status=BAD_CONFIG)
        self.assertIn(f"{path}:2:", daemon.complaint)
        daemon.config_path = path
        daemon.operator("status", status=BAD_CONFIG)

    def test_a_password_is_not_shown(self):
        daemon = Daemon()
        self.addCleanup(daemon.discard)
        path = daemon.write_file("password", "very-secret\n", 0o600)
        daemon.write_config(redis__password_file=path)
        self.assertNotIn("very-secret", daemon.operator("config", "show"))

    def test_version(self):
        done = subprocess.run([program("sallyport"), "--version"], capture_output=True, text=True,
                              check=False, env=environment())
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^sallyport \d+\.\d+")


if __name__ == "__main__":
    unittest.main()

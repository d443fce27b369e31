"""sallyport user: who sends out how much, and locking and releasing him."""

import json
import os
import re
import threading

from case import Case, DaemonCase, SharedDaemon, concurrent
from daemon import Daemon
from milter import CONTINUE, REPLYCODE, session
from redis import Redis, RedisServer

QUARANTINE = "q"
LIMITS = ["messages: 3/1h hold", "recipients: 20/1h locked"]
NUMBERS = iter(range(10**6))


def send(sally, login, count=1, address="198.51.100.7"):
    """One mail to so many: what is said at MAIL, how many recipients are let in,
    what is said at the end, and whether it is quarantined."""
    link = session(sally.socket_path, address)
    try:
        at_mail = link.mail("<somebody@here.example>", {"{auth_authen}": login})[0]
        if at_mail != CONTINUE:
            return at_mail, 0, None, False
        let_in = sum(link.rcpt(f"<r{number}@far.example>")[0] == CONTINUE for number in range(count))
        link.body(b"Hello\r\n")
        at_end = link.end()[0] if let_in else None
        return at_mail, let_in, at_end, any(change[0] == QUARANTINE for change in link.changes)
    finally:
        link.quit()


def rows(said):
    """STATE and SUBMITTER of each row of a list."""
    return [(line.split()[0], line.split()[-1]) for line in said.splitlines()[1:] if re.match(r"(ok|watch|hold|locked) ", line)]


class UserCase(SharedDaemon):
    settings = {"outbound.limits": LIMITS, "outbound.login-domain": "here.example",
                "outbound.classes": ["news login: news", "news messages: none"]}

    def setUp(self):
        super().setUp()
        self.login = f"user{next(NUMBERS)}"
        self.key = f"sasl:{self.login}@here.example"

    def show(self, typed=None):
        return self.sally.operator_json("user", "show", typed or self.login)["user"]


class Shown(UserCase):
    def test_everything_of_one(self):
        send(self.sally, self.login, 2, "198.51.100.7")
        send(self.sally, self.login, 3, "192.0.2.7")
        user = self.show()
        self.assertEqual((user["submitter"], user["state"], user["why"]), (self.key, "ok", None))
        self.assertEqual(user["hour"], {"messages": {"count": 2, "most": 3}, "recipients": {"count": 5, "most": 20}})
        self.assertEqual(user["nearest"], {"limit": "messages: 3/1h hold", "share": 0.666})
        self.assertEqual([(limit["limit"], limit["count"], limit["leads_to"]) for limit in user["limits"]],
                         [("messages: 3/1h hold", 2, "hold"), ("recipients: 20/1h locked", 5, "locked")])
        self.assertEqual([place["place"] for place in user["places"]], ["192.0.2.0/24", "198.51.100.0/24"])
        said = self.sally.operator("user", "show", self.login)
        with open(self.sally.config_path, encoding="utf-8") as file:
            line = next(number for number, text in enumerate(file, 1) if "limits:" in text)
        self.assertRegex(said, rf"messages: 3/1h hold +2 +67% +- +{self.sally.config_path}:{line}\n")
        self.assertIn("networks    192.0.2.0/24 (0s ago), 198.51.100.0/24 (", said)

    def test_why_it_is_held_and_what_to_do(self):
        for _ in range(4):
            send(self.sally, self.login)
        said = self.sally.operator("user", "show", self.login)
        self.assertRegex(said, r"state +hold since .* \(23h 59m left\): 4 mails in the last hour; the limit is 3\n")
        for command in ("postqueue -p", "postsuper -H", "sendmail -bp -qQ", f"sallyport user release {self.key}\n"):
            self.assertIn(command, said)

    def test_the_names_in_json_stay(self):
        """Programs rely on them: none goes, none changes its meaning."""
        send(self.sally, self.login)
        self.sally.operator("user", "lock", self.login, "--reason", "x")
        self.sally.operator("user", "release", self.login)
        answer = self.sally.operator_json("user", "show", self.login)
        self.assertLessEqual({"now", "now_ms", "enabled", "enforced", "locked_reply", "source", "user"}, set(answer))
        brief = {"submitter", "kind", "state", "since", "since_ms", "until", "until_ms", "observed", "why", "cause",
                 "left_ms", "class", "first_mail", "first_mail_ms", "last_mail", "last_mail_ms", "hour", "day",
                 "nearest"}
        self.assertLessEqual(brief | {"before", "class_reason", "limits", "places"}, set(answer["user"]))
        self.assertLessEqual({"state", "since", "until", "why", "cause", "ended", "ended_ms", "released"},
                             set(answer["user"]["before"]))
        self.assertLessEqual({"limit", "counted", "window_ms", "most", "leads_to", "file", "line", "count", "share",
                              "usual"}, set(answer["user"]["limits"][0]))
        send(self.sally, self.login)
        self.assertLessEqual({"kind", "place", "last", "last_ms"}, set(self.show()["places"][0]))
        listed = self.sally.operator_json("user", "list")
        self.assertLessEqual({"now", "now_ms", "enabled", "enforced", "source", "users", "shown", "total"}, set(listed))
        self.assertLessEqual(brief, set(listed["users"][0]))
        limits = self.sally.operator_json("user", "limits", "news")
        self.assertLessEqual({"submitter", "class_reason", "classes", "unusual"}, set(limits))
        self.assertLessEqual({"name", "limits"}, set(limits["classes"][0]))
        self.assertLessEqual({"by", "whom", "file", "line"}, set(limits["class_reason"]))

    def test_who_has_never_sent_anything_is_unknown(self):
        self.sally.operator("user", "show", "nobody", status=1)
        self.assertEqual(self.sally.complaint, "sallyport: sasl:nobody@here.example: nothing is known of it; "
                                               "it has never sent anything\n")

    def test_a_user_of_the_machine_and_a_relay_are_found_as_they_are_written(self):
        for typed, key in (("uid:71023", "uid:71023"), ("net:192.0.2.7", "net:192.0.2.7"), ("192.0.2.7", "net:192.0.2.7"),
                           ("sasl:Alice", "sasl:alice"), ("ALICE", "sasl:alice@here.example")):
            self.sally.operator("user", "show", typed, status=1)
            self.assertIn(key + ": nothing is known", self.sally.complaint)


class Hostile(UserCase):
    LOGINS = ["we ird", "quo\"te", "apo'strophe", "new\nline", "esc\x1b[31m", "8\udcc3bit", "per%cent", "%41",
              "back\\slash", "$(reboot);x", "l" * 1000]

    def test_a_login_is_found_as_the_shell_passes_it_and_as_it_is_shown(self):
        for login in self.LOGINS:
            with self.subTest(login=login):
                raw = os.fsencode(login).decode("latin-1")
                send(self.sally, raw)
                user = self.show(login)
                self.assertEqual(user["hour"]["messages"]["count"], 1)
                self.assertRegex(user["submitter"], r"^sasl:[!-~]+$")
                self.assertEqual(self.show(user["submitter"])["submitter"], user["submitter"])

    def test_nothing_that_is_printed_can_steer_a_terminal_or_a_shell(self):
        for login in self.LOGINS:
            raw = os.fsencode(login).decode("latin-1")
            for _ in range(4):
                send(self.sally, raw)
        listed = self.sally.operator("user", "list", "--all")
        shown = self.sally.operator("user", "show", "$(reboot);x")
        for said in (listed, shown):
            self.assertRegex(said, r"\A[\n -~]*\Z")
        self.assertIn("sallyport user release 'sasl:$(reboot);x@here.example'\n", shown)

    def test_what_is_no_submitter(self):
        for typed, complaint in (
                ("", "the submitter is empty: expected a login (alice@example.org), uid:71023 or net:192.0.2.7"),
                ("uid:root", "\"uid:root\" is no submitter: expected a login (alice@example.org, sasl:alice, other bytes "
                             "as %HH behind sasl:), uid:71023 or net:192.0.2.7"),
                ("net:192.0.2.7/24", "\"net:192.0.2.7/24\" is no submitter: a uid is at most 4294967295, and a network "
                                     "has no bits behind its prefix (net:192.0.2.0/24)"),
                ("sasl:%zz\x1b", "\"sasl:%zz\\x1b\" is no submitter: expected a login (alice@example.org, sasl:alice, "
                                 "other bytes as %HH behind sasl:), uid:71023 or net:192.0.2.7")):
            for verb in (["show", typed], ["release", typed], ["lock", typed, "--reason", "x"], ["limits", typed]):
                self.sally.operator("user", *verb, status=2)
                self.assertEqual(self.sally.complaint, f"sallyport: {complaint}\n")
        self.sally.operator("user", "show", "l" * 4001, status=2)
        self.assertIn("a submitter has 4000 bytes at most", self.sally.complaint)

    def test_a_question_that_is_none_is_answered_so(self):
        for question in ("user", "user a b", "user %zz", "user %00", "users", "users up ok 0 1", "users last ok x 1",
                         "user-set ok 0 a", "user-set drunk 0 a b", "user-limits x", "users last ok -1 5"):
            self.assertEqual(self.sally.ask(question)["code"], "usage", question)
        self.assertIn("unknown question", self.sally.ask("user-drop a")["error"])


class Changed(UserCase):
    def test_a_lock_by_hand_holds_at_once_and_its_release_shows_why(self):
        send(self.sally, self.login)
        said = self.sally.operator("user", "lock", self.login, "--reason", "phoned: \"stolen\"", "--for", "2d")
        self.assertRegex(said, r"now locked since .* \(2d left\): by hand: phoned: \"stolen\"\n  it was ok\n")
        self.assertEqual(send(self.sally, self.login)[0], REPLYCODE)
        line = self.sally.wait_event("operator", submitter=self.key, action="lock")
        self.assertEqual((line["by"], line["state"], line["seconds"], line["was"], line["reason"]),
                         (f"uid:{os.geteuid()}", "locked", "172800", "ok", "phoned: \"stolen\""))
        said = self.sally.operator("user", "release", self.login)
        self.assertRegex(said, r": released\n  it was locked since .*: by hand: phoned: \"stolen\"\n")
        self.assertIn("postsuper -H", said)
        self.assertEqual(send(self.sally, self.login)[:2], (CONTINUE, 1))
        line = self.sally.wait_event("operator", submitter=self.key, action="release")
        self.assertEqual((line["was"], line["was_why"]), ("locked", "by hand: phoned: \"stolen\""))
        before = self.show()["before"]
        self.assertEqual((before["state"], before["released"], before["why"]),
                         ("locked", True, "by hand: phoned: \"stolen\""))

    def test_a_release_of_what_a_limit_has_locked_says_which(self):
        send(self.sally, self.login, 21)
        self.assertEqual(send(self.sally, self.login)[0], REPLYCODE)
        said = self.sally.operator("user", "release", self.login)
        self.assertIn("21 recipients in the last hour; the limit is 20", said)
        self.assertEqual(send(self.sally, self.login, 20)[1], 20)

    def test_a_state_by_hand(self):
        self.sally.operator("user", "lock", self.login, "--state", "hold", "--reason", "x")
        self.assertTrue(send(self.sally, self.login)[3])
        self.sally.operator("user", "lock", self.login, "--state", "watch", "--reason", "better now")
        self.assertEqual(send(self.sally, self.login)[2:], (CONTINUE, False))
        self.assertEqual(self.show()["state"], "watch")

    def test_nobody_is_told_of_it_as_news(self):
        self.sally.operator("user", "lock", self.login, "--reason", "x", "--state", "hold")
        send(self.sally, self.login)
        self.assertEqual(self.sally.events("submitter", submitter=self.key), [])

    def test_nothing_to_release(self):
        send(self.sally, self.login)
        self.sally.operator("user", "release", self.login, status=1)
        self.assertEqual(self.sally.complaint, f"sallyport: {self.key} is ok: there is nothing to release\n")
        self.sally.operator("user", "release", "nobody", status=1)
        # All that it has sent still counts.
        self.assertEqual(self.show()["hour"]["messages"]["count"], 1)

    def test_a_reason_is_cut_not_lost(self):
        self.sally.operator("user", "lock", self.login, "--reason", "r\n" * 500)
        self.assertTrue(self.show()["why"].startswith("by hand: r\\x0ar\\x0a"))
        self.sally.operator("user", "lock", self.login, "--reason", "r" * 1001, status=2)


class Limits(UserCase):
    def test_of_all_classes(self):
        classes = self.sally.operator_json("user", "limits")["classes"]
        self.assertEqual([one["name"] for one in classes], ["default", "relays", "news"])
        self.assertEqual(classes[1]["limits"], [])
        said = self.sally.operator("user", "limits")
        self.assertIn("class relays\n  no limits\n", said)
        self.assertIn("class news\n  recipients: 20/1h locked ", said)

    def test_of_one_submitter_and_why(self):
        said = self.sally.operator("user", "limits", "news")
        self.assertRegex(said, rf"\Asasl:news@here.example: class news \(login news@here.example, {self.sally.config_path}:\d+\)\n")
        self.assertIn("class default (no statement names it)", self.sally.operator("user", "limits", "uid:5"))

    def test_all_of_many_classes(self):
        words = [f"c{number} uid: {number}" for number in range(120)]
        words += [f"c{number} messages: 1/1h hold" for number in range(120)]
        sally = self.daemon({"outbound.classes": words, "outbound.unusual": "off"})
        answer = sally.operator_json("user", "limits")
        self.assertEqual([one["name"] for one in answer["classes"]],
                         ["default", "relays"] + [f"c{number}" for number in range(120)])
        said = sally.operator("user", "limits", "uid:119")
        self.assertIn("What is unusual leads to nothing", said)
        # What is not written is the default.
        self.assertRegex(said, r"recipients: 300/1h hold +the default\n")


class Listed(Case):
    def test_who_comes_first_and_who_is_left_out(self):
        sally = self.daemon({"outbound.limits": LIMITS})
        for number in range(3):
            send(sally, f"few{number}", 1)
        send(sally, "near", 19)
        send(sally, "stolen", 21)
        for _ in range(4):
            send(sally, "often")
        first = [("locked", "sasl:stolen"), ("hold", "sasl:often"), ("ok", "sasl:near")]
        self.assertEqual(rows(sally.operator("user", "list"))[:3], first)
        self.assertEqual(len(rows(sally.operator("user", "list"))), 6)
        said = sally.operator("user", "list", "--limit", "3")
        self.assertEqual(rows(said), first)
        self.assertEqual(said.splitlines()[-1], "3 of 6; 3 were left out (--all lists them)")
        self.assertEqual(sally.operator_json("user", "list", "--limit", "1")["total"], 6)
        self.assertEqual(rows(sally.operator("user", "list", "--state", "hold")), first[1:2])
        self.assertEqual(rows(sally.operator("user", "list", "--state", "ok", "--limit", "1")), first[2:])
        self.assertEqual(sally.operator("user", "list", "--state", "watch"), "nobody\n")
        # All: then the latest mail is the first.
        self.assertEqual(rows(sally.operator("user", "list", "--all")),
                         first[:2] + [("ok", f"sasl:{who}") for who in ("near", "few2", "few1", "few0")])

    def test_terms_and_windows_end_as_the_clock_says(self):
        sally = self.daemon({"outbound.limits": LIMITS})
        send(sally, "stolen", 21)
        sally.operator("user", "lock", "alice", "--reason", "x", "--for", "30m")
        self.assertEqual(len(rows(sally.operator("user", "list"))), 2)
        self.assertEqual(send(sally, "alice")[0], REPLYCODE)
        sally.advance(31 * 60)
        self.assertEqual(rows(sally.operator("user", "list")), [("locked", "sasl:stolen")])
        self.assertEqual(send(sally, "alice")[:2], (CONTINUE, 1))
        sally.advance(7 * 86400)
        self.assertEqual(rows(sally.operator("user", "list", "--all", "--state", "locked")), [])
        user = sally.operator_json("user", "show", "stolen")["user"]
        self.assertEqual((user["state"], user["before"]["released"]), ("ok", False))

    def test_many_pages(self):
        sally = self.daemon({"outbound.limits": LIMITS})
        for number in range(250):
            send(sally, f"u{number}")
        listed = sally.operator_json("user", "list", "--all")
        self.assertEqual((listed["shown"], listed["total"], len({user["submitter"] for user in listed["users"]})),
                         (250, 250, 250))
        self.assertEqual(sally.operator_json("user", "list", "--limit", "150")["shown"], 150)

    def test_without_anybody(self):
        sally = self.daemon()
        self.assertEqual(sally.operator("user", "list"), "nobody\n")
        self.assertEqual(sally.operator_json("user", "list")["users"], [])

    def test_that_nothing_is_enforced_is_said(self):
        sally = self.daemon({"outbound.limits": LIMITS, "mode": "observe"})
        send(sally, "alice", 21)
        self.assertIn("Note: outbound.mode is observe: nothing is held or refused", sally.operator("user", "list"))
        said = sally.operator("user", "show", "alice")
        self.assertIn("(only observed)", said)
        self.assertIn("Note: outbound.mode is observe: nothing is held or refused", said)
        self.assertIn("Note: outbound.mode is observe", sally.operator("user", "lock", "bob", "--reason", "x"))

    def test_a_reload_shows_the_new_limits(self):
        sally = self.daemon({"outbound.limits": LIMITS})
        send(sally, "alice")
        sally.write_config(outbound__limits=["messages: 7/1h hold"])
        sally.reload()
        user = sally.operator_json("user", "show", "alice")["user"]
        self.assertEqual([limit["limit"] for limit in user["limits"]], ["messages: 7/1h hold"])


@concurrent
class Meanwhile(Case):
    def test_mail_flows_while_the_operator_lists_and_locks(self):
        sally = self.daemon({"outbound.limits": LIMITS})
        letting_in = []

        def submit(number):
            for turn in range(20):
                letting_in.append(send(sally, f"u{number}x{turn % 5}")[1])

        threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(15):
            sally.operator("user", "lock", f"u0x{turn % 5}", "--reason", "x")
            sally.operator("user", "list")
            sally.operator("user", "release", f"u0x{turn % 5}")
            sally.operator("user", "limits")
        for thread in threads:
            thread.join()
        self.assertEqual(len(letting_in), 80)
        self.assertGreaterEqual(sum(letting_in), 60)  # all but what was locked at that moment
        self.assertEqual(sally.operator_json("user", "list", "--all")["total"], 20)


class TwoMachines(DaemonCase):
    def setUp(self):
        self.redis = RedisServer().start()
        self.addCleanup(self.redis.stop)
        self.settings = {"store": f"redis://127.0.0.1:{self.redis.port}", "outbound.limits": LIMITS,
                         "redis.breaker-failures": 100}

    def test_the_other_one_learns_of_a_lock_with_the_next_mail(self):
        here, there = self.daemon(self.settings), self.daemon(self.settings)
        send(there, "alice")
        here.operator("user", "lock", "alice", "--reason", "x")
        self.assertEqual(send(there, "alice")[:2], (CONTINUE, 0))
        self.assertEqual(send(there, "alice")[0], REPLYCODE)
        here.operator("user", "release", "alice")
        self.assertEqual(send(there, "alice")[:2], (CONTINUE, 1))

    def test_without_redis_this_machine_says_what_it_remembers(self):
        sally = self.daemon(self.settings)
        send(sally, "stolen", 21)
        send(sally, "alice", 2)
        self.redis.process.kill()
        self.redis.process.wait()
        said = sally.operator("user", "list", status=3)
        self.assertRegex(sally.complaint, r"\Asallyport: Redis does not answer: .*\n\Z")
        self.assertEqual(rows(said), [("locked", "sasl:stolen"), ("ok", "sasl:alice")])
        self.assertIn("2 that this machine remembers", said)
        listed = json.loads(sally.operator("user", "list", "--json", status=3))
        self.assertEqual((listed["source"], listed["code"], len(listed["users"])), ("memory", "store", 2))
        said = sally.operator("user", "show", "stolen", status=3)
        self.assertIn("21 recipients in the last hour", said)
        answer = sally.operator_json("user", "show", "alice", status=3)
        self.assertEqual((answer["code"], answer["user"]["hour"]["recipients"]["count"]), ("store", 2))
        self.assertIn("remembers nothing", sally.operator("user", "show", "bob", status=3))

    def test_without_redis_a_lock_holds_here_and_goes_there_when_it_is_back(self):
        sally = self.daemon(self.settings)
        self.redis.process.kill()
        self.redis.process.wait()
        said = sally.operator("user", "lock", "alice", "--reason", "at night", status=3)
        self.assertIn("on this machine only", said)
        self.assertEqual(send(sally, "alice")[0], REPLYCODE)
        self.redis.start()
        self.assertEqual(send(sally, "alice")[0], REPLYCODE)
        state = Redis(self.redis.port).command("HGET", "sp:out:{sasl:alice}", "state")
        self.assertRegex(state, "^locked .* operator at night$")


class WithoutDaemon(Case):
    def test_nobody_answers(self):
        sally = Daemon({})
        self.addCleanup(sally.discard)
        for words in (["list"], ["show", "a"], ["release", "a"], ["lock", "a", "--reason", "x"], ["limits"]):
            sally.operator("user", *words, status=3)
            self.assertIn("no daemon answers at " + sally.control_path, sally.complaint)

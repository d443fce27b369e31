"""The way out by milter protocol: many at once, several machines, Redis coming and
going, time passing, logins that mean harm, limits that change."""

import itertools
import os
import signal
import threading
import unittest

from case import Case, SharedDaemon, concurrent
from daemon import Daemon, eventually
from milter import ACCEPT, CONTINUE, REPLYCODE, added_headers, session
from outbound import KEY, LOGIN, submitted
from redis import RedisServer

CROWD = 200
HOUR, MINUTE = 3600, 60

numbers = itertools.count()


class Sender:
    """Mails of one login to one daemon, each in a session of its own."""

    def __init__(self, sally, login=LOGIN, address="198.51.100.7"):
        self.sally, self.login, self.address = sally, login, address
        self.added = []

    def send(self, count=1, message_id=None):
        """How many of so many recipients were let in by a mail that was; 0 too
        when its sender was not."""
        with session(self.sally.socket_path, self.address) as link:
            if link.mail(f"<{next(numbers)}@here.example>", {"{auth_authen}": self.login})[0] != CONTINUE:
                return 0
            taken = [link.rcpt(f"<r{next(numbers)}@far.example>")[0] for _ in range(count)].count(CONTINUE)
            if taken == 0:
                link.abort()
                return 0
            link.header("Message-ID", f" <{message_id or next(numbers)}@laptop.example>")
            link.end_of_headers()
            link.body()
            kind, _ = link.end()
            self.is_held = any(change == "q" for change, _ in link.changes)
            self.added = [(name, value.strip()) for name, value in added_headers(link.changes)]
            return taken if kind in (CONTINUE, ACCEPT) else 0

    def send_all(self, mails):
        """So many mails of one recipient, one after the other: how many passed.
        (Of a mail of several, the one that is too much takes the others with it.)"""
        return sum(self.send() for _ in range(mails))


def crowd(senders):
    """All at once, one recipient each: how many passed, and what went wrong."""
    taken, wrong = [], []
    gate = threading.Barrier(len(senders))

    def run(sender):
        try:
            gate.wait()
            taken.append(sender.send())
        except Exception as error:  # whatever it is, the test shall see it
            wrong.append(repr(error))

    threads = [threading.Thread(target=run, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(taken), wrong


class OutboundCase(Case):
    timeout_sec = 120

    def standing(self, sally, state, count=1, key=KEY):
        """The last of so many events that say it has come into that state."""
        return sally.wait_event("submitter", count=count, submitter=key, state=state)


@concurrent
class Crowd(OutboundCase):
    timeout_sec = 300

    def test_of_200_sessions_at_once_exactly_20_recipients_pass(self):
        sally = self.daemon(submitted("recipients: 20/1h locked"))
        taken, wrong = crowd([Sender(sally) for _ in range(CROWD)])
        self.assertEqual((taken, wrong), (20, []))
        self.standing(sally, "locked")
        self.assertEqual(len(sally.events("submitter")), 1, "told once")

    def test_two_daemons_with_one_redis_count_together(self):
        server = RedisServer().start()
        self.addCleanup(server.stop)
        machines = [self.daemon(submitted("recipients: 20/1h locked") | {"store": f"redis://127.0.0.1:{server.port}"})
                    for _ in range(2)]
        taken, wrong = crowd([Sender(machines[number % 2]) for number in range(CROWD)])
        self.assertEqual((taken, wrong), (20, []))
        told = eventually(lambda: [event for sally in machines for event in sally.events("submitter")], "news")
        self.assertEqual(len(told), 1, "one of them tells it")
        self.assertEqual([Sender(sally).send() for sally in machines], [0, 0])

    def test_two_daemons_without_redis_count_for_themselves(self):
        machines = [self.daemon(submitted("recipients: 20/1h locked") | {"store": "redis://127.0.0.1:1"})
                    for _ in range(2)]
        for sally in machines:
            taken, wrong = crowd([Sender(sally) for _ in range(CROWD // 2)])
            self.assertEqual((taken, wrong), (20, []))


class RedisDies(OutboundCase):
    """Counted in Redis, then in memory, then in Redis again."""

    def begin(self, *limits):
        self.server = RedisServer("--appendonly", "yes", "--appendfsync", "always").start()
        self.addCleanup(self.server.stop)
        self.sally = self.daemon(submitted(*limits) | {"store": f"redis://127.0.0.1:{self.server.port}",
                                                       "redis.breaker-pause": "100ms"})

    def kill_redis(self):
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()

    def wait_asked_again(self):
        """Mail of somebody else, until Redis answers to it."""
        def is_asked():
            other = Sender(self.sally, "probe@test.example")
            other.send()
            return "X-Sallyport-Degraded" not in dict(other.added)
        eventually(is_asked, "answer of Redis")

    def test_its_limits_go_on_where_they_were(self):
        self.begin("recipients: 20/1h locked")
        self.assertEqual(Sender(self.sally).send_all(12), 12)
        self.kill_redis()
        self.assertEqual(Sender(self.sally).send_all(12), 8)

    def test_whom_it_has_not_seen_has_the_same_limits(self):
        self.begin("recipients: 20/1h locked")
        self.kill_redis()
        self.assertEqual(Sender(self.sally, "new@test.example").send_all(25), 20)

    def test_known_locks_hold_and_others_send_on(self):
        self.begin("recipients: 5/1h locked")
        self.assertEqual(Sender(self.sally).send_all(7), 5)
        self.kill_redis()
        self.assertEqual(Sender(self.sally).send_all(5), 0)
        other = Sender(self.sally, "carol@test.example")
        self.assertEqual(other.send_all(5), 5)
        self.assertEqual(dict(other.added)["X-Sallyport-Degraded"], "store")

    def test_known_holds_hold(self):
        self.begin("recipients: 5/1h hold")
        Sender(self.sally).send_all(7)
        self.kill_redis()
        sender = Sender(self.sally)
        self.assertEqual(sender.send(), 1)
        self.assertTrue(sender.is_held)

    def test_what_redis_has_counted_holds_when_it_is_back(self):
        self.begin("recipients: 20/1h locked")
        self.assertEqual(Sender(self.sally).send_all(12), 12)
        self.kill_redis()
        self.server.start()
        self.wait_asked_again()
        self.assertEqual(Sender(self.sally).send_all(12), 8)

    def test_a_lock_found_without_it_is_brought_to_it(self):
        self.begin("recipients: 5/1h locked")
        self.assertEqual(Sender(self.sally).send_all(3), 3)
        self.kill_redis()
        self.assertEqual(Sender(self.sally).send_all(4), 2)
        self.server.start()
        self.wait_asked_again()
        self.assertEqual(Sender(self.sally).send_all(2), 0)
        other = self.daemon(submitted("recipients: 5/1h locked") | {"store": f"redis://127.0.0.1:{self.server.port}"})
        self.assertEqual(Sender(other).send(), 0, "another machine knows of it")

    def test_released_on_another_machine_it_sends_again(self):
        self.begin("recipients: 5/1h locked")
        Sender(self.sally).send_all(6)
        other = self.daemon(submitted("recipients: 5/1h locked") | {"store": f"redis://127.0.0.1:{self.server.port}"})
        other.operator("user", "release", KEY)
        self.assertEqual(Sender(self.sally).send_all(7), 5)


@concurrent
class RedisDiesUnderLoad(OutboundCase):
    def test_killed_among_many_mails_it_costs_no_mail_and_opens_no_limit(self):
        sally = self.daemon(submitted("recipients: 40/1h locked") | {"redis.breaker-pause": "100ms"})
        taken, wrong = [], []

        def drive():
            try:
                for _ in range(20):
                    taken.append(Sender(sally).send())
            except Exception as error:
                wrong.append(repr(error))

        threads = [threading.Thread(target=drive) for _ in range(8)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(taken) >= 10, "some mails")
        old = sally.redis_pid()
        os.kill(old, signal.SIGKILL)
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        # One under way in each session: counted and not let in, or the other way round.
        self.assertGreaterEqual(sum(taken), 40 - len(threads))
        self.assertLessEqual(sum(taken), 40 + len(threads))
        self.assertEqual(Sender(sally).send(), 0)


class Windows(OutboundCase):
    def test_a_window_slides(self):
        sally = self.daemon(submitted("recipients: 6/1h locked") | {"outbound.locked-term": "1m"})
        sender = Sender(sally)
        self.assertEqual(sender.send(3), 3)
        sally.advance(30 * MINUTE)
        self.assertEqual(sender.send(3), 3)
        sally.advance(29 * MINUTE)
        self.assertEqual(sender.send(1), 0, "the first are not an hour old")
        sally.advance(7 * MINUTE)  # an hour and a twelfth of it
        self.assertEqual(sender.send_all(4), 3, "only the first have left the window")
        sally.advance(30 * MINUTE)
        self.assertEqual(sender.send_all(4), 3)

    def test_within_any_hour_there_is_never_more_than_the_limit(self):
        sally = self.daemon(submitted("recipients: 10/1h locked") | {"outbound.locked-term": "1m"})
        sender, passed = Sender(sally), []
        for now in range(0, 4 * HOUR, 100):
            passed += [now] * sender.send(1)
            sally.advance(100)
        for begin in passed:
            self.assertLessEqual(len([at for at in passed if begin <= at < begin + HOUR]), 10)
        self.assertGreaterEqual(len(passed), 30, "what has left the window makes room")

    def test_the_shortest_of_several_windows_leads(self):
        sally = self.daemon(submitted("recipients: 3/1h hold", "recipients: 5/1d locked") | {"outbound.hold-term": "1m"})
        sender = Sender(sally)
        held = []
        for _ in range(4):
            sender.send()
            held.append(sender.is_held)
        self.assertEqual(held, [False, False, False, True])
        sally.advance(2 * HOUR)
        self.assertEqual((sender.send(), sender.is_held), (1, False))
        self.assertEqual(sender.send(), 0, "five within the day")

    def test_a_state_has_an_end(self):
        sally = self.daemon(submitted("recipients: 1/1m locked") | {"outbound.locked-term": "2h"})
        sender = Sender(sally)
        self.assertEqual(sender.send_all(2), 1)
        sally.advance(2 * HOUR - MINUTE)
        self.assertEqual(sender.send(), 0)
        sally.advance(2 * MINUTE)
        self.assertEqual(sender.send(), 1)


# What may stand in {auth_authen}; no two are one.
HOSTILE = {
    "a space": "a b@test.example",
    "two spaces": "a  b@test.example",
    "quotes": '"a b"@test.example',
    "a newline": "a\nb@test.example",
    "a header field": "a\r\nX-Injected: yes\r\n\r\nb",
    "an event": "x event=verdict verdict=accept",
    "8-bit": b"\xe4\xf6\xfc@test.example",
    "UTF-8": "\u00e4@test.example".encode(),
    "no UTF-8": b"\xff\xfe\xc0",
    "a percent sign": "%s%n%d@test.example",
    "what one is written as": "a%20b@test.example",
    "braces": "a}{b@test.example",
    "Redis' own words": "*1\r\n$8\r\nFLUSHALL\r\n",
    "a backslash": "a\\b@test.example",
    "1,000 characters": "x" * 1000,
    "1,000 others": "x" * 999 + "y",
    "1,000 with a domain": "x" * 1000 + "@test.example",
    "a key": "uid:0",
    "another's key": "sasl:alice@test.example",
    "an address": "192.0.2.7",
    "a control character": "a\x1b[31mb",
    "a tab": "a\tb",
    "nothing but a space": " ",
}


class Hostile(SharedDaemon):
    settings = submitted("recipients: 2/1h locked")

    def test_each_is_a_submitter_of_its_own_with_one_line_a_mail(self):
        masks, keys = {}, {}
        for sentence, login in HOSTILE.items():
            with self.subTest(sentence):
                sender = Sender(self.sally, login, self.new_network())
                self.assertEqual(sender.send(2), 2)
                event = self.sally.wait_event(client=sender.address)
                mask = [value for name, value in sender.added if name == "X-Sallyport-Submitter"]
                self.assertEqual(len(mask), 1)
                self.assertRegex(mask[0], r"\Asasl:[0-9a-f]{16}\Z")
                self.assertRegex(event["submitter"], r"\Asasl:[!-~]+\Z")
                self.assertLess(len(event["submitter"]), 176)
                masks[mask[0]] = keys[event["submitter"]] = sentence
                self.assertEqual(sender.send(1), 0, "its own limit is used up")
                self.sally.wait_event(client=sender.address, count=2)
                self.assertEqual(len(self.sally.events(client=sender.address)), 2, "a line for each")
                names = {name for name, _ in sender.added}
                self.assertFalse([name for name in names if not name.startswith(("X-Sallyport-", "Authentication-"))])
        self.assertEqual((len(masks), len(keys)), (len(HOSTILE), len(HOSTILE)))

    def test_the_operator_can_type_the_key_of_each(self):
        for sentence, login in HOSTILE.items():
            with self.subTest(sentence):
                sender = Sender(self.sally, login, self.new_network())
                while sender.send(1):
                    pass
                event = self.sally.wait_event(client=sender.address)
                self.sally.operator("user", "release", event["submitter"])
                self.assertEqual(sender.send(1), 1)

    def test_case_makes_no_difference(self):
        self.assertEqual(Sender(self.sally, "Case@Test.Example").send(2), 2)
        self.assertEqual(Sender(self.sally, "case@test.example").send(2), 0)

    def test_an_empty_login_is_none(self):
        address = self.new_network()
        Sender(self.sally, "", address).send(3)
        self.assertNotIn("submitter", self.sally.wait_event(client=address))


class Rules(OutboundCase):
    """Whose limits hold, and what becomes of them."""

    def test_a_reload_brings_other_limits_to_what_is_counted_already(self):
        sally = self.daemon(submitted("recipients: 5/1h locked"))
        self.assertEqual(Sender(sally).send_all(4), 4)
        sally.write_config(outbound__limits=["recipients: 8/1h locked"])
        sally.reload()
        self.assertEqual(Sender(sally).send_all(6), 4)

    def test_a_reload_with_lower_limits_stops_who_is_above_them(self):
        sally = self.daemon(submitted("recipients: 50/1h locked"))
        self.assertEqual(Sender(sally).send_all(4), 4)
        sally.write_config(outbound__limits=["recipients: 3/1h locked"])
        sally.reload()
        self.assertEqual(Sender(sally).send(), 0)

    def test_a_reload_opens_no_lock(self):
        sally = self.daemon(submitted("recipients: 1/1h locked"))
        Sender(sally).send_all(2)
        sally.write_config(outbound__limits=["recipients: 50/1h locked"])
        sally.reload()
        self.assertEqual(Sender(sally).send(), 0)
        sally.operator("user", "release", KEY)
        self.assertEqual(Sender(sally).send(), 1)

    def test_a_reload_that_is_refused_changes_nothing(self):
        sally = self.daemon(submitted("recipients: 3/1h locked"))
        sally.write_config(outbound__limits=["recipients: 3/1h locked", "recipients: many/1h locked"])
        self.assertIn("outbound.limits", sally.reload()["reload_error"])
        self.assertEqual(Sender(sally).send_all(5), 3)

    def test_a_class_of_logins_has_its_own_limits(self):
        sally = self.daemon(submitted("recipients: 2/1h locked", "messages: 9/1h locked")
                            | {"outbound.classes": ["newsletter login: news@test.example",
                                                    "newsletter recipients: 99/1h locked",
                                                    "students domain: students.example",
                                                    "students recipients: 1/1h locked",
                                                    "free login: free@test.example",
                                                    "free recipients: none", "free messages: none"]})
        # What a class says nothing of is as with the others: nine mails.
        for login, passed in (("news@test.example", 9), (LOGIN, 2), ("bob@students.example", 1),
                              ("carol@students.example", 1), ("free@test.example", 12)):
            with self.subTest(login):
                self.assertEqual(Sender(sally, login).send_all(12), passed)

    def test_classes_come_from_a_file_that_reloads(self):
        sally = Daemon(submitted("recipients: 2/1h locked"))
        self.addCleanup(sally.stop)
        path = sally.write_file("submitters", "news login: news@test.example\nnews recipients: 5/1h locked\n")
        sally.write_config(outbound__classes=["file:" + path])
        sally.start()
        self.assertEqual(Sender(sally, "news@test.example").send_all(9), 5)
        sally.write_file("submitters", "news login: other@test.example\nnews recipients: 5/1h locked\n")
        sally.reload()
        self.assertEqual(Sender(sally, "other@test.example").send_all(9), 5)

    def relay(self, sally, count, address="10.1.2.3"):
        return Sender(sally, "", address).send_all(count)

    def test_a_trusted_relay_has_no_limits_unless_they_are_stated(self):
        sally = self.daemon(submitted("recipients: 3/1h locked") | {"access.trusted-networks": ["10.1.0.0/16"]})
        self.assertEqual(self.relay(sally, 30), 30)
        self.assertEqual(sally.wait_event(client="10.1.2.3")["submitter"], "net:10.1.2.3")

    def test_of_relays_there_can_be_limits_too(self):
        sally = self.daemon(submitted("recipients: 3/1h locked")
                            | {"access.trusted-networks": ["10.1.0.0/16"],
                               "outbound.classes": ["branch network: 10.1.2.0/24", "branch recipients: 7/1h locked",
                                                    "relays recipients: 5/1h locked"]})
        self.assertEqual(self.relay(sally, 30), 7)
        self.assertEqual(self.relay(sally, 30, "10.1.2.4"), 7, "each for itself")
        self.assertEqual(self.relay(sally, 30, "10.1.9.9"), 5)

    def test_a_login_behind_a_relay_is_a_login(self):
        sally = self.daemon(submitted("recipients: 3/1h locked") | {"access.trusted-networks": ["10.1.0.0/16"]})
        self.assertEqual(Sender(sally, address="10.1.2.3").send_all(9), 3)

    def test_networks_are_counted_once_each(self):
        sally = self.daemon(submitted("networks: 3/1d hold"))
        held = []
        for number in (1, 1, 2, 2, 3, 1, 4, 1):
            sender = Sender(sally, address=f"10.9.{number}.{len(held) + 1}")
            sender.send()
            held.append(sender.is_held)
        self.assertEqual(held, [False] * 6 + [True] * 2)
        self.assertRegex(self.standing(sally, "hold")["why"], r"4 networks .*3")

    def test_distinct_recipients_count_once_each(self):
        sally = self.daemon(submitted("distinct-recipients: 2/1d locked"))

        def to(*recipients):
            with session(sally.socket_path, "198.51.100.7") as link:
                link.mail("<a@here.example>", {"{auth_authen}": LOGIN})
                kinds = [link.rcpt(f"<{recipient}@far.example>")[0] for recipient in recipients]
                link.abort() if CONTINUE not in kinds else (link.end_of_headers(), link.body(), link.end())
                return kinds
        self.assertEqual(to("x", "y", "X", "x"), [CONTINUE] * 4)
        self.assertEqual(to("y"), [CONTINUE])
        self.assertEqual(to("z"), [REPLYCODE])

    def test_postmaster_counts_like_any_recipient(self):
        sally = self.daemon(submitted("recipients: 1/1h locked") | {"access.allow-recipients": ["postmaster@"]})
        with session(sally.socket_path, "198.51.100.7") as link:
            link.mail("<a@here.example>", {"{auth_authen}": LOGIN})
            self.assertEqual([link.rcpt("<postmaster@far.example>")[0] for _ in range(2)], [CONTINUE, REPLYCODE])
            link.abort()

    def test_observing_holds_nothing_and_says_what_would_be(self):
        sally = self.daemon(submitted("recipients: 2/1h hold", "recipients: 4/1h locked") | {"outbound.mode": "observe"})
        sender, would = Sender(sally), []
        for number in range(6):
            self.assertEqual((sender.send(), sender.is_held), (1, False))
            event = sally.wait_event(count=number + 1, submitter=KEY)
            would.append((event["verdict"], event.get("would"), event.get("tests", "").split(",")[-1].split("=")[0]))
        self.assertEqual(would[:2], [("accept", None, "TRUSTED")] * 2)
        self.assertEqual(would[2:4], [("accept", "hold", "SUBMITTER_HOLD")] * 2)
        self.assertEqual(would[4:], [("accept", "defer", "SUBMITTER_LOCKED")] * 2)

    def test_what_was_found_while_observing_locks_nobody_once_it_is_enforced(self):
        sally = self.daemon(submitted("recipients: 2/1h locked") | {"outbound.mode": "observe"})
        Sender(sally).send_all(4)
        self.standing(sally, "locked")
        sally.write_config(outbound__mode="enforce")
        sally.reload()
        sally.advance(2 * HOUR)  # the lock's term is days
        self.assertEqual(Sender(sally).send_all(4), 2)

    def test_switched_off_nothing_is_asked(self):
        sally = self.daemon(submitted("recipients: 1/1h locked") | {"outbound.enabled": False})
        before = sally.ask("status")["store"]["questions"]
        self.assertEqual(Sender(sally).send(5), 5)
        self.assertEqual(sally.ask("status")["store"]["questions"], before)


if __name__ == "__main__":
    unittest.main()

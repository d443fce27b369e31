"""Greetings held back, by milter sessions of the tests' own: clients that no
kernel shows, and many at once. In tests/mta are real ones."""

import socket
import threading
import time

from case import DaemonCase, concurrent
from daemon import slow
from milter import CONTINUE, NR, Milter, session

DELAY_SEC = 0.6

HOLD = {
    "access.trusted-networks": [],
    "access.allow-clients": ["198.51.100.0/24"],
    "greylist.enabled": False,
    "greeting.delay": f"{int(DELAY_SEC * 1000)}ms",
    "greeting.only-suspicious": False,
}

FAR_SEC = 0.03  # a round trip, or what looks like one
TRIES = 10      # what is inferred from milliseconds may fail on a busy machine


class Greeting(DaemonCase):
    def answered(self, **settings):
        """Whether the MTA waits for our answer to its connect."""
        sally = self.daemon({**HOLD, **settings})
        with Milter(sally.socket_path) as link:
            return not link.negotiate().steps & NR["C"]

    def test_the_mta_waits_where_greetings_are_held(self):
        self.assertTrue(self.answered())

    def test_without_a_delay_the_mta_does_not_wait(self):
        self.assertFalse(self.answered(**{"greeting.delay": "0s"}))

    def test_while_we_observe_the_mta_does_not_wait(self):
        self.assertFalse(self.answered(mode="observe"))

    def findings(self, sally, before_helo, helos=1):
        """Of a session whose client says HELO that long after its greeting, and
        goes on after a round trip; the kernel does not show it."""
        with Milter(sally.socket_path) as link:
            link.negotiate()
            link.connect_client("192.0.2.77")
            time.sleep(before_helo)
            for _ in range(helos):
                link.helo()
                time.sleep(FAR_SEC)
            link.mail()
            self.assertEqual(link.rcpt()[0], CONTINUE)
            link.header("Subject", "test")
            before = len(sally.events())
            link.end()
        return sally.wait_event(count=before + 1).get("tests", "")

    def finds_talk(self, tries=TRIES, **options):
        sally = self.daemon(HOLD)
        return any("EARLY_TALKER" in self.findings(sally, **options) for _ in range(tries))

    def test_unseen_a_helo_that_was_there_is_found_out_by_its_time(self):
        self.assertTrue(self.finds_talk(before_helo=0))

    def test_the_time_of_the_first_helo_counts_also_after_starttls(self):
        self.assertTrue(self.finds_talk(before_helo=0, helos=2))

    def show_a_client(self, sally):
        """A session of one that the kernel shows: over loopback, to ourselves."""
        with socket.create_server(("127.0.0.1", 0)) as server, \
                socket.create_connection(server.getsockname()) as client, Milter(sally.socket_path) as link:
            link.negotiate()
            address, port = server.getsockname()
            link.connect_client("127.0.0.1", port=client.getsockname()[1],
                                macros={"{daemon_addr}": address, "{daemon_port}": str(port)})

    def test_unseen_among_seen_ones_nobody_is_judged_by_its_time(self):
        """The client of a server that uses XCLIENT or PROXY: not its own time."""
        sally = self.daemon(HOLD)
        self.show_a_client(sally)
        for _ in range(3):
            self.assertNotIn("EARLY_TALKER", self.findings(sally, 0))

    def test_unseen_a_helo_after_a_round_trip_is_none(self):
        self.assertFalse(self.finds_talk(tries=2, before_helo=FAR_SEC))

    def test_the_log_says_why_a_client_is_not_seen(self):
        sally = self.daemon(HOLD)
        self.findings(sally, 0)
        sally.wait_log("the kernel shows no such connection")


@concurrent
class Load(DaemonCase):
    """One held session must never delay another."""

    HELD, NORMAL = 200, 50
    HELD_SEC = 6

    settings = {**HOLD, "greeting.delay": f"{HELD_SEC}s", "greeting.held-at-most": HELD * 2,
                "greeting.mta-processes": HELD * 4}
    timeout_sec = 120

    def link(self, sally):
        link = Milter(sally.socket_path, timeout=60)
        self.addCleanup(link.close)
        return link.negotiate()

    def hold(self, link):
        """From now on it waits for the answer to its connect."""
        link.send("C", b"held.example\0004\x10\xe1192.0.2.77\0")

    def go_on(self, sally, waits, until):
        """Sessions of a client that is not held, one after the other."""
        while time.monotonic() < until:
            began = time.monotonic()
            link = session(sally.socket_path, "198.51.100.7")
            waits.append(time.monotonic() - began)
            for _ in range(3):
                began = time.monotonic()
                answers, end = link.whole_mail()
                waits.append(time.monotonic() - began)
                self.assertEqual((answers[0][0], end[0]), (CONTINUE, CONTINUE))
                time.sleep(0.1)
            link.quit()

    def test_two_hundred_held_do_not_delay_fifty_others(self):
        sally = self.daemon(self.settings)
        waits = []
        held = [self.link(sally) for _ in range(self.HELD)]
        began = time.monotonic()
        threads = [threading.Thread(target=self.go_on, args=(sally, waits, began + self.HELD_SEC / 2))
                   for _ in range(self.NORMAL)]
        # All in one moment, in which libmilter has but a thread or two.
        for link in held:
            self.hold(link)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waits.sort()
        self.assertGreater(len(waits), self.NORMAL)
        # Behind one that is held it would be seconds.
        self.assertLess(waits[len(waits) * 99 // 100], slow() * self.HELD_SEC / 6)
        for link in held:
            self.assertEqual(link.answer()[0], CONTINUE)
        self.assertLess(time.monotonic() - began, slow() * self.HELD_SEC * 2)

    def test_a_thousand_connections_in_five_seconds(self):
        """Beyond `held-at-most` nobody waits: there is no queue."""
        sally = self.daemon({**self.settings, "greeting.held-at-most": 50})
        links = []
        began = time.monotonic()
        for number in range(1000):
            links.append(self.link(sally))
            self.hold(links[-1])
            time.sleep(max(0, began + number * 0.005 - time.monotonic()))
        for link in links:
            self.assertEqual(link.answer()[0], CONTINUE)
        self.assertLess(time.monotonic() - began, slow() * (5 + self.HELD_SEC * 2))
        sally.wait_log("are held, so others are held for less")

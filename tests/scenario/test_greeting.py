"""For whom a greeting is held, for how long, and what becomes of the others
meanwhile. tests/mta/test_greeting.py has the clients and the MTAs."""

import signal
import threading
import time
import unittest

import dns
from case import Case
from daemon import is_sanitized, slow
from milter import Milter, session

DELAY_SEC = 2.0
AT_ONCE_SEC = DELAY_SEC / 2

SETTINGS = {
    "access.trusted-networks": ["203.0.113.0/24"],
    "access.allow-clients": ["198.51.100.7"],
    "greylist.enabled": False,
    "greeting.delay": f"{int(DELAY_SEC * 1000)}ms",
    "greeting.only-suspicious": False,
}


def greet(sally, address="192.0.2.1"):
    """(seconds until the MTA may greet that client, its connection)"""
    link = Milter(sally.socket_path, timeout=60).negotiate()
    began = time.monotonic()
    link.connect_client(address)
    return time.monotonic() - began, link


def greet_all(sally, count):
    """The seconds of so many that come together."""
    links = [Milter(sally.socket_path, timeout=60).negotiate() for _ in range(count)]
    took = []

    def one(link, number):
        began = time.monotonic()
        link.connect_client(f"10.1.{number // 250}.{number % 250 + 1}")
        took.append(time.monotonic() - began)
        link.quit()

    threads = [threading.Thread(target=one, args=(link, number)) for number, link in enumerate(links)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


class Who(Case):
    def assert_held(self, sally, address, is_held=True):
        seconds, link = greet(sally, address)
        link.quit()
        self.assertEqual(seconds >= AT_ONCE_SEC, is_held, f"{address} was held for {seconds} s")

    def test_strangers_are_held_trusted_and_allowed_ones_are_not(self):
        sally = self.daemon(SETTINGS)
        self.assert_held(sally, "192.0.2.1")
        self.assert_held(sally, "2001:db8::1")
        self.assert_held(sally, "203.0.113.1", False)
        self.assert_held(sally, "198.51.100.7", False)

    def test_nobody_is_held_while_observing_and_nobody_waits_for_our_word(self):
        sally = self.daemon({**SETTINGS, "greeting.mode": "observe"})
        self.assert_held(sally, "192.0.2.1", False)
        with Milter(sally.socket_path).negotiate() as link:
            self.assertTrue(link.steps & 0x1000)  # no reply at connect

    def test_a_known_network_is_not_held(self):
        sally = self.daemon({**SETTINGS, "greylist.enabled": True, "greylist.delay": "30s",
                             "greylist.known-after": 1})
        self.assert_held(sally, "192.0.2.1")
        for _ in range(2):
            link = session(sally.socket_path, "192.0.2.1")
            link.whole_mail()
            link.quit()
            sally.advance(31)
        self.assert_held(sally, "192.0.2.2", False)
        self.assert_held(sally, "198.51.100.9")

    def test_clean_ones_are_let_go_when_that_is_known_and_suspicious_ones_are_not(self):
        server = dns.Server({dns.reverse("192.0.2.1"): {"PTR": "mx.there.example"},
                             "mx.there.example": {"A": "192.0.2.1"}})
        self.addCleanup(server.close)
        sally = self.daemon({**SETTINGS, "greeting.only-suspicious": True, "rdns.enabled": True,
                             "dns.server": [server.address]})
        self.assert_held(sally, "192.0.2.1", False)
        self.assert_held(sally, "192.0.2.2")  # has no name


class Room(Case):
    def assert_room_for(self, most, **settings):
        """Of many that come together some are held for less, and some not."""
        sally = self.daemon({**SETTINGS, **settings})
        took = greet_all(sally, 4 * most)
        greetings = sally.ask("status")["greetings"]
        self.assertGreaterEqual(took[-1], DELAY_SEC - 0.1)
        self.assertGreaterEqual(sum(seconds < AT_ONCE_SEC for seconds in took), 3 * most, took)
        self.assertLessEqual(sum(seconds >= DELAY_SEC - 0.1 for seconds in took), most, took)
        self.assertEqual(greetings["held"], 4 * most)
        self.assertGreaterEqual(greetings["held_for_less"], 3 * most)
        self.assertEqual(sally.log_text().count("so others are held for less"), 1)
        self.assertEqual(greetings["held_now"], 0)
        seconds, link = greet(sally)  # there is room again
        link.quit()
        self.assertGreaterEqual(seconds, DELAY_SEC - 0.1)

    def test_there_is_room_for_so_many_only(self):
        self.assert_room_for(8, **{"greeting.held-at-most": 8})

    def test_half_of_what_the_mta_serves_at_a_time_is_never_held(self):
        self.assert_room_for(6, **{"greeting.mta-processes": 12})

    def test_stopping_lets_all_go(self):
        sally = self.daemon({**SETTINGS, "greeting.delay": "20s"})
        took = []
        threads = [threading.Thread(target=lambda: took.append(greet(sally)[0])) for _ in range(10)]
        for thread in threads:
            thread.start()
        while sally.ask("status")["greetings"]["held_now"] < 10:
            time.sleep(0.02)
        sally.signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        sally.wait_end()
        self.assertEqual(len(took), 10)
        self.assertLess(max(took), 15)


class Load(Case):
    timeout_sec = 180

    def test_who_is_held_keeps_nobody_else_waiting(self):
        """200 held; the callbacks of 50 others, who come meanwhile."""
        sally = self.daemon({**SETTINGS, "greeting.delay": "20s", "greeting.held-at-most": 400,
                             "greeting.mta-processes": 1000})
        held = [Milter(sally.socket_path, timeout=60).negotiate() for _ in range(200)]
        for number, link in enumerate(held):
            self.addCleanup(link.close)
            address = f"10.2.{number}.1".encode()
            link.send("C", b"x\0004\x10\xe1" + address + b"\0")
        while sally.ask("status")["greetings"]["held_now"] < 200:
            time.sleep(0.02)
        took = []

        def one(number):
            link = Milter(sally.socket_path, timeout=60).negotiate(steps=0)
            for step in (lambda: link.connect_client(f"203.0.113.{number}"), link.helo, link.mail, link.rcpt, link.data):
                began = time.monotonic()
                step()
                took.append(time.monotonic() - began)
            link.quit()

        threads = [threading.Thread(target=one, args=(number + 1,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took.sort()
        print(f"  with 200 held, {len(took)} callbacks: p50 {took[len(took) // 2] * 1000:.1f} ms, "
              f"p99 {took[len(took) * 99 // 100] * 1000:.1f} ms, max {took[-1] * 1000:.1f} ms")
        self.assertGreaterEqual(sally.ask("status")["greetings"]["held_now"], 200)
        self.assertLess(took[-1], 5 * slow(), "a queue behind those that are held takes 20 s")

    @unittest.skipIf(is_sanitized(), "about a program that is not slowed down")
    def test_a_thousand_connections_in_five_seconds(self):
        sally = self.daemon({**SETTINGS, "greeting.delay": "6s"})
        links, began = [], time.monotonic()
        for number in range(1000):
            time.sleep(max(0.0, began + number * 0.005 - time.monotonic()))
            link = Milter(sally.socket_path, timeout=60).negotiate()
            self.addCleanup(link.close)
            link.send("C", b"x\0004\x10\xe1" + f"10.3.{number // 250}.{number % 250}".encode() + b"\0")
            links.append(link)
        print(f"  1000 connections in {time.monotonic() - began:.1f} s", end="")
        for link in links:
            link.answer()
        print(f", all answered after {time.monotonic() - began:.1f} s")
        greetings = sally.ask("status")["greetings"]
        self.assertEqual(greetings["held"], 1000)
        self.assertGreater(greetings["held_for_less"], 900)
        self.assertLess(time.monotonic() - began, 30)


if __name__ == "__main__":
    unittest.main()

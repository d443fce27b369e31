"""Hostile input at the milter socket: no crash, bounded memory, readable lines."""

import random
import socket
import struct
import threading
import time
import unittest

import milter
from case import Case, SharedDaemon, concurrent
from daemon import eventually, is_sanitized, slow
from milter import CONTINUE, Closed, Milter, packet, session

# Bytes that must not get anywhere unchanged.
NASTY = bytes(range(1, 32)) + b'"\\%s%n=' + bytes(range(127, 256))

MEMORY_KB = 64 * 1024  # more than that, over what it took when idle, is a leak


class Hostile(SharedDaemon):
    """After each test the daemon must serve a good client as before."""

    settings = {"access.allow-senders": ["friend@allowed.example"]}

    def setUp(self):
        super().setUp()
        self.client = self.new_network()
        self.before_kb = self.sally.memory_kb()
        self.addCleanup(self.assert_well)

    def assert_well(self):
        self.assertIsNone(self.sally.process.poll(), "the daemon has ended")
        good = self.session(self.new_network())
        answers, end = good.whole_mail("<friend@allowed.example>")
        self.assertEqual(answers[0][0], CONTINUE)
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT))
        good.quit()
        eventually(lambda: self.sally.ask("status")["mails_open"] == 0, "end of all mails")
        if not is_sanitized():
            self.assertLess(self.sally.memory_kb() - self.before_kb, MEMORY_KB)
        for line in self.sally.log_text().encode().split(b"\n"):
            self.assertTrue(all(32 <= byte < 127 for byte in line), line)

    def open(self):
        link = Milter(self.sally.socket_path, timeout=10 * slow())
        self.addCleanup(link.close)
        return link

    def session(self, address=None, **options):
        link = session(self.sally.socket_path, address or self.client, **options)
        self.addCleanup(link.close)
        return link

    def drain(self, link):
        """Whatever it answers, until it closes or has nothing to say."""
        link.socket.settimeout(0.3)
        try:
            while link.socket.recv(65536):
                pass
        except (OSError, Closed):
            pass

    def say(self, data, is_negotiated=True):
        """Raw bytes on a connection of their own, then the end."""
        link = self.open()
        try:
            if is_negotiated:
                link.negotiate()
            link.send_raw(data)
            link.socket.shutdown(socket.SHUT_WR)
            self.drain(link)
        except (Closed, OSError):
            pass
        link.close()


class WrongPackets(Hostile):
    def test_wrong_lengths(self):
        for length in (0, 1, 2, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            for is_negotiated in (False, True):
                with self.subTest(length=length, is_negotiated=is_negotiated):
                    self.say(struct.pack(">I", length), is_negotiated)
                    self.say(struct.pack(">I", length) + b"C" + b"x" * 100, is_negotiated)

    def test_a_packet_that_ends_early(self):
        whole = packet(b"C", b"host\x004\x10\xe1192.0.2.1\x00")
        for cut in range(1, len(whole)):
            self.say(whole[:cut])

    def test_unknown_commands(self):
        for byte in range(256):
            if bytes([byte]) not in b"ABCDEHKLMNOQRTU":
                self.say(packet(bytes([byte]), b"text\0"))

    def test_no_negotiation_at_all(self):
        for command in b"ABCDEHLMNQRTU":
            self.say(packet(bytes([command]), b"text\0more\0"), is_negotiated=False)

    def test_strange_negotiations(self):
        for data in (b"", b"\0", b"\0" * 11, struct.pack(">III", 0, 0, 0), struct.pack(">III", 1, 0, 0),
                     struct.pack(">III", 2, 0x3F, 0x7F), struct.pack(">III", 99, 0xFFFFFFFF, 0xFFFFFFFF),
                     struct.pack(">III", 6, 0x1FF, 0x1FFFFF) + b"\0" * 60000):
            self.say(packet(b"O", data), is_negotiated=False)
        self.say(packet(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF)) * 20, is_negotiated=False)

    def test_an_old_mta_that_can_do_little_is_served(self):
        link = self.open().negotiate(version=2, actions=0x1F, steps=0x7F)
        self.assertEqual(link.connect_client(self.client)[0], CONTINUE)
        self.assertEqual(link.helo()[0], CONTINUE)
        self.assertEqual(link.mail("<friend@allowed.example>")[0], CONTINUE)
        self.assertEqual(link.rcpt()[0], CONTINUE)
        link.header("Subject", "old")
        link.end_of_headers()
        link.body()
        self.assertIn(link.end()[0], (CONTINUE, milter.ACCEPT))
        self.assertTrue(milter.added_headers(link.changes))
        link.quit()

    def test_strange_connects(self):
        for data in (b"", b"\0", b"host", b"host\0", b"host\x004", b"host\x004\x10", b"host\x004\x10\xe1",
                     b"host\x004\x10\xe1not an address\0", b"host\x006\x10\xe1192.0.2.1\0", b"host\0U\0\0/path\0",
                     b"host\0L\x10\xe1/path\0", b"host\0X\x10\xe1text\0", b"host\x004\x10\xe1192.0.2.1",
                     b"h" * 60000 + b"\x004\x10\xe1192.0.2.1\0", b"\x004\x10\xe1" + b"1" * 60000 + b"\0"):
            self.say(packet(b"C", data) + packet(b"H", b"helo\0") + packet(b"M", b"<a@b.example>\0")
                     + packet(b"R", b"<c@d.example>\0") + packet(b"E"))

    def test_events_out_of_order(self):
        order = random.Random(1)
        events = [packet(b"H", b"mail.example.org\0"), packet(b"M", b"<a@b.example>\0"), packet(b"E"), packet(b"A"),
                  packet(b"R", b"<c@d.example>\0"), packet(b"T"), packet(b"L", b"Subject\0x\0"), packet(b"N"),
                  packet(b"B", b"body\r\n"), packet(b"U", b"BOGUS\0"), packet(b"K"),
                  packet(b"C", b"host\x004\x10\xe1192.0.2.1\0")]
        for _ in range(100):
            self.say(b"".join(order.choices(events, k=12)))

    def test_events_without_their_strings(self):
        connect = packet(b"C", b"host\x004\x10\xe1192.0.2.1\0")
        for command in b"HMRLU":
            for data in (b"", b"\0", b"no end", b"\0\0\0", b"<a@b>\0unterminated"):
                self.say(connect + packet(bytes([command]), data) + packet(b"M", b"<a@b.example>\0")
                         + packet(bytes([command]), data) + packet(b"E"))

    def test_strange_macros(self):
        # Not an odd number of strings: libmilter 8.17.1 (smfi_getsymval) then
        # reads beyond its own array, before we could see anything of it.
        connect = packet(b"C", b"host\x004\x10\xe1192.0.2.1\0")
        for data in (b"", b"C", b"Cj", b"\xff\0\0", b"M{auth_authen}\0\0",
                     b"C" + b"{x}\0y\0" * 5000, b"C{" + b"a" * 50000 + b"}\0b\0"):
            self.say(packet(b"D", data) + connect + packet(b"D", data) + packet(b"M", b"<a@b.example>\0"))

    def test_bytes_by_chance(self):
        chance = random.Random(2)
        for _ in range(200):
            data = bytearray()
            for _ in range(chance.randrange(1, 10)):
                data += packet(bytes([chance.choice(b"ABCEHKLMNOQRTU")]), chance.randbytes(chance.randrange(200)))
            for _ in range(chance.randrange(3)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            self.say(bytes(data), chance.random() < 0.8)


class StrangeMail(Hostile):
    def test_no_macros_at_all(self):
        link = self.session()
        answers, _ = link.whole_mail()
        self.assertEqual(answers[0][0], milter.REPLYCODE)
        self.assertTrue(answers[0][1].startswith("451 4.7.1"))

    def test_mail_without_a_greeting(self):
        link = self.open().negotiate()
        link.connect_client(self.client)
        self.assertEqual(link.whole_mail()[0][0][0], milter.REPLYCODE)
        link.quit()
        self.assertIn("HELO_NONE", self.sally.wait_event(client=self.client)["tests"])

    def test_lines_of_64_kib_in_headers(self):
        link = self.session()
        headers = [("X-Long", "x" * 65000), ("X" * 60000, "y"), ("X-Sallyport-Verdict", "z" * 65000)] * 20
        _, end = link.whole_mail("<friend@allowed.example>", headers=headers)
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT))
        link.quit()

    def test_ten_thousand_headers(self):
        link = self.session()
        headers = [(f"X-Header-{n}", "value") for n in range(10000)]
        _, end = link.whole_mail("<friend@allowed.example>", headers=headers)
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT))
        self.assertEqual(len([1 for name, _ in milter.added_headers(link.changes)
                              if name == "X-Sallyport-Verdict"]), 1)
        link.quit()

    def test_ten_thousand_forged_headers_of_ours(self):
        link = self.session()
        headers = [("X-Sallyport-Verdict", "accept")] * 10000
        _, end = link.whole_mail("<friend@allowed.example>", headers=headers)
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT))
        removed = [struct.unpack(">I", data[:4])[0] for kind, data in link.changes if kind == "m"]
        self.assertEqual(removed, sorted(removed, reverse=True), "the highest index first")
        self.assertEqual(len(set(removed)), 10000)
        link.quit()

    def test_ten_thousand_recipients(self):
        link = self.session()
        link.mail("<friend@allowed.example>")
        for number in range(10000):
            kind, text = link.rcpt(f"<r{number}@test.example>")
            self.assertTrue(kind == CONTINUE or text.startswith("45"), text)
        link.data()
        link.header("Subject", "many")
        link.end_of_headers()
        self.assertIn(link.end()[0], (CONTINUE, milter.ACCEPT))
        link.quit()
        line = self.sally.wait_event(client=self.client)
        self.assertEqual(line["rcpts"], "10000")
        self.assertEqual(line["to"].count("@"), 5)

    timeout_sec = 120

    def test_nul_and_8_bit_bytes_in_every_string(self):
        link = self.open().negotiate()
        port = struct.pack(">H", 4321)
        link.event("C", NASTY + b"\x004" + port + self.client.encode() + b"\0",
                   {"j": NASTY, "{daemon_addr}": NASTY, "{client_ptr}": NASTY})
        link.event("H", NASTY + b"\0" + NASTY + b"\0", {"{tls_version}": NASTY})
        link.event("M", b"<" + NASTY + b"@" + NASTY + b">\0" + NASTY + b"\0", {"i": NASTY})
        link.event("R", b"<" + NASTY + b"@test.example>\0" + NASTY + b"\0")
        link.event("T", b"", {"i": NASTY})
        link.header(NASTY, NASTY)
        link.end_of_headers()
        link.body(NASTY)
        link.end({"i": NASTY})
        link.quit()
        line = self.sally.wait_event(client=self.client)
        self.assertIn("from", line)
        self.assertIn("helo", line)

    def test_addresses_of_every_length(self):
        link = self.session()
        for length in (0, 1, 63, 64, 65, 253, 254, 255, 256, 511, 512, 513, 4096, 60000):
            link.mail("<" + "a" * length + "@example.org>")
            link.rcpt("<b@" + "c" * length + ".example>")
            link.abort()
            link.mail("<a@" + "x." * min(length, 30000) + "example>")
            link.rcpt("<" + "b" * length + ">")
            link.abort()
        link.quit()

    def test_a_thousand_mails_that_never_end(self):
        link = self.session()
        for _ in range(1000):
            link.mail("<friend@allowed.example>")
            link.rcpt("<b@test.example>")
            link.abort()
        link.quit()
        line = self.sally.wait_event(count=1000, client=self.client)
        self.assertEqual(line["verdict"], "aborted")


@concurrent
class Crowds(Hostile):
    timeout_sec = 180

    def test_a_client_that_says_nothing_harms_nobody(self):
        silent = [self.open() for _ in range(20)]
        for link in silent[:10]:
            link.negotiate()
        began = time.monotonic()
        self.session(self.new_network()).whole_mail("<friend@allowed.example>")
        self.assertLess(time.monotonic() - began, 2 * slow())
        for link in silent:
            link.close()

    def test_five_hundred_at_once_are_all_served(self):
        links = [self.open() for _ in range(500)]
        failures = []

        def drive(link, number):
            try:
                link.negotiate()
                link.connect_client(f"172.16.{number % 250}.9")
                link.helo()
                answers, _ = link.whole_mail(f"<s{number}@example.org>")
                if answers[0][0] != milter.REPLYCODE or not answers[0][1].startswith("451 4.7.1"):
                    failures.append(answers)
                answers, end = link.whole_mail("<friend@allowed.example>")
                if end is None or end[0] not in (CONTINUE, milter.ACCEPT):
                    failures.append((answers, end))
                link.quit()
            except (OSError, Closed) as error:
                failures.append(repr(error))

        threads = [threading.Thread(target=drive, args=pair) for pair in zip(links, range(500))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures[:5], [])
        eventually(lambda: self.sally.ask("status")["connections"] == 0, "end of all connections")

    def test_five_hundred_that_vanish_at_every_stage(self):
        chance = random.Random(3)
        for number in range(500):
            link = self.open()
            steps = [lambda: link.negotiate(), lambda: link.connect_client(self.client), link.helo,
                     lambda: link.mail("<friend@allowed.example>"), link.rcpt, link.data,
                     lambda: link.header("Subject", "x"), link.end_of_headers, link.body]
            for step in steps[:chance.randrange(len(steps) + 1)]:
                step()
            link.close()
        eventually(lambda: self.sally.ask("status")["connections"] == 0, "end of all connections")


@concurrent
class Parallel(Case):
    def test_of_parallel_tries_each_mail_gets_one_verdict_line(self):
        sally = self.daemon()

        def drive(number):
            link = session(sally.socket_path, f"172.17.{number}.9")
            for _ in range(20):
                link.whole_mail(f"<s{number}@example.org>")
            link.quit()

        threads = [threading.Thread(target=drive, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sally.wait_event(count=320)
        ids = [line["id"] for line in sally.events()]
        self.assertEqual((len(ids), len(set(ids))), (320, 320))
        self.assertEqual(sally.ask("status")["mails_total"], 320)

    def test_reloads_under_load_lose_no_mail(self):
        sally = self.daemon()
        failures = []
        stop = threading.Event()

        def drive(number):
            while not stop.is_set():
                try:
                    link = session(sally.socket_path, f"172.18.{number}.9")
                    answers, _ = link.whole_mail()
                    if answers[0][0] not in (milter.REPLYCODE, CONTINUE):
                        failures.append(answers)
                    link.quit()
                except (OSError, Closed) as error:
                    failures.append(repr(error))

        threads = [threading.Thread(target=drive, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        try:
            for number in range(10):
                sally.write_config(greylist__delay=f"{60 + number}s")
                status = sally.reload()
                self.assertEqual(status["reload_error"], "")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures[:5], [])
        self.assertEqual(sally.ask("status")["reloads"], 10)


if __name__ == "__main__":
    unittest.main()

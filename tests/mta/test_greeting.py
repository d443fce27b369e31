"""The greeting held back, in front of a real Postfix and a real Sendmail: the
clients are sockets of the tests', from the MTA's own machine."""

import socket
import struct
import threading
import time

from daemon import eventually
from postfix_case import PostfixCase
from sendmail_case import SendmailCase

DELAY_SEC = 1.0

SETTINGS = {
    "access.trusted-networks": [],
    "access.allow-senders": ["friend@allowed.example"],
    "greylist.enabled": False,
    "greeting.delay": f"{int(DELAY_SEC * 1000)}ms",
    "greeting.only-suspicious": False,
}


class Held:
    """A client that does as it is told, and notes when it was greeted."""

    def __init__(self, port):
        self.began = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.data = b""

    def line(self):
        while b"\n" not in self.data:
            more = self.socket.recv(4096)
            if not more:
                return ""
            self.data += more
        line, self.data = self.data.split(b"\n", 1)
        return line.decode().rstrip("\r")

    def greeting(self):
        """(code, seconds that it took)"""
        line = self.line()
        return line[:3], time.monotonic() - self.began

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def ask(self, text):
        self.say(text)
        line = self.line()
        while line[3:4] == "-":
            line = self.line()
        return line

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class GreetingCases:
    settings = SETTINGS

    def client_of(self):
        held = Held(self.mta.port)
        self.addCleanup(held.socket.close)
        return held

    def gated(self, since):
        """The lines on clients that left or talked, behind `since`."""
        return self.sally.events("greeting")[since:]

    def seen(self):
        return len(self.sally.events("greeting"))

    def send(self, client, sender="a@sender.example"):
        for command in ("EHLO there.example", f"MAIL FROM:<{sender}>", f"RCPT TO:<{self.rcpt}>", "DATA"):
            answer = client.ask(command)
        client.say("Subject: x\r\n\r\nHello\r\n.")
        answer = client.line()
        self.assertEqual(answer[:3], "250", answer)
        client.ask("QUIT")
        return [event for event in self.sally.events() if self.rcpt in event.get("to", "")][-1]

    def test_who_waits_is_greeted_after_the_delay(self):
        client = self.client_of()
        code, seconds = client.greeting()
        self.assertEqual(code, "220")
        self.assertGreaterEqual(seconds, DELAY_SEC - 0.05)
        event = self.send(client)
        self.assertNotIn("EARLY_TALKER", event.get("tests", ""))
        self.assertEqual((event["greeting"], event.get("greeting_why")), ("quiet", None))
        self.assertGreaterEqual(int(event["greeting_ms"]), DELAY_SEC * 1000 - 50)
        self.assertEqual(self.sally.ask("verdict " + event["id"])["greeting"], "quiet")

    def test_they_are_counted(self):
        before = self.sally.ask("status")["greetings"]
        self.assertEqual(self.leaves(lambda client: client.socket.close()), "hung-up")
        client = self.client_of()
        client.say("EHLO there.example")
        client.greeting()
        waits = self.client_of()
        eventually(lambda: self.sally.ask("status")["greetings"]["held_now"], "held greeting")
        waits.greeting()
        eventually(lambda: not self.sally.ask("status")["greetings"]["held_now"], "end of it")
        after = self.sally.ask("status")["greetings"]
        self.assertEqual({name: after[name] - before[name] for name in after},
                         {"held_now": 0, "held": 3, "held_for_less": 0, "talkers": 1, "hang_ups": 1})

    def test_who_talks_at_once_is_found_out(self):
        client = self.client_of()
        client.say("EHLO there.example")
        client.greeting()
        while client.line()[3:4] == "-":
            pass
        event = self.send(client)
        self.assertIn("EARLY_TALKER=4", event["tests"])
        self.assertEqual(event["greeting"], "talked")

    def test_who_talks_a_little_later_too(self):
        client = self.client_of()
        time.sleep(DELAY_SEC / 2)
        client.say("EHLO there.example")
        code, seconds = client.greeting()
        self.assertEqual(code, "220")
        self.assertLess(seconds, DELAY_SEC)  # it was not kept any longer
        while client.line()[3:4] == "-":
            pass
        self.assertIn("EARLY_TALKER=4", self.send(client)["tests"])

    def leaves(self, how):
        since = self.seen()
        client = self.client_of()
        time.sleep(0.2)
        how(client)
        event = eventually(lambda: self.gated(since), "the line of who left")[0]
        return event["greeting"]

    def test_who_closes_has_hung_up(self):
        self.assertEqual(self.leaves(lambda client: client.socket.close()), "hung-up")

    def test_who_closes_his_half_has_hung_up(self):
        self.assertEqual(self.leaves(lambda client: client.socket.shutdown(socket.SHUT_WR)), "hung-up")

    def test_who_resets_has_hung_up(self):
        self.assertEqual(self.leaves(Held.reset), "hung-up")

    def test_who_talks_and_leaves_has_talked(self):
        def talk_and_leave(client):
            client.say("EHLO there.example")
            client.socket.close()

        self.assertEqual(self.leaves(talk_and_leave), "talked")

    def test_hanging_up_is_remembered_of_its_network(self):
        self.leaves(lambda client: client.socket.close())
        client = self.client_of()
        client.greeting()
        self.assertIn("HUNG_UP_EARLY", self.send(client)["tests"])

    def test_twenty_at_once_wait_side_by_side(self):
        took = []

        def one():
            held = Held(self.mta.port)
            took.append(held.greeting()[1])
            held.socket.close()

        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLess(max(took), 4 * DELAY_SEC, took)


class Postfix(GreetingCases, PostfixCase):
    pass


class Sendmail(GreetingCases, SendmailCase):
    pass


class Refusing(PostfixCase):
    settings = {**SETTINGS, "greeting.early-talker": "refuse"}

    def test_an_early_talker_is_refused_in_our_words(self):
        client = Held(self.mta.port)
        self.addCleanup(client.socket.close)
        client.say("EHLO there.example")
        client.greeting()
        while client.line()[3:4] == "-":
            pass
        client.ask("MAIL FROM:<a@sender.example>")
        answer = client.ask(f"RCPT TO:<{self.rcpt}>")
        self.assertTrue(answer.startswith("550 5.7.1 "), answer)
        self.assertIn("Refused: you spoke before you were greeted", answer)


class Closing(PostfixCase):
    settings = {**SETTINGS, "greeting.early-talker": "close"}

    def test_an_early_talker_gets_421(self):
        client = Held(self.mta.port)
        self.addCleanup(client.socket.close)
        client.say("EHLO there.example")
        self.assertEqual(client.greeting()[0], "421")


class Tarpit(PostfixCase):
    settings = {**SETTINGS, "greeting.delay": "0s", "greeting.tarpit": "1s", "score.refuse": 1}

    def test_whose_score_refuses_him_waits_for_it(self):
        client = Held(self.mta.port)
        self.addCleanup(client.socket.close)
        self.assertLess(client.greeting()[1], 0.9)
        client.ask("EHLO [192.0.2.1]")
        client.ask("MAIL FROM:<a@sender.example>")
        began = time.monotonic()
        answer = client.ask(f"RCPT TO:<{self.rcpt}>")
        self.assertEqual(answer[:3], "550", answer)
        self.assertGreaterEqual(time.monotonic() - began, 0.95)

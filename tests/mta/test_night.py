"""The night of the stolen password, in front of a real Postfix: one login, forty
networks, two thousand recipients within minutes. How much of it gets out?"""

import threading
import unittest

from case import needs_root
from daemon import eventually
from mta_case import FreshMtaCase
from outbound import KEY, LOGIN, send, settled, submitted
from postfix import Postfix

# It neither slows down who is refused nor hangs up: only our limits shall stop him.
PATIENT = "smtpd_error_sleep_time = 0\nsmtpd_hard_error_limit = 10000\n"
NETWORKS = 40
RECIPIENTS = 2000


class Tally:
    """What became of the recipients of all mails."""

    def __init__(self, sent, out):
        self.tried = sum(len(mail.recipients) for mail in sent)
        self.taken = sum(mail.taken for mail in sent)
        self.out = out

    def __str__(self):
        return f"of {self.tried} recipients {self.out} got the mail before hold, {self.taken} were accepted before lock"


@needs_root
class Night(FreshMtaCase):
    mta_type = Postfix
    timeout_sec = 240

    def begin(self, *limits, **settings):
        settings = dict(submitted(*limits), **settings)
        if not limits:
            del settings["outbound.limits"]  # as shipped
        self.sally = self.daemon(settings)
        self.mta = self.mta_before("unix:" + self.sally.socket_path, sasl=True, settings=PATIENT)

    def attacker(self, number):
        """A session of the thief's, from a network of its own."""
        smtp = self.mta.client(f"10.66.{number}.9", login=LOGIN)
        self.addCleanup(smtp.close)
        return smtp

    def strike(self, size, order, recipients=RECIPIENTS):
        """Mails of so many recipients, each from the network that `order` says;
        what the server said to each."""
        sessions, sent = {}, []
        for number in range(recipients // size):
            network = order(number) % NETWORKS
            if network not in sessions:
                sessions[network] = self.attacker(network)
            victims = [f"victim{number * size + i}@elsewhere.example" for i in range(size)]
            sent.append(send(sessions[network], victims, number))
            self.sally.advance(2)
        return sent

    def tell(self, sent):
        """Prints what came of it, and holds the queue to it."""
        tally = Tally(sent, settled(self.mta))
        print(f"    {self.id().rsplit('.', 1)[1].removeprefix('test_')}: {tally}", flush=True)
        held = self.mta.entries("hold")
        self.assertEqual(sum(len(entry["recipients"]) for entry in held), tally.taken - tally.out)
        self.assertTrue(all(entry["sender"] == LOGIN for entry in held))
        return tally

    def assert_locked_out(self, answer, code=451):
        self.assertEqual(answer[0], code, answer)
        self.assertRegex(answer[1], rf"^{code // 100}\.7\.1 .* \(id 01[0-9A-Z]{{24}}\)$")

    # ------------------------------------------------------ as it is shipped

    def test_with_the_shipped_limits_one_network_after_the_other(self):
        """recipients: 300/1h hold, 1500/1d locked."""
        self.begin()
        sent = self.strike(10, lambda number: number // 5)
        tally = self.tell(sent)
        self.assertEqual((tally.out, tally.taken), (300, 1500))
        self.assert_locked_out(sent[150].recipients[0])
        self.assert_locked_out(sent[155].mail)  # of the first session since
        self.assert_released(sent)

    def test_with_the_shipped_limits_all_networks_in_turn(self):
        """networks: 20/1d hold; the 21st gives the thief away."""
        self.begin()
        tally = self.tell(self.strike(10, lambda number: number))
        self.assertEqual((tally.out, tally.taken), (200, 1500))

    def test_with_the_shipped_limits_a_recipient_a_mail(self):
        """messages: 200/1h hold."""
        self.begin()
        tally = self.tell(self.strike(1, lambda number: number // 50, 250))
        self.assertEqual((tally.out, tally.taken), (200, 250))

    # ---------------------------------------------------------- explicit ones

    def test_a_mail_that_goes_over_a_limit_is_held_or_kept_off_as_a_whole(self):
        self.begin("recipients: 50/1h hold", "recipients: 100/1h locked")
        sent = self.strike(8, lambda number: number // 5)
        tally = self.tell(sent)
        self.assertEqual((tally.out, tally.taken), (48, 96))
        self.assertEqual([code for code, _ in sent[12].recipients], [250] * 4 + [451] * 4)
        self.assert_locked_out(sent[12].end)

    def test_a_lock_can_refuse_for_good(self):
        self.begin("recipients: 100/1h locked", **{"outbound.locked-reply": "refuse"})
        sent = self.strike(10, lambda number: number // 5)
        tally = self.tell(sent)
        self.assertEqual((tally.out, tally.taken), (100, 100))
        self.assert_locked_out(sent[10].recipients[0], 550)
        self.assert_locked_out(sent[15].mail, 550)

    def test_from_forty_networks_at_once(self):
        self.begin("recipients: 200/1h hold", "recipients: 500/1h locked")
        sent = []

        def thief(network):
            smtp = self.attacker(network)
            for number in range(10):
                recipients = [f"victim{network}.{number}.{i}@elsewhere.example" for i in range(5)]
                sent.append(send(smtp, recipients, f"{network}.{number}"))

        threads = [threading.Thread(target=thief, args=(network,)) for network in range(NETWORKS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tally = self.tell(sent)
        self.assertEqual(tally.tried, RECIPIENTS)
        self.assertLessEqual(tally.taken, 500)
        self.assertLessEqual(tally.out, 200)

    # ----------------------------------------------------------------- after it

    def assert_released(self, sent):
        """By hand: the login may send again, a mail that is held goes out."""
        held = self.mta.entries("hold")
        self.sally.operator("user", "release", KEY)
        fresh = send(self.attacker(0), ["friend@elsewhere.example"], "fresh")
        self.assertEqual((fresh.mail[0], fresh.taken), (250, 1), fresh.mail)
        self.mta.wait_delivered("friend@elsewhere.example")
        judged = len(self.sally.events())
        self.mta.release(held[0]["queue_id"])
        for recipient in held[0]["recipients"]:
            self.mta.wait_delivered(recipient["address"])
        self.assertEqual(len(self.sally.events()), judged, "no milter is asked again")
        self.assertEqual(len(self.mta.entries("hold")), len(held) - 1)
        eventually(lambda: not self.mta.entries("active"), "end of the delivery")


if __name__ == "__main__":
    unittest.main()

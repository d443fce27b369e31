"""The way out in front of each MTA: who logs in is counted, held, locked; who does
not is counted to nobody."""

import unittest

import outbound
from case import needs_root
from daemon import eventually
from fields import headers_of
from mta_case import FreshMtaCase
from outbound import KEY, LOGIN, send, submitted
from postfix import Postfix
from redis import Redis
from sendmail import Sendmail

OTHER = "carol@test.example"
REFUSES = "smtpd_recipient_restrictions = check_recipient_access inline:{{gone@elsewhere.example=REJECT}}\n"


class WayOut:
    def begin(self, *limits, **settings):
        self.start_both(dict(submitted(*limits), **settings), sasl=True)
        self.count = 0

    def new_recipients(self, count):
        self.count += count
        return [f"r{number}@elsewhere.example" for number in range(self.count - count + 1, self.count + 1)]

    def submit(self, count=1, login=LOGIN, address="192.0.2.9"):
        """One mail of a session with AUTH."""
        smtp = self.mta.client(address, login=login)
        self.addCleanup(smtp.close)
        recipients = self.new_recipients(count)
        sent = send(smtp, recipients, self.count, login)
        smtp.quit()
        return sent

    def wait_held(self, count):
        return eventually(lambda: len(self.mta.held_ids()) == count and self.mta.held_ids(), f"{count} mails on hold")

    def assert_ours(self, answer, code):
        """Sendmail puts the address before the words."""
        self.assertEqual(answer[0], code, answer)
        self.assertRegex(answer[1], rf"^{code // 100}\.7\.1 (<.*>\.\.\. )?This account .*\(id 01[0-9A-Z]{{24}}\)$")

    # ------------------------------------------------------------------- tests

    def test_a_login_is_held_and_another_is_not(self):
        self.begin("recipients: 3/1h hold")
        self.assertEqual(self.submit(3).taken, 3)
        self.assertEqual(self.submit(2).taken, 2, "accepted")
        self.wait_held(1)
        self.assertEqual(self.submit(1, OTHER).taken, 1)
        for number in (1, 2, 3, 6):
            self.mta.wait_delivered(f"r{number}@elsewhere.example")
        self.assertEqual(len(self.mta.delivered()), 4)
        event = self.sally.wait_event(verdict="hold")
        self.assertEqual((event["submitter"], event["accepted"]), (KEY, "2"))

    def test_what_was_held_goes_out_when_it_is_released(self):
        self.begin("messages: 1/1h hold")
        self.submit()
        self.submit()
        self.submit()
        one, _ = self.wait_held(2)
        self.sally.operator("user", "release", KEY)
        self.mta.release(one)
        eventually(lambda: self.count == 3 and len(self.mta.delivered()) == 2, "the released mail")
        self.wait_held(1)
        self.assertEqual(self.submit().taken, 1)
        self.mta.wait_delivered("r4@elsewhere.example")
        self.wait_held(1)

    def assert_lock_is_told(self, reply, code):
        self.begin("recipients: 2/1h locked", **{"outbound.locked-reply": reply})
        first = self.submit(3)
        self.assertEqual([answer[0] for answer in first.recipients], [250, 250, code])
        self.assert_ours(first.recipients[2], code)
        self.assert_ours(first.end, code)
        self.assertEqual(self.submit(1, OTHER).taken, 1)
        answer = self.submit().mail
        self.assert_ours(answer, code)
        event = self.sally.wait_event(from_=f"<{LOGIN}>", rcpts="0")
        self.assertIn(event["id"], answer[1])
        self.assertEqual(event["submitter_state"], "locked")

    def test_a_lock_is_told_at_rcpt_and_then_at_mail(self):
        self.assert_lock_is_told("defer", 451)

    def test_or_refused_for_good(self):
        self.assert_lock_is_told("refuse", 550)

    def test_mail_that_goes_out_bears_who_sent_it_and_not_by_name(self):
        self.begin("messages: 100/1h hold")
        for login in (LOGIN, LOGIN, OTHER):
            self.submit(login=login)
        fields = []
        for number in (1, 2, 3):
            (_, _, text), = self.mta.wait_delivered(f"r{number}@elsewhere.example")
            fields += headers_of(text, "X-Sallyport-Submitter")
        self.assertEqual(len(fields), 3)
        self.assertEqual(fields[0], fields[1])
        self.assertNotEqual(fields[0], fields[2])
        self.assertNotIn("alice", fields[0])

    def test_who_writes_that_field_himself_loses_it(self):
        self.begin("messages: 100/1h hold")
        with self.mta.client("192.0.2.9", login=LOGIN) as smtp:
            send(smtp, self.new_recipients(1), 1, text="X-Sallyport-Submitter: sasl:forged\r\n" + outbound.message(1))
        (_, _, text), = self.mta.wait_delivered("r1@elsewhere.example")
        field, = headers_of(text, "X-Sallyport-Submitter")
        self.assertNotIn("forged", field)

    def test_a_stranger_is_not_relayed_and_counts_to_nobody(self):
        self.begin("recipients: 1/1h locked", **{"relay.local-domains": ["test.example"]})
        with self.mta.client("192.0.2.9") as smtp:
            smtp.mail()
            for number in range(5):
                self.assertEqual(smtp.rcpt(f"x{number}@elsewhere.example")[0] // 100, 5)
            smtp.rset()
            self.assertEqual(smtp.whole_mail("b@elsewhere.example", ["a@test.example", "b@test.example"])[1][0], 250)
        self.sally.wait_event(accepted="2")
        store = Redis(self.sally.redis_path())
        self.addCleanup(store.close)
        self.assertEqual([key for key in store.keys() if key.startswith(("sp:out:", "sp:sent:"))], [])
        self.assertFalse([event for event in self.sally.events() if event.get("submitter")])


@needs_root
class AtPostfix(WayOut, FreshMtaCase):
    mta_type = Postfix

    def test_recipients_that_postfix_refuses_are_counted(self):
        """A login that tries addresses at random; they are refused by Postfix."""
        self.sally = self.daemon(submitted("refused: 5/1h locked"))
        self.mta = self.mta_before("unix:" + self.sally.socket_path, sasl=True, settings=REFUSES)
        self.count = 0
        with self.mta.client("192.0.2.9", login=LOGIN) as smtp:
            sent = send(smtp, ["gone@elsewhere.example"] * 7 + ["here@elsewhere.example"], 1)
        self.assertEqual([code for code, _ in sent.recipients], [554] * 7 + [250])
        self.assert_ours(sent.end, 451)
        self.assert_ours(self.submit().mail, 451)
        self.assertIn("7 refused recipients", self.sally.events("submitter")[-1]["why"])


@needs_root
class OpenRelay(FreshMtaCase):
    """Below a Postfix that relays for everybody, by mistake."""

    mta_type = Postfix

    def test_relay_guard_says_no_and_nothing_is_counted(self):
        self.sally = self.daemon(dict(submitted("recipients: 1/1h locked"), **{"relay.local-domains": ["test.example"]}))
        self.mta = self.mta_before("unix:" + self.sally.socket_path, settings="mynetworks = 0.0.0.0/0\n")
        with self.mta.client("192.0.2.9") as smtp:
            smtp.mail()
            for number in range(5):
                code, text = smtp.rcpt(f"x{number}@elsewhere.example")
                self.assertEqual(code, 550)
                self.assertIn("Relaying denied", text)
        self.sally.wait_event(refused="5")
        store = Redis(self.sally.redis_path())
        self.addCleanup(store.close)
        self.assertEqual([key for key in store.keys() if key.startswith("sp:out:")], [])


@needs_root
class AtSendmail(WayOut, FreshMtaCase):
    mta_type = Sendmail

    def test_the_reason_stands_in_the_queue(self):
        self.begin("messages: 1/1h hold")
        self.submit()
        self.submit()
        queue_id, = self.wait_held(1)
        listed = " ".join(self.mta.tool("-v", "-bp", "-qQ").split())
        self.assertIn(queue_id, listed)
        self.assertIn(f"QUARANTINE: sallyport: {KEY}: 2 mails in the last hour; the limit is 1 (id ", listed)


if __name__ == "__main__":
    unittest.main()

"""A shared web host in front of a real Postfix: one site, user 71023, was hacked
and sends through 127.0.0.1 and by the `sendmail` command. The others on the host,
and those who log in, send on."""

import unittest

import outbound
import pickup
from case import needs_root
from daemon import eventually
from mta_case import FreshMtaCase
from milter import TEMPFAIL, CONTINUE
from milter_server import MilterServer
from outbound import as_user, settled, submitted
from pickup import UID
from postfix import Postfix

NEIGHBOUR = 71024
SENDER = "www@site.example"


@needs_root
class HackedSite(FreshMtaCase):
    mta_type = Postfix
    timeout_sec = 120

    def begin(self, *limits, behind=None, **settings):
        """`behind`: another milter, asked after ours."""
        self.sally = self.daemon(dict(submitted(*limits), **{"local.pickup-header": True}, **settings))
        milters = " ".join("unix:" + path for path in [self.sally.socket_path] + ([behind.path] if behind else []))
        self.mta = Postfix(milters, sasl=True, settings="mynetworks = 127.0.0.0/8\n")
        self.addCleanup(self.mta.stop)
        pickup.set_up(self.mta)
        self.mta.start()
        self.count = 0

    def new_recipients(self, count=1):
        self.count += count
        return [f"r{number}@elsewhere.example" for number in range(self.count - count + 1, self.count + 1)]

    def site(self, uid=UID, recipients=None, text=None):
        """A mail over 127.0.0.1; the codes for MAIL, the recipients, DATA and the end."""
        recipients = recipients or self.new_recipients()
        text = text or outbound.message(self.count, SENDER)
        answers = as_user(uid, self.mta.port, "EHLO site.example", f"MAIL FROM:<{SENDER}>",
                          *(f"RCPT TO:<{recipient}>" for recipient in recipients), "DATA", text + ".")
        return [code for code, _ in answers[1:]]

    def command(self, uid=UID, recipients=None, text=None):
        """A mail by the sendmail command."""
        recipients = recipients or self.new_recipients()
        text = text or outbound.message(self.count, SENDER)
        pickup.sendmail(self.mta, text.replace("\r\n", "\n"), "-f", SENDER, *recipients, uid=uid)
        return recipients

    def wait_held(self, count):
        return eventually(lambda: len(self.mta.entries("hold")) == count and self.mta.entries("hold"),
                          f"{count} mails on hold")

    def submitters(self):
        return [event.get("submitter") for event in self.sally.events()]

    # ------------------------------------------------------------------- tests

    def test_whichever_way_it_sends_it_is_one_submitter_and_held(self):
        self.begin("recipients: 5/1h hold")
        self.assertEqual(self.site(recipients=self.new_recipients(3)), [250, 250, 250, 250, 354, 250])
        self.command(recipients=self.new_recipients(2))
        self.mta.wait_delivered("r5@elsewhere.example")
        self.assertEqual(self.site(), [250, 250, 354, 250], "taken, and held")
        self.command()
        held = self.wait_held(2)
        self.assertEqual([entry["recipients"][0]["address"] for entry in held],
                         ["r6@elsewhere.example", "r7@elsewhere.example"])
        self.assertEqual(settled(self.mta), 5)
        self.assertEqual(set(self.submitters()), {f"uid:{UID}"})

    def test_the_others_on_the_host_are_unharmed(self):
        self.begin("messages: 1/1h hold", "messages: 2/1h locked")
        self.site()
        self.site()
        self.assertIn(451, self.site())
        self.assertEqual(self.site(NEIGHBOUR, ["neighbour@elsewhere.example"]), [250, 250, 354, 250])
        with self.mta.client("192.0.2.9", login=outbound.LOGIN) as smtp:
            self.assertEqual(outbound.send(smtp, ["customer@elsewhere.example"], 1).taken, 1)
        # Each has a limit of one mail, and this was the neighbour's first.
        self.mta.wait_delivered("neighbour@elsewhere.example")
        self.mta.wait_delivered("customer@elsewhere.example")
        self.command(NEIGHBOUR + 1, ["another@elsewhere.example"])
        self.mta.wait_delivered("another@elsewhere.example")
        self.assertEqual(len(self.wait_held(1)), 1)
        self.assertEqual(set(self.submitters()),
                         {f"uid:{UID}", f"uid:{NEIGHBOUR}", f"uid:{NEIGHBOUR + 1}", outbound.KEY})

    def test_what_is_held_goes_out_when_it_is_released(self):
        self.begin("messages: 1/1h hold")
        self.site()
        recipient, = self.command()
        entry, = self.wait_held(1)
        self.sally.operator("user", "release", f"uid:{UID}")
        self.mta.release(entry["queue_id"])
        (sender, _, text), = self.mta.wait_delivered(recipient)
        self.assertEqual(sender, SENDER)
        self.assertNotIn(pickup.HEADER, text)

    # --------------------------------------------------------- without SMTP

    def assert_never_answered_at_rcpt(self):
        self.assertNotIn("milter configuration error", self.mta.log_text())

    def test_locked_its_command_is_answered_at_the_end_and_tried_again(self):
        self.begin("messages: 2/1h locked")
        self.site()
        self.site()
        self.site()  # one too many
        recipient, = self.command()
        eventually(lambda: self.mta.log_text().count("milter-reject: END-OF-MESSAGE") >= 2, "two tries", 30)
        self.assert_never_answered_at_rcpt()
        self.assertEqual(self.mta.delivered(recipient), [])
        self.sally.operator("user", "release", f"uid:{UID}")
        self.mta.wait_delivered(recipient)
        eventually(lambda: not self.mta.files_below("spool/maildrop"), "empty maildrop")
        self.assertEqual(len(self.mta.delivered(recipient)), 1)
        # None of the tries was counted but the one that went out.
        self.assertEqual(self.site(), [250, 250, 354, 250])
        self.assertIn(451, self.site())

    def test_locked_for_good_it_gets_its_mail_back(self):
        self.begin("messages: 1/1h locked", **{"outbound.locked-reply": "refuse"})
        self.site()
        self.site()
        recipient, = self.command()
        (_, _, text), = self.mta.wait_delivered(SENDER)
        self.assertIn("Undelivered Mail Returned to Sender", text)
        self.assertRegex(text, r"\(id\s+01[0-9A-Z]{24}\)")
        self.assert_never_answered_at_rcpt()
        self.assertEqual(self.mta.delivered(recipient), [])

    def tried_again(self, send, text):
        """Three mails may be sent; the first is put off twice by another milter."""
        behind = MilterServer()
        self.addCleanup(behind.close)
        self.begin("messages: 3/1h locked", behind=behind)
        behind.last = TEMPFAIL
        send(text, behind)
        for _ in range(2):
            self.assertEqual(self.site(), [250, 250, 354, 250])
        self.assertIn(451, self.site())

    def by_command(self, text, behind):
        recipient, = self.command(text=text)
        eventually(lambda: len(behind.mails()) >= 2, "two tries", 30)
        behind.last = CONTINUE
        self.mta.wait_delivered(recipient)
        self.assertEqual(len({macros["i"] for _, macros, _ in behind.mails()}), len(behind.mails()),
                         "a new queue id each time")

    def by_smtp(self, text, behind):
        recipients = self.new_recipients()
        self.assertEqual(self.site(recipients=recipients, text=text)[-1], 451)
        self.assertEqual(self.site(recipients=recipients, text=text)[-1], 451)
        behind.last = CONTINUE
        self.assertEqual(self.site(recipients=recipients, text=text)[-1], 250)

    def test_a_command_s_mail_that_is_tried_again_counts_once(self):
        self.tried_again(self.by_command, outbound.message("again", SENDER))

    def test_so_it_does_without_a_message_id_of_its_own(self):
        self.tried_again(self.by_command, "Subject: no id\r\n\r\nHello\r\n")

    def test_a_deferred_mail_that_is_tried_again_counts_once(self):
        self.tried_again(self.by_smtp, outbound.message("again", SENDER))


if __name__ == "__main__":
    unittest.main()

"""Mail that comes back, as real mail servers write it: our own Postfix about what
the other side refuses, another one that had taken the mail already, Sendmail; and
what a stranger makes of theirs."""

import re
import socket

import dsn
from daemon import free_port
from pickup import set_up
from postfix import Postfix
from postfix_case import FreshPostfixCase
from sendmail_case import FreshSendmailCase

SETTINGS = {"greylist.enabled": False, "local.pickup-header": True}
ALICE = "alice@test.example"

# Where mail to far.example goes; whom that refuses (nobody), and whom it cannot
# deliver to once it has taken the mail (gone).
ROUTES = """\
transport_maps = inline:{{ {{far.example=smtp:[127.0.0.1]:{there}}} }}
internal_mail_filter_classes = {internal}
"""
FAR = """\
myhostname = mx.far.example
myorigin = far.example
relay_domains = far.example
virtual_alias_maps = inline:{{ {{gone@far.example=gone@void.example}} }}
transport_maps = inline:{{ {{void.example=error:5.1.1 no such user}}, {{test.example=smtp:[127.0.0.1]:{home}}} }}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{nobody@far.example=reject}} }}, permit
"""


def route(text, **ports):
    """For the template of main.cf, which is formatted once more."""
    return text.format(**ports).replace("{", "{{").replace("}", "}}")


class TwoServers(FreshPostfixCase):
    """`far` is the mail server of far.example, and knows no sallyport."""

    def start(self, internal="bounce"):
        self.sally = self.daemon(SETTINGS)
        home = free_port()
        with socket.socket() as held:  # two ports, for each names the other's
            held.bind(("127.0.0.1", home))
            self.far = Postfix("", settings=route(FAR, home=home))
        self.addCleanup(self.far.stop)
        self.far.start()
        self.mta = Postfix("unix:" + self.sally.socket_path, port=home, sasl=True,
                           settings=route(ROUTES, there=self.far.port, internal=internal))
        self.addCleanup(self.mta.stop)
        set_up(self.mta)
        self.mta.start()

    def submit(self, *recipients, message_id="<1@test.example>"):
        with self.mta.client("192.0.2.9", login=ALICE) as smtp:
            replies, end = smtp.whole_mail(ALICE, recipients, f"From: {ALICE}\r\nMessage-ID: {message_id}\r\n\r\nHi\r\n")
        self.assertEqual((set(code for code, _ in replies), end[0]), ({250}, 250))

    def wait_dsn(self, kind, count=1, **wanted):
        return self.sally.wait_event(count=count, dsn=kind, **wanted)

    def returned(self, count=1):
        """The notices that have come to her."""
        return [message for _, _, message in self.mta.wait_delivered(ALICE, count)]

    def hand_in(self, message):
        """As a stranger's server does; its line in the log."""
        seen = len(self.sally.events(client="198.51.100.9"))
        with self.mta.client("198.51.100.9") as smtp:
            replies, end = smtp.whole_mail("", [ALICE], message.replace("\n", "\r\n"))
        self.assertEqual((replies[0][0], end[0]), (250, 250))
        return self.sally.wait_event(client="198.51.100.9", count=seen + 1)

    def test_what_the_other_side_refuses_our_own_postfix_sends_back(self):
        self.start()
        self.submit("nobody@far.example", "friend@far.example")
        event = self.wait_dsn("ours")
        self.assertEqual((event["dsn_failed"], event["dsn_counted"], event["dsn_submitter"]), ("1", "1", "sasl:" + ALICE))
        self.assertNotIn("submitter", event)
        self.assertIn("Undelivered Mail Returned to Sender", self.returned()[0])
        self.assertEqual(len(self.far.wait_delivered("friend@far.example")), 1)

    def test_what_the_other_side_has_taken_it_sends_back_itself(self):
        self.start(internal="")
        self.submit("gone@far.example")
        event = self.wait_dsn("ours")
        self.assertEqual((event["dsn_counted"], event["dsn_submitter"]), ("1", "sasl:" + ALICE))
        self.assertIn("Reporting-MTA: dns; mx.far.example", self.returned()[0])

    def test_what_strangers_make_of_a_notice(self):
        self.start(internal="")
        self.submit("nobody@far.example", "friend@far.example")
        notice, = self.returned()
        self.assertEqual(self.sally.events(dsn="ours"), [])  # unseen, as Postfix has it by default
        counted = [self.hand_in(notice)["dsn_counted"] for _ in range(3)]
        self.assertEqual(counted, ["1", "1", "0"])
        other = notice.replace("<1@test.example>", "<2@test.example>")
        event = self.hand_in(other)
        self.assertEqual(event["dsn"], "passed")
        self.assertNotIn("BACKSCATTER", event.get("tests", ""))
        event = self.hand_in(re.sub(r"by mx\.test\.example", "by mx.spammer.example", other))
        self.assertEqual(event["dsn"], "backscatter")
        self.assertIn("BACKSCATTER=1.5", event["tests"])
        self.assertTrue(any("BACKSCATTER=1.5" in message for message in self.returned(6)))

    def test_bounces_lead_to_hold(self):
        self.start()
        self.sally.write_config(outbound__limits=["bounces: 2/1d hold"])
        self.sally.reload()
        self.submit("nobody@far.example", "gone@far.example", message_id="<1@test.example>")
        self.wait_dsn("ours", 2)
        self.assertEqual(self.mta.held(), [])
        self.submit("nobody@far.example", message_id="<2@test.example>")
        self.sally.wait_event("submitter", submitter="sasl:" + ALICE, state="hold")
        self.submit("friend@far.example", message_id="<3@test.example>")
        self.assertEqual(len(self.mta.held()), 1)
        self.assertIn("3 bounces", self.sally.events("submitter")[0]["why"])


class ByHand(FreshPostfixCase):
    """The notices of tests/support/dsn.py pass a real Postfix as they are."""

    def test_one_with_a_failure_and_a_delay(self):
        self.start_both(SETTINGS)
        with self.mta.client("198.51.100.9") as smtp:
            smtp.whole_mail("", [ALICE], dsn.message(dsn.original("<9@test.example>"), ["failed", "delayed"]))
        event = self.sally.wait_event(client="198.51.100.9")
        self.assertEqual((event["dsn"], event["dsn_failed"]), ("backscatter", "1"))


# In place of what delivers mail: nobody is called "gone".
REFUSES_GONE = """\
#!/bin/sh
case "$3" in gone*) exit 67;; esac
"""


class BySendmail(FreshSendmailCase):
    """Sendmail shows its own notices to no milter; they come back as another
    server's would."""

    def start(self):
        self.start_both(SETTINGS, sasl=True)
        sink = self.mta.read("sink")
        self.mta.write("sink", REFUSES_GONE + sink.split("\n", 1)[1], 0o755)

    def notice(self, message_id, parameter=""):
        """What comes back of a mail to two, one of whom there is not."""
        seen = self.mta.delivered(ALICE)
        with self.mta.client("192.0.2.9", login=ALICE) as smtp:
            smtp.command(f"MAIL FROM:<{ALICE}>{parameter}")
            for name in ("gone", "friend"):
                smtp.rcpt(f"{name}@far.example")
            self.assertEqual(smtp.data(f"From: {ALICE}\r\nMessage-ID: {message_id}\r\n\r\nHi\r\n")[0], 250)
        (_, _, message), = [one for one in self.mta.wait_delivered(ALICE, len(seen) + 1) if one not in seen]
        return message

    def hand_in(self, message, number):
        """To somebody else: what she gets are notices."""
        with self.mta.client("198.51.100.9") as smtp:
            smtp.whole_mail("", ["carol@test.example"], message.replace("\n", "\r\n"))
        return self.sally.wait_event(client="198.51.100.9", count=number)

    def test_its_notices_are_read_whole_or_with_the_header_only(self):
        self.start()
        for number, parameter in enumerate(("", " RET=HDRS"), 1):
            notice = self.notice(f"<{number}@test.example>", parameter)
            self.assertEqual("text/rfc822-headers" in notice, parameter != "", notice)
            self.assertEqual(len(self.sally.events(dsn="ours")), number - 1)  # it showed us nothing
            event = self.hand_in(notice, 2 * number - 1)
            self.assertEqual((event["dsn"], event["dsn_failed"], event["dsn_counted"]), ("ours", "1", "1"))
            event = self.hand_in(notice.replace(f"<{number}@", "<other@"), 2 * number)
            self.assertEqual((event["dsn"], event["dsn_failed"]), ("passed", "1"))

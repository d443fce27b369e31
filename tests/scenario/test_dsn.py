"""Mail that says that another one has come back: whose that was, and whether it
ever went out from here; by the milter protocol, with Redis."""

import dsn
from case import Case, SharedDaemon
from daemon import is_sanitized
from milter import ACCEPT, CONTINUE, Milter, added_headers

OWN = {"j": "mx.here.example"}
NOBODY = "unix:/nonexistent/redis.sock"


class Bounces(SharedDaemon):
    settings = {"greylist.enabled": False, "access.trusted-networks": ["203.0.113.0/24"],
                "helo.own-names": ["old.example"], "local.pickup-header": True,
                "outbound.limits": ["bounces: 3/1d hold"]}
    number = 0

    def setUp(self):
        super().setUp()
        Bounces.number += 1
        self.login = f"u{Bounces.number}@here.example"
        self.message_id = f"<{Bounces.number}@here.example>"

    def open(self, address=None, port=4321):
        link = session_from(self.sally.socket_path, address or self.new_network(), port)
        self.addCleanup(link.close)
        return link

    def submit(self, recipients=1, message_id=None):
        """The user's mail; the changes that were made to it."""
        link = self.open()
        link.mail("<a@here.example>", {"i": "4bX", "{auth_authen}": self.login})
        for number in range(recipients):
            self.assertEqual(link.rcpt(f"<r{number}@far.example>")[0], CONTINUE)
        link.header("Message-ID", f" {message_id or self.message_id}")
        link.end_of_headers()
        link.body()
        self.assertIn(link.end()[0], (CONTINUE, ACCEPT))
        link.quit()
        return link.changes

    def bounce(self, text, sender="<>", head=None, **options):
        """A whole mail with that body; its line in the log."""
        link = self.open(**options)
        queue_id = f"Q{Bounces.number}.{len(self.sally.events())}"
        link.mail(sender, {"i": queue_id})
        kind, _ = link.rcpt(f"<{self.login}>")
        if kind == CONTINUE:
            for name, value in dsn.headers() if head is None else head:
                link.header(name, value)
            link.end_of_headers()
            for at in range(0, len(text), 1000):
                link.body(text[at:at + 1000])
            self.end = link.end()
            self.headers = dict(added_headers(link.changes))
        link.quit()
        return self.sally.wait_event(queue=queue_id)

    def come_back(self, actions=("failed",), **options):
        return self.bounce(dsn.body(dsn.original(self.message_id), actions), **options)

    def assert_counted(self, event, failed, counted):
        self.assertEqual((event.get("dsn"), event["dsn_failed"], event["dsn_counted"], event["dsn_submitter"]),
                         ("ours", str(failed), str(counted), "sasl:" + self.login), event)
        self.assertNotIn("BACKSCATTER", event.get("tests", ""))

    def assert_no_dsn(self, event):
        self.assertNotIn("dsn", event)
        self.assertNotIn("BACKSCATTER", event.get("tests", ""))

    def questions(self):
        return self.sally.ask("status")["store"]["questions"]

    # ---------------------------------------------------------------- ours

    def test_what_went_out_from_here_counts_against_who_sent_it(self):
        self.submit()
        self.assert_counted(self.come_back(), 1, 1)

    def test_no_more_come_back_than_it_went_to(self):
        self.submit(recipients=3)
        self.assert_counted(self.come_back(["failed"] * 2), 2, 2)
        self.assert_counted(self.come_back(["failed"] * 500), 500, 1)
        self.assert_counted(self.come_back(), 1, 0)

    def test_the_delayed_and_delivered_have_not_come_back(self):
        self.submit(recipients=5)
        self.assert_counted(self.come_back(["delayed", "delivered", "relayed", "expanded"]), 0, 0)
        self.assert_counted(self.come_back(["delayed", "failed"]), 1, 1)

    def test_too_many_lead_to_the_state_that_the_limit_says(self):
        self.submit(recipients=4)
        self.assertFalse(self.sally.events("submitter", submitter="sasl:" + self.login))
        self.come_back(["failed"] * 4)
        self.sally.wait_event("submitter", submitter="sasl:" + self.login, state="hold")
        held = self.submit(message_id="<next@here.example>")
        self.assertIn("q", [kind for kind, _ in held])

    def test_one_that_a_trusted_relay_hands_on_counts(self):
        self.submit()
        self.assert_counted(self.come_back(address="203.0.113.7"), 1, 1)

    def test_one_that_the_mail_server_itself_writes_counts_and_is_nobodys(self):
        self.submit()
        event = self.come_back(address="127.0.0.1", port=0)
        self.assert_counted(event, 1, 1)
        self.assertNotIn("submitter", event)

    def test_what_a_user_hands_in_as_one_is_his(self):
        link = self.open("127.0.0.1", port=0)
        link.mail("<>", {"i": "4bPICK"})
        link.rcpt()
        link.header("X-Sallyport-Local", " uid=71023 id=4bPICK")
        link.end_of_headers()
        link.end()
        self.assertEqual(self.sally.wait_event(queue="4bPICK")["submitter"], "uid:71023")

    def test_it_is_the_same_mail_however_its_id_is_folded(self):
        self.submit()
        self.message_id = f"\n\t(old) {self.message_id} (new)"
        self.assert_counted(self.come_back(), 1, 1)

    # --------------------------------------------------------- backscatter

    def test_what_never_went_out_from_here_is_backscatter(self):
        event = self.come_back()
        self.assertEqual(event["dsn"], "backscatter")
        self.assertIn("BACKSCATTER=1.5", event["tests"])
        self.assertIn("BACKSCATTER=1.5", self.headers["X-Sallyport-Tests"])
        self.assertEqual(self.end[0], CONTINUE)
        self.assertNotIn("dsn_submitter", event)

    def test_so_is_one_that_only_says_of_a_delay(self):
        self.assertIn("BACKSCATTER=1.5", self.come_back(["delayed"])["tests"])

    def test_what_has_passed_one_of_our_servers_is_not(self):
        for host in ("mx.here.example", "gate.old.example"):
            mail = dsn.original(self.message_id, f"from x.example\n\tby {host} (Postfix) with ESMTP id 4b; now")
            event = self.bounce(dsn.body(mail))
            self.assertEqual(event["dsn"], "passed")
            self.assertNotIn("BACKSCATTER", event.get("tests", ""))

    def test_one_that_does_not_say_which_mail_is_not(self):
        for mail in (None, "", dsn.original(None), dsn.original("<>"), dsn.original("<" + "a" * 2000 + "@x>")):
            event = self.bounce(dsn.body(mail))
            self.assertEqual(event["dsn"], "unreadable")
            self.assertNotIn("BACKSCATTER", event.get("tests", ""))

    def test_trusted_clients_are_not_judged(self):
        event = self.come_back(address="203.0.113.7")
        self.assertEqual((event["dsn"], event["tests"]), ("backscatter", "TRUSTED=0"))

    # ------------------------------------------------------------ no bounce

    def test_automatic_replies_and_receipts_are_no_bounces(self):
        text = dsn.body(dsn.original(self.message_id))
        before = self.questions()
        for head in ([("Auto-Submitted", " auto-replied"), ("Subject", " Out of office")],
                     [("Content-Type", " text/calendar; method=REPLY")], [],
                     dsn.headers("disposition-notification"), dsn.headers("feedback-report")):
            self.assert_no_dsn(self.bounce(text, head=head))
        self.assertEqual(self.questions(), before + 5)  # what its network tried

    def test_a_mail_that_has_a_sender_is_no_bounce(self):
        self.submit()
        before = self.questions()
        self.assert_no_dsn(self.come_back(sender="<mailer-daemon@far.example>"))
        self.assertEqual(self.questions(), before + 1)

    def test_qmails_are_not_read(self):
        text = ("Hi. This is the qmail-send program at far.example.\r\n\r\n<r0@far.example>:\r\nNo mailbox.\r\n\r\n"
                f"--- Below this line is a copy of the message.\r\n\r\nMessage-ID: {self.message_id}\r\n")
        self.assert_no_dsn(self.bounce(text, head=[("Subject", " failure notice")]))

    def test_what_a_login_sends_is_his_own_mail(self):
        link = self.open()
        link.mail("<>", {"i": "4bOWN" + self.login, "{auth_authen}": self.login})
        link.rcpt()
        for name, value in dsn.headers():
            link.header(name, value)
        link.end_of_headers()
        link.body(dsn.body(dsn.original(self.message_id)))
        link.end()
        self.assert_no_dsn(self.sally.wait_event(queue="4bOWN" + self.login))

    # --------------------------------------------------------------- bounds

    def test_a_large_one_is_read_to_its_end_and_takes_no_memory(self):
        self.submit()
        self.come_back()
        before = self.sally.memory_kb()
        line = "Received: by x.example; now\n"
        for mail in (dsn.original(self.message_id, body="x" * 3000000),
                     line * 40000 + dsn.original(self.message_id), "\n" * 500000 + dsn.original(self.message_id)):
            event = self.bounce(dsn.body(mail, ["failed"] * 2000))
            self.assert_counted(event, 2000, 0)
        if not is_sanitized():  # ASan keeps what was freed
            self.assertLess(self.sally.memory_kb() - before, 8000)

    def test_try_tells_of_it(self):
        words = ["try", "--client", self.new_network(), "--helo", "mx.far.example", "--from", "", "--rcpt", "b@x.example"]
        told = self.sally.operator_json(*words, "-", stdin=dsn.message(dsn.original(self.message_id)).encode())
        self.assertEqual([finding["reason"] for finding in told["verdict"]["findings"]
                          if finding["name"] == "BACKSCATTER"],
                         ["the mail that it says has come back never went out from here"])
        self.submit()
        told = self.sally.operator(*words, "-", stdin=dsn.message(dsn.original(self.message_id)).encode())
        self.assertIn(f"dsn          ours       sasl:{self.login}: 1 failed, 1 counted; of a mail that went out", told)


class Elsewhere(Case):
    """Daemons of their own."""

    def bounce(self, sally, queue_id="Q1", address="192.0.2.7", port=4321):
        link = session_from(sally.socket_path, address, port)
        self.addCleanup(link.close)
        link.mail("<>", {"i": queue_id})
        self.assertEqual(link.rcpt("<b@here.example>")[0], CONTINUE)
        for name, value in dsn.headers():
            link.header(name, value)
        link.end_of_headers()
        link.body(dsn.body(dsn.original("<1@here.example>"), ["failed"] * 2))
        kind, _ = link.end()
        link.quit()
        return kind, sally.wait_event(queue=queue_id)

    def submit(self, sally):
        link = session_from(sally.socket_path, "192.0.2.8")
        link.mail("<a@here.example>", {"i": "4bX", "{auth_authen}": "alice"})
        for number in range(9):
            link.rcpt(f"<r{number}@far.example>")
        link.header("Message-ID", " <1@here.example>")
        link.end_of_headers()
        link.end()
        link.quit()

    def test_without_redis_it_is_neither_ours_nor_backscatter(self):
        sally = self.daemon({"greylist.enabled": False, "store": NOBODY})
        kind, event = self.bounce(sally)
        self.assertEqual((kind, event["dsn"], event["degraded"]), (CONTINUE, "temperror", "store"))
        self.assertNotIn("BACKSCATTER", event.get("tests", ""))

    def test_nothing_is_asked_while_nobody_counts(self):
        sally = self.daemon({"greylist.enabled": False, "outbound.enabled": False})
        self.assertNotIn("dsn", self.bounce(sally)[1])

    def test_without_the_field_for_it_what_postfix_writes_may_be_anybodys(self):
        sally = self.daemon({"greylist.enabled": False})
        self.assertEqual(self.bounce(sally, address="127.0.0.1", port=0)[1]["submitter"], "uid:unknown")

    def test_it_may_be_worth_nothing(self):
        sally = self.daemon({"greylist.enabled": False, "weights.BACKSCATTER": 0})
        self.assertEqual(self.bounce(sally)[1]["tests"], "BACKSCATTER=0")

    def test_one_that_has_to_wait_counts_once_when_it_has_come_back(self):
        sally = self.daemon()
        self.submit(sally)
        kind, event = self.bounce(sally)
        self.assertNotEqual(kind, CONTINUE)
        self.assertEqual((event["dsn"], event["dsn_counted"]), ("ours", "0"))
        sally.advance(91)
        kind, event = self.bounce(sally, queue_id="Q2")
        self.assertEqual((kind, event["dsn_counted"]), (CONTINUE, "2"))


def session_from(where, address, port=4321):
    """A session behind an MTA that calls itself mx.here.example."""
    link = Milter(where)
    link.negotiate()
    link.connect_client(address, port=port, macros=OWN)
    link.helo()
    return link

"""The way out, as the milter protocol shows it: who sends, and how much he may."""

from case import SharedDaemon
from milter import ACCEPT, CONTINUE, REPLYCODE, added_headers, session
from redis import Redis

QUARANTINE = "q"
NO_REPLY_TO_MAIL = 0x4000
UNKNOWN = {"{rcpt_mailer}": "error", "{rcpt_host}": "5.1.1",
           "{rcpt_addr}": "Recipient address rejected: User unknown in relay recipient table"}
LOGINS = iter(range(10**6))


class SubmitterCase(SharedDaemon):
    settings = {"outbound.limits": ["messages: 3/1h hold", "recipients: 20/1h locked", "refused: 4/1h watch"],
                "outbound.login-domain": "here.example"}

    def setUp(self):
        super().setUp()
        self.login = f"user{next(LOGINS)}"
        self.key = f"sasl:{self.login}@here.example"

    def open(self, address="198.51.100.7"):
        link = session(self.sally.socket_path, address)
        self.addCleanup(link.close)
        return link

    def begin(self, link, login=None, sender=None, queue_id=None):
        macros = {"{auth_authen}": login or self.login}
        if queue_id:
            macros["i"] = queue_id
        return link.mail(sender or f"<{self.login}@here.example>", macros)

    def recipients(self, link, count, first=0):
        """How many of them were let in."""
        answers = [link.rcpt(f"<r{first + i}@far.example>") for i in range(count)]
        return sum(kind == CONTINUE for kind, _ in answers)

    def finish(self, link, headers=(), body=b"Hello\r\n", macros=None):
        for name, value in headers:
            link.header(name, value)
        link.body(body)
        return link.end(macros)

    def send(self, count=1, login=None, headers=(), **how):
        """One mail to so many, on a connection of its own: the answer at its end,
        and the link."""
        link = self.open()
        self.begin(link, login, queue_id=how.get("queue_id"))
        self.recipients(link, count, how.get("first", 0))
        answer = self.finish(link, headers, how.get("body", b"Hello\r\n"))
        return answer, link

    def message_id(self, host="laptop.example", name=None):
        return "Message-ID", f" <{name or next(LOGINS)}@{host}>"

    def field(self, name):
        return Redis(self.sally.redis_path()).command("HGET", "sp:out:{%s}" % self.key, name)

    def counted(self, what):
        """What is in its window of an hour."""
        return int((self.field(what + "/3600000") or "0 0").split()[1])


class Counted(SubmitterCase):
    def test_a_login_and_its_recipients_are_counted(self):
        self.send(2)
        self.assertEqual((self.counted("messages"), self.counted("recipients")), (1, 2))

    def test_the_login_gets_its_domain_and_lower_case(self):
        self.send(1, login=self.login.upper())
        self.send(1, login=self.login + "@HERE.example")
        self.assertEqual(self.counted("messages"), 2)

    def test_a_stranger_is_nobodys(self):
        client = self.new_network()
        link = self.open(client)
        link.mail("<a@example.org>")
        link.rcpt("<b@here.example>")
        link.quit()
        event = self.sally.wait_event(client=client)
        self.assertNotIn("submitter", event)

    def test_mail_that_is_given_up_counts_for_nothing(self):
        link = self.open()
        self.begin(link)
        self.recipients(link, 5)
        link.abort()
        self.sally.wait_event(submitter=self.key)
        self.assertEqual((self.counted("messages"), self.counted("recipients")), (0, 0))

    def test_the_same_mail_again_counts_once(self):
        for queue_id in "4abc1", "4abc2":
            self.send(2, headers=[self.message_id("laptop.example", self.login)], queue_id=queue_id)
        self.assertEqual((self.counted("messages"), self.counted("recipients")), (1, 2))

    def test_another_mail_to_the_same_counts(self):
        for number in "12":
            self.send(1, headers=[self.message_id("laptop.example", number + self.login)])
        self.assertEqual(self.counted("messages"), 2)

    def test_a_retry_whose_message_id_the_mta_makes_up_counts_once(self):
        self.retry("4abc1", "4abc2")

    def test_one_that_has_the_queue_id_of_before_counts_once_too(self):
        self.retry("4abc3", "4abc3")

    def retry(self, *queue_ids):
        for queue_id in queue_ids:
            link = session(self.sally.socket_path, "198.51.100.7", own_name="mx.here.example")
            self.addCleanup(link.close)
            self.begin(link, queue_id=queue_id)
            self.recipients(link, 1)
            self.finish(link, [self.message_id("mx.here.example", "20261122." + queue_id), ("Subject", " hello")],
                        b"the same body\r\n")
        self.assertEqual(self.counted("messages"), 1)

    def test_a_retry_is_free_so_often_only(self):
        headers = [self.message_id()]
        for _ in range(23):
            self.send(1, headers=headers)
        self.assertEqual(self.counted("messages"), 3)

    def test_another_body_without_a_message_id_counts(self):
        for body in b"one\r\n", b"two\r\n":
            self.send(1, body=body)
        self.assertEqual(self.counted("messages"), 2)

    def test_recipients_that_the_mta_refuses_are_counted_when_no_mail_comes_of_it(self):
        link = self.open()
        self.begin(link)
        for _ in range(4):
            link.rcpt("<nobody@here.example>", UNKNOWN)
        link.abort()
        self.sally.wait_event(submitter=self.key)
        self.assertEqual((self.counted("refused"), self.counted("recipients")), (4, 0))

    def test_too_many_of_them_are_told(self):
        link = self.open()
        self.begin(link)
        for _ in range(5):
            link.rcpt("<nobody@here.example>", UNKNOWN)
        link.abort()
        told = self.sally.wait_event("submitter", submitter=self.key)
        self.assertEqual((told["state"], told["why"]),
                         ("watch", "5 refused recipients in the last hour; the limit is 4"))


class Held(SubmitterCase):
    def hold(self):
        for _ in range(3):
            answer, link = self.send(1, headers=[self.message_id()])
        answer, link = self.send(1, headers=[self.message_id()])
        return answer, link

    def quarantine_of(self, link):
        return [data.rstrip(b"\0").decode() for kind, data in link.changes if kind == QUARANTINE]

    def test_the_first_three_go_out_and_the_fourth_is_held(self):
        for _ in range(3):
            answer, link = self.send(1, headers=[self.message_id()])
            self.assertEqual(self.quarantine_of(link), [])
        answer, link = self.send(1, headers=[self.message_id()])
        self.assertIn(answer[0], (CONTINUE, ACCEPT))
        reason, = self.quarantine_of(link)
        self.assertIn(f"{self.key}: 4 mails in the last hour; the limit is 3", reason)

    def test_the_log_says_so(self):
        self.hold()
        event = self.sally.wait_event(submitter=self.key, verdict="hold")
        self.assertEqual(event["submitter_state"], "hold")
        self.assertIn("SUBMITTER_HOLD=0", event["tests"])

    def test_it_is_told_once(self):
        self.hold()
        self.hold()
        self.sally.wait_event(count=8, submitter=self.key)
        self.assertEqual(len(self.sally.events("submitter", submitter=self.key, state="hold")), 1)

    def test_the_header_shows_it_and_not_the_login(self):
        answer, link = self.hold()
        fields = dict(added_headers(link.changes))
        self.assertTrue(fields["X-Sallyport-Verdict"].startswith("hold; "))
        self.assertRegex(fields["X-Sallyport-Submitter"], r"^sasl:[0-9a-f]{16}$")

    def test_an_mta_that_cannot_hold_is_told_to_come_back(self):
        self.hold()
        link = type(self.open())(self.sally.socket_path)
        self.addCleanup(link.close)
        link.negotiate(actions=0x1FF & ~0x20)
        link.connect_client("198.51.100.7")
        link.helo()
        self.begin(link)
        self.recipients(link, 1)
        self.assertEqual(self.finish(link)[0], b"t")


class Locked(SubmitterCase):
    def lock(self):
        link = self.open()
        self.begin(link)
        taken = self.recipients(link, 25)
        link.abort()
        return taken

    def test_exactly_so_many_recipients_pass_as_the_limit_says(self):
        self.assertEqual(self.lock(), 20)

    def test_the_reply_says_who_to_ask_and_the_id(self):
        self.lock()
        link = self.open()
        kind, text = self.begin(link)
        self.assertEqual(kind, REPLYCODE)
        self.assertRegex(text, r"^451 4\.7\.1 This account may not send mail for now; please ask your "
                               r"postmaster \(id [0-9A-Z]{26}\)")

    def test_the_log_of_a_refused_mail_has_its_verdict(self):
        self.lock()
        self.begin(self.open())
        event = self.sally.wait_event(submitter=self.key, rcpts="0")
        self.assertEqual((event["verdict"], event["submitter_state"]), ("defer", "locked"))

    def test_others_are_not_harmed(self):
        self.lock()
        answer, _ = self.send(1, login="someone" + self.login)
        self.assertIn(answer[0], (CONTINUE, ACCEPT))

    def test_while_nobody_is_locked_mail_is_not_answered(self):
        link = session(self.daemon(self.settings).socket_path, "198.51.100.7")
        self.assertTrue(link.steps & NO_REPLY_TO_MAIL)
        link.close()

    def test_the_same_connection_goes_on_with_another_mail(self):
        self.lock()
        link = self.open()
        self.assertEqual(self.begin(link)[0], REPLYCODE)
        self.assertEqual(self.begin(link, login="other" + self.login)[0], CONTINUE)
        self.assertEqual(self.recipients(link, 1), 1)


class Observed(SubmitterCase):
    settings = dict(SubmitterCase.settings, **{"outbound.mode": "observe"})

    def test_nothing_is_held_or_refused_and_all_is_said(self):
        link = self.open()
        self.begin(link)
        self.assertEqual(self.recipients(link, 25), 25)
        self.finish(link)
        self.assertEqual([kind for kind, _ in link.changes if kind == QUARANTINE], [])
        event = self.sally.wait_event(submitter=self.key)
        self.assertEqual((event["verdict"], event["would"]), ("accept", "defer"))
        told = self.sally.wait_event("submitter", submitter=self.key)
        self.assertEqual((told["state"], told["mode"]), ("locked", "observe"))

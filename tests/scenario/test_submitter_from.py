"""In whose name a submitter writes: a From: that is not its own is counted, said
in the log and by `sallyport try`, and too many of them are told."""

import os

from case import Case
from milter import Milter
from redis import Redis
from test_submitter import SubmitterCase


class FromCase(SubmitterCase):
    def write_as(self, author, login=None, sender=None):
        """One mail; its line in the log."""
        self.send(1, login=login, headers=[("From", " " + author), self.message_id()])
        key = f"sasl:{login}" if login else self.key
        self.written = getattr(self, "written", 0) + 1
        return self.sally.wait_event(submitter=key, count=self.written)

    def is_foreign(self, author):
        return "FROM_FOREIGN=0" in self.write_as(author)["tests"]


class Foreign(FromCase):
    settings = {"outbound.limits": ["foreign-from: 3/1h watch", "messages: 1000/1h hold"],
                "outbound.login-domain": "here.example", "outbound.unusual": "off",
                "outbound.senders": ["info@far.example carol, dave", "@brand.example carol"]}

    def test_another_name_is_counted_and_its_own_is_not(self):
        self.assertTrue(self.is_foreign("Support <support@bank.example>"))
        self.assertFalse(self.is_foreign(f"<{self.login}@here.example>"))
        self.assertFalse(self.is_foreign("A colleague <info@here.example>"))
        self.assertTrue(self.is_foreign("other@bank.example"))
        self.assertEqual((self.counted("foreign-from"), self.counted("messages")), (2, 4))

    def test_too_many_are_told(self):
        for number in range(4):
            self.write_as(f"n{number}@bank.example")
        told = self.sally.wait_event("submitter", submitter=self.key)
        self.assertEqual((told["state"], told["why"]),
                         ("watch", "4 mails in others' names in the last hour; the limit is 3"))

    def test_who_says_whose_it_is(self):
        said = self.sally.operator("try", "--client", "198.51.100.7", "--helo", "laptop.example", "--login", "Bob",
                                   "--from", "bob@here.example", "--rcpt", "x@far.example", "-",
                                   stdin=b"From: \"B\x1b[31m\" <boss@bank.example>\nSubject: x\n\nHello\n")
        self.assertRegex(said, r"FROM_FOREIGN +0\.0  From: ")
        said = self.sally.operator("try", "--client", "198.51.100.7", "--helo", "laptop.example", "--login", "Bob",
                                   "--from", "bob@here.example", "--rcpt", "x@far.example", "-",
                                   stdin=b"From: B <boss@bank.example>\nSubject: x\n\nHello\n")
        self.assertIn("From: boss@bank.example is not bob@here.example's", said)

    def test_the_map_gives_addresses(self):
        for login, author, is_foreign in (("carol", "info@far.example", False), ("dave", "Info@Far.example", False),
                                          ("dave", "x@brand.example", True), ("carol", "x@brand.example", False),
                                          ("erin", "info@far.example", True)):
            with self.subTest(login=login, author=author):
                told = self.sally.operator_json(
                    "try", "--client", "198.51.100.7", "--helo", "laptop.example", "--login", login, "--from",
                    f"{login}@here.example", "--rcpt", "x@far.example", "-",
                    stdin=f"From: {author}\nSubject: x\n\nHello\n".encode())
                names = [finding["name"] for finding in told["verdict"]["findings"]]
                self.assertEqual("FROM_FOREIGN" in names, is_foreign, names)

    def test_mail_that_is_given_up_counts_for_nothing(self):
        link = self.open()
        self.begin(link)
        self.recipients(link, 1)
        link.header("From", " x@bank.example")
        link.abort()
        self.sally.wait_event(submitter=self.key)
        self.assertEqual(self.counted("foreign-from"), 0)

    def test_without_a_from_nothing_is_said(self):
        self.send(1, headers=[self.message_id()])
        self.assertNotIn("FROM_FOREIGN", self.sally.wait_event(submitter=self.key)["tests"])


class Users(Case):
    """Of a user of this machine only the map says what is its own."""

    settings = {"local.pickup-header": True, "outbound.limits": ["foreign-from: 1000/1h watch"],
                "outbound.senders": ["@site.example uid:71023"]}

    def hand_in(self, sally, uid, author):
        """By Postfix's sendmail command: a session from port 0."""
        link = Milter(sally.socket_path)
        self.addCleanup(link.close)
        link.negotiate()
        link.connect_client("127.0.0.1", port=0)
        link.helo()
        queue_id = f"4b{uid}{len(author)}"
        link.mail(f"<u{uid}@here.example>", {"i": queue_id})
        link.rcpt("<x@far.example>", {"i": queue_id})
        link.header("X-Sallyport-Local", f" uid={uid} id={queue_id}")
        link.header("From", " " + author)
        link.body(b"Hello\r\n")
        link.end({"i": queue_id})
        return sally.wait_event(queue=queue_id)

    def test_a_site_writes_in_its_own_name_or_in_anothers(self):
        sally = self.daemon(self.settings)
        for uid, author, is_foreign in ((71023, "shop@site.example", False), (71023, "boss@bank.example", True),
                                        (71023, "root", False), (71024, "anybody@bank.example.", False)):
            with self.subTest(uid=uid, author=author):
                event = self.hand_in(sally, uid, author)
                self.assertEqual(event["submitter"], f"uid:{uid}")
                self.assertEqual("FROM_FOREIGN" in event["tests"], is_foreign, event)
        field, = Redis(sally.redis_path()).command("HMGET", "sp:out:{uid:71023}", "foreign-from/3600000")
        self.assertEqual(field.split()[1], "1")


class Reloads(Case):
    def test_the_map_is_read_anew(self):
        sally = self.daemon({"outbound.login-domain": "here.example"})
        path = os.path.join(sally.folder, "owners")
        sally.write_file("owners", "# nobody yet\n")
        sally.write_config(outbound__senders=["file:" + path])
        self.assertEqual(sally.reload()["reload_error"], "")

        def findings():
            told = sally.operator_json("try", "--client", "198.51.100.7", "--helo", "laptop.example", "--login",
                                       "alice", "--from", "alice@here.example", "--rcpt", "x@far.example", "-",
                                       stdin=b"From: info@brand.example\nSubject: x\n\nHello\n")
            return [finding["name"] for finding in told["verdict"]["findings"]]

        self.assertIn("FROM_FOREIGN", findings())
        sally.write_file("owners", "info@brand.example\talice@here.example,\n\tbob@here.example\n")
        sally.reload()
        self.assertNotIn("FROM_FOREIGN", findings())
        sally.write_file("owners", "a@brand.example alice\n@brand.example\n")
        self.assertIn("owners:2:1: outbound.senders: expected an address or @DOMAIN, and the logins that own it",
                      sally.reload()["reload_error"])
        sally.write_config(outbound__senders=[], outbound__own_from="off")
        sally.reload()
        self.assertNotIn("FROM_FOREIGN", findings())

"""Notices by Postfix's own sendmail command, run by the daemon as the account that
it has become; they come back to it as mail on its way out."""

import email
import email.policy

from case import DaemonCase, needs_root
from daemon import Daemon
from pickup import sendmail, set_up
from postfix import Postfix
from redis import Redis

# That command believes /etc/postfix only, so the daemon gets one of its own.
OWN_ETC = ["unshare", "--mount", "bash", "-c", 'mount --bind "$1" /etc/postfix && shift && exec "$@"', "bash"]
ADMIN = "postmaster@test.example"


@needs_root
class Mail(DaemonCase):
    def start(self, settings, has_pickup_header):
        self.sally = Daemon({"notify.mail": ADMIN, "hostname": "mx.test.example", **settings}, command=OWN_ETC)
        self.addCleanup(self.sally.stop)
        self.postfix = Postfix("unix:" + self.sally.socket_path)
        self.addCleanup(self.postfix.stop)
        self.sally.options["command"] = OWN_ETC + [self.postfix.etc]
        if has_pickup_header:
            set_up(self.postfix)
            self.sally.write_config(local__pickup_header=True)
        self.sally.start()
        self.postfix.start()

    def submitters(self):
        return [key for key in Redis(self.sally.redis_path()).keys() if key.startswith("sp:out:{")]

    def test_it_arrives_from_nobody(self):
        self.start({}, True)
        answer = self.sally.operator_json("notify", "test")
        self.assertEqual(answer["mail"]["stage"], "good", answer)
        (sender, _, message), = self.postfix.wait_delivered(ADMIN)
        self.assertEqual(sender, "MAILER-DAEMON")  # as pipe(8) writes <>
        mail = email.message_from_string(message, policy=email.policy.default)
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "sallyport@mx.test.example")
        self.assertEqual(len(mail.get_all("Message-ID")), 1)
        self.assertIn("This is a test", mail.get_content())
        self.assertEqual(mail.defects, [])

    def assert_never_counted(self, has_pickup_header):
        """However many there are."""
        self.start({"outbound.limits": ["messages: 1/1d hold"]}, has_pickup_header)
        for _ in range(4):
            self.sally.operator_json("notify", "test")
        self.postfix.wait_delivered(ADMIN, 4)
        self.assertEqual((self.submitters(), self.postfix.held()), ([], []))

    def test_it_is_not_counted_as_the_account_is_known(self):
        self.assert_never_counted(True)

    def test_it_is_not_counted_though_nobody_knows_whose_it_is(self):
        self.assert_never_counted(False)

    def test_it_tells_of_a_hold_that_would_hold_itself(self):
        """Without the table all users of the command are one, and that is held."""
        self.start({"outbound.limits": ["messages: 1/1d hold"]}, False)
        for number in "12":
            sendmail(self.postfix, f"Message-ID: <{number}@test.example>\nSubject: test\n\nHello\n",
                     "-f", "a@test.example", "b@test.example")
        (_, _, message), = self.postfix.wait_delivered(ADMIN)
        self.assertIn("Subject: [sallyport] uid:unknown is held\n", message)
        self.assertEqual(len(self.postfix.held()), 1)

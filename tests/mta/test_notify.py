"""A notice by Postfix's own sendmail command, run by the daemon as the account
that it has become."""

import email
import email.policy

from case import DaemonCase, needs_root
from daemon import Daemon
from pickup import set_up
from postfix import Postfix

# That command believes /etc/postfix only, so the daemon gets one of its own.
OWN_ETC = ["unshare", "--mount", "bash", "-c", 'mount --bind "$1" /etc/postfix && shift && exec "$@"', "bash"]
ADMIN = "postmaster@test.example"


@needs_root
class Mail(DaemonCase):
    def test_it_arrives_from_nobody_and_is_let_through(self):
        sally = Daemon({"notify.mail": ADMIN, "local.pickup-header": True, "hostname": "mx.test.example"},
                       command=OWN_ETC)
        self.addCleanup(sally.stop)
        postfix = Postfix("unix:" + sally.socket_path)
        self.addCleanup(postfix.stop)
        set_up(postfix)
        sally.options["command"] = OWN_ETC + [postfix.etc]
        sally.start()
        postfix.start()
        answer = sally.operator_json("notify", "test")
        self.assertEqual(answer["mail"]["stage"], "good", answer)
        (sender, _, message), = postfix.wait_delivered(ADMIN)
        self.assertEqual(sender, "MAILER-DAEMON")  # as pipe(8) writes <>
        mail = email.message_from_string(message, policy=email.policy.default)
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "sallyport@mx.test.example")
        self.assertEqual(len(mail.get_all("Message-ID")), 1)
        self.assertIn("This is a test", mail.get_content())
        self.assertEqual(mail.defects, [])

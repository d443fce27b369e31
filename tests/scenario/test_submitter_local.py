"""What users of this machine hand in is somebody's, whatever it looks like."""

import unittest

from case import Case
from milter import CONTINUE, ACCEPT, Milter

OWN_NAME = "mx.here.example"


class HandedIn(Case):
    settings = {"local.pickup-header": True, "outbound.limits": ["recipients: 3/1h hold"], "outbound.unusual": "off"}

    def hand_in(self, sally, queue_id, *fields):
        """By Postfix's sendmail command: a session from port 0."""
        link = Milter(sally.socket_path)
        self.addCleanup(link.close)
        link.negotiate()
        link.connect_client("127.0.0.1", port=0, macros={"j": OWN_NAME})
        link.helo()
        link.mail("<u71023@here.example>", {"i": queue_id})
        for number in range(5):
            link.rcpt(f"<r{number}@far.example>", {"i": queue_id})
        for name, value in fields:
            link.header(name, value)
        link.body(b"Hello\r\n")
        self.assertIn(link.end({"i": queue_id})[0], (CONTINUE, ACCEPT))
        self.assertTrue([kind for kind, _ in link.changes if kind == "q"], "it is held")
        return sally.wait_event(queue=queue_id)

    def test_mail_that_uses_up_its_memory(self):
        empty = "Message-ID", " <> " + "x" * 300 + "@" + OWN_NAME
        sally = self.daemon(self.settings)
        event = self.hand_in(sally, "4bEMPTY", ("X-Sallyport-Local", " uid=71023 id=4bEMPTY"), *[empty] * 400)
        self.assertEqual(event["submitter"], "uid:71023")
        self.assertEqual(sally.wait_event("submitter")["state"], "hold")

    def test_mail_without_any_field(self):
        self.assertEqual(self.hand_in(self.daemon(self.settings), "4bNONE")["submitter"], "uid:unknown")


if __name__ == "__main__":
    unittest.main()

"""Mail that uses up what memory a mail may have is somebody's all the same."""

import unittest

from case import Case
from milter import CONTINUE, ACCEPT, Milter

OWN_NAME = "mx.here.example"


class UsedUp(Case):
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
        link.header("X-Sallyport-Local", f" uid=71023 id={queue_id}")
        for name, value in fields:
            link.header(name, value)
        link.body(b"Hello\r\n")
        self.assertIn(link.end({"i": queue_id})[0], (CONTINUE, ACCEPT))
        self.assertTrue([kind for kind, _ in link.changes if kind == "q"], "it is held")
        return sally.wait_event(queue=queue_id)

    def test_by_message_ids_without_an_id(self):
        empty = "Message-ID", " <> " + "x" * 300 + "@" + OWN_NAME
        sally = self.daemon(self.settings)
        event = self.hand_in(sally, "4bEMPTY", *[empty] * 400)
        self.assertEqual(event["submitter"], "uid:71023")
        self.assertEqual(sally.wait_event("submitter")["state"], "hold")


if __name__ == "__main__":
    unittest.main()

"""Mail that says that another one has come back (RFC 3464)."""

BOUNDARY = "4bX1/mx.far.example"


def original(message_id, received="from a.example by mx.far.example (Postfix); Thu, 7 Jul 2026 17:16:05 +0000",
             body="Hello\n"):
    """The mail that came back; None for what it does not say."""
    fields = [("Received", received), ("From", "Alice <alice@here.example>"), ("Message-ID", message_id)]
    return "".join(f"{name}: {value}\n" for name, value in fields if value) + "\n" + body


def status(actions):
    """Of each recipient its fate."""
    groups = "".join(f"\nFinal-Recipient: rfc822; r{number}@far.example\nAction: {action}\nStatus: 5.1.1\n"
                     for number, action in enumerate(actions))
    return "Reporting-MTA: dns; mx.far.example\n" + groups


def body(mail, actions=("failed",)):
    """`mail`: text of the part that came back; None: it is missing."""
    parts = [("text/plain", "I am sorry.\n"), ("message/delivery-status", status(actions)), ("message/rfc822", mail)]
    text = "".join(f"--{BOUNDARY}\nContent-Type: {kind}\n\n{part}\n" for kind, part in parts if part is not None)
    return (text + f"--{BOUNDARY}--\n").replace("\n", "\r\n")


def headers(report="delivery-status"):
    return [("From", " MAILER-DAEMON@mx.far.example (Mail Delivery System)"),
            ("Subject", " Undelivered Mail Returned to Sender"), ("Auto-Submitted", " auto-replied"),
            ("MIME-Version", " 1.0"),
            ("Content-Type", f' multipart/report; report-type={report};\n\tboundary="{BOUNDARY}"')]


def message(mail, actions=("failed",)):
    """All of it, as a client sends it."""
    head = "".join(f"{name}:{value}\r\n" for name, value in headers()).replace(";\n", ";\r\n")
    return head + "\r\n" + body(mail, actions)

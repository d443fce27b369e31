"""The way out: what tests of it have in common, whatever stands in front."""

import json
import subprocess
import sys
import time

from daemon import eventually

LOGIN = "alice@test.example"
KEY = "sasl:" + LOGIN

# What everybody wants who counts mails: nothing but the way out decides.
SETTINGS = {"access.trusted-networks": [], "greylist.enabled": False, "outbound.unusual": "off"}

# Says what it gets on its standard input, one line of SMTP after the other, but no
# message to who does not want it.
SPEAKER = """
import json, socket, sys
link = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
lines = link.makefile("rb")
def heard():
    while True:
        line = lines.readline().decode("latin-1").rstrip()
        if line[3:4] != "-":
            return int(line[:3] or 0), line[4:]
heard()
answers = []
for said in json.load(sys.stdin):
    link.sendall(said.encode("latin-1") + b"\\r\\n")
    answers.append(heard())
    if said == "DATA" and answers[-1][0] != 354:
        break
print(json.dumps(answers))
"""


def submitted(*settings):
    return dict(SETTINGS, **{"outbound.limits": list(settings)})


def as_user(uid, port, *lines, host="127.0.0.1"):
    """The answers that a process of that user gets: [(code, text)]."""
    done = subprocess.run([sys.executable, "-c", SPEAKER, host, str(port)], input=json.dumps(lines), user=uid, group=uid,
                          extra_groups=[], text=True, capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    return [tuple(answer) for answer in json.loads(done.stdout)]


def message(number, sender=LOGIN):
    """One that no other number makes."""
    return (f"From: <{sender}>\r\nSubject: offer {number}\r\nMessage-ID: <{number}.{time.monotonic_ns()}@home.example>\r\n"
            "\r\nBuy!\r\n")


class Sent:
    """What the server said to one mail: a code each for MAIL and the recipients,
    and that of the end, None when none was let in."""

    def __init__(self, mail, recipients, end):
        self.mail, self.recipients, self.end = mail, recipients, end

    @property
    def taken(self):
        return [code for code, _ in self.recipients].count(250) if self.end and self.end[0] == 250 else 0


def send(smtp, recipients, number, sender=LOGIN, text=None):
    """A mail in that session, its envelope in one write."""
    mail, *answers = smtp.pipeline(f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{recipient}>" for recipient in recipients))
    end = None
    if any(code == 250 for code, _ in answers):
        end = smtp.data(text or message(number, sender))
    else:
        smtp.rset()
    return Sent(mail, answers, end)


def settled(postfix):
    """When nothing is on its way any more: how many recipients were reached."""
    eventually(lambda: not any(postfix.entries(queue) for queue in ("maildrop", "incoming", "active", "deferred")),
               "end of all deliveries", 60)
    return len(postfix.delivered())

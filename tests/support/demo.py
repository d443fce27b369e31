#!/usr/bin/python3
"""What `./dev run` shows: demo.py BUILD-FOLDER [--postfix] [--once]

Starts sallyportd with its embedded Redis in BUILD-FOLDER/demo, plays mails to
it with `sallyport try`, and stays up until it is interrupted. What it asks of
DNS is answered by a server of our own (dns.py), so nothing depends on the
network, and nobody's lists are asked about addresses for documentation.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

SUPPORT = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, SUPPORT)

import dns  # noqa: E402  (found by the path above)

SMTP_PORT = 2525
DELAY_SEC = 3

CONFIG = """\
# Written by ./dev run. The shipped configuration only observes, and its
# greylist delay is 90s: here it is short, so that a real retry can be watched.
listen: "unix:{folder}/milter.sock"
listen-mode: 0666 # any MTA of this machine may connect
control: "{folder}/control.sock"
state-dir: "{folder}/state"
hostname: mx.test.example
{user}mode: enforce
greylist:
  delay: {delay}s
# A little Internet of our own: names of RFC 2606, two lists that do not exist.
dns:
  server: ["{dns}"]
dnsbl:
  lists: ["ONE: one.list.example=127.0.0.2*2.5", "TWO: two.list.example=127.0.0.2*2.5"]
  domain-lists: []
"""


def host(address, name):
    """An address whose name leads back to it."""
    return {dns.reverse(address): {"PTR": name}, name: {"A": address}}


# A shop sends from many machines of many networks, all of which its SPF record
# names; these two have no name of their own, and say one that does not exist.
SHOP = {"from": "news@example.com", "helo": "out.example.com"}
SHOP_MACHINE, OTHER_MACHINE = "198.51.100.61", "203.0.113.140"

# The client of the last mail says the name of a big provider, its address is
# called otherwise and stands on both lists, and its sender's domain is made up.
LIAR = "203.0.113.25"
LISTS = ["one.list.example", "two.list.example"]

ZONES = {
    **host("192.0.2.10", "mail.example.org"),
    "example.org": {"MX": "10 mail.example.org", "TXT": "v=spf1 mx -all"},
    "_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"},
    **host("198.51.100.7", "mail.example.com"),
    "example.com": {"MX": "10 mail.example.com", "TXT": "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.128/25 -all"},
    **host(LIAR, "mail.example.de"), "mail.com": {"A": "198.51.100.77"},
    **{"2.0.0.127." + zone: {"A": "127.0.0.2"} for zone in LISTS},  # RFC 5782: every list has this entry
    **{dns.reverse(LIAR, zone): {"A": "127.0.0.2"} for zone in LISTS},
}

ANNA = {"client": "192.0.2.10", "name": "mail.example.org", "helo": "mail.example.org", "from": "anna@example.org"}
PRIZE = {"client": LIAR, "name": "mail.example.de", "helo": "mail.com", "from": "prize@winner.invalid"}

MESSAGE = """\
From: {author} <{sender}>
To: Ben <ben@test.example>
Subject: {subject}
Date: Mon, 05 Oct 2026 09:14:02 +0200
Message-ID: <{number}.4711@{helo}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Ben,

{text}

{author}
"""

SALE = "everything must go, and so must we: our shop closes at the end of the month."

# Who, what happens, how long it is waited before, the subject, the text.
MAILS = [
    (ANNA, "A first-time sender against whom nothing speaks: it is let in at once, and noted.", 0,
     "Minutes of Thursday", "the minutes of our meeting are ready. Shall I send them to everybody?"),
    ({"client": SHOP_MACHINE, **SHOP}, "A first-time sender whose machine has no name, and says one that does not "
     "exist: it is asked to come back.", 0, "Closing sale", SALE),
    ({"client": OTHER_MACHINE, **SHOP}, f"The same mail again after {DELAY_SEC} seconds, from another machine in "
     "another network. By its SPF record it is the same sender, so it is let in.", DELAY_SEC + 0.3, "Closing sale", SALE),
    ({"client": SHOP_MACHINE, **SHOP}, "Another mail of that sender: seen before, it passes at once.", 0,
     "Closing sale, the last day", "what is left today costs half."),
    (PRIZE, "A client that lies and is on two lists: no finding is enough by itself, together they are.", 0,
     "You have won", "send us your address, and the prize is yours."),
]

UP = """\
sallyportd is up (process {pid}) with its own redis-server.
  milter socket   unix:{folder}/milter.sock
  configuration   {folder}/sallyport.yaml
  log             {folder}/stderr.log

Put it into Postfix (main.cf; a chrooted smtpd sees only sockets below its queue_directory):
  smtpd_milters = unix:{folder}/milter.sock
  non_smtpd_milters = $smtpd_milters
  milter_default_action = accept
Put it into Sendmail (sendmail.mc):
  INPUT_MAIL_FILTER(`sallyport', `S=unix:{folder}/milter.sock, T=C:10s;S:10s;R:10s;E:1m')
Try it:
  {sallyport} --config {folder}/sallyport.yaml try --client 198.51.100.7 \\
      --helo mail.example.com --from eve@example.com --rcpt ben@test.example
  {sallyport} --config {folder}/sallyport.yaml status
  {sallyport} --config {folder}/sallyport.yaml greylist list
"""

WITH_POSTFIX = """\
A private Postfix listens on 127.0.0.1 port {port}; what it accepts ends in {mail}.
Twice, with {delay} seconds between (the first is answered 451, the second is let in):
  swaks --server 127.0.0.1:{port} --xclient 'ADDR=198.51.100.62 NAME=[UNAVAILABLE]' \\
      --helo out.example.com --from eve@example.com --to ben@test.example
Its log: {log}
"""


def may_be_entered(folder):
    """Whether other users get through to `folder`."""
    while folder != "/":
        if os.path.isdir(folder) and not os.stat(folder).st_mode & 0o001:
            return False
        folder = os.path.dirname(folder)
    return True


def answers(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
            return True
        except OSError:
            return False


def choose_folder(build):
    """A fixed folder in the build's; elsewhere only when sockets' names would
    get too long there, or the account that root gives way to (and Postfix)
    could not enter it."""
    folder = os.path.join(build, "demo")
    if len(folder) > 80 or os.geteuid() == 0 and not may_be_entered(build):
        folder = f"/var/tmp/sallyport-demo-{os.getuid()}"
    # What root left there belongs to the account that it gave way to.
    is_ours = os.geteuid() == 0 or not os.path.exists(folder) or os.stat(folder).st_uid == os.getuid()
    if os.path.islink(folder) or not is_ours:
        folder = tempfile.mkdtemp(prefix="sallyport-demo-", dir="/var/tmp")
    if answers(os.path.join(folder, "control.sock")):
        sys.exit(f"./dev run: another demonstration is running in {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o755)
    return folder


def show(title):
    print(f"\n== {title}\n", flush=True)


def play(daemon, number, mail):
    """One mail through `sallyport try`."""
    who, title, wait_sec, subject, text = mail
    time.sleep(wait_sec)
    show(f"{number}. {title}")
    path = daemon.write_file(f"mail-{number}.eml", MESSAGE.format(
        author=who["from"].split("@")[0].capitalize(), sender=who["from"], helo=who["helo"], subject=subject,
        number=number, text=textwrap.fill(text, 72)))
    words = [word for key, value in who.items() for word in ("--" + key, value)] + ["--rcpt", "ben@test.example", path]
    shown = [os.path.relpath(word) if word == path and path.startswith(os.getcwd() + "/") else word for word in words]
    print("$ sallyport try " + " ".join(shown), flush=True)
    subprocess.run([os.path.join(os.environ["SALLYPORT_BUILD"], "sallyport"), "--config", daemon.config_path,
                    "try", *words], stdin=subprocess.DEVNULL, check=False)


def start_postfix(folder, port):
    from postfix import Postfix  # only with --postfix: it need not be installed
    return Postfix(f"unix:{folder}/milter.sock", port=port, folder=os.path.join(folder, "postfix")).start()


class Interrupted(Exception):
    pass


def on_signal(_number, _frame):
    raise Interrupted()


def stay_up(daemon):
    print("Ctrl-C (or SIGTERM) stops everything.", flush=True)
    status = daemon.process.wait()
    print(f"sallyportd has ended by itself with status {status}; its log:\n{daemon.log_text()[-4000:]}",
          file=sys.stderr)
    return 1


def demonstrate(daemon, folder, given, running):
    show("sallyportd starts")
    daemon.start()
    print(f"listening on unix:{folder}/milter.sock, with a DNS server of its own")
    for number, mail in enumerate(MAILS, 1):
        play(daemon, number, mail)
    show("The log says")
    print("\n".join(line for line in daemon.log_text().splitlines() if "event=verdict" in line), flush=True)
    if given.once:
        return 0
    show("It stays up")
    print(UP.format(pid=daemon.process.pid, folder=folder,
                    sallyport=os.path.join(os.environ["SALLYPORT_BUILD"], "sallyport")))
    if given.postfix:
        running.append(start_postfix(folder, given.port))
        print(WITH_POSTFIX.format(port=given.port, delay=DELAY_SEC, mail=os.path.join(folder, "postfix/mail"),
                                  log=os.path.join(folder, "postfix/log/maillog")))
    return stay_up(daemon)


def main():
    arguments = argparse.ArgumentParser(prog="./dev run")
    arguments.add_argument("build")
    arguments.add_argument("--postfix", action="store_true", help="a Postfix in front of it, on port 2525")
    arguments.add_argument("--once", action="store_true", help="leave after the demonstration")
    # For tests of the demonstration, beside one that may be running.
    arguments.add_argument("--folder", help=argparse.SUPPRESS)
    arguments.add_argument("--port", type=int, default=SMTP_PORT, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    os.environ["SALLYPORT_BUILD"] = given.build
    from daemon import ACCOUNT, Daemon

    folder = given.folder or choose_folder(given.build)
    daemon = Daemon(folder=folder, test_clock=False)
    server = dns.Server(ZONES)
    daemon.write_file("sallyport.yaml", CONFIG.format(
        folder=folder, delay=DELAY_SEC, dns=server.address,
        user=f"user: {ACCOUNT}\n" if os.geteuid() == 0 else ""))
    running = [daemon]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    status = 0
    try:
        status = demonstrate(daemon, folder, given, running)
    except Interrupted:
        print("\nstopping", flush=True)
    except AssertionError as error:
        print(f"./dev run: {error}", file=sys.stderr)
        status = 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for one in reversed(running):
            one.stop()
        server.close()
    return status


if __name__ == "__main__":
    sys.exit(main())

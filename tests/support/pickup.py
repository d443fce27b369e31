"""Mail by Postfix's sendmail command, with the table of etc/postfix in place."""

import os
import re
import shutil
import subprocess
import unittest

from daemon import TOP
from postfix import MASTER

TABLE = os.path.join(TOP, "etc", "postfix", "local_header_checks")
HEADER = "X-Sallyport-Local"
UID = 71023


def recipe():
    """The lines for master.cf as the table's own comment gives them, but for what
    it says to keep; and ours looks for mail every second."""
    with open(TABLE, encoding="ascii") as file:
        lines = re.findall(r"^#   (.*)$", file.read(), flags=re.M)
    lines = [re.sub(r"unix  n  -  y ", "unix n - n ", line) for line in lines]
    return "".join(re.sub(r"^(pickup .*) 60 ", r"\1 1 ", line) + "\n" for line in lines)


def set_up(postfix):
    """Before it is started."""
    master = re.sub(r"^pickup .*\n", lambda _: recipe(), MASTER, flags=re.M)
    postfix.write("etc/master.cf", master.format(folder=postfix.folder, port=postfix.port))
    shutil.copy(TABLE, postfix.path("etc"))


def sendmail(postfix, message, *words, uid=UID):
    """As another user; that command believes only /etc/postfix, so it gets an
    /etc/postfix of its own."""
    script = 'mount --bind "$1" /etc/postfix && shift && exec setpriv --reuid="$1" --regid="$1" --clear-groups ' \
             '/usr/sbin/sendmail "${@:2}"'
    done = subprocess.run(["unshare", "--mount", "bash", "-c", script, "bash", postfix.etc, str(uid), *words],
                          input=message.encode(), capture_output=True, check=False)
    if b"unshare" in done.stderr or b"mount:" in done.stderr:
        raise unittest.SkipTest("this machine allows no mounts: " + done.stderr.decode())
    if done.returncode:
        raise AssertionError(f"sendmail ended with {done.returncode}: {done.stderr}")

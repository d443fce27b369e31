"""What a private Postfix and a private Sendmail have in common: a folder and a
port of their own, a sink where what they accept ends, one file a recipient."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from daemon import eventually, free_port
from smtp import Smtp

# Called with the folder of the mails, the sender and the recipient.
SINK = """\
#!/bin/sh
file=$(mktemp "$1/.new.XXXXXXXX") || exit 75
{ printf '%s\\n%s\\n' "$2" "$3"; cat; } >"$file" && mv "$file" "$1/${file##*.}"
"""

LOGINS = {"alice": "secret", "carol": "secret"}  # of test.example, where SASL is on


class Mta:
    name = ""
    folders_under = None  # where its folder, and that of its milter, have to stand

    @classmethod
    def need(cls):
        """Fails, or skips what is tested, when the program is not to be had."""

    def __init__(self, port=None, folder=None):
        self.is_own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix=f"sallyport-{self.name.lower()}-", dir=self.folders_under)
        self.port = port or free_port()
        self.log_path = os.path.join(self.folder, "log", "maillog")
        self.etc = os.path.join(self.folder, "etc")
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)

    # ------------------------------------------------------------------- files

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        """A file that looks a minute old: Postfix waits for fresh ones."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        a_minute_ago = time.time() - 60
        os.utime(self.path(name), (a_minute_ago, a_minute_ago))

    def make(self, name, mode, user="root", group="root"):
        os.makedirs(self.path(name), exist_ok=True)
        os.chown(self.path(name), pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.chmod(self.path(name), mode)

    def make_sasl(self, configuration, owner):
        """A key for TLS, a database with all LOGINS, and what tells SASL of it."""
        self.make("sasl", 0o755)
        key = self.path("sasl/key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=mx.test.example", "-days", "30", "-keyout", key, "-out", key + ".crt"],
                       check=True, capture_output=True)
        with open(key, "a", encoding="ascii") as file, open(key + ".crt", encoding="ascii") as certificate:
            file.write(certificate.read())
        database = self.path("sasl/sasldb2")
        self.write(configuration, f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                  f"sasldb_path: {database}\nmech_list: PLAIN LOGIN\n")
        for name, password in LOGINS.items():
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-u", "test.example", name],
                           input=password.encode(), check=True, capture_output=True)
        os.chown(database, pwd.getpwnam(owner).pw_uid, 0)

    # ------------------------------------------------------------- start, stop

    def is_taken(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def assert_port_is_free(self):
        if self.is_taken():
            raise AssertionError(f"somebody listens on port {self.port} already")

    def remove_folder(self):
        if self.is_own_folder:
            eventually(self.is_removed, "end of the last delivery")

    def is_removed(self):
        """The folder goes; a delivery that is just under way may need another try."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return not os.path.exists(self.folder)

    # ---------------------------------------------------------------- use of it

    def client(self, address=None, **options):
        """A connection that comes from `address`, or from where it really does."""
        return Smtp(self.port, address, **options)

    def delivered(self, recipient=None):
        """[(sender, recipient, message)] of what has ended in the sink."""
        found = []
        for name in sorted(os.listdir(self.path("mail"))):
            if name.startswith("."):
                continue
            with open(self.path("mail/" + name), encoding="utf-8", errors="replace", newline="\n") as file:
                sender, to, message = file.read().split("\n", 2)
            if recipient in (None, to):
                found.append((sender, to, message))
        return found

    def wait_delivered(self, recipient, count=1):
        eventually(lambda: len(self.delivered(recipient)) >= count, f"mail to {recipient} in the sink", 15)
        return self.delivered(recipient)

    def files_below(self, *folders):
        """Sorted paths of all files in those folders of its own."""
        return sorted(os.path.join(where, name) for folder in folders
                      for where, _, names in os.walk(self.path(folder)) for name in names)

    def log_text(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

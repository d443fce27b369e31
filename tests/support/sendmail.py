#!/usr/bin/python3
"""A private Sendmail: Debian's, unpacked into a folder of the build.

    sendmail.py      unpacks it now; `./dev test` does so

Its packages cannot be installed beside Postfix, so they are fetched by apt-get
and unpacked only. Wants root to run. Things that took somebody an afternoon:
  - it takes no socket and no file below a folder that everybody may write to:
    so its folder, and the milter's, stand in /run;
  - it has no XCLIENT and writes its log by syslog only: see sendmail_preload.c;
  - that is ignored as long as the program is set-group-ID;
  - it refuses, or only queues, mail when the machine has much to do;
  - a daemon's children live on when it is stopped: so it gets a process group.
"""

import glob
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from daemon import TOP, alive, eventually
from mta import LOGINS, SINK, Mta
from smtp import Smtp

UNPACKED = os.path.join(TOP, "_build-sendmail")
PACKAGES = ["sendmail-bin", "sendmail-cf"]
SAYS_WHENCE = "127.77.77.77"  # who comes from there is asked where from (sendmail_preload.c)

CONFIG = """\
OSTYPE(`linux')
define(`confDOMAIN_NAME', `mx.test.example')
define(`QUEUE_DIR', `{folder}/queue')
define(`ALIAS_FILE', `-o {folder}/etc/aliases')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`confPID_FILE', `{folder}/log/pid')
define(`confSERVICE_SWITCH_FILE', `{folder}/etc/service.switch')
define(`confTO_IDENT', `0')
define(`confQUEUE_LA', `10000')
define(`confREFUSE_LA', `10000')
define(`confDEF_USER_ID', `nobody:nogroup')
define(`LOCAL_MAILER_PATH', `{folder}/sink')
define(`LOCAL_MAILER_FLAGS', `n')
define(`LOCAL_MAILER_ARGS', `sink {folder}/mail $f $u')
FEATURE(`no_default_msa')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
RELAY_DOMAIN(`test.example')
define(`SMART_HOST', `sink:host')
{daemons}
{milter}
{settings}
MAILER(`local')
MAILER(`smtp')
MAILER_DEFINITIONS
Msink,	P={folder}/sink, F=nuC, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\n, L=0,
	U=nobody:nogroup, T=DNS/RFC822/X-Unix, A=sink {folder}/mail $f $u
"""

SASL = """\
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
TRUST_AUTH_MECH(`PLAIN LOGIN')
define(`confCACERT_PATH', `{folder}/sasl')
define(`confCACERT', `{folder}/sasl/key.pem.crt')
define(`confSERVER_CERT', `{folder}/sasl/key.pem.crt')
define(`confSERVER_KEY', `{folder}/sasl/server.key')
"""

# What Debian's sendmail command reads: it hands the mail on by SMTP.
SUBMIT = """\
define(`__OSTYPE__', `')
define(`confDOMAIN_NAME', `mx.test.example')
define(`MSP_QUEUE_DIR', `{folder}/clientqueue')
define(`STATUS_FILE', `')
define(`confPID_FILE', `{folder}/log/client-pid')
define(`confRUN_AS_USER', `nobody:nogroup')
define(`RELAY_MAILER_ARGS', `TCP $h {port}')
FEATURE(`msp', `[127.0.0.1]')
"""


# -------------------------------------------------------------- the program

def unpack():
    """Fetch and unpack; raises AssertionError, with the reason."""
    with tempfile.TemporaryDirectory(prefix="_build-sendmail-", dir=TOP) as folder:
        if apt_get("download", *PACKAGES, folder=folder):
            apt_get("update")  # there were no lists of packages, or old ones
            reason = apt_get("download", *PACKAGES, folder=folder)
            if reason:
                raise AssertionError(f"Sendmail is not here and could not be fetched: {reason}")
        for package in glob.glob(os.path.join(folder, "*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, os.path.join(folder, "root")], check=True)
        os.chmod(os.path.join(folder, "root/usr/libexec/sendmail/sendmail"), 0o755)
        os.rename(os.path.join(folder, "root"), UNPACKED)


def apt_get(*words, folder=TOP):
    """What it first complains of; None when it did what was asked."""
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=0",
               "-o", "Acquire::http::Timeout=20", *words]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return next((line for line in done.stderr.splitlines() if line.startswith("E:")), f"status {done.returncode}")


class Program:
    """What was unpacked; fetched at most once in a run, whatever comes of it."""

    missing = None

    @classmethod
    def path(cls, name):
        return os.path.join(UNPACKED, "usr", name)

    @classmethod
    def need(cls):
        if not os.path.exists(UNPACKED) and cls.missing is None:
            try:
                unpack()
            except AssertionError as error:
                cls.missing = str(error)
        if cls.missing is None:
            return
        if os.environ.get("CI") == "true":
            raise AssertionError(cls.missing)
        raise unittest.SkipTest(cls.missing)


def preload():
    """The path of the library, compiled when it is older than its source."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sendmail_preload.c")
    library = os.path.join(UNPACKED, "preload.so")
    if not os.path.exists(library) or os.path.getmtime(library) < os.path.getmtime(source):
        subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library + ".new", source],
                       check=True)
        os.rename(library + ".new", library)
    return library


def readme_filter():
    """The line that the README tells one to put into sendmail.mc."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        return re.search(r"^INPUT_MAIL_FILTER\(.*\)$", file.read(), re.M).group(0)


class Client(Smtp):
    """Says in its first line where it comes from; logs in as itself. `local`:
    the server's address that it has connected to."""

    def __init__(self, port, port_of_ipv6, address, local=None, **options):
        self.port_of_ipv6 = port_of_ipv6
        self.local = local or ("::1" if ":" in (address or "") else "127.0.0.1")
        super().__init__(port, address, **options)

    def dial(self, port, address, timeout):
        if not address:
            return super().dial(port, address, timeout)
        if ":" in address:
            made = socket.create_connection(("::1", self.port_of_ipv6), timeout)
        else:
            made = socket.create_connection(("127.0.0.1", port), timeout, (SAYS_WHENCE, 0))
        made.sendall(f"{address} 4321 {self.local}\n".encode())
        return made

    def introduce(self, _address, login):
        if self.helo_name:
            self.helo(self.helo_name)
        if login:
            code, text = self.auth_plain(login, LOGINS[login.split("@")[0]])
            if code != 235:
                raise AssertionError(f"AUTH was answered {code} {text}")


# --------------------------------------------------------------- a running one

class Sendmail(Mta):
    name = "Sendmail"
    folders_under = "/run"
    need = Program.need

    def __init__(self, milter, port=None, sasl=False, settings="", filter_line=None):
        """`milter` as sendmail.mc wants it: unix:/path or inet:port@127.0.0.1.
        `filter_line`: another INPUT_MAIL_FILTER than the README's; what stands
        behind S= in it is replaced."""
        self.need()
        super().__init__(port)
        self.process = None
        self.port_of_ipv6 = self.port + 1
        self.command = [Program.path("libexec/sendmail/sendmail"), "-C", self.path("etc/sendmail.cf")]
        self.environment = {"PATH": "/usr/bin:/bin", "LD_PRELOAD": preload(), "SENDMAIL_NAME": "mx.test.example",
                            "SENDMAIL_LOG": self.log_path, "SENDMAIL_SASL": self.path("sasl")}
        for name in ("etc", "log"):
            self.make(name, 0o755)
        self.make("queue", 0o700)
        self.make("clientqueue", 0o770, "nobody", "nogroup")
        self.make("mail", 0o777)
        self.write("sink", SINK, 0o755)
        self.write("etc/service.switch", "hosts files\naliases files\n")
        filter_line = re.sub(r"S=[^,']*", "S=" + milter, filter_line or readme_filter())
        if sasl:
            self.make_sasl("sasl/Sendmail.conf", "root")
            self.write("sasl/server.key", self.read("sasl/key.pem"), 0o600)
        text = CONFIG.replace("{settings}", (SASL if sasl else "") + settings)
        self.configure("sendmail", text, milter=filter_line, daemons=self.daemons())
        self.configure("submit", SUBMIT)

    @staticmethod
    def at_port(port):
        return f"inet:{port}@127.0.0.1"

    def daemons(self):
        lines = f"DAEMON_OPTIONS(`Name=MTA-v4, Family=inet, Port={self.port}, Addr=127.0.0.1')\n"
        if self.has_ipv6():
            lines += f"DAEMON_OPTIONS(`Name=MTA-v6, Family=inet6, Port={self.port_of_ipv6}, Addr=::1')\n"
        return lines

    @staticmethod
    def has_ipv6():
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
            return True
        except OSError:
            return False

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def configure(self, name, text, **values):
        for key, value in dict(values, folder=self.folder, port=self.port).items():
            text = text.replace("{" + key + "}", str(value))
        self.write(f"etc/{name}.mc", text)
        macros = Program.path("share/sendmail/cf/")
        made = subprocess.run(["m4", "-D_CF_DIR_=" + macros, macros + "m4/cf.m4", self.path(f"etc/{name}.mc")],
                              capture_output=True, text=True, check=True).stdout
        self.write(f"etc/{name}.cf", made)

    # ------------------------------------------------------------- start, stop

    def start(self):
        self.assert_port_is_free()
        with open(self.path("log/stderr"), "ab") as said:
            self.process = subprocess.Popen(self.command + ["-bD", "-q1s"], env=self.environment, stdout=said,
                                            stderr=said, stdin=subprocess.DEVNULL, start_new_session=True)
        if self not in alive:
            alive.append(self)
        eventually(self.is_listening, "Sendmail on its port")
        return self

    def is_listening(self):
        """Asked of the kernel: a connection would be a session for the milter."""
        if self.process.poll() is not None:
            raise AssertionError(f"Sendmail does not start: {self.read('log/stderr')}\n{self.log_text()}")
        ports = [self.port] + [self.port_of_ipv6] * self.has_ipv6()
        with open("/proc/net/tcp", encoding="ascii") as one, open("/proc/net/tcp6", encoding="ascii") as other:
            listening = re.findall(r":([0-9A-F]{4}) \S+ 0A ", one.read() + other.read())
        return all(f"{port:04X}" in listening for port in ports)

    def stop(self):
        if self in alive:
            alive.remove(self)
        if self.process:
            for number in (signal.SIGTERM, signal.SIGKILL):
                self.signal(number)
                try:
                    self.process.wait(2)
                except subprocess.TimeoutExpired:
                    continue
            self.process = None
        self.remove_folder()

    def signal(self, number):
        """To the daemon and all its children."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    # ---------------------------------------------------------------- use of it

    def client(self, address=None, **options):
        if ":" in (address or "") and not self.has_ipv6():
            raise unittest.SkipTest("this machine has no IPv6")
        return Client(self.port, self.port_of_ipv6, address, **options)

    def sendmail(self, message, *words):
        """The local command: as Debian has it, a client of the daemon."""
        return subprocess.run([self.command[0], "-C", self.path("etc/submit.cf"), "-Ac", "-i", *words],
                              env=self.environment, input=message.encode(), capture_output=True, check=False)

    def queue(self):
        """Names of the files of all queues: what is still on its way."""
        return self.files_below("queue", "clientqueue")

    def held(self):
        """What a milter has put into quarantine."""
        return [path for path in self.queue() if os.path.basename(path).startswith("hf")]

    def held_ids(self):
        return [os.path.basename(path)[2:] for path in self.held()]

    def tool(self, *words):
        """What the operator's commands print."""
        done = subprocess.run(self.command + list(words), env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"sendmail {words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def release(self, queue_id):
        """As the README says."""
        self.tool("-Q", "-qQ", "-qI" + queue_id)
        self.tool("-qI" + queue_id)


if __name__ == "__main__":
    if not os.path.exists(UNPACKED):
        try:
            unpack()
        except AssertionError as failure:
            sys.exit(str(failure))

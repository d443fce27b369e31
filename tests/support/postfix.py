"""A private Postfix: own folder, own port, nothing shared with the system's.

Wants root. Clients say where they come from by XCLIENT; what is accepted ends
in a sink, one file a recipient. Things that took somebody an afternoon:
  - main.cf must look older than the start, or Postfix waits a second or two;
  - Debian's smtpd looks for SASL's smtpd.conf in $config_directory/sasl only;
  - two masters on one port do not conflict, they share: so a port is ours alone;
  - 127.0.0.1 is not in mynetworks, or every client would be trusted.
"""

import json
import os
import subprocess

from daemon import alive, eventually
from mta import SINK, Mta

DAEMONS = "/usr/lib/postfix/sbin"
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")

MAIN = """\
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log/maillog
maillog_file_prefixes = /var, /dev/stdout, {folder}/log
syslog_name = pf{port}
inet_interfaces = 127.0.0.1
inet_protocols = all
myhostname = mx.test.example
mydomain = test.example
myorigin = test.example
mydestination =
mynetworks = 127.0.0.9/32
relay_domains = test.example
local_recipient_maps =
relay_recipient_maps =
alias_maps =
alias_database =
default_transport = sink:
relay_transport = sink:
sink_destination_recipient_limit = 1
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination
smtpd_milters = {milter}
non_smtpd_milters = $smtpd_milters
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtpd_junk_command_limit = 1000
minimal_backoff_time = 1s
queue_run_delay = 1s
in_flow_delay = 0
"""

SASL = """\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = test.example
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/sasl/key.pem
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
sink unix - n n - - pipe flags=Rhu user=nobody argv={folder}/sink {folder}/mail ${{sender}} ${{recipient}}
"""


class Postfix(Mta):
    name = "Postfix"

    def __init__(self, milter, port=None, sasl=False, folder=None, settings=""):
        """`milter` as main.cf wants it: unix:/path or inet:127.0.0.1:port."""
        super().__init__(port, folder)
        self.sasl = sasl
        self.make_folders()
        main = MAIN + (SASL if sasl else "") + settings
        self.write("etc/main.cf", main.format(folder=self.folder, port=self.port, milter=milter))
        self.write("etc/master.cf", MASTER.format(folder=self.folder, port=self.port))
        self.write("sink", SINK, 0o755)
        if sasl:
            self.make("etc/sasl", 0o755)
            self.make_sasl("etc/sasl/smtpd.conf", "postfix")

    @staticmethod
    def at_port(port):
        return f"inet:127.0.0.1:{port}"

    # ------------------------------------------------------------------- files

    def make_folders(self):
        for name in ("etc", "spool", "spool/pid", "log"):
            self.make(name, 0o755)
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            self.make("spool/" + name, 0o700, "postfix")
        self.make("data", 0o700, "postfix")
        self.make("spool/maildrop", 0o730, "postfix", "postdrop")
        self.make("spool/public", 0o710, "postfix", "postdrop")
        self.make("mail", 0o755, "nobody")

    # ------------------------------------------------------------- start, stop

    def start(self):
        self.assert_port_is_free()
        done = subprocess.run([DAEMONS + "/master", "-c", self.etc, "-w"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"Postfix does not start: {done.stderr}\n{self.log_text()}")
        if self not in alive:
            alive.append(self)
        return self

    def pid(self):
        try:
            with open(self.path("spool/pid/master.pid"), encoding="ascii") as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def is_running(self):
        return subprocess.run([DAEMONS + "/master", "-c", self.etc, "-t"], capture_output=True,
                              check=False).returncode != 0

    def stop(self):
        if self in alive:
            alive.remove(self)
        if self.pid() and self.is_running():
            os.kill(self.pid(), 15)
            eventually(lambda: not self.is_running(), "end of Postfix")
        self.remove_folder()

    # ---------------------------------------------------------------- use of it

    def sendmail(self, message, *words):
        """The local command, as root: postdrop then believes our -C."""
        return subprocess.run(["/usr/sbin/sendmail", "-C", self.etc, "-i", *words], input=message.encode(),
                              capture_output=True, check=False)

    def queue(self):
        """Names of the files of all queues: what is still on its way."""
        return self.files_below(*("spool/" + name for name in QUEUES))

    def held(self):
        """What a milter has put into quarantine."""
        return self.files_below("spool/hold")

    def held_ids(self):
        return [entry["queue_id"] for entry in self.entries("hold")]

    def tool(self, name, *words):
        """What postqueue, postsuper or postcat prints."""
        done = subprocess.run(["/usr/sbin/" + name, "-c", self.etc, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{name} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def entries(self, queue="hold"):
        """What postqueue lists of one queue, the oldest first."""
        found = [json.loads(line) for line in self.tool("postqueue", "-j").splitlines()]
        return sorted((entry for entry in found if entry["queue_name"] == queue),
                      key=lambda entry: (entry["arrival_time"], entry["queue_id"]))

    def release(self, queue_id):
        """As the README says; ALL is an id too."""
        self.tool("postsuper", "-H", queue_id)
        self.tool("postqueue", "-f")

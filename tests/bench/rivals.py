"""Other filters, doing what they can of what sallyportd does, on the same mails.

They are Debian's, run in folders of their own, reached over a Unix socket, and
stopped by their pid. Nothing of theirs in /etc is read, and nothing listens on
a network. Their logs are off, where sallyportd writes a line for each mail.
"""

import os
import shutil
import subprocess
import time

from peers import Failed, Milter, Process, Redis, cpu_of, dial

START_SEC = 180  # rspamd compiles its patterns first, when nobody has yet

# Only what the modules below find: without points a symbol is unknown to it.
SYMBOLS = {
    "R_SPF_ALLOW": -0.2, "R_SPF_FAIL": 1, "R_SPF_SOFTFAIL": 0, "R_SPF_NEUTRAL": 0, "R_SPF_NA": 0, "R_SPF_DNSFAIL": 0,
    "R_SPF_PERMFAIL": 0, "R_DKIM_ALLOW": -0.2, "R_DKIM_REJECT": 1, "R_DKIM_TEMPFAIL": 0, "R_DKIM_PERMFAIL": 0,
    "R_DKIM_NA": 0, "DMARC_POLICY_ALLOW": -0.5, "DMARC_POLICY_ALLOW_WITH_FAILURES": -0.5, "DMARC_POLICY_REJECT": 2,
    "DMARC_POLICY_QUARANTINE": 1.5, "DMARC_POLICY_SOFTFAIL": 0.1, "DMARC_NA": 0, "DMARC_DNSFAIL": 0,
    "DMARC_BAD_POLICY": 0.5, "LIST_A": 1, "LIST_B": 1, "GREYLIST": 0,
}
MODULES = ["spf", "dmarc", "rbl", "greylist", "ratelimit", "milter_headers"]

# No rules, no statistics, no other module. All mail is let in, as sallyportd does
# when it observes, so that each goes all the way to its end.
RSPAMD = """options {{
  filters = "dkim";
  pidfile = "{folder}/pid";
  cache_file = "{folder}/symbols.cache";
  tempdir = "{folder}";
  hs_cache_dir = "{cache}/";
  url_tld = "/usr/share/rspamd/effective_tld_names.dat";
  control_socket = "{folder}/control mode=0600";
  dns {{ nameserver = ["{dns}"]; timeout = 1s; sockets = 16; retransmits = 5; }}
  local_addrs = [127.0.0.0/8];
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "error"; }}
worker "rspamd_proxy" {{
  bind_socket = "{folder}/milter mode=0666";
  milter = yes;
  timeout = 120s;
  count = 2;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ {modules} }}
redis {{ servers = "{redis}"; }}
spf {{ }}
dkim {{ }}
dmarc {{ }}
rbl {{ rbls {{
  list_a {{ rbl = "a.list.example"; symbol = "LIST_A"; checks = ["from"]; ipv4 = true; ipv6 = false; unknown = true; }}
  list_b {{ rbl = "b.list.example"; symbol = "LIST_B"; checks = ["from"]; ipv4 = true; ipv6 = false; unknown = true; }}
}} }}
greylist {{ }}
ratelimit {{ rates {{ to = {{ bucket = {{ burst = 10000000; rate = 100000; }} }} }} }}
milter_headers {{ use = ["authentication-results", "x-spamd-result"]; }}
actions {{ reject = 1000; add_header = 900; greylist = 800; }}
group "bench" {{ symbols {{ {symbols} }} }}
"""

OPENDKIM = """Mode v
Socket local:{folder}/milter
Nameservers {dns}
AuthservID mx.here.example
AlwaysAddARHeader yes
Syslog no
Background no
UMask 000
"""


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def share_with(user, folder):
    """Let `user` reach and write it: as root we start nothing as root."""
    if os.getuid() == 0:
        for path in (os.path.dirname(folder), folder):
            os.chmod(path, 0o755)
        shutil.chown(folder, user)


class Rival(Milter):
    """A milter of somebody else's."""

    PROGRAM = ""
    package = ""
    may_miss = 0.0  # of its verdicts: where it has to hurry with a cold cache
    pace = 0.5  # mails of a round, as a share of ours: it takes its time

    @classmethod
    def missing(cls):
        """Why it cannot be asked; "" when it can."""
        return "" if os.path.exists(cls.PROGRAM) else f"{cls.PROGRAM} is not there; ./dev bench --peers installs it"

    def serve(self, *words):
        begun = time.monotonic()
        self.spawn(*words)
        while True:
            try:
                dial(self.address).close()
                return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - begun > START_SEC:
                self.fail("does not serve")
            time.sleep(0.05)

    def expect(self, result):
        """Whether it did its work: [(what, found, wanted)]."""
        raise NotImplementedError

    def check(self, result, has_messages):
        super().check(result, has_messages)
        for what, found, wanted in self.expect(result):
            # On a busy machine one misses an answer here and there, and is then
            # the faster for it; one that is set up wrongly misses all.
            if abs(found - wanted) > wanted * self.may_miss:
                raise Failed(f"{self.name}: {what}: {found}, and not {wanted}, of {result['mails']} mails")


class Opendkim(Rival):
    """Only verifies signatures."""

    PROGRAM = "/usr/sbin/opendkim"
    package = "opendkim"
    sought = ["Authentication-Results=dkim=pass"]

    def __init__(self, folder, resolver):
        super().__init__("opendkim", folder)
        with open(folder + "/conf", "w", encoding="ascii") as file:
            # Nameservers, not ResolverConfiguration: that file is read anew for
            # each mail, by a scanner that no two threads may use at once.
            file.write(OPENDKIM.format(folder=folder, dns=resolver.address))
        words = []
        if os.getuid() == 0:
            share_with("opendkim", folder)
            words = ["-u", "opendkim"]
        self.serve(self.PROGRAM, "-f", "-x", folder + "/conf", *words)

    def expect(self, result):
        return [("dkim=pass", result["found"][0], result["signed"])]


class RedisServer(Process):
    """For a rival that needs one; it keeps nothing on disk, as in Debian's rspamd."""

    def __init__(self, folder):
        super().__init__("redis-server", folder)
        self.path = folder + "/redis.sock"
        os.chmod(folder, 0o755)
        self.spawn("redis-server", "--port", "0", "--unixsocket", self.path, "--unixsocketperm", "777", "--save", "",
                   "--appendonly", "no", "--dir", folder)
        for _ in range(500):
            try:
                self.link = Redis(self.path)
                return
            except OSError:
                time.sleep(0.02)
        self.fail("does not serve")


class Rspamd(Rival):
    """Only SPF, DKIM, DMARC, two lists, greylisting, rate limits, headers; two scanners."""

    PROGRAM = "/usr/bin/rspamd"
    package = "rspamd"
    pace = 0.25
    sought = ["Authentication-Results=dkim=pass", "Authentication-Results=spf=pass", "Authentication-Results=spf=fail",
              "Authentication-Results=dmarc=", "X-Spamd-Result="]

    def __init__(self, folder, resolver):
        super().__init__("rspamd-cut", folder)
        user = "_rspamd"
        self.redis = RedisServer(folder + "/redis")
        cache = os.path.join(os.path.dirname(folder), "rspamd-patterns")
        os.makedirs(cache, exist_ok=True)
        address, port = resolver.address.split("@")
        with open(folder + "/conf", "w", encoding="ascii") as file:
            file.write(RSPAMD.format(
                folder=folder, cache=cache, dns=f"{address}:{port}", redis=self.redis.path,
                modules=" ".join(f'path = "/usr/share/rspamd/plugins/{name}.lua";' for name in MODULES),
                symbols=" ".join(f'"{name}" {{ weight = {weight}; }}' for name, weight in SYMBOLS.items())))
        words = []
        if os.getuid() == 0:
            share_with(user, folder)
            share_with(user, cache)
            words = ["-u", user, "-g", user]
        try:
            self.serve(self.PROGRAM, "-f", *words, "-c", folder + "/conf")
            self.tree = self.wait_for_children()
        except Failed:
            self.stop()
            raise

    def wait_for_children(self):
        """The scanners, and one that compiles their patterns."""
        end = time.monotonic() + START_SEC
        while len(children_of(self.pid)) < 3:
            if time.monotonic() > end:
                self.fail("does not start its workers")
            time.sleep(0.05)
        return [self.pid, *children_of(self.pid)]

    def stop(self, *_):
        super().stop()
        self.redis.stop()

    def cpu(self):
        if self.tree[1:] != children_of(self.pid):
            self.fail("one of its processes died")
        return [sum(cpu_of(pid) for pid in self.tree), cpu_of(self.redis.pid)]

    def redis_calls(self):
        stats = self.redis.link.info("commandstats")
        return {name[8:]: int(line.split("calls=")[1].split(",")[0]) for name, line in stats.items()}

    def expect(self, result):
        dkim, passed, failed, dmarc, headers = result["found"]
        return [("dkim=pass", dkim, result["signed"]), ("spf=pass", passed, result["own"]),
                ("spf=fail", failed, result["mails"] - result["own"]), ("dmarc=", dmarc, result["mails"]),
                ("X-Spamd-Result", headers, result["mails"])]


def version_of(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False)
    return f"{package} {done.stdout or 'of unknown version'}"

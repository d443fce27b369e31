"""The programs that ./dev bench starts, measures and stops again."""

import getpass
import json
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import time

OPTIONS_OFFER = struct.pack(">III", 6, 0x1ff, 0x1fffff)  # as src/mta offers


class Failed(Exception):
    """Something that would make the figures worthless."""


def median(values):
    return statistics.median(values)


def cpu_of(pid):
    """Seconds of user and system time of a process with all threads it ever
    had: its CPU clock, see clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_of(pid):
    """(RSS, PSS) in KB."""
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            words = line.split()
            found[words[0]] = words[1]
    return int(found["Rss:"]), int(found["Pss:"])


def dial(address):
    """A socket for "unix:/path" or "inet:port@host"."""
    kind, rest = address.split(":", 1)
    if kind == "unix":
        link = socket.socket(socket.AF_UNIX)
        target = rest
    else:
        link = socket.socket(socket.AF_INET)
        port, host = rest.split("@")
        target = (host, int(port))
    link.settimeout(5)
    try:
        link.connect(target)
    except OSError:
        link.close()
        raise
    return link


def receive(link, count):
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def negotiate(address):
    """What a milter answers to our offer, byte for byte."""
    with dial(address) as link:
        link.sendall(struct.pack(">IB", len(OPTIONS_OFFER) + 1, ord("O")) + OPTIONS_OFFER)
        length, = struct.unpack(">I", receive(link, 4))
        return receive(link, length)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """Says commands to a Redis, many at a time."""

    def __init__(self, path):
        self.link = dial("unix:" + path)
        self.link.settimeout(60)
        self.file = self.link.makefile("rb")

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Failed("Redis: " + rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def ask(self, *words):
        words = [str(word).encode() for word in words]
        self.link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.read()

    def info(self, section):
        text = self.ask("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


# Mirrors word() and the networks of plan.c; keys and values as redis-schema
# has them. Runs in Redis: a million keys in seconds.
FILL = """
local kind, first, count, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local day = 86400000
local letters = 'ghjklmnpqrstuvwx'
local function word(n)
	local s = ''
	for _ = 1, 6 do
		s = string.sub(letters, n % 16 + 1, n % 16 + 1) .. s
		n = math.floor(n / 16)
	end
	return s
end
for i = first, first + count - 1 do
	local net = ({ known = 11, seen = 12, bulk = 100 })[kind] + math.floor(i / 65536)
	local a, b = math.floor(i / 256) % 256, i % 256
	local tag = 'sp:grey:{net:' .. net .. '.' .. a .. '.' .. b .. '.0/24}'
	local client = net .. '.' .. a .. '.' .. b .. '.7'
	if kind == 'known' then
		redis.call('SET', tag, 'p=9 l=' .. now .. ' m=', 'PX', 36 * day)
	elseif kind == 'seen' then
		redis.call('SET', tag, 'p=1 l=' .. now .. ' m=', 'PX', 36 * day)
		redis.call('SET', tag .. ':anna.beispiel@' .. word(i) .. '.example:user.gggggg@here.example',
			'f=' .. now .. ' n=2 c=' .. client .. ' l=' .. now .. ' p=' .. now, 'PX', 36 * day)
	else
		redis.call('SET', tag .. ':bulk@' .. word(i) .. '.example:user.' .. word(i % 999) .. '@here.example',
			'f=' .. now .. ' n=1 c=' .. client, 'PX', 2 * day)
	end
end
"""


class Process:
    """One program, stopped by its pid."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.process = None
        os.mkdir(folder)

    @property
    def pid(self):
        return self.process.pid

    def spawn(self, *words):
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def fail(self, what):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            raise Failed(f"{self.name}: {what}\n{file.read()[-2000:]}")

    def stop(self, with_signal=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(with_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Milter(Process):
    """What the load client can be pointed at."""

    def __init__(self, name, folder, over_inet=False):
        super().__init__(name, folder)
        self.address = f"inet:{free_port()}@127.0.0.1" if over_inet else f"unix:{folder}/milter"
        self.next_session = 0
        self.start_sec = 0.0
        self.agreement = b""

    def start(self, *words):
        begun = time.monotonic()
        self.spawn(*words)
        while True:
            try:
                self.agreement = negotiate(self.address)
                break
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - begun > 20:
                self.fail("does not serve")
            time.sleep(0.002)
        self.start_sec = time.monotonic() - begun

    def pids(self):
        return [self.pid]

    def cpu(self):
        return [cpu_of(pid) for pid in self.pids()]

    def take_sessions(self, count):
        """Numbers of the plan that were not used yet; cycles of ten."""
        first = self.next_session
        self.next_session += (count + 9) // 10 * 10
        return first

    def check(self, result, has_messages):
        if result["errors"]:
            raise Failed(f"{self.name}: {result['errors']} sessions broke: {result['last_error']}")


class Null(Milter):
    def __init__(self, build, folder, over_inet=False, is_classic=False):
        super().__init__("null, all replies" if is_classic else "null", folder, over_inet)
        words = ["-a"] if is_classic else []
        self.start(f"{build}/tests/bench/null-milter", *words, self.address)

    def stop(self, with_signal=signal.SIGKILL):
        super().stop(with_signal)  # libmilter takes 5 s to stop


# What a name server costs is measured in a part of its own (names.py); in the
# others nobody's is asked.
NO_LOOKUPS = """dns:
  server: 127.0.0.1@9
rdns:
  enabled: false
sender-domain:
  enabled: false
dnsbl:
  enabled: false
dkim:
  enabled: false
spf:
  enabled: false
dmarc:
  enabled: false
helo:
  lookup: false
"""


class Sallyport(Milter):
    """Observes: every mail goes all the way to the end, as it does with null."""

    def __init__(self, build, folder, over_inet=False, log_level="info", greylists=True,
                 lookups=NO_LOOKUPS, from_score=-1000):
        super().__init__("sallyportd", folder, over_inet)
        self.greylists = greylists
        self.control = folder + "/control"
        user = f"user: {getpass.getuser()}\n" if os.getuid() == 0 else ""
        with open(folder + "/sallyport.yaml", "w", encoding="ascii") as file:
            file.write(f"listen: {self.address}\ncontrol: {self.control}\nstate-dir: {folder}/state\n"
                       f"{user}mode: observe\nlog:\n  to: file:{folder}/log\n  level: {log_level}\n"
                       f"redis:\n  max-memory: 2GB\n"
                       f"greylist:\n  enabled: {str(greylists).lower()}\n  from-score: {from_score}\n" + lookups)
        self.start(f"{build}/sallyportd", "-c", folder + "/sallyport.yaml")
        while not self.status()["store"]["embedded_pid"]:
            time.sleep(0.01)
        self.redis_pid = self.status()["store"]["embedded_pid"]
        self.redis = Redis(folder + "/state/redis.sock")

    def pids(self):
        return [self.pid, self.redis_pid]

    def status(self):
        with dial("unix:" + self.control) as link:
            link.sendall(b"status\n")
            with link.makefile("rb") as file:
                return json.loads(file.read())

    def fill(self, kind, count):
        now_ms = int(time.time() * 1000)
        for first in range(0, count, 10000):
            self.redis.ask("EVAL", FILL, 0, kind, first, min(10000, count - first), now_ms)

    def warm(self, sessions):
        """Put into Redis what the plan says has been there before."""
        self.fill("known", 5000)
        self.fill("seen", sessions // 5 + 10)

    def check(self, result, has_messages):
        super().check(result, has_messages)
        status = self.status()
        if status["degraded_total"] or status["store"]["failures"]:
            raise Failed(f"{self.name}: {status['degraded_total']} mails went on without an answer, of "
                         f"{self.unanswered() or '?'}: store {status['store']}, dns {status.get('dns')}")
        if has_messages:
            self.check_plan(result)

    def check_plan(self, result):
        planned = 0.2 if self.greylists else 0.0
        share = result["would_defer"] / result["mails"]
        if abs(share - planned) > 0.03:
            raise Failed(f"{self.name}: {share:.1%} of the mail would be deferred, planned are {planned:.0%}")

    def unanswered(self):
        """What did not answer for some mail, by the log."""
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as file:
            return ", ".join(sorted(set(re.findall(r" degraded=(\S+)", file.read()))))

    def log_bytes(self):
        return os.path.getsize(self.folder + "/log")


class Postgrey(Process):
    """Debian's postgrey on a socket and a database of its own."""

    PROGRAM = "/usr/sbin/postgrey"

    def __init__(self, folder):
        super().__init__("postgrey", folder)
        self.address = f"unix:{folder}/policy"
        user = "postgrey" if os.getuid() == 0 else getpass.getuser()
        if os.getuid() == 0:
            for path in (os.path.dirname(folder), folder):
                os.chmod(path, 0o755)
            shutil.chown(folder, user)
        self.spawn(self.PROGRAM, f"--unix={folder}/policy", f"--dbdir={folder}", f"--pidfile={folder}/pid",
                   f"--user={user}")
        self.wait()

    def wait(self):
        for _ in range(500):
            try:
                dial(self.address).close()
                return
            except OSError:
                time.sleep(0.01)
        self.fail("does not serve")

    def ask(self, first, count):
        """`count` requests on one connection, half of them tries of triplets
        that have just been seen. Returns CPU milliseconds of one."""
        with dial(self.address) as link, link.makefile("rb") as answers:
            begun = cpu_of(self.pid)
            for number in range(first, first + count):
                link.sendall(request(number // 2))
                if not answers.readline().startswith(b"action="):
                    self.fail("answered something else")
                answers.readline()
            return (cpu_of(self.pid) - begun) * 1000 / count


def request(number):
    client = f"60.{number >> 8 & 255}.{number & 255}.7"
    lines = {
        "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
        "helo_name": f"mx.sender{number}.example", "queue_id": "", "sender": f"offer@sender{number}.example",
        "recipient": f"user.{number >> 16}@here.example", "recipient_count": "0", "client_address": client,
        "client_name": f"mx.sender{number}.example", "reverse_client_name": f"mx.sender{number}.example",
        "instance": f"{number}.1",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode() + b"\n"

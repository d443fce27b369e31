"""A sallyportd of a test's own: its folder, configuration, clock and log."""

import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a sanitizer says when it has found something.
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")

ACCOUNT = "nobody"  # that a daemon of ours becomes when we are root

alive = []  # for tails(): what has to be shown when a test fails


def build_folder():
    return os.environ.get("SALLYPORT_BUILD", os.path.join(TOP, "_build"))


def is_sanitized():
    return build_folder().endswith(("-asan", "-tsan"))


def slow():
    """How much longer things may take in this build."""
    return 6 if is_sanitized() else 1


def program(name):
    return os.path.join(build_folder(), name)


def environment():
    """Sanitizers stop the program with a status of their own."""
    return dict(os.environ, ASAN_OPTIONS="exitcode=98:detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1",
                TSAN_OPTIONS="exitcode=97:second_deadlock_stack=1")


def eventually(question, what, seconds=10.0):
    """Ask until the answer is true; returns it."""
    end = time.monotonic() + seconds * slow()
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} seconds there was no {what}")
        time.sleep(0.02)


def free_port():
    """A TCP port of the range that tests use, free on 127.0.0.1."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def to_yaml(settings):
    """{"greylist.delay": "90s", "access.deny-helo": ["a"]} as a YAML file."""
    tree = {}
    for key, value in settings.items():
        node, *rest = key.split(".")
        if rest:
            tree.setdefault(node, {})[".".join(rest)] = value
        else:
            tree[node] = value

    def scalar(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        text = str(value)
        return text if re.fullmatch(r"[\w/][\w./:@-]*", text) else json.dumps(text)

    lines = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += ["  " + line for line in to_yaml(value).splitlines()]
        elif isinstance(value, list):
            lines.append(f"{key}: [{', '.join(scalar(item) for item in value)}]")
        else:
            lines.append(f"{key}: {scalar(value)}")
    return "\n".join(lines) + "\n"


def unescape(value):
    return re.sub(r"\\x([0-9A-Fa-f]{2})", lambda match: chr(int(match.group(1), 16)), value)


def parse_line(line):
    """One log line, key=value or JSON, as a dictionary of texts."""
    line = line.strip()
    if line.startswith("{"):
        return {key: str(value) for key, value in json.loads(line).items()}
    return {key: unescape(value[1:-1] if value.startswith('"') else value)
            for key, value in re.findall(r'([\w-]+)=("(?:\\.|[^"\\])*"|\S*)', line)}


def tails():
    """The ends of the logs of whatever still runs."""
    return "".join(f"\n--- {one.log_path}\n" + "\n".join(one.log_text().splitlines()[-40:]) for one in alive)


class Daemon:
    def __init__(self, settings=None, **options):
        """`settings`: dotted keys, over what every test wants; None: as shipped.
        options: test_clock=False; command=[...] to put before the program;
        environment={...}; folder= that is kept; under= where a new one stands."""
        self.options = options
        self.folder = options.get("folder") or tempfile.mkdtemp(prefix="sallyport-", dir=options.get("under"))
        os.chmod(self.folder, 0o755)
        self.config_path = os.path.join(self.folder, "sallyport.yaml")
        self.log_path = os.path.join(self.folder, "stderr.log")
        self.clock_path = os.path.join(self.folder, "clock")
        self.socket_path = os.path.join(self.folder, "milter.sock")
        self.control_path = os.path.join(self.folder, "control.sock")
        self.state_dir = os.path.join(self.folder, "state")
        self.settings = {
            "listen": "unix:" + self.socket_path,
            "control": self.control_path,
            "state-dir": self.state_dir,
            "mode": "enforce",
            "listen-mode": "0666",  # Postfix comes as a user of its own
            "drain": "3s",
            # Nothing is asked of the machine's own resolver: tests that look
            # names up bring a DNS server and turn these on again.
            "rdns.enabled": False,
            "helo.lookup": False,
            "sender-domain.enabled": False,
            "dnsbl.enabled": False,
            "greeting.delay": "0s",
            "spf.enabled": False,
            "dmarc.enabled": False,
            # Every first-time sender waits: most tests of it have no points.
            "greylist.from-score": -1000,
        }
        if os.geteuid() == 0:
            # It does not stay root; whoever it becomes has to write here.
            self.settings["user"] = ACCOUNT
            self.give(self.folder)
        self.settings.update(settings or {})
        self.settings = {key: value for key, value in self.settings.items() if value is not None}
        self.process = None
        self.write_config()

    # ------------------------------------------------------------ its files

    def write_config(self, **changes):
        """Changes have _ for - and __ for the dot; None removes a key."""
        for key, value in changes.items():
            key = key.replace("__", ".").replace("_", "-")
            if value is None:
                self.settings.pop(key, None)
            else:
                self.settings[key] = value
        self.write_file("sallyport.yaml", to_yaml(self.settings))

    def write_file(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", mode)
        if os.geteuid() == 0:
            self.give(path + ".new")
        os.rename(path + ".new", path)
        return path

    def give(self, path):
        """To the account that the daemon becomes."""
        account = pwd.getpwnam(ACCOUNT)
        os.chown(path, account.pw_uid, account.pw_gid)

    # ----------------------------------------------------- start, stop, signal

    def command(self):
        words = list(self.options.get("command", [])) + [program("sallyportd"), "-c", self.config_path]
        if self.options.get("test_clock", True):
            words += ["--test-clock", self.clock_path]
        return words

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=dict(environment(), **self.options.get("environment", {})))
        if self not in alive:
            alive.append(self)
        return self

    def start(self):
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self):
        def is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"sallyportd ended with {self.process.returncode}:\n{self.log_text()}")
            try:
                return self.ask("status")
            except (OSError, ValueError):
                return None
        return eventually(is_ready, "answer on the control socket", 15)

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        """HUP, and wait until it is done or refused; returns the status."""
        before = self.reloads_told()
        self.signal(signal.SIGHUP)
        refused = eventually(lambda: self.reloads_told() != before and self.reloads_told(), "end of the reload")[1]
        if refused > before[1]:  # said a moment before the status shows it
            eventually(lambda: self.ask("status")["reload_error"], "error of the reload")
        return self.ask("status")

    def reloads_told(self):
        """How many reloads the log calls done, and how many it calls refused."""
        log = self.log_text()
        return log.count("reload: done"), log.count("the configuration that runs")

    def wait_end(self, seconds=15.0):
        try:
            return self.process.wait(seconds * slow())
        except subprocess.TimeoutExpired:
            raise AssertionError("sallyportd does not end") from None

    def stop(self):
        """TERM, and the end must be clean; the folder is removed."""
        try:
            if self.process and self.process.poll() is None:
                self.signal(signal.SIGTERM)
                self.wait_end()
            self.assert_clean()
        finally:
            self.discard()

    def assert_clean(self, status=0):
        log = self.log_text()
        if SANITIZER.search(log):
            raise AssertionError("a sanitizer complains:\n" + log[SANITIZER.search(log).start():][:8000])
        if self.process and self.process.returncode != status:
            raise AssertionError(f"sallyportd ended with {self.process.returncode}:\n{log[-4000:]}")

    def discard(self):
        """End it in whatever state it is, and remove what it wrote."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        if self in alive:
            alive.remove(self)
        if "folder" not in self.options:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -------------------------------------------------------------- its clock

    def advance(self, seconds):
        """Set its wall clock (and that of whoever shares the file) forward."""
        with open(self.clock_path, "r+b") as file:
            ahead = struct.unpack("=q", file.read(8))[0] + int(seconds * 1000)
            file.seek(0)
            file.write(struct.pack("=q", ahead))

    # ------------------------------------------------------------- what it says

    def ask(self, question):
        """One line to the control socket, its JSON answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5 * slow())
            connection.connect(self.control_path)
            connection.sendall(question.encode() + b"\n")
            answer = b""
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return json.loads(answer)
                answer += piece

    def log_text(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def events(self, name="verdict", **wanted):
        """The events of that name whose pairs are as wanted (from_ is `from`)."""
        wanted = {key.rstrip("_"): value for key, value in wanted.items()}
        lines = [parse_line(line) for line in self.log_text().splitlines() if f"event={name} " in line + " "
                 or f'"event":"{name}"' in line]
        return [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]

    def wait_event(self, name="verdict", count=1, **wanted):
        """The last of at least `count` such events."""
        return eventually(lambda: len(self.events(name, **wanted)) >= count and self.events(name, **wanted)[-1],
                          f"event {name} {wanted}")

    def wait_log(self, text):
        return eventually(lambda: text in self.log_text(), f"log line with {text!r}")

    # ---------------------------------------------------------------- its body

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def redis_path(self):
        found = glob.glob(os.path.join(self.state_dir, "**", "*.sock"), recursive=True)
        return found[0] if found else None

    def redis_pid(self):
        return self.ask("status")["store"]["embedded_pid"]

    # ------------------------------------------------------------- its operator

    def operator(self, *words, stdin=None, status=0):
        """`sallyport --config ... WORDS`; returns what it printed."""
        done = subprocess.run(
            [program("sallyport"), "--config", self.config_path, "--test-clock", self.clock_path,
             *map(str, words)], input=stdin or b"", capture_output=True, env=environment(), check=False,
            timeout=60 * slow())
        said = done.stdout.decode(errors="replace")
        self.complaint = done.stderr.decode(errors="replace")
        if done.returncode != status:
            raise AssertionError(f"sallyport {words} ended with {done.returncode}, not {status}:\n"
                                 f"{said}\n{self.complaint}")
        return said

    def operator_json(self, *words, stdin=None, status=0):
        return json.loads(self.operator(*words, "--json", stdin=stdin, status=status))

"""What a session waits for DNS, of a client, a HELO name and a sender's domain
that nobody ever asked for: PTR and its A, HELO A and AAAA, MX and its A, four
lists of addresses, two of domains."""

import json
import subprocess
import threading
import time

from peers import Failed, Process, Sallyport, median

CHAIN = 2  # PTR then A; MX then A: lookups that wait for another
SLACK_MS = 5
DEADLINE_MS = 5000
DEAD_MS = 100
BUDGET_MS = 3000  # budget.dns, as it is by default
SETTLE_SEC = 30

LOOKUPS = """dns:
  server: {address}
budget:
  dns: {budget_ms}ms
dnsbl:
  enabled: true
  lists:
    - "LIST_A: a.list.example*1"
    - "LIST_B: b.list.example*1"
    - "LIST_C: c.list.example*1"
    - "LIST_D: d.list.example*1"
  domain-lists:
    - "LIST_E: e.list.example*1"
    - "LIST_F: f.list.example*1"
# The plan's own clients (plan.c), but for those never seen.
access:
  trusted-networks: [127.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8, 60.0.0.0/8]
"""


class Resolver(Process):
    """dns-server, told what to do by lines."""

    def __init__(self, build, folder):
        super().__init__("dns-server", folder)
        self.process = subprocess.Popen([f"{build}/tests/bench/dns-server"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise Failed("dns-server: does not serve")

    def tell(self, line):
        """How many questions it got so far."""
        self.process.stdin.write(line + "\n")
        return int(self.process.stdout.readline())

    def stop(self, *_):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
        super().stop()


def wait_for(daemon, what, is_so):
    end = time.monotonic() + SETTLE_SEC
    while not is_so():
        if time.monotonic() > end:
            raise Failed(f"sallyportd: waited in vain until {what}: {json.dumps(daemon.status())}")
        time.sleep(0.02)


class Names:
    """A sallyportd that looks up everything, and its resolver."""

    def __init__(self, bench):
        self.bench = bench
        self.resolver = bench.keep(Resolver(bench.build, bench.place()))
        self.budget_ms = BUDGET_MS // 2 if bench.scale < 1 else BUDGET_MS
        self.daemon = bench.keep(Sallyport(bench.build, bench.place(), lookups=LOOKUPS.format(
            address=self.resolver.address, budget_ms=self.budget_ms)))
        wait_for(self.daemon, "its lists are well", self.are_lists_well)

    def are_lists_well(self):
        status = self.daemon.status()
        states = [one["state"] for one in status["address_lists"] + status["domain_lists"]]
        return len(states) == 6 and set(states) == {"well"}

    def is_dead(self):
        return self.daemon.status()["dns"]["is_dead"]

    def load(self, at_once, sessions, *more):
        words = [f"{self.bench.build}/tests/bench/load", "-c", str(at_once), "-n", str(sessions), "-f",
                 str(self.daemon.take_sessions(sessions)), *more, self.daemon.address]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if not done.stdout.startswith("{"):
            raise Failed(f"load: {done.stderr}")
        result = json.loads(done.stdout)
        if result["errors"] or result["refused"] or result["deferred"]:
            raise Failed(f"sallyportd: {json.dumps(result)}")
        return result

    def unseen(self, at_once, sessions, *more):
        return self.load(at_once, sessions, "-u", *more)

    def beside_silent(self, many, work):
        """`many` sessions that wait for an answer, and `work` meanwhile."""
        found = []
        thread = threading.Thread(target=lambda: found.append(self.unseen(many, many)))
        thread.start()
        time.sleep(self.budget_ms / 6000)  # all of them are there
        done = work()
        is_covered = thread.is_alive()
        thread.join()
        if not found:
            raise Failed("the sessions that wait for DNS broke")
        if not is_covered:
            raise Failed("the sessions that wait for DNS were over too soon")
        return found[0], done

    def measure(self, delay_ms, at_once, sessions, *more):
        """One run with a resolver that answers, and what it asked and cost."""
        before = self.resolver.tell(f"delay {delay_ms}"), self.daemon.cpu()[0]
        result = self.unseen(at_once, sessions, *more)
        after = self.resolver.tell("count"), self.daemon.cpu()[0]
        if result["degraded"]:
            raise Failed(f"sallyportd: {result['degraded']} mails went without DNS: "
                         f"{json.dumps(self.daemon.status()['dns'])}")
        result.update(questions=(after[0] - before[0]) / sessions, cpu_ms=(after[1] - before[1]) * 1000 / sessions)
        return result


def session_ms(results, percentile):
    return median([result["stages"]["session"][percentile + "_us"] for result in results]) / 1000


def told(results, *percentiles):
    return "/".join(f"{session_ms(results, name):.1f}" for name in percentiles)


def shapes(is_quick):
    """(name, at once, sessions, the load client's words). Distant clients come
    at random and pause three times, so that so many sessions are there at once
    without the machine being the limit; the last shape shows its limit."""
    many, pause_ms, sec = (50, 100, 0.8) if is_quick else (500, 1000, 9)
    rate = many * 1000 / (3 * pause_ms)
    return [("4, one after the other", 4, 40 if is_quick else 400, ()),
            (f"{many}, of distant clients", 2 * many, int(rate * sec),
             ("-p", str(pause_ms), "-r", f"{rate:.0f}")),
            (f"{many}, one after the other", many, 4 * many, ())]


def measure_waits(bench, names):
    """Rows of a table; aims go to the bench's verdicts."""
    rows = []
    for delay_ms in (0, 50):
        for name, at_once, sessions, words in shapes(bench.scale < 1):
            bench.progress(f"DNS answers after {delay_ms} ms, sessions at once: {name}")
            results = [names.measure(delay_ms, at_once, sessions, *words) for _ in range(min(bench.rounds, 3))]
            questions = median([result["questions"] for result in results])
            rows.append([f"{delay_ms} ms", name, told(results, "p50", "p95", "p99"), f"{CHAIN * delay_ms}",
                         f"{questions * delay_ms:.0f} ({questions:.1f})",
                         f"{median([r['mails_per_sec'] for r in results]):,.0f}",
                         f"{median([r['cpu_ms'] for r in results]):.2f}"])
            aim_ms = CHAIN * delay_ms + SLACK_MS
            if at_once == 4 or words:
                bench.verdicts.append((f"a session waits at most {aim_ms} ms when DNS answers after {delay_ms} ms ({name})",
                                       f"{told(results, 'p50', 'p95')} ms p50/p95",
                                       session_ms(results, "p95") <= aim_ms))
    return rows


def measure_silence(bench, names):
    """Nobody answers: the first mails, those after it is known, and those that
    have nothing to ask."""
    many = 50 if bench.scale < 1 else 500
    mails = 500 if bench.scale < 1 else 4000
    bench.progress("DNS is silent")
    alone = names.load(4, mails)
    names.resolver.tell("silent")
    first, beside = names.beside_silent(many, lambda: names.load(4, mails))
    wait_for(names.daemon, "the resolver is known to be dead", names.is_dead)
    dead = names.unseen(4, many)
    within = names.unseen(many, many, "-r", str(many))
    burst = names.unseen(many, many)
    for result in (first, dead, within, burst):
        if result["degraded"] != result["mails"]:
            raise Failed(f"sallyportd: mails that nobody answered for do not say so: {json.dumps(result)}")
    budget = f"budget.dns is {names.budget_ms} ms"
    rows = [[name, told([result], "p50", "p95", "p99", "max")] for name, result in (
        (f"{many} sessions at once, the first ones; {budget}", first),
        (f"{many} sessions at once, known dead (the machine is the limit)", burst),
        (f"{many} sessions within a second, known dead", within),
        ("4 at once, known dead", dead),
        ("trusted clients, 4 at once, nobody beside", alone),
        (f"trusted clients, 4 at once, beside the {many} first ones", beside))]
    quiet, harmed = (session_ms([result], "p99") for result in (alone, beside))
    bench.verdicts += [
        (f"DNS silent: each of {many} mails answered within {DEADLINE_MS} ms", f"{told([first], 'max')} ms",
         session_ms([first], "max") <= DEADLINE_MS),
        (f"DNS known dead: each of {many} mails within a second is answered within {DEAD_MS} ms",
         f"{told([within], 'max')} ms", session_ms([within], "max") <= DEAD_MS),
        (f"{many} sessions that wait for silent DNS do not harm trusted clients (p99 at most {SLACK_MS} ms more)",
         f"{quiet:.1f} ms alone, {harmed:.1f} ms beside", harmed <= quiet + SLACK_MS)]
    return rows


WAIT_HEADS = ["DNS answers after", "sessions at once", "session p50/p95/p99 ms", "longest chain ms",
              "one by one ms (questions)", "sessions/s", "CPU ms/session"]
SILENCE_HEADS = ["DNS is silent", "session p50/p95/p99/max ms"]

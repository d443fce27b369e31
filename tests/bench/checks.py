"""What a mail costs, and waits, with everything on: SPF, DKIM, DMARC, names, two
lists, greylisting and counters in Redis, headers. Beside a null milter, and with
--peers beside other filters that do as much of it as they can, on the same mails,
in the same rounds, with the same name server. Each must do its work: who does not
verify every signature is not measured."""

import time

import mails
import names
import rivals
from peers import Failed, Sallyport, cpu_of, median, memory_of

LOOKUPS = """dns:
  server: {address}
dnsbl:
  enabled: true
  lists:
    - "LIST_A: a.list.example*1"
    - "LIST_B: b.list.example*1"
  domain-lists: []
"""
RIVALS = [rivals.Rspamd, rivals.Opendkim]
DELAY_MS = 50

# What we aim at: CPU, speed and waits beside null, rspamd and opendkim.
CPU_OF_NULL = {1: 2.5, 10: 3.0}
CPU_OF = {"rspamd-cut": 0.15, "opendkim": 0.32}
SPEED_OF = {"rspamd-cut": 5, "opendkim": 2.3}
LARGE_MORE_MS = 0.25
WAIT_MORE_MS = 0.5
UNSEEN_MS = {"p50": 105, "p99": 160}
BURST_OF_RSPAMD = 4
COLD_BURST_PER_SEC, COLD_BURST_OF_RSPAMD = 3000, 3.5
REDIS_MS = 0.02
COLD_MISSES = 0.1  # of a rival's verdicts; opendkim, just started, loses a key now and then
RSS_MB = 16


class Checked(Sallyport):
    """Everything on. It observes."""

    pace = 1.0
    sought = ["X-Sallyport-Tests=DKIM_VALID", "X-Sallyport-Tests=SPF_PASS", "X-Sallyport-Tests=SPF_FAIL",
              "X-Sallyport-Verdict=", "Authentication-Results=dkim=pass", "Authentication-Results=spf=pass",
              "Authentication-Results=dmarc="]

    def __init__(self, build, folder, resolver):
        super().__init__(build, folder, lookups=LOOKUPS.format(address=resolver.address), from_score=2)
        names.wait_for(self, "its lists are well", self.are_lists_well)

    def are_lists_well(self):
        return [one["state"] for one in self.status()["address_lists"]] == ["well", "well"]

    def check_plan(self, result):
        """In place of the plan's share of deferred mails: what was found."""
        every, signed, own = result["mails"], result["signed"], result["own"]
        wanted = [signed, own, every - own, every, signed, own, every]
        for what, found, wanted in zip([*self.sought, "degraded"], [*result["found"], result["degraded"]], [*wanted, 0]):
            if found != wanted:
                raise Failed(f"{self.name}: {what}: {found}, and not {wanted}, of {result['mails']} mails")


class Everything:
    """The peers, with a name server and mails, and rounds of them."""

    def __init__(self, bench):
        self.bench = bench
        bench.progress("writing and signing mails")
        self.mix = mails.write(bench.place() + "-mix", domains=4 if bench.is_quick else 20)
        self.unseen = mails.write_unseen(bench.place() + "-unseen", 60 if bench.is_quick else 400)
        self.resolver = bench.keep(names.Resolver(bench.build, bench.place()))
        with open(self.mix.zone, "a", encoding="ascii") as zone, open(self.unseen.zone, encoding="ascii") as more:
            zone.write(more.read())
        self.resolver.tell("zone " + self.mix.zone)
        self.rivals = [rival for rival in RIVALS if bench.with_peers and not self.lacks(rival)]

    def lacks(self, rival):
        reason = rival.missing()
        if reason:
            print(f"{rival.__name__}: skipped: {reason}\n", flush=True)
        return reason

    def start(self):
        """All of them, fresh; ours first, null second."""
        bench = self.bench
        found = [bench.keep(Checked(bench.build, bench.place(), self.resolver)), bench.null()]
        found[1].pace, found[1].sought = 1.0, []
        for rival in self.rivals:
            bench.progress(f"{rival.__name__} starts")
            found.append(bench.keep(rival(bench.place(), self.resolver)))
        return found

    def load(self, peer, count, per_session=1, world=None, kind=None, **options):
        """One run; the name server's share is told apart."""
        words = ["-M", (world or self.mix).index]
        words += ["-k", kind.replace(" ", "-")] if kind else []
        for sought in peer.sought:
            words += ["-x", sought]
        if "rate" not in options:
            count *= peer.pace
        count = max(per_session, int(count) // per_session * per_session)
        before = self.resolver.tell("count"), cpu_of(self.resolver.pid)
        result = self.bench.load(peer, count, per_session, words=words, **options)
        if result["refused"] or result["deferred"] or result["kept_off"]:
            raise Failed(f"{peer.name}: not all mail was let in: {result}")
        result["questions"] = (self.resolver.tell("count") - before[0]) / result["mails"]
        result["dns_ms"] = (cpu_of(self.resolver.pid) - before[1]) * 1000 / result["mails"]
        return result

    def rounds(self, peers, count, per_session=1, **options):
        """Per peer its results, a round each."""
        return list(zip(*[[self.load(peer, count, per_session, **options) for peer in peers]
                          for _ in range(self.bench.rounds)]))

    def warm(self, peers):
        for peer in peers:
            for _ in range(2):
                result = self.load(peer, 3048 / peer.pace / (8 if self.bench.is_quick else 1))
            self.check_rspamd(peer, result)

    def check_rspamd(self, peer, result):
        """Lists and Redis leave no mark in its headers."""
        if not isinstance(peer, rivals.Rspamd):
            return
        calls = peer.redis_calls()
        if result["questions"] < 2 or min(calls.get("mget", 0), calls.get("evalsha", 0)) < result["mails"]:
            raise Failed(f"rspamd asked {result['questions']:.1f} questions a mail, and Redis {calls}")


def of(results, name):
    return median([result[name] for result in results])


def ratio(ours, theirs, name="cpu_ms"):
    return median([a[name] / b[name] for a, b in zip(ours, theirs)])


def at(results, stage, percentile):
    return median([result["stages"][stage][percentile + "_us"] for result in results]) / 1000


def waits(results, stage):
    return "/".join(f"{at(results, stage, name):.2f}" for name in ("p50", "p95", "p99"))


def measure_loop(bench, world, peers, table):
    rows = []
    for per_session in (1, 10):
        bench.progress(f"all checks, closed loop, {per_session} mails a session")
        results = world.rounds(peers, bench.count(6000), per_session)
        null = results[1]
        for peer, found in zip(peers, results):
            rows.append([f"m={per_session}", peer.name, f"{of(found, 'cpu_ms'):.4f}", f"{ratio(found, null):.2f}",
                         f"{of(found, 'redis_ms'):.4f}", f"{of(found, 'dns_ms'):.4f} ({of(found, 'questions'):.2f})",
                         f"{of(found, 'mails_per_sec'):,.0f}", waits(found, "open"), waits(found, "rcpt"),
                         waits(found, "eom"), waits(found, "mail")])
        aim = CPU_OF_NULL[per_session]
        bench.verdicts.append((f"all checks: CPU per mail at most {aim} x null (m={per_session})",
                               f"{ratio(results[0], null):.2f} x", ratio(results[0], null) <= aim))
        judge_rivals(bench, peers, results, per_session)
    table(["all checks, mix", "peer", "CPU ms/mail", "x null", "of it Redis", "name server beside (questions)", "mails/s",
           "open ms", "RCPT ms", "EOM ms", "mail ms"], rows)


def judge_rivals(bench, peers, results, per_session):
    for peer, found in zip(peers[2:], results[2:]):
        cost = ratio(results[0], found)
        aim = CPU_OF[peer.name]
        bench.verdicts.append((f"all checks: CPU per mail at most {aim} x {peer.name} (m={per_session})", f"{cost:.3f} x",
                               cost <= aim))
        speed = ratio(results[0], found, "mails_per_sec")
        aim = SPEED_OF[peer.name]
        bench.verdicts.append((f"all checks: mails per second at least {aim} x {peer.name} (m={per_session})",
                               f"{speed:.1f} x", speed >= aim))


def measure_kinds(bench, world, peers, table):
    """Where the body, and where the signature costs."""
    bench.progress("all checks, by kind")
    rows = [[peer.name] for peer in peers]
    for kind in mails.KINDS:
        results = world.rounds(peers, bench.count(2000), kind=kind)
        for row, found in zip(rows, results):
            row.append(f"{of(found, 'cpu_ms'):.4f}")
        if kind == "100k signed":
            more = median([a["cpu_ms"] - b["cpu_ms"] for a, b in zip(results[0], results[1])])
            bench.verdicts.append((f"100 KB signed: at most {LARGE_MORE_MS} ms more than null", f"{more:.3f} ms",
                                   more <= LARGE_MORE_MS))
    table(["CPU ms/mail", *mails.KINDS], rows)


def measure_waits(bench, world, peers, table):
    bench.progress("all checks, 50 mails a second")
    results = world.rounds(peers, 40 if bench.is_quick else 300, rate=50, connections=64)
    rows = [[peer.name, *(waits(found, stage) for stage in ("open", "rcpt", "eom", "mail"))]
            for peer, found in zip(peers, results)]
    table(["50 mails/s at random", "open ms", "RCPT ms", "EOM ms", "mail ms p50/p95/p99"], rows)
    more = at(results[0], "mail", "p50") - at(results[1], "mail", "p50")
    bench.verdicts.append((f"50 mails/s: a mail waits at most {WAIT_MORE_MS} ms more than with null (p50)",
                           f"{more:.2f} ms", more <= WAIT_MORE_MS))
    for peer, found in zip(peers[2:], results[2:]):
        if peer.name == "rspamd-cut":
            for name, aim in (("p50", 0.2), ("p99", 0.3)):
                share = at(results[0], "mail", name) / at(found, "mail", name)
                bench.verdicts.append((f"50 mails/s: {name} at most {aim} x rspamd-cut", f"{share:.2f} x", share <= aim))


def measure_burst(bench, world, peers, table):
    many = 50 if bench.is_quick else 500
    bench.progress(f"all checks, {many} sessions at once")
    results = world.rounds(peers, bench.count(6000), connections=many)
    table([f"{many} sessions at once", "mails/s", "CPU ms/mail", "mail ms p50/p95/p99", "session ms p50/p95/p99"],
          [[peer.name, f"{of(found, 'mails_per_sec'):,.0f}", f"{of(found, 'cpu_ms'):.4f}", waits(found, "mail"),
            waits(found, "session")] for peer, found in zip(peers, results)])
    judge_burst(bench, peers, results, f"{many} sessions at once: no errors, at least {BURST_OF_RSPAMD} x rspamd-cut's rate",
                BURST_OF_RSPAMD)
    for peer, found in zip(peers[2:], results[2:]):
        if peer.name == "rspamd-cut":
            share = at(results[0], "mail", "p99") / at(found, "mail", "p99")
            bench.verdicts.append((f"{many} sessions at once: p99 at most 0.4 x rspamd-cut", f"{share:.2f} x", share <= 0.4))


def judge_burst(bench, peers, results, aim, least):
    """That there were no errors is checked with each result."""
    for peer, found in zip(peers, results):
        if peer.name == "rspamd-cut":
            speed = ratio(results[0], found, "mails_per_sec")
            bench.verdicts.append((aim, f"{speed:.1f} x", speed >= least))


def measure_unseen(bench, world, table):
    """Every sender is new, and DNS takes its time; each round with fresh peers,
    who know their name server but nobody's names."""
    few, many = ([], []), ([], [])
    for _ in range(min(bench.rounds, 3)):
        for into, at_once in ((few, 4), (many, 500)):
            peers = world.start()
            world.resolver.tell(f"delay {DELAY_MS}")
            results = []
            for peer in peers:
                peer.may_miss = COLD_MISSES
                world.load(peer, 60 / peer.pace, connections=8)
                count = (60 if bench.is_quick else 400) * (1 if at_once == 4 else 5)
                results.append(world.load(peer, count / peer.pace, world=world.unseen, connections=at_once, first=0))
            into[0].append(peers)
            into[1].append(results)
            world.resolver.tell("delay 0")
            for peer in peers:
                peer.stop()
    judge_unseen(bench, few[0][0], list(zip(*few[1])), table)
    peers, results = many[0][0], list(zip(*many[1]))
    table([f"never-seen senders, 500 sessions, DNS {DELAY_MS} ms", "mails/s", "mail ms p50/p95/p99", "session ms p50/p95/p99"],
          [[peer.name, f"{of(found, 'mails_per_sec'):,.0f}", waits(found, "mail"), waits(found, "session")]
           for peer, found in zip(peers, results)])
    speed = of(results[0], "mails_per_sec")
    bench.verdicts.append((f"400 new senders, 500 sessions at once, DNS {DELAY_MS} ms: no errors, at least {COLD_BURST_PER_SEC:,} mails/s",
                           f"{speed:,.0f}", speed >= COLD_BURST_PER_SEC))
    judge_burst(bench, peers, results, f"the same: at least {COLD_BURST_OF_RSPAMD} x rspamd-cut's rate", COLD_BURST_OF_RSPAMD)


def judge_unseen(bench, peers, results, table):
    table([f"never-seen senders, 4 sessions, DNS {DELAY_MS} ms", "questions", "CPU ms/mail", "RCPT ms", "EOM ms",
           "session ms p50/p95/p99"],
          [[peer.name, f"{of(found, 'questions'):.1f}", f"{of(found, 'cpu_ms'):.2f}", waits(found, "rcpt"),
            waits(found, "eom"), waits(found, "session")] for peer, found in zip(peers, results)])
    for name, aim in UNSEEN_MS.items():
        value = at(results[0], "session", name)
        bench.verdicts.append((f"never-seen senders, DNS {DELAY_MS} ms: {name} at most {aim} ms", f"{value:.1f} ms",
                               value <= aim))


def measure_memory(bench, world, table):
    """Of one that has seen no burst: its threads' stacks would tell more than the mails."""
    mails_each = bench.count(25000)
    bench.progress("all checks, memory")
    ours = bench.keep(Checked(bench.build, bench.place(), world.resolver))
    calls = ours.redis.info("stats"), cpu_of(ours.redis_pid)
    sizes = [memory_of(ours.pid)]
    for _ in range(4):
        world.load(ours, mails_each, 10)
        sizes.append(memory_of(ours.pid))
    after = ours.redis.info("stats"), cpu_of(ours.redis_pid)
    table(["all checks, mails so far", "RSS MB", "PSS MB"],
          [[f"{i * mails_each:,} more", f"{rss / 1024:.2f}", f"{pss / 1024:.2f}"] for i, (rss, pss) in enumerate(sizes)])
    growth = (sizes[4][0] - sizes[2][0]) / sizes[2][0]
    reads = (int(after[0]["total_reads_processed"]) - int(calls[0]["total_reads_processed"])) / (4 * mails_each)
    redis_ms = (after[1] - calls[1]) * 1000 / (4 * mails_each)
    bench.verdicts += [
        (f"all checks: at most {RSS_MB} MB after {4 * mails_each:,} mails, and flat",
         f"{sizes[4][0] / 1024:.1f} MB, {growth:+.1%} over the last half", sizes[4][0] <= RSS_MB * 1024 and growth <= 0.01),
        (f"all checks: one Redis round trip per mail, at most {REDIS_MS} ms of Redis", f"{reads:.3f}, {redis_ms:.4f} ms",
         reads <= 1.01 and redis_ms <= REDIS_MS)]
    ours.stop()


def measure(bench, table):
    begun = time.monotonic()
    world = Everything(bench)
    peers = world.start()
    for rival in peers[2:]:
        print(f"{rival.name}: {rivals.version_of(rival.package)}; {rival.__doc__}\n", flush=True)
    world.warm(peers)
    for part in (measure_loop, measure_kinds, measure_waits, measure_burst):
        part(bench, world, peers, table)
    for peer in peers:
        peer.stop()
    measure_memory(bench, world, table)
    measure_unseen(bench, world, table)
    bench.progress(f"all checks took {time.monotonic() - begun:.0f} s")

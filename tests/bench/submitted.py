"""What mail that goes out costs, by recipient: each is held against its submitter's
limits and counted. Beside a null milter, and beside a sallyportd that counts nobody."""

from peers import NO_LOOKUPS, Failed, Sallyport, median

LOGINS = 10000  # so many that none comes near a shipped limit
SHAPES = [(1, 1), (1, 10), (10, 1)]  # mails of a session, recipients of a mail
HEADS = ["submitted", "peer", "CPU ms/recipient", "x null", "of it Redis", "round trips to Redis/mail", "recipients/s",
         "RCPT ms of a mail p50/p95/p99"]


def settings(counts):
    return NO_LOOKUPS + f"outbound:\n  enabled: {str(counts).lower()}\n  mode: enforce\n"


class Submitted(Sallyport):
    """Enforces its limits; so that one who was held would be seen."""

    def __init__(self, bench, counts):
        super().__init__(bench.build, bench.place(), greylists=False, lookups=settings(counts))
        self.name = "sallyportd" if counts else "sallyportd, outbound.enabled: false"
        self.counts = counts

    def reads(self):
        return int(self.redis.info("stats")["total_reads_processed"])

    def check_plan(self, result):
        named = result["found"][0]
        if named != result["mails"] * self.counts or result["held"] or result["refused"] or result["deferred"]:
            raise Failed(f"{self.name}: of {result['mails']} mails {named} have a submitter, {result['held']} are held, "
                         f"{result['deferred'] + result['refused']} recipients were not let in")


def measure(bench, table):
    ours, blind, null = [bench.keep(Submitted(bench, counts)) for counts in (True, False)] + [bench.null()]
    rows = []
    for per_session, recipients in SHAPES:
        bench.progress(f"submitted, {per_session} mails a session, {recipients} recipients")
        mails = bench.count(10000 if recipients == 1 else 3000)
        words = ["-l", str(LOGINS), "-R", str(recipients), "-x", "X-Sallyport-Submitter=sasl:"]
        before = ours.reads()
        found = bench.paired([ours, blind, null], mails, per_session, words=words)
        trips = (ours.reads() - before - 1) / (bench.rounds * mails)
        for peer, results in zip((ours, blind, null), found):
            rows.append([f"m={per_session}, {recipients} rcpt", peer.name, each(results, "cpu_ms", recipients),
                         f"{ratio(results, found[2]):.2f}", each(results, "redis_ms", recipients),
                         f"{trips:.2f}" if peer is ours else "-", f"{of(results, 'mails_per_sec') * recipients:,.0f}",
                         waits(results)])
        bench.verdicts.append((f"a submitted recipient costs so much of null's CPU (m={per_session}, {recipients} a mail)",
                               f"{ratio(found[0], found[2]):.2f} x; {ratio(found[0], found[1]):.2f} x one that counts nobody",
                               None))
    table(HEADS, rows)


def of(results, name):
    return median([result[name] for result in results])


def each(results, name, recipients):
    return f"{of(results, name) / recipients:.4f}"


def ratio(ours, theirs):
    return median([a["cpu_ms"] / b["cpu_ms"] for a, b in zip(ours, theirs)])


def waits(results):
    return "/".join(f"{median([r['stages']['rcpt'][p + '_us'] for r in results]) / 1000:.2f}" for p in ("p50", "p95", "p99"))

#!/usr/bin/python3
"""How long the page's views take at the server with a full Redis.

    desk.py BUILD [TRIPLETS]     1,000,000 if not said; BUILD: the folder of sallyportd

Fills a Redis of its own as the scripts would have: of the triplets one in ten
waits (100,000 at most are on the desk), the others have passed; 10,000 events,
10,000 submitters of which 200 are held. Then asks each view 30 times, and prints
the median and the slowest, as a client on the loopback sees them.
"""

import os
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))

VIEWS = [
    ("Now", "/api/now"),
    ("Greylist desk, first page", "/api/greylist"),
    ("Greylist desk, oldest first", "/api/greylist?order=old"),
    ("Greylist desk, page 1000", "/api/greylist?from=50000"),
    ("Greylist desk, search: many", "/api/greylist?search=user7"),
    ("Greylist desk, search: one", "/api/greylist?search=sender-77777@"),
    ("Greylist desk, search: nobody", "/api/greylist?search=zzzz"),
    ("What came of it", "/api/greylist/outcome"),
    ("Verdicts", "/api/verdicts"),
    ("Verdicts of one client", "/api/verdicts?client=192.0.2.7"),
    ("Verdicts, any word: nothing", "/api/verdicts?search=zzzz"),
    ("Submitters not ok", "/api/submitters"),
    ("Submitters sent last", "/api/submitters?by=last"),
    ("Submitters near to a limit", "/api/submitters?by=share"),
    ("/metrics", "/metrics"),
]
ROUNDS = 30
STEP = 2000


def piped(redis, commands):
    """Many commands in one go."""
    data = b"".join(b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%s\r\n" % (len(word), word) for word in map(lambda word: str(word).encode(), words))
        for words in commands)
    redis.socket.sendall(data)
    for _ in commands:
        redis.reply()


def fill(redis, count, now_ms):
    """Greylisting's keys, and the desk's."""
    for start in range(0, count, STEP):
        commands = []
        for i in range(start, min(start + STEP, count)):
            identity = f"net:10.{i // 65536 % 256}.{i // 256 % 256}.0/24"
            key = f"sp:grey:{{{identity}}}:sender-{i}@example.org:user{i % 1000}@here.test"
            first_ms = now_ms - i * 60
            value = f"f={first_ms} n=1 c=10.0.0.1"
            if i % 10 == 0 and i // 10 < 100_000:
                commands.append(["ZADD", "sp:desk:{grey}:waits", first_ms, key])
            else:
                value += f" l={first_ms + 95000} p={first_ms + 95000}"
            commands.append(["SET", key, value, "PX", 86_400_000])
        piped(redis, commands)
    commands = [["HSET", f"sp:desk:{{grey}}:day:{now_ms // 86_400_000 - day}", "begun", 5000, "came", 4000, "never", 900,
                 "never-honest", 3, "in/120", 3000, "in/600", 1000] for day in range(30)]
    for i in range(5000):
        identity = f"net:10.0.{i // 256}.0/24" if i < 256 else f"domain:d{i}.example"
        commands.append(["ZADD", "sp:desk:{grey}:who", now_ms - i, identity])
        commands.append(["HSET", f"sp:desk:{{grey}}:of:{identity}", "begun", 5, "came", 4, "in/120", 4])
    piped(redis, commands)


def feed(sally):
    """Mails and submitters by the daemon itself: what it writes is what it reads."""
    from milter import session
    from submit import submit
    for i in range(10_000):
        if i % 100 == 0:
            link = session(sally.socket_path, f"192.0.2.{i // 100 % 250}")
        link.whole_mail(f"<s{i}@d{i % 500}.example>")
        if i % 100 == 99:
            link.quit()
    for i in range(2_000):
        for _ in range(2 if i % 10 == 0 else 1):
            submit(sally, f"user{i}")


def main():
    os.environ["SALLYPORT_BUILD"] = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    from daemon import Daemon, free_port
    from redis import Redis
    from web import Web
    port = free_port()
    sally = Daemon({"web.listen": port, "redis.max-memory": "2GB", "outbound.limits": ["messages: 1/1h hold"]},
                   test_clock=False)
    try:
        sally.start()
        redis = Redis(sally.redis_path())
        fill(redis, count, int(time.time() * 1000))
        feed(sally)
        web = Web(port)
        print(f"{redis.command('DBSIZE'):,} keys, {redis.command('ZCARD', 'sp:desk:{grey}:waits'):,} waiting, "
              f"{redis.command('XLEN', 'sp:events:{record}'):,} events")
        print(f"{'view':32} {'median':>9} {'slowest':>9}   bytes")
        for name, path in VIEWS:
            times, size = [], 0
            for _ in range(ROUNDS):
                began = time.monotonic()
                answer = web.get(path)
                times.append((time.monotonic() - began) * 1000)
                size = len(answer.text)
                assert answer.status == 200, answer.text
            times.sort()
            print(f"{name:32} {times[len(times) // 2]:6.1f} ms {times[-1]:6.1f} ms {size:7,}", flush=True)
        redis.close()
    finally:
        sally.discard()


if __name__ == "__main__":
    main()

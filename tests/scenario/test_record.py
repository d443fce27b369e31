"""What Redis keeps of verdicts: events and counters, beside the mail."""

import json
import os
import signal
import time
import unittest

import dns
from case import DaemonCase, concurrent
from daemon import eventually, slow
from milter import session
from redis import Redis, RedisServer

EVENTS = "sp:events:{record}"


def fields(entry):
    words = entry[1]
    return dict(zip(words[::2], words[1::2]))


QUIET = {"greylist.enabled": False, "harvest.session": 0, "harvest.network": 0, "relay.session": 0, "relay.network": 0}


class RecordCase(DaemonCase):
    def redis(self, sally):
        client = Redis(sally.redis_path())
        self.addCleanup(client.close)
        return client

    def events(self, redis):
        """The latest first: (words, JSON, facts)."""
        entries = redis.command("XREVRANGE", EVENTS, "+", "-")
        return [(found["k"].split(), json.loads(found["e"]), found["f"]) for found in map(fields, entries)]

    def wait_events(self, redis, count):
        return eventually(lambda: len(self.events(redis)) >= count and self.events(redis), f"{count} events")

    def counted(self, redis, unit):
        (key,) = [key for key in redis.keys() if f":{unit}:" in key]
        words = redis.command("HGETALL", key)
        return {name.split("/", 1)[1]: int(number) for name, number in zip(words[::2], words[1::2])}


class Record(RecordCase):
    def test_an_event_says_what_the_log_line_says(self):
        sally = self.daemon()
        redis = self.redis(sally)
        self.assert_deferred(sally)
        words, told, facts = self.wait_events(redis, 1)[0]
        line = sally.wait_event()
        for key in ("id", "client", "from", "to", "verdict", "greylist", "identity"):
            self.assertEqual(told[key], line[key])
        self.assertEqual([finding["name"] for finding in told["findings"]], ["GREYLISTED"])
        self.assertIn("90 s to wait", told["findings"][0]["reason"])
        self.assertEqual(told["because"], "GREYLISTED")
        self.assertEqual(sorted(words), sorted([
            "id/" + line["id"], "verdict/defer", "client/192.0.2.1", "from/example.org", "greylist/new",
            "finding/GREYLISTED"]))
        self.assertTrue(facts.startswith("1 count:1 moment:2,2,"), facts)

    def test_what_happened_is_counted_by_minute_hour_and_day(self):
        sally = self.daemon()
        redis = self.redis(sally)
        self.assert_deferred(sally)
        self.wait_events(redis, 1)
        sally.advance(91)
        self.assert_let_in(sally)
        self.wait_events(redis, 2)
        expected = {"mails": 2, "verdict/defer": 1, "verdict/accept": 1, "greylist/new": 1, "greylist/passed": 1,
                    "finding/GREYLISTED": 1, "waited/120": 1}
        for unit in ("minutes", "hours", "days"):
            sums = {}
            for key in redis.keys():
                if f":{unit}:" in key:
                    words = redis.command("HGETALL", key)
                    for name, number in zip(words[::2], words[1::2]):
                        name = name.split("/", 1)[1]
                        sums[name] = sums.get(name, 0) + int(number)
            self.assertEqual(sums, expected, unit)

    def test_the_stream_is_capped_and_what_goes_is_found_no_more(self):
        sally = self.daemon({"record.events": 3, "greylist.enabled": False})
        redis = self.redis(sally)
        for number in range(12):
            self.assert_let_in(sally, f"192.0.{number}.1")
        eventually(lambda: sally.ask("status")["events"]["kept"] == 12, "twelve events")
        self.assertEqual([told["client"] for _, told, _ in self.events(redis)],
                         ["192.0.11.1", "192.0.10.1", "192.0.9.1"])
        places = {word.split()[1] for word in redis.command("ZRANGE", EVENTS + ":find", "0", "-1")}
        self.assertEqual(len(places), 3)

    def test_turned_off_nothing_but_numbers_is_kept(self):
        sally = self.daemon({"record.events": 0, "greylist.enabled": False})
        redis = self.redis(sally)
        self.assert_let_in(sally)
        eventually(lambda: len(redis.keys()) == 3, "counters")
        self.assertEqual(self.counted(redis, "days"), {"mails": 1, "verdict/accept": 1})

    def test_a_reload_changes_how_many_are_kept(self):
        sally = self.daemon({"greylist.enabled": False})
        redis = self.redis(sally)
        for number in range(4):
            self.assert_let_in(sally, f"192.0.{number}.1")
        self.wait_events(redis, 4)
        sally.write_config(record__events=2)
        sally.reload()
        self.assert_let_in(sally, "192.0.9.1")
        eventually(lambda: len(self.events(redis)) == 2, "two events")

    def test_what_is_on_its_way_is_written_at_the_end(self):
        server = RedisServer().start()
        self.addCleanup(server.stop)
        sally = self.daemon({"store": f"redis://127.0.0.1:{server.port}", "greylist.enabled": False})
        for number in range(20):
            self.assert_let_in(sally, f"192.0.{number}.1")
        sally.signal(signal.SIGTERM)
        sally.process.wait(20)
        redis = server.client()
        self.addCleanup(redis.close)
        self.assertEqual(len(self.events(redis)), 20)


class Privacy(RecordCase):
    """Whose mail it was is nobody's business who reads Redis."""

    SECRETS = ("Secretary.of.State", "BEN.the.Tester", "alice.login")

    def play(self, hashes):
        server = dns.Server({"a.example": {"MX": "10 mx.a.example", "TXT": "v=spf1 exists:%{l}.%{h}.here.example "
                                           "exp=why.a.example -all"},
                             "why.a.example": {"TXT": "%{l} may not send"}, "mx.a.example": {"A": "192.0.2.9"}})
        self.addCleanup(server.close)
        sally = self.daemon({"privacy.hash-local-parts": hashes, "greylist.enabled": False, "spf.enabled": True,
                             "dns.server": [server.address], "outbound.limits": ["recipients: 1/1h hold"],
                             "access.deny-senders": ["Blocked.Person@"],
                             "access.deny-recipients": ["BEN.the.Tester@refused.example"]})
        redis = self.redis(sally)
        words = ["try", "--client", "192.0.2.7", "--helo", "mx.a.example", "--rcpt", "BEN.the.Tester@test.example"]
        sally.operator_json(*words, "--from", "Secretary.of.State@a.example")
        sally.operator_json(*words, "--from", "Blocked.Person@a.example", status=1)
        sally.operator_json(*words, "--rcpt", "BEN.the.Tester@refused.example", "--from",
                            "Secretary.of.State@a.example")
        for _ in range(2):
            sally.operator_json(*words, "--from", "Secretary.of.State@a.example", "--login", "alice.login")
        events = self.wait_events(redis, 5)
        kept = [key for key in redis.keys() if key.startswith(("sp:events", "sp:count"))]
        self.assertEqual(len(kept), 5)
        dump = repr(redis.command("XRANGE", EVENTS, "-", "+")) + repr(redis.command("ZRANGE", EVENTS + ":find", 0, -1))
        return sally, events, dump.lower()

    def test_hashed_no_local_part_is_anywhere_in_what_is_kept(self):
        sally, events, dump = self.play(True)
        for secret in self.SECRETS + ("Blocked.Person",):
            self.assertNotIn(secret.lower(), dump)
        froms = {told["from"] for _, told, _ in events}
        self.assertEqual(len(froms), 2, "the same person has the same digits")
        for sender in froms:
            self.assertRegex(sender, r"^<~[0-9a-f]{12}@a\.example>$")
        self.assertRegex(events[0][1]["login"], r"^~[0-9a-f]{12}$")
        self.assertRegex(events[0][1]["submitter"], r"^sasl:~[0-9a-f]{12}$")
        self.assertIn("(hidden)", [lookup["name"] for lookup in events[-1][1]["lookups"]])
        # The log line is as the mail server's own; a verdict is explained and replayed as ever.
        self.assertEqual(sally.events()[0]["from"], "<Secretary.of.State@a.example>")
        self.assertEqual(sally.operator_json("replay", "--config", sally.config_path)["same"], 5)

    def test_not_hashed_they_are_there(self):
        _, _, dump = self.play(False)
        for secret in self.SECRETS:
            self.assertIn(secret.lower(), dump)


class Outage(RecordCase):
    """Whatever Redis does, no mail waits for its event."""

    def test_while_redis_is_stopped_events_are_dropped_counted_and_said_once(self):
        sally = self.daemon(dict(QUIET, **{"redis.breaker-pause": "200ms"}))
        redis = self.redis(sally)
        self.assert_let_in(sally)
        self.wait_events(redis, 1)
        os.kill(sally.redis_pid(), signal.SIGSTOP)
        try:
            for number in range(30):
                began = time.monotonic()
                self.assert_let_in(sally, f"192.0.{number}.1")
                self.assertLess(time.monotonic() - began, 0.2 * slow())
            eventually(lambda: sally.ask("status")["events"]["dropped"] == 30, "30 dropped events", 20)
        finally:
            os.kill(sally.redis_pid(), signal.SIGCONT)

        def is_back():
            self.assert_let_in(sally, "192.0.77.1")
            time.sleep(0.25)
            return "kept again" in sally.log_text()
        eventually(is_back, "line that events are kept again", 20)
        self.assertEqual(sally.log_text().count("verdicts are not kept for now"), 1)
        self.assertEqual(sally.log_text().count("verdicts are kept again"), 1)

    def test_a_redis_that_takes_no_writes_costs_events_only(self):
        server = RedisServer("--maxmemory", "1").start()
        self.addCleanup(server.stop)
        sally = self.daemon(dict(QUIET, store=f"redis://127.0.0.1:{server.port}"))
        for number in range(8):
            self.assert_let_in(sally, f"192.0.{number}.1")
        eventually(lambda: sum(sally.ask("status")["events"].values()) == 8, "8 events")
        self.assertEqual(sally.ask("status")["events"], {"kept": 0, "dropped": 8})
        # What cannot be written must not keep greylisting from being asked.
        self.assertFalse(sally.ask("status")["store"]["is_breaker_open"])
        self.assertEqual(sally.log_text().count("verdicts are not kept for now"), 1)

    def test_a_redis_user_of_old_rights_costs_events_only(self):
        server = RedisServer().start()
        self.addCleanup(server.stop)
        redis = server.client()
        self.addCleanup(redis.close)
        redis.command("ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "~*", "-@all", "+evalsha", "+eval", "+mget",
                      "+get", "+set", "+pttl", "+ping", "+select", "+pexpire", "+del", "+acl", "+zadd", "+hincrby",
                      "+hgetall", "+keys")
        sally = self.daemon(dict(QUIET, store=f"redis://127.0.0.1:{server.port}", **{"greylist.enabled": True}))
        for number in range(8):
            self.assert_deferred(sally, f"192.0.{number}.1")
        eventually(lambda: sally.ask("status")["events"] == {"kept": 0, "dropped": 8}, "8 dropped events")
        self.assertFalse(sally.ask("status")["store"]["is_breaker_open"])
        redis.command("ACL", "SETUSER", "default", "+@all")
        self.assert_deferred(sally, "192.0.9.1")
        sally.wait_log("verdicts are kept again; 8 were not")

    @concurrent
    def test_many_sessions_lose_no_event(self):
        sally = self.daemon({"greylist.enabled": False})
        redis = self.redis(sally)
        links = [session(sally.socket_path, f"192.0.{number}.1") for number in range(20)]
        for _ in range(10):
            for link in links:
                link.whole_mail("<a@example.org>")
        for link in links:
            link.quit()
        eventually(lambda: sally.ask("status")["events"]["kept"] == 200, "200 events", 20)
        self.assertEqual(len({told["id"] for _, told, _ in self.events(redis)}), 200)


if __name__ == "__main__":
    unittest.main()

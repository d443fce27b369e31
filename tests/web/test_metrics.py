"""/metrics: what Prometheus reads, and the boards that stand on it."""

import glob
import json
import os
import re
import subprocess

import exposition
import promtool
from daemon import TOP, eventually
from dns import Server
from redis import Redis
from submit import submit
from web import WebCase

DELAY = 91


class Metrics(WebCase):
    def read(self, web):
        answer = web.get("/metrics")
        self.assertEqual(answer.status, 200)
        return exposition.read(answer.text)

    def value(self, families, name, **labels):
        return next(value for told, those, value in families[name.removesuffix("_count").removesuffix("_sum")].samples
                    if told == name and those == labels)

    def test_its_form_is_what_prometheus_wants(self):
        sally, web = self.web(with_password=False, with_token=False)
        self.assert_deferred(sally)
        answer = web.get("/metrics")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        families = exposition.read(answer.text)
        self.assertEqual(list(exposition.complaints(families)), [])
        for family in families.values():
            self.assertTrue(family.name.startswith("sallyport_"), family.name)
            self.assertTrue(family.help.endswith("."), family.help)
        self.assertEqual(self.value(families, "sallyport_build_info", version="0.1.0", mode="enforce"), 1)

    def test_promtool_has_nothing_to_say(self):
        program = promtool.need()
        sally, web = self.web(with_password=False, with_token=False)
        self.assert_deferred(sally)
        done = subprocess.run([program, "check", "metrics"], input=web.get("/metrics").text, capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_it_counts_what_mails_meet(self):
        sally, web = self.web(with_password=False, with_token=False)
        self.assert_deferred(sally)
        sally.advance(DELAY)
        self.assert_let_in(sally)

        def both_over():
            families = self.read(web)
            return self.value(families, "sallyport_verdicts_total", verdict="accept") == 1 and families
        families = eventually(both_over, "the second mail's end")
        self.assertEqual(self.value(families, "sallyport_verdicts_total", verdict="defer"), 1)
        self.assertEqual(self.value(families, "sallyport_mails_total"), 2)
        self.assertEqual(self.value(families, "sallyport_mail_wait_seconds_count"), 2)
        self.assertGreater(self.value(families, "sallyport_mail_wait_seconds_sum"), 0)
        self.assertEqual(self.value(families, "sallyport_stage_seconds_count", stage="rcpt"), 2)
        self.assertGreaterEqual(self.value(families, "sallyport_store_seconds_count"), 2)
        self.assertEqual(self.value(families, "sallyport_store_up"), 1)

    def test_it_counts_submitters(self):
        sally, web = self.web({"outbound.limits": ["messages: 1/1h hold"]}, with_password=False, with_token=False)
        for login in ("alice", "alice", "bob"):
            submit(sally, login)
        families = self.read(web)
        self.assertEqual([(labels["state"], value) for _, labels, value in families["sallyport_submitters"].samples],
                         [("watch", 0), ("hold", 1), ("locked", 0)])
        self.assertEqual(self.value(families, "sallyport_submitter_changes_total", state="hold"), 1)

    def test_it_counts_notices(self):
        sally, web = self.web({"notify.program": "/bin/false"}, with_password=False, with_token=False)
        sally.operator("notify", "test", status=1)
        families = self.read(web)
        self.assertEqual([(labels["result"], value) for _, labels, value in families["sallyport_notices_total"].samples],
                         [("good", 0), ("failed", 1), ("dropped", 0)])
        self.assertEqual(self.value(families, "sallyport_notices_waiting"), 0)

    def test_each_counter_is_told(self):
        with open(os.path.join(TOP, "include/sallyport/counters.h"), encoding="utf-8") as file:
            counters = set(re.findall(r"\bSP_COUNT_\w+", file.read()))
        with open(os.path.join(TOP, "src/web/metrics.c"), encoding="utf-8") as file:
            told = set(re.findall(r"\bSP_COUNT_\w+", file.read()))
        self.assertEqual(counters - told, set())

    def test_it_says_that_redis_is_gone(self):
        sally, web = self.web({"store": "unix:/nowhere/redis.sock"}, with_password=False, with_token=False)
        self.assert_degraded(sally)
        families = self.read(web)
        self.assertEqual(self.value(families, "sallyport_store_up"), 0)
        self.assertGreater(self.value(families, "sallyport_store_failures_total"), 0)
        self.assertNotIn("sallyport_submitters", families)
        self.assertNotIn("sallyport_embedded_redis_restarts_total", families)

    def test_it_tells_of_each_list(self):
        server = Server({"2.0.0.127.list.example": {"A": "127.0.0.2"}})
        self.addCleanup(server.close)
        _, web = self.web({"dns.server": server.address, "dnsbl.enabled": True,
                               "dnsbl.lists": ['ONE: list.example=127.0.0.2*1.5'], "dnsbl.domain-lists": []},
                              with_password=False, with_token=False)
        zone = {"kind": "address", "zone": "list.example"}
        eventually(lambda: self.value(self.read(web), "sallyport_list_well", **zone) == 1, "first test of the list")
        families = self.read(web)
        self.assertEqual(self.value(families, "sallyport_list_questions_total", **zone), 0)
        self.assertEqual(self.value(families, "sallyport_dns_up"), 1)


class Boards(WebCase):
    def boards(self, kind):
        for path in sorted(glob.glob(os.path.join(TOP, "etc/grafana/*.json"))):
            with open(path, encoding="utf-8") as file:
                board = json.load(file)
            if not kind or kind in [entry["pluginId"] for entry in board["__inputs"]]:
                yield os.path.basename(path), board

    @staticmethod
    def targets(board):
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield panel, target

    def test_a_board_asks_only_for_what_is_there(self):
        sally, web = self.web(with_password=False, with_token=False)
        self.assert_deferred(sally)
        families = exposition.read(web.get("/metrics").text)
        there = set(families)
        for family in families.values():
            there |= {name for name, _, _ in family.samples}
        asked = set()
        for name, board in self.boards("prometheus"):
            for panel, target in self.targets(board):
                names = set(re.findall(r"\bsallyport_\w+", target["expr"]))
                self.assertTrue(names, (name, panel["title"]))
                self.assertEqual(names - there, set(), (name, panel["title"]))
                asked |= names
        self.assertGreater(len(asked), 15)

    def test_a_board_of_redis_asks_only_for_what_is_there(self):
        sally, web = self.web({"outbound.limits": ["messages: 1/1h hold"]}, with_password=False, with_token=False)
        self.assert_deferred(sally)
        for _ in range(2):
            submit(sally, "alice")
        eventually(lambda: web.get("/api/verdicts").json()["events"], "event")
        asked = set()
        redis = Redis(sally.redis_path())
        self.addCleanup(redis.close)
        for _, board in self.boards("redis-datasource"):
            for _, target in self.targets(board):
                words = self.words(target)
                redis.command(*words)  # an error is raised
                for key in [word for word in words if word.startswith("sp:")]:
                    asked.add(key)
                    # Nobody was honest: then that key is not there, and yet not made up.
                    self.assertTrue(redis.command("EXISTS", key) or key.endswith(":honest"), key)
        self.assertGreater(len(asked), 5)

    @staticmethod
    def words(target):
        """As the data source sends it."""
        if target["type"] == "cli":
            return target["query"].split()
        if target["command"] == "info":
            return ["INFO", target["section"]]
        if target["command"] == "xrevrange":
            return ["XREVRANGE", target["keyName"], target["start"], target["end"], "COUNT", str(target["count"])]
        return [target["command"], target["keyName"]]

    def test_a_board_can_be_imported(self):
        self.assertEqual([name for name, _ in self.boards("")], ["sallyport-prometheus.json", "sallyport-redis.json"])
        for _, board in self.boards(""):
            inputs = {"${" + entry["name"] + "}" for entry in board["__inputs"]}
            self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
            for panel in board["panels"]:
                self.assertIn(panel["datasource"]["uid"], inputs, panel["title"])
                self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24)
                self.assertTrue(panel["title"] and panel["description"], panel)

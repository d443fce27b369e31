"""sallyport replay: recorded mails under another configuration."""

import csv
import itertools
import os
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import dns
from case import Case, needs_data
from daemon import eventually, program
from dns_case import HEALTHY, LISTS, host

MAILS = 320


class Replay(Case):
    """Real mails, from clients and senders of all kinds, to recipients of all kinds, under a configuration that has
    everything on; then again under others."""

    timeout_sec = 240

    def setUp(self):
        zones = {"test.example": {"MX": "10 mx.test.example"}, "mx.test.example": {"A": "198.51.100.9"}, **HEALTHY,
                 "good.example": {"MX": "10 mx.good.example", "TXT": "v=spf1 ip4:10.0.0.0/8 -all"},
                 "bad.example": {"MX": "10 mx.good.example", "TXT": "v=spf1 -all"},
                 "mx.good.example": {"A": "198.51.100.9"},
                 "good.example.dom.list.example": {"A": "127.0.0.2"}}
        for number in range(0, 200, 3):
            zones.update(host(f"10.1.{number}.7", f"mx{number}.good.example"))
        for number in range(0, 200, 5):
            zones[f"7.{number}.1.10.bad.list.example"] = {"A": "127.0.0.2"}
        self.server = dns.Server(zones)
        self.addCleanup(self.server.close)

    def mails(self):
        with open(needs_data("ham", "manifest.tsv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        senders = ("a@good.example", "b@bad.example", "c@nowhere.example", "<>")
        for number, row in zip(range(MAILS), itertools.cycle(rows)):
            words = ["--client", f"10.1.{number % 200}.7", "--helo", row["helo"] or "mx.good.example",
                     "--from", senders[number % 4], "--rcpt", f"user{number % 7}@test.example"]
            if number % 11 == 0:
                words += ["--rcpt", "postmaster@test.example", "--rcpt", "far@elsewhere.example"]
            if number % 13 == 0:
                words += ["--login", f"user{number}"]
            yield words + [os.path.join(needs_data("ham", "eml"), row["file"])]

    def play(self, sally, words):
        """Whatever comes of it."""
        subprocess.run([program("sallyport"), "--config", sally.config_path, "--test-clock", sally.clock_path, "try",
                        *words], stdout=subprocess.DEVNULL, check=False, timeout=60)

    def replay(self, sally, status=1, **changes):
        settings = dict(sally.settings)
        settings.update({key.replace("__", ".").replace("_", "-"): value for key, value in changes.items()})
        mine, sally.settings = sally.settings, settings
        sally.write_config()
        new = sally.write_file("new.yaml", self.read(sally.config_path))
        sally.settings = mine
        sally.write_config()
        return sally.operator_json("replay", "--config", new, status=status)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def ways(self, told, kind="ways"):
        return {(way["then"], way["now"]): way["mails"] for way in told[kind]}

    def test_of_real_mails_nothing_changes_unless_the_configuration_does(self):
        sally = self.daemon({
            "dns.server": [self.server.address], **LISTS, "rdns.enabled": True, "helo.lookup": True,
            "sender-domain.enabled": True, "spf.enabled": True, "dmarc.enabled": True, "dmarc.honour": "reject",
            "greylist.from-score": 6, "score.refuse": 8, "relay.local-domains": ["test.example"],
            "access.deny-clients": ["10.1.17.0/24"], "access.allow-recipients": ["postmaster@"]})
        eventually(lambda: all(one["state"] == "well" for kind in ("address_lists", "domain_lists")
                               for one in sally.ask("status")[kind]
                               if "spamhaus" not in one["zone"]), "lists that are well")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda words: self.play(sally, words), self.mails()))
        eventually(lambda: sally.ask("status")["events"]["kept"] == MAILS, "all events", 30)
        verdicts = sally.ask("status")["verdicts"]
        for kind in ("accept", "defer", "reject"):
            self.assertGreater(verdicts[kind], 10, verdicts)

        same = sally.operator_json("replay", "--config", sally.config_path)
        self.assertEqual((same["mails"], same["same"], same["changed"], same["rescored"], same["without_facts"]),
                         (MAILS, MAILS, 0, 0, 0))
        self.assertEqual((same["findings"], same["examples"]), ([], []))

        # Nothing is enforced: nothing is refused, and all of it would be.
        told = self.replay(sally, mode="observe")
        self.assertEqual(told["mails"], MAILS)
        self.assertEqual({now for _, now in self.ways(told)}, {"accept"})
        self.assertEqual(sum(self.ways(told).values()), told["changed"])

        # A list that counts for nothing: only mails that are on it differ.
        lists = [rule.replace("*3", "*0") for rule in LISTS["dnsbl.lists"]]
        told = self.replay(sally, **{"dnsbl.lists": lists})
        self.assertEqual([row["name"] for row in told["findings"] if row["then"] != row["now"]], ["DNSBL_BAD"])
        self.assertTrue(all(now != "reject" for _, now in self.ways(told)))

        # No list and no greylisting at all.
        told = self.replay(sally, greylist__enabled=False)
        self.assertEqual({then for then, _ in self.ways(told)} - {"defer", "mixed"}, set())
        self.assertEqual(told["message_unseen"] > 0, True)

        # More has to wait: who was noted then would have been asked to come back.
        told = self.replay(sally, greylist__from_score=-1000)
        self.assertIn(("accept", "defer"), self.ways(told))

        # A stricter score refuses; the examples say whom.
        told = self.replay(sally, score__refuse=2)
        self.assertTrue({now for _, now in self.ways(told)} <= {"reject", "mixed"}, self.ways(told))
        self.assertEqual(len(told["examples"]), min(10, told["changed"]))
        self.assertIn(told["examples"][0]["now"]["verdict"], ("reject", "mixed"))

        sally.advance(7200)
        self.assertEqual(sally.operator_json("replay", "--config", sally.config_path, "--since", "1h")["mails"], 0)
        text = sally.operator("replay", "--config", sally.config_path, "--since", "3h")
        self.assertIn(f"{MAILS} the same", text)

    def test_wrong_words_are_refused(self):
        sally = self.daemon()
        sally.operator("replay", status=2)
        sally.operator("replay", "--config", sally.config_path, "--since", "soon", status=2)
        sally.operator("replay", "--config", sally.config_path, "more", status=2)
        sally.write_file("broken.yaml", "modus: enforce\n")
        sally.operator("replay", "--config", os.path.join(sally.folder, "broken.yaml"), status=4)
        self.assertIn("modus", sally.complaint)


if __name__ == "__main__":
    unittest.main()

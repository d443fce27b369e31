"""200 real ham messages through `sallyport try`: nothing happens to them but
what greylisting does to a first-time sender."""

import csv
import os
import unittest
from concurrent.futures import ThreadPoolExecutor

from case import Case, needs_data

DELAY = 91


class Ham(Case):
    timeout_sec = 240

    @classmethod
    def setUpClass(cls):
        with open(needs_data("ham", "manifest.tsv"), encoding="utf-8", newline="") as file:
            cls.rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def words(self, row):
        words = ["--client", row["client_ip"], "--from", row["return_path"], "--rcpt", "ben@test.example"]
        if row["helo"]:
            words += ["--helo", row["helo"]]
        if row["rdns"]:
            words += ["--name", row["rdns"]]
        return words + [needs_data("ham", "eml", row["file"])]

    def play(self, sally, row):
        """What `sallyport try` says, whatever its exit code of 0 or 1."""
        try:
            return sally.operator_json("try", *self.words(row))
        except AssertionError:
            return sally.operator_json("try", *self.words(row), status=1)

    def play_all(self, sally):
        self.assertEqual(len(self.rows), 200)
        with ThreadPoolExecutor(4) as pool:
            return list(zip(self.rows, pool.map(lambda row: self.play(sally, row), self.rows)))

    def replies(self, told):
        return [stage["reply"] for stage in told["stages"] if stage["reply"]]

    def assert_let_in(self, row, told):
        self.assertEqual(told["outcome"], "accepted", (row["file"], self.replies(told)))
        added = [change["name"] for change in told["changes"] if change["change"] == "insert-header"]
        self.assertEqual(added.count("X-Sallyport-Verdict"), 1, row["file"])
        self.assertEqual(len(added), len(set(added)), row["file"])
        self.assertNotIn("X-Sallyport-Degraded", added)

    def test_enforcing_defers_each_sender_once_and_refuses_nobody(self):
        sally = self.daemon({"greylist.known-after": 0})
        for row, told in self.play_all(sally):
            replies = self.replies(told)
            self.assertTrue(told["outcome"] == "accepted" or all(text.startswith("451 4.7.1 Greylisted")
                                                                 for text in replies), (row["file"], replies))
        sally.advance(DELAY)
        for row, told in self.play_all(sally):
            self.assert_let_in(row, told)
        status = sally.ask("status")
        self.assertEqual((status["verdicts"]["reject"], status["degraded_total"]), (0, 0))

    def test_observing_lets_everything_in_at_once(self):
        sally = self.daemon({"mode": "observe"})
        for row, told in self.play_all(sally):
            self.assert_let_in(row, told)
        self.assertGreater(sally.ask("status")["would"]["defer"], 100)
        self.assertEqual(sally.ask("status")["would"]["reject"], 0)

    def test_without_greylisting_everything_passes_at_once(self):
        sally = self.daemon({"greylist.enabled": False})
        for row, told in self.play_all(sally):
            self.assert_let_in(row, told)

    def test_the_messages_are_all_there(self):
        self.assertEqual(sorted(row["file"] for row in self.rows), sorted(os.listdir(needs_data("ham", "eml"))))


if __name__ == "__main__":
    unittest.main()

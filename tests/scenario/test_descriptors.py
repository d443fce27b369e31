"""Out of descriptors: a client is sent away, nothing spins, and all is well when
there are some again."""

import os
import time
import unittest

from case import Case
from daemon import eventually, is_sanitized
from milter import Closed, Milter


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@unittest.skipIf(is_sanitized(), "a sanitizer needs descriptors itself")
class Descriptors(Case):
    def setUp(self):
        self.sally = self.daemon(command=["prlimit", "--nofile=100:100"])
        self.links = []

    def open(self, count):
        for _ in range(count):
            link = Milter(self.sally.socket_path, timeout=5)
            self.addCleanup(link.close)
            self.links.append(link)

    def answer(self):
        """What a client is told at connect, b"c" if nothing."""
        with Milter(self.sally.socket_path, timeout=5) as link:
            try:
                kind, text = link.negotiate().connect_client("192.0.2.1")
            except Closed:
                return "closed"
            link.quit()
            return text[:9] or kind.decode()

    def test_with_few_left_clients_get_421_and_later_are_served_again(self):
        self.assertEqual(self.answer(), "c")
        while self.answer() == "c":
            self.open(1)
        self.assertEqual(self.answer(), "421 4.3.2")
        self.assertLess(len(self.links), 90)
        self.sally.wait_log("421")
        for link in self.links:
            link.close()
        eventually(lambda: self.answer() == "c", "session that is served")

    def test_with_none_left_it_does_not_spin_and_later_serves_again(self):
        self.open(200)
        time.sleep(0.5)
        before = cpu_seconds(self.sally.process.pid)
        time.sleep(2)
        used = cpu_seconds(self.sally.process.pid) - before
        print(f"  out of descriptors: {used:.2f} s of CPU in 2 s")
        self.assertLess(used, 1.0)
        for link in self.links:
            link.close()
        eventually(lambda: self.answer() == "c", "session that is served")


if __name__ == "__main__":
    unittest.main()

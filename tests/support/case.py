"""What every suite stands on."""

import os
import unittest

import milter
from daemon import TOP, Daemon
from milter import CONTINUE

DATA = os.path.join(os.path.dirname(TOP), "shared", "data")


def concurrent(thing):
    """Marks a test, or a class of tests, that ThreadSanitizer shall see."""
    thing.concurrent = True
    return thing


def needs_root(thing):
    return unittest.skipUnless(os.geteuid() == 0, "wants root")(thing)


def needs_data(*parts):
    """The path of test data that we did not write: missing, it fails in CI
    and skips on a user's machine."""
    path = os.path.join(DATA, *parts)
    if not os.path.exists(path):
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{path} is not here")
        raise unittest.SkipTest("../shared/data is not here")
    return path


class Case(unittest.TestCase):
    """A test; the daemons that it starts are stopped and judged after it."""

    def daemon(self, settings=None, **options):
        daemon = Daemon(settings, **options)
        self.addCleanup(daemon.stop)
        return daemon.start()


class SharedDaemon(Case):
    """Tests that share one daemon; each uses addresses of its own."""

    settings = {}
    daemon_options = {}
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.daemon_shared = Daemon(cls.settings, **cls.daemon_options)
        cls.addClassCleanup(cls.daemon_shared.stop)
        cls.daemon_shared.start()

    def setUp(self):
        self.sally = type(self).daemon_shared

    def new_network(self):
        """An address in a network that no other test has used."""
        SharedDaemon.count += 1
        return f"10.{SharedDaemon.count // 250}.{SharedDaemon.count % 250}.9"


def deferred(answers):
    return answers[0][0] == milter.REPLYCODE and answers[0][1].startswith("451 4.7.1")


class DaemonCase(Case):
    def mail(self, sally, address="192.0.2.1", sender="<a@example.org>", headers=()):
        """One whole mail in a session of its own."""
        link = milter.session(sally.socket_path, address)
        try:
            answers, end = link.whole_mail(sender, headers=headers)
            self.changes = link.changes
            return answers, end
        finally:
            link.quit()

    def assert_deferred(self, sally, *where):
        answers, _ = self.mail(sally, *where)
        self.assertTrue(deferred(answers), answers)

    def assert_let_in(self, sally, *where):
        answers, end = self.mail(sally, *where)
        self.assertEqual(answers[0][0], CONTINUE, answers)
        self.assertIn(end[0], (CONTINUE, milter.ACCEPT), end)

    def assert_degraded(self, sally, *where):
        self.assert_let_in(sally, *where)
        self.assertIn(("X-Sallyport-Degraded", "store"), self.clean_headers())

    def clean_headers(self):
        return [(name, value.strip()) for name, value in milter.added_headers(self.changes)]

    def not_started(self, settings=None):
        """A daemon that was only described."""
        daemon = Daemon(settings)
        self.addCleanup(daemon.discard)
        return daemon

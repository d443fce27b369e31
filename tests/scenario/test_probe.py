"""Recipients that the MTA refuses itself, as the milter protocol shows them."""

from case import Case, DaemonCase, SharedDaemon
from daemon import is_sanitized
from milter import CONTINUE, REPLYCODE, session

RCPT_REJ = 0x800

UNKNOWN = {"{rcpt_mailer}": "error", "{rcpt_host}": "5.1.1",
           "{rcpt_addr}": "Recipient address rejected: User unknown in relay recipient table"}
RELAY = {"{rcpt_mailer}": "error", "{rcpt_host}": "5.7.1", "{rcpt_addr}": "Relay access denied"}
TAKEN = {"{rcpt_mailer}": "sink", "{rcpt_host}": "test.example", "{rcpt_addr}": "b@test.example"}


class Probes(SharedDaemon):
    def open(self, address=None):
        link = session(self.sally.socket_path, address or self.new_network())
        self.addCleanup(link.close)
        return link

    def rcpt(self, link, macros, recipient="<b@test.example>"):
        return link.rcpt(recipient, macros)[0]

    def test_refused_recipients_and_their_macros_are_asked_for(self):
        link = self.open()
        self.assertTrue(link.steps & RCPT_REJ)
        self.assertEqual(link.wanted_macros[3], ["{rcpt_mailer}", "{rcpt_host}", "{rcpt_addr}"])

    def test_an_mta_that_does_not_offer_them_is_served_as_ever(self):
        link = session(self.sally.socket_path, self.new_network())
        link.close()
        link = type(link)(self.sally.socket_path)
        self.addCleanup(link.close)
        link.negotiate(steps=0x1FFFFF & ~RCPT_REJ)
        self.assertFalse(link.steps & RCPT_REJ)
        link.connect_client(self.new_network())
        link.helo()
        link.mail()
        self.assertEqual(self.rcpt(link, None), REPLYCODE)

    def test_a_refused_one_is_answered_continue_and_asks_nobody(self):
        before = self.sally.ask("status")["store"]["questions"]
        link = self.open()
        link.mail()
        for _ in range(50):
            self.assertEqual(self.rcpt(link, UNKNOWN), CONTINUE)
        self.assertEqual(self.sally.ask("status")["store"]["questions"], before)
        link.abort()
        self.sally.wait_event(mta_unknown="50")
        self.assertEqual(self.sally.ask("status")["store"]["questions"], before + 1)

    def test_a_usual_mail_asks_redis_once_and_tells_the_desk_that_it_waits(self):
        before = self.sally.ask("status")["store"]["questions"]
        link = self.open()
        link.mail("<usual@example.org>")
        self.assertEqual(self.rcpt(link, TAKEN), REPLYCODE)
        link.quit()
        self.sally.wait_event(from_="<usual@example.org>")
        self.assertEqual(self.sally.ask("status")["store"]["questions"], before + 2)

    def test_macros_of_one_recipient_are_not_the_next_one_s(self):
        link = self.open()
        link.mail()
        self.assertEqual(self.rcpt(link, UNKNOWN), CONTINUE)
        self.assertEqual(self.rcpt(link, TAKEN), REPLYCODE)

    def test_probes_of_a_session_that_ends_at_once_count_for_the_next(self):
        address = self.new_network()
        for _ in range(2):
            link = self.open(address)
            link.mail("<prober@example.org>")
            self.rcpt(link, RELAY)
            link.quit()
        self.sally.wait_event(from_="<prober@example.org>", count=2)
        link = self.open(address)
        link.mail("<next@example.org>")
        self.rcpt(link, TAKEN)
        link.quit()
        self.assertIn("RELAY_PROBE=4", self.sally.wait_event(from_="<next@example.org>")["tests"])

    def test_ten_thousand_unknown_users_cost_no_more_than_one(self):
        link = self.open()
        link.mail("<flood@example.org>")
        before = self.sally.memory_kb()
        for number in range(10000):
            self.rcpt(link, UNKNOWN, f"<user{number}@test.example>")
        if not is_sanitized():  # a sanitizer keeps what was freed
            self.assertLess(self.sally.memory_kb() - before, 4096)
        link.abort()
        line = self.sally.wait_event(from_="<flood@example.org>")
        self.assertEqual((line["mta_unknown"], line["verdict"]), ("10000", "aborted"))
        kept = self.sally.ask("verdict " + line["id"])
        self.assertEqual((kept["mta_unknown"], kept["mta_relay"], kept["rcpts"]), (10000, 0, 0))


class WithoutRedis(DaemonCase):
    def test_the_session_s_own_probes_speak_when_the_store_is_silent(self):
        sally = self.daemon({"store": "unix:/nonexistent/redis.sock"})
        link = session(sally.socket_path, "192.0.2.9")
        link.mail("<one@example.org>")
        for _ in range(3):
            link.rcpt("<x@test.example>", UNKNOWN)
        link.mail("<two@example.org>")
        self.assertEqual(link.rcpt("<b@test.example>", TAKEN)[0], CONTINUE)
        link.quit()
        line = sally.wait_event(from_="<two@example.org>")
        self.assertEqual((line["tests"], line["degraded"]), ("HARVEST=3", "store"))
        finding, = sally.ask("verdict " + line["id"])["findings"]
        self.assertEqual(finding["reason"], "unknown users: 3 in this session")


class Settings(Case):
    def test_thresholds_of_zero_never_find_anything(self):
        sally = self.daemon({"harvest.session": 0, "harvest.network": 0, "relay.session": 0, "relay.network": 0})
        link = session(sally.socket_path, "192.0.2.9")
        link.mail()
        for _ in range(20):
            link.rcpt("<x@test.example>", UNKNOWN)
            link.rcpt("<x@other.example>", RELAY)
        link.rcpt("<b@test.example>", TAKEN)
        link.quit()
        self.assertEqual(sally.wait_event()["tests"], "GREYLISTED=0")

    def test_a_window_ends_when_the_clock_says_so(self):
        sally = self.daemon({"harvest.window": "12m", "harvest.network": 1})
        link = session(sally.socket_path, "192.0.2.9")
        link.mail()
        link.rcpt("<x@test.example>", UNKNOWN)
        link.quit()
        sally.wait_event()
        for count, (seconds, found) in enumerate([(600, "HARVEST=3,GREYLISTED=0"), (121, "GREYLISTED=0")], 2):
            sally.advance(seconds)
            link = session(sally.socket_path, "192.0.2.9")
            link.mail(f"<new{count}@example.org>")
            link.rcpt("<b@test.example>", TAKEN)
            link.quit()
            self.assertEqual(sally.wait_event(count=count)["tests"], found)

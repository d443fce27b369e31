"""Recipients that are not ours: what a real Postfix shows us of those it does
not take, and the guard below one that takes too many."""

import cases
from mta_case import DELAY
from postfix_case import PostfixCase

NO_PAUSES = "smtpd_soft_error_limit = 1000\nsmtpd_hard_error_limit = 1000\n"

USERS = """\
relay_recipient_maps = inline:{{ {{known@test.example=x}}, {{blocked@test.example=x}} }}
virtual_alias_domains = alias.example
virtual_alias_maps = inline:{{ {{joe@alias.example=known@test.example}} }}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{blocked@test.example=REJECT}} }}
"""

OPEN_RELAY = """\
mynetworks = 0.0.0.0/0
"""


class Refused(PostfixCase):
    """Postfix refuses some recipients itself, and we are shown them."""

    mta_options = {"settings": NO_PAUSES + USERS}

    def name(self, *recipients, sender="a@example.org", address=None):
        """One mail's recipients, then RSET; their codes and the log line."""
        before = len(self.sally.events(client=address or self.client))
        smtp = self.connect(address)
        smtp.mail(sender)
        codes = [smtp.rcpt(recipient)[0] for recipient in recipients]
        smtp.quit()
        return codes, self.sally.wait_event(client=address or self.client, count=before + 1)

    def counts(self, line):
        return [line.get(key) for key in ("rcpts", "mta_unknown", "mta_relay", "mta_other")]

    def test_each_kind_is_counted_by_itself_and_is_no_verdict_of_ours(self):
        codes, line = self.name("nobody@test.example", "x@other.example", "blocked@test.example",
                                "nobody@alias.example")
        self.assertEqual(codes, [550, 554, 554, 550])
        self.assertEqual(self.counts(line), ["0", "2", "1", "1"])
        self.assertEqual((line["verdict"], line["refused"], line["score"]), ("aborted", "0", "0.0"))
        self.assertIn("nobody@test.example", line["to"])
        self.assertNotIn("greylist", line)

    def test_what_postfix_refuses_leaves_no_triplet(self):
        self.name("nobody@test.example", "x@other.example")
        self.sally.operator_json("greylist", "list", "--client", self.client, status=1)  # there is nothing

    def test_a_good_recipient_beside_bad_ones_is_judged_as_ever(self):
        codes, line = self.name("nobody@test.example", "known@test.example")
        self.assertEqual(codes, [550, 451])
        self.assertEqual(self.counts(line), ["1", "1", None, None])
        self.assertEqual((line["verdict"], line["greylist"]), ("defer", "new"))
        self.sally.advance(DELAY)
        replies, end = self.send(recipients=["nobody@test.example", "known@test.example"])
        self.assertEqual(([code for code, _ in replies], end[0]), ([550, 250], 250))
        self.assertEqual(self.sally.wait_event(client=self.client, count=2)["verdict"], "accept")

    def test_an_accepted_one_in_a_virtual_alias_domain_is_judged(self):
        # Postfix calls its mailer "error" too.
        codes, line = self.name("joe@alias.example")
        self.assertEqual(codes, [451])
        self.assertEqual(self.counts(line), ["1", None, None, None])

    def test_a_harvester_is_found_in_its_session(self):
        codes, line = self.name("a@test.example", "b@test.example", "known@test.example")
        self.assertNotIn("HARVEST", line.get("tests", ""))
        smtp = self.connect(self.new_network())
        smtp.mail()
        for name in "abc":
            smtp.rcpt(name + "@test.example")
        smtp.rset()
        smtp.mail("b@example.org")
        smtp.rcpt("known@test.example")
        smtp.quit()
        line = self.sally.wait_event(from_="<b@example.org>")
        self.assertIn("HARVEST=3", line["tests"])
        finding, = [one for one in self.sally.ask("verdict " + line["id"])["findings"] if one["name"] == "HARVEST"]
        self.assertEqual(finding["reason"],
                         "unknown users: 3 in this session, 3 from its network within 60 minutes")

    def test_a_network_that_harvests_slowly_is_found_by_its_next_session(self):
        for number in range(5):
            self.name(f"x{number}@test.example", f"y{number}@test.example",
                      address=self.client[:-1] + str(10 + number))
        _, line = self.name("known@test.example")
        self.assertIn("HARVEST=3", line["tests"])
        self.sally.advance(3601)
        _, line = self.name("known@test.example", address=self.client[:-1] + "77")
        self.assertNotIn("HARVEST", line.get("tests", ""))

    def test_another_network_has_nothing_to_do_with_it(self):
        for _ in range(5):
            self.name("x@test.example", "y@test.example")
        _, line = self.name("known@test.example", address=self.new_network())
        self.assertNotIn("HARVEST", line.get("tests", ""))

    def test_a_search_for_an_open_relay_is_found(self):
        _, line = self.name("x@other.example", "known@test.example")
        self.assertIn("RELAY_PROBE=4", line["tests"])
        _, line = self.name("known@test.example", address=self.client[:-1] + "77")
        self.assertNotIn("RELAY_PROBE", line.get("tests", ""), "one from a network may be an error")
        self.name("x@other.example", address=self.client[:-1] + "78")
        _, line = self.name("known@test.example", address=self.client[:-1] + "79")
        self.assertIn("RELAY_PROBE=4", line["tests"])

    def test_a_trusted_network_is_not_counted(self):
        for _ in range(5):
            self.name("x@test.example", "y@test.example", "z@test.example", address="203.0.113.5")
        _, line = self.name("known@test.example", address="203.0.113.6")
        self.assertEqual(line["tests"], "TRUSTED=0")


class RefusedWithoutGreylisting(Refused):
    """The network's past is then asked for by itself."""

    settings = dict(Refused.settings, **{"greylist.enabled": False})

    def test_what_postfix_refuses_leaves_no_triplet(self):
        """Nothing does."""

    def test_a_good_recipient_beside_bad_ones_is_judged_as_ever(self):
        codes, line = self.name("nobody@test.example", "known@test.example")
        self.assertEqual(codes, [550, 250])
        self.assertEqual(self.counts(line), ["1", "1", None, None])

    def test_an_accepted_one_in_a_virtual_alias_domain_is_judged(self):
        codes, line = self.name("joe@alias.example")
        self.assertEqual(codes, [250])
        self.assertEqual(self.counts(line), ["1", None, None, None])


class Guard(cases.Guard, PostfixCase):
    """A Postfix that relays for everybody, by mistake."""

    mta_options = {"settings": NO_PAUSES + OPEN_RELAY}

    def test_a_name_without_a_domain_is_one_of_ours(self):
        self.assertEqual(self.send(recipients=["postmaster"])[0][0][0], 451)


class GuardObserving(cases.GuardObserving, PostfixCase):
    mta_options = Guard.mta_options

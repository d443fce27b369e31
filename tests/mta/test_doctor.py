"""sallyport doctor before a real Postfix: whether it relays, and what it tells
the daemon of itself."""

from doctor_case import NAME, OWN, DoctorCase
from postfix_case import FreshPostfixCase

OUTER = "127.0.0.77"  # as good as an outer address: it is this machine's

# Of two settings of one name Postfix takes the later.
TRUSTS_NOBODY = "inet_interfaces = all\nmynetworks =\n"
TRUSTS_LOOPBACK = "inet_interfaces = all\nmynetworks = 127.0.0.1\n"
RELAYS = "inet_interfaces = all\nmynetworks = 0.0.0.0/0\n"
RELAYS_FOR_OWN = TRUSTS_NOBODY + ("smtpd_relay_restrictions = check_sender_access inline:{{ test.example=permit }}, "
                                  "reject_unauth_destination\n")
DEFERS = TRUSTS_NOBODY + "smtpd_relay_restrictions = defer_unauth_destination\n"
SERVICE = "{address}:{port} inet n - n - - smtpd\n"


class DoctorTest(DoctorCase, FreshPostfixCase):
    def postfix(self, settings=TRUSTS_NOBODY, addresses=("127.0.0.1", OUTER)):
        self.mta = self.mta_type("unix:" + self.sally.socket_path, settings=settings)
        self.addCleanup(self.mta.stop)
        with open(self.mta.path("etc/master.cf"), encoding="ascii") as file:
            rest = file.read().split("\n", 1)[1]
        self.mta.write("etc/master.cf", "".join(SERVICE.format(address=address, port=self.mta.port)
                                                for address in addresses) + rest)
        self.mta.start()

    def ask(self, *words, status=1, address=OUTER):
        lines = self.doctor("--port", self.mta.port, "--address", address, *words, status=status)
        self.assertNotIn("took too long", str(lines), self.mta.log_text())
        return lines

    def trust_only_loopback(self):
        self.sally.write_config(**{"access.trusted-networks": ["127.0.0.1"]})

    def assert_nothing_was_sent(self):
        self.assertEqual(list(self.mta.delivered()), [])
        self.assertEqual(list(self.mta.queue()), [])

    def test_a_healthy_server_does_not_relay(self):
        self.postfix()
        self.ask()
        for address in ("127.0.0.1", OUTER):
            self.assert_line(f"relay {address}", "ok", "^it does not relay: 554 5.7.1 .*Relay access denied")
        self.assertEqual(self.told["helo"], NAME)
        self.assertIn("what the MTA calls itself", self.lines["host name"]["found"])

    def test_loopback_may_relay_where_it_is_trusted(self):
        self.postfix(TRUSTS_LOOPBACK)
        self.ask()
        self.assert_line("relay 127.0.0.1", "ok", "which is trusted: that says nothing of strangers")
        self.assert_line(f"relay {OUTER}", "ok", "does not relay")

    def test_an_open_relay_is_bad_and_gets_no_mail(self):
        self.trust_only_loopback()
        self.postfix(RELAYS)
        self.ask()
        self.assert_line(f"relay {OUTER}", "bad", "^IT RELAYS: 127.0.0.77 may send from <> to", "open relay")
        self.assert_line("relay 127.0.0.1", "ok", "trusted")
        self.assert_nothing_was_sent()

    def test_who_trusts_his_own_domain_in_mail_from_relays_for_all(self):
        self.trust_only_loopback()
        self.postfix(RELAYS_FOR_OWN)
        self.ask()
        self.assert_line(f"relay {OUTER}", "bad", "may send from <postmaster@test.example> to")

    def test_a_trusted_outer_address_says_nothing_of_strangers(self):
        self.postfix(RELAYS)
        self.ask()
        self.assert_line(f"relay {OUTER}", "unknown", "nothing of strangers", "elsewhere")

    def test_neither_yes_nor_no(self):
        self.postfix(DEFERS)
        self.ask()
        self.assert_line(f"relay {OUTER}", "unknown", "neither yes nor no: 4")

    def test_an_address_of_another_machine_is_not_asked(self):
        self.postfix()
        self.ask(address=OWN, status=5)
        self.assert_line(f"relay {OWN}", "unknown", "not an address of this machine")

    def test_nobody_there(self):
        self.postfix(addresses=["127.0.0.1"])
        self.ask()
        self.assert_line(f"relay {OUTER}", "unknown", "could not be asked: Connection refused")

    def test_once_mail_came_all_is_well(self):
        self.postfix()
        self.assertEqual(self.send(), 250)
        self.examine(status=0)
        self.assertEqual(self.results(), {})
        self.assert_line("mail", "ok", "the MTA sent the last one [0-9]+s ago")
        self.assert_line("macros", "ok", "sends all that are needed")
        status = self.sally.ask("status")
        self.assertEqual(set(status["mta"]["macros"].values()), {"seen"})
        self.assertRegex(self.sally.operator("status"), "(?m)^mta +last mail [0-9]+s ago$")

    def test_a_try_is_no_mail_of_the_mta(self):
        self.try_mail()
        self.assertIsNone(self.sally.ask("status")["mta"]["last_mail_sec"])
        self.assertEqual(set(self.sally.ask("status")["mta"]["macros"].values()), {"not yet"})

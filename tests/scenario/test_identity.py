"""Who greylisting takes a sender for: by SPF, by the client's name, by its
address, and what signatures teach. A running daemon, a DNS server of the test's
own, a set clock."""

import dns
import sign
from daemon import eventually
from dns_case import DnsCase, host

DELAY = 91  # seconds: a little more than the shipped delay

KEY = sign.Key()

# Five addresses in three networks.
POOL = ["192.0.2.7", "198.51.100.7", "203.0.113.7", "192.0.2.8", "198.51.100.8"]
SPF = "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all"

DEFERRED, ACCEPTED = 1, 0  # exit status of `sallyport try`


class Identity(DnsCase):
    """Clients without a name that say one that does not exist: 2.5 points, so
    that they wait with the shipped greylist.from-score."""

    settings = {"rdns.enabled": True, "helo.lookup": True, "spf.enabled": True, "dmarc.enabled": False,
                "greylist.from-score": 2}
    zones = {"pool.example": {"MX": "10 mx.sender.example", "TXT": SPF},
             "plain.example": {"MX": "10 mx.sender.example"}}

    def come(self, address, sender="a@pool.example", status=ACCEPTED, **options):
        """One mail; its verdict as the daemon keeps it."""
        told = self.try_mail(address, sender=sender, status=status, **options)
        self.verdict = told["verdict"]
        return self.verdict

    def state(self):
        return self.verdict["greylist"], self.verdict["identity"], self.verdict["proof"]

    def assert_waits(self, *args, **options):
        self.come(*args, status=DEFERRED, **options)
        self.assertEqual(self.verdict["verdict"], "defer")

    def reason(self, name="GREYLISTED"):
        return [finding["reason"] for finding in self.verdict["findings"] if finding["name"] == name][0]

    def log(self):
        return self.sally.events()[-1]


class Pools(Identity):
    def test_a_sender_pool_under_one_spf_record_is_let_in_on_its_second_try(self):
        self.assert_waits(POOL[0])
        self.assertEqual(self.state(), ("new", "domain:pool.example", "spf"))
        self.assertEqual(self.reason(),
                         "new from domain:pool.example, which lets the client send for it, try 1: 90 s to wait")
        self.assert_waits(POOL[1])
        self.assertEqual((self.verdict["greylist"], self.reason().split(", ")[2]), ("early", "try 2: 90 s to wait"))
        self.sally.advance(DELAY)
        self.come(POOL[2])
        self.assertEqual(self.state(), ("passed", "domain:pool.example", "spf"))
        line = self.log()
        self.assertEqual((line["identity"], line["proof"]), ("domain:pool.example", "spf"))
        for address in POOL[3:]:
            self.come(address)
            self.assertEqual(self.verdict["greylist"], "seen")

    def test_without_spf_each_network_of_a_pool_is_a_stranger(self):
        # Nothing but the sender's own word says that they belong together.
        for address in POOL[:3]:
            self.assert_waits(address, sender="a@plain.example")
            self.assertEqual(self.verdict["greylist"], "new")
            self.assertEqual(self.verdict["proof"], "address")
            self.sally.advance(DELAY)
        self.come(POOL[3], sender="a@plain.example")
        self.assertEqual(self.state(), ("passed", "net:192.0.2.0/24", "address"))

    def test_a_record_that_passes_the_world_is_no_identity(self):
        self.server.zones["pool.example"] = {"MX": "10 mx.sender.example", "TXT": "v=spf1 +all"}
        self.assert_waits(POOL[0])
        self.assertEqual(self.state(), ("new", "net:192.0.2.0/24", "address"))
        self.sally.advance(DELAY)
        self.assert_waits(POOL[1])

    def test_who_fails_spf_has_no_share_in_the_domain(self):
        self.assert_waits(POOL[0])
        self.sally.advance(DELAY)
        self.assert_waits("10.77.0.1")
        self.assertEqual(self.state(), ("new", "net:10.77.0.0/24", "address"))

    def test_a_pool_with_names_of_one_organisation_is_one_too(self):
        for number, address in enumerate(POOL):
            self.server.zones.update(host(address, f"out{number}.provider.example"))
        # What speaks against them is the name that they say.
        for address, waits in ((POOL[0], True), (POOL[1], False)):
            (self.assert_waits if waits else self.come)(address, helo="[10.0.0.1]", sender="a@plain.example")
            self.assertEqual(self.verdict["proof"], "rdns")
            self.assertEqual(self.verdict["identity"], "domain:provider.example")
            self.sally.advance(DELAY)

    def test_customers_of_one_provider_are_strangers_to_each_other(self):
        for address in POOL[:2]:
            self.server.zones.update(host(address, f"dsl-{address.replace('.', '-')}.provider.example"))
            self.assert_waits(address, sender="a@plain.example")
            self.assertEqual(self.verdict["proof"], "address")
            self.sally.advance(DELAY)

    def test_the_null_sender_is_its_greeting_s_domain(self):
        self.server.zones["mx.pool.example"] = {"TXT": SPF}
        for address, waits in ((POOL[0], True), (POOL[1], False)):
            self.come(address, sender="<>", helo="mx.pool.example", message=b"Subject: bounce\n\nHello\n",
                      status=DEFERRED if waits else ACCEPTED)
            self.assertEqual(self.verdict["identity"], "domain:mx.pool.example")
            self.sally.advance(DELAY)

    def test_the_operator_sees_the_identity_and_its_proof(self):
        self.assert_waits(POOL[0])
        entry, = self.sally.operator_json("greylist", "list")["entries"]
        self.assertEqual((entry["identity"], entry["proof"], entry["client"], entry["state"]),
                         ("domain:pool.example", "spf", POOL[0], "waiting"))
        self.sally.operator("greylist", "release", "pool.example", "a@pool.example", "b@test.example")
        self.come(POOL[1])
        shown = self.sally.operator("greylist", "show", "pool.example")
        for words in ("domain:pool.example", "proof      spf", "learning (1 of 5 passed to be known)"):
            self.assertIn(words, shown)
        self.assertEqual(self.sally.operator_json("greylist", "forget", "domain:Pool.Example"), {"forgotten": 2})


class Late(Identity):
    """DNS does not say in time who it is at the first try."""

    settings = dict(Identity.settings, **{"budget.dns": "300ms"})

    def test_who_waited_under_its_address_does_not_wait_again_under_its_domain(self):
        self.server.zones["pool.example"] = {"MX": "10 mx.sender.example", "TXT": dns.after(700, SPF)}
        self.assert_waits(POOL[0])
        self.assertEqual(self.state(), ("new", "net:192.0.2.0/24", "address"))
        self.assertEqual(self.log()["degraded"], "dns")
        self.server.zones["pool.example"] = dict(self.zones["pool.example"])
        self.sally.advance(DELAY)

        def is_known_by_its_domain():
            self.come(POOL[0], sender="a@pool.example")
            return self.verdict["identity"] == "domain:pool.example"

        eventually(is_known_by_its_domain, "SPF in time")
        self.assertIn(self.verdict["greylist"], ("passed", "seen"))
        # And from now on in every network.
        self.come(POOL[1])
        self.assertEqual(self.verdict["greylist"], "seen")


class FromScore(Identity):
    def clean(self, address="192.0.2.7"):
        self.server.zones.update(host(address, "mx.client.example"))
        return address

    def test_a_clean_first_time_sender_is_noted_and_let_in(self):
        self.come(self.clean(), sender="a@plain.example")
        self.assertEqual(self.state(), ("noted", "domain:client.example", "rdns"))
        self.assertEqual(self.log()["greylist"], "noted")
        listed = self.sally.operator("greylist", "list", "--sender", "a@plain.example")
        self.assertRegex(listed, r"passed +domain:client\.example +rdns .* let in at once 0s ago")
        self.come(self.clean(), sender="a@plain.example")
        self.assertEqual(self.verdict["greylist"], "seen")

    def test_what_was_noted_counts_when_something_speaks_against_it_later(self):
        self.come(self.clean(), sender="a@plain.example")
        self.server.zones.pop("mx.client.example")
        self.come("192.0.2.7", helo="[10.0.0.1]", sender="a@plain.example", status=DEFERRED)
        self.assertEqual(self.verdict["identity"], "net:192.0.2.0/24")  # its name is not confirmed any more
        self.server.zones.update(host("192.0.2.7", "mx.client.example"))
        self.come("192.0.2.7", helo="[10.0.0.1]", sender="a@plain.example")
        self.assertEqual(self.verdict["greylist"], "seen")

    def test_five_mails_make_an_identity_known(self):
        for number in range(5):
            self.come(self.clean(), sender=f"{'abcde'[number]}@plain.example")
            self.assertEqual(self.verdict["greylist"], "noted")
        self.come("192.0.2.7", helo="[10.0.0.1]", sender="f@plain.example")
        self.assertEqual(self.verdict["greylist"], "known")

    def test_each_recipient_of_a_clean_mail_is_noted(self):
        self.come(self.clean(), sender="a@plain.example", words=("--rcpt", "c@test.example"))
        entries = self.sally.operator_json("greylist", "list", "--sender", "a@plain.example")["entries"]
        self.assertEqual(sorted(entry["recipient"] for entry in entries), ["b@test.example", "c@test.example"])
        identity, = [entry for entry in self.sally.operator_json("greylist", "list")["entries"]
                     if "recipient" not in entry]
        self.assertEqual(identity["passes"], 1)

    def test_who_waits_and_comes_back_clean_is_let_in_at_once(self):
        self.assert_waits("192.0.2.7", sender="a@plain.example")
        self.server.zones.update({"mx.client.example": {"A": "192.0.2.7"}})  # a HELO name that exists
        self.sally.advance(10)  # RDNS_NONE and SPF_NONE are 2
        self.sally.write_config(greylist__from_score=2.5)
        self.sally.reload()
        self.come("192.0.2.7", sender="a@plain.example")
        self.assertEqual(self.verdict["greylist"], "noted")


class Shipped(Identity):
    """Nothing is set but where DNS is, and that nobody's lists are asked."""

    settings = dict.fromkeys(["mode", "greylist.from-score", "rdns.enabled", "helo.lookup", "sender-domain.enabled",
                              "spf.enabled", "dmarc.enabled"])

    def test_a_clean_first_time_sender_would_be_let_in_at_once(self):
        self.server.zones.update(host("192.0.2.7", "mx.client.example"))
        self.come("192.0.2.7")
        self.assertNotIn("would", self.verdict)
        self.assertEqual(self.state(), ("noted", "domain:pool.example", "spf"))

    def test_a_suspicious_one_is_let_in_but_would_be_asked_to_come_back(self):
        self.come("192.0.2.7")
        self.assertEqual((self.verdict["would"], self.verdict["greylist"]), ("defer", "new"))

    def test_enforcing_is_one_line(self):
        self.sally.write_config(mode="enforce")
        self.sally.reload()
        self.assert_waits("192.0.2.7")
        self.server.zones.update(host("192.0.2.9", "mx.client.example"))
        self.come("192.0.2.9", sender="c@plain.example")
        self.assertEqual(self.state(), ("noted", "domain:client.example", "rdns"))


MESSAGE = """\
From: Ann <ann@author.example>
To: b@test.example
Subject: Hello

Hello
"""


class Signatures(Identity):
    """Mail of author.example that comes by somebody else's hosts."""

    settings = dict(Identity.settings, **{"greylist.known-after": 2})
    zones = dict(Identity.zones, **{
        **host("10.1.1.1", "out.bulk.example"), "bulk.example": {"MX": "10 mx.sender.example"},
        "author.example": {"MX": "10 mx.sender.example", "TXT": SPF},
        "sel._domainkey.author.example": {"TXT": KEY.record},
        "sel._domainkey.news.author.example": {"TXT": KEY.record},
        "sel._domainkey.bulk.example": {"TXT": KEY.record},
        "sel._domainkey.third.example": {"TXT": KEY.record}})

    def come_by_bulk(self, message, **options):
        self.come("10.1.1.1", sender="bounce@bulk.example", helo="out.bulk.example", message=message.encode(),
                  **options)
        return self.log().get("taught")

    def test_they_make_the_author_s_domain_known(self):
        signed = KEY.sign(MESSAGE, "author.example")
        for _ in range(2):
            self.assertEqual(self.come_by_bulk(signed), "domain:author.example")
        self.assertIsNone(self.come_by_bulk(signed))  # it is known
        self.come(POOL[0], sender="ann@author.example")
        self.assertEqual(self.state(), ("known", "domain:author.example", "spf"))
        known = self.sally.operator_json("greylist", "list", "--state", "known")["entries"]
        self.assertEqual({entry["identity"]: entry["proof"] for entry in known},
                         {"domain:author.example": "dkim", "domain:bulk.example": "rdns"})

    def test_what_proves_nothing_teaches_nothing(self):
        for name, message in {
                "none": MESSAGE,
                "broken": KEY.sign(MESSAGE, "author.example").replace("Hello\n\nHello", "Hello\n\nHallo"),
                "third": KEY.sign(MESSAGE, "third.example"),
                "partial": KEY.sign(MESSAGE, "author.example", length=True),
                "its own identity": KEY.sign(MESSAGE, "bulk.example")}.items():
            with self.subTest(name):
                self.assertIsNone(self.come_by_bulk(message))

    def test_two_domains_at_most(self):
        signed = MESSAGE
        for domain in ("author.example", "news.author.example", "bulk.example"):
            signed = KEY.sign(signed, domain)
        self.assertEqual(sorted(self.come_by_bulk(signed).split(",")),
                         ["domain:author.example", "domain:news.author.example"])

    def test_mail_that_is_not_let_in_teaches_nothing(self):
        self.sally.settings["weights.DKIM_VALID"] = 11
        self.sally.write_config()
        self.sally.reload()
        self.come_by_bulk(KEY.sign(MESSAGE, "author.example"), status=DEFERRED)
        self.assertEqual(self.verdict["verdict"], "reject")
        self.assertNotIn("taught", self.log())

    def test_mail_that_would_not_be_let_in_teaches_nothing(self):
        self.sally.write_config(mode="observe", greylist__from_score=-1000)
        self.sally.reload()
        self.come_by_bulk(KEY.sign(MESSAGE, "author.example"))
        self.assertEqual((self.verdict["would"], self.verdict["verdict"]), ("defer", "accept"))
        self.assertNotIn("taught", self.log())

    def test_it_is_one_round_trip_more_and_only_when_there_is_something_to_learn(self):
        def questions():
            return self.sally.ask("status")["store"]["questions"]

        # One that becomes known tells the desk that it need not wait any more.
        self.sally.write_config(greylist__known_after=9)
        self.sally.reload()
        for message, trips in ((MESSAGE, 1), (KEY.sign(MESSAGE, "bulk.example"), 1),
                               (KEY.sign(KEY.sign(MESSAGE, "author.example"), "news.author.example"), 2)):
            before = questions()
            self.come_by_bulk(message)
            self.assertEqual(questions() - before, trips)

"""Where a submitter sends from: countries and providers are counted where there
are databases, and nothing is said of them where there are none."""

import os
import shutil
import tempfile
import threading

from case import Case, concurrent
from milter import session
from mmdb import Database, asn, country
from redis import Redis
from test_submitter import QUARANTINE, SubmitterCase

CODES = ["DE", "FR", "NL", "PL", "JP", "BR"]


def address(number):
    return f"198.18.{number}.7"


class PlacesCase(SubmitterCase):
    """Country and provider number N have 198.18.N.0/24; and 2001:db8:N::/48."""

    networks = {number: (f"198.18.{number}.0/24", f"2001:db8:{number}::/48") for number in range(len(CODES))}

    @classmethod
    def put(cls, folder):
        Database({network: country(CODES[number]) for number in cls.networks for network in cls.networks[number]},
                 aliases=True).write(os.path.join(folder, "country.mmdb"))
        Database({network: asn(64500 + number) for number in cls.networks for network in cls.networks[number]},
                 aliases=True).write(os.path.join(folder, "asn.mmdb"))

    def send_from(self, number, login=None, where=None):
        link = self.open(where or address(number))
        self.begin(link, login)
        self.recipients(link, 1)
        self.finish(link, [self.message_id()])
        self.changes = link.changes
        link.quit()
        return self.sally.wait_event(submitter=self.key, client=where or address(number))

    def is_held(self):
        return any(kind == QUARANTINE for kind, *_ in self.changes)


class Places(PlacesCase):
    settings = {"outbound.limits": ["countries: 4/1d hold", "asns: 2/1d watch"], "outbound.unusual": "off",
                "outbound.login-domain": "here.example"}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="sallyport-places-")
        cls.addClassCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        cls.put(folder)
        cls.settings = {**cls.settings, "outbound.country-database": os.path.join(folder, "country.mmdb"),
                        "outbound.asn-database": os.path.join(folder, "asn.mmdb")}
        super().setUpClass()

    def test_the_fifth_country_is_held_when_four_may_be(self):
        for number in range(4):
            event = self.send_from(number)
            self.assertEqual((event["country"], event["asn"]), (CODES[number], str(64500 + number)))
            self.assertFalse(self.is_held(), number)
        self.send_from(4)
        self.assertTrue(self.is_held())
        told = self.sally.wait_event("submitter", submitter=self.key, state="hold")
        self.assertEqual(told["why"], "5 countries in the last day; the limit is 4")

    def test_one_country_counts_once_by_whatever_network_and_protocol(self):
        for _ in range(3):
            for where in (None, "198.18.0.200", "2001:db8:0:1::5", "2002:c612:1::1"):
                self.assertEqual(self.send_from(0, where=where)["country"], "DE")
        self.assertFalse(self.is_held())

    def test_addresses_that_no_database_has_are_no_country(self):
        for where in ("203.0.113.5", "10.0.0.7", "2001:db8:ffff::1", "198.19.0.1"):
            event = self.send_from(9, where=where)
            self.assertNotIn("country", event)
            self.assertNotIn("asn", event)
        for number in range(4):
            self.send_from(number)
        self.assertFalse(self.is_held())

    def test_many_providers_are_watched(self):
        for number in range(3):
            self.send_from(number)
        self.assertFalse(self.is_held())
        told = self.sally.wait_event("submitter", submitter=self.key, state="watch")
        self.assertEqual(told["why"], "3 providers in the last day; the limit is 2")

    def test_try_shows_the_place(self):
        told = self.sally.operator("try", "--client", address(2), "--helo", "laptop.example", "--from",
                                   "a@here.example", "--rcpt", "b@far.example", "--login", self.login)
        self.assertRegex(told, r"submitter +sasl:" + self.login + r"@here.example\n +country +NL\n +asn +64502\n")

    def test_a_strangers_place_is_not_looked_up(self):
        link = self.open(address(1))
        link.mail("<a@example.org>")
        link.rcpt("<b@here.example>")
        link.quit()
        self.assertNotIn("country", self.sally.wait_event(client=address(1), **{"from": "<a@example.org>"}))


class Reloads(Case):
    """A database is replaced while logins send."""

    settings = {"outbound.limits": ["messages: 10000/1h hold"], "outbound.login-domain": "here.example",
                "outbound.unusual": "off"}

    @concurrent
    def test_every_mail_has_the_country_of_one_of_them(self):
        sally = self.daemon(self.settings)
        path = os.path.join(sally.folder, "country.mmdb")

        def put(code):
            Database({"198.18.0.0/24": country(code)}).write(path + ".new")
            os.chmod(path + ".new", 0o644)
            os.rename(path + ".new", path)

        def send(number, count=12):
            for _ in range(count):
                with session(sally.socket_path, address(0)) as link:
                    link.mail(f"<u{number}@here.example>", {"{auth_authen}": f"u{number}"})
                    link.rcpt("<x@far.example>")
                    link.end()

        put("DE")
        sally.write_config(outbound__country_database=path)
        sally.reload()
        threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for code in ("FR", "NL", "PL"):
            put(code)
            sally.reload()
        for thread in threads:
            thread.join()
        sally.wait_event(count=48)
        countries = {event.get("country") for event in sally.events()}
        self.assertTrue(countries <= {"DE", "FR", "NL", "PL"}, countries)
        send(9, 1)
        self.assertEqual(sally.wait_event(submitter="sasl:u9@here.example")["country"], "PL")


class Nowhere(PlacesCase):
    settings = {"outbound.limits": ["countries: 1/1d hold", "asns: 1/1d hold"], "outbound.login-domain": "here.example"}

    def test_without_databases_nothing_is_counted_and_nothing_is_said(self):
        for number in range(6):
            event = self.send_from(number)
            self.assertNotIn("country", event)
            self.assertFalse(self.is_held())
        fields = Redis(self.sally.redis_path()).command("HGETALL", "sp:out:{%s}" % self.key)
        self.assertFalse([field for field in fields if "countr" in field or "asn" in field], fields)
        self.assertNotIn("database", self.sally.log_text())

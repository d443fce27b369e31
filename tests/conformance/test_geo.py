"""Databases of countries and providers: as the format's own reader reads them,
changed under our feet, cut short at every place, and with bytes made up."""

import os
import random
import shutil
import subprocess
import tempfile
import unittest

import mmdb
from daemon import build_folder, environment, program
from mmdb import Database, Pointer, Raw, Uint, Uint64, Uint16, asn, country

FOUR = {"192.0.2.0/24": country("DE"), "198.51.100.0/25": country("FR"), "203.0.113.7/32": country("JP")}
SIX = {**FOUR, "2001:db8::/32": country("NL"), "2001:db9::1/128": country("BR")}
ADDRESSES = ["192.0.2.1", "192.0.3.1", "198.51.100.1", "198.51.100.200", "203.0.113.7", "203.0.113.8", "127.0.0.1",
             "255.255.255.255", "0.0.0.0", "2001:db8::1", "2001:db9::1", "2001:db9::2", "::", "::1",
             "2002:c000:201::1", "ffff::1"]


class Finder(unittest.TestCase):
    """geo-find runs; it is asked a line at a time, and must end well."""

    @classmethod
    def setUpClass(cls):
        path = "tests/conformance/geo-find"
        done = subprocess.run(["make", "-C", build_folder(), path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sallyport-geo-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([program("tests/conformance/geo-find")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment())

    def tearDown(self):
        self.process.stdin.close()
        status = self.process.wait()
        self.process.stdout.close()
        said = self.said()
        self.log.close()
        self.assertEqual(status, 0, said)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            self.fail(f"geo-find is gone at {words}:\n{self.said()[-3000:]}")
        return answer.rstrip("\n")

    def path(self, name="some.mmdb"):
        return os.path.join(self.folder, name)

    def write(self, content, name="some.mmdb"):
        """Beside it, and renamed onto it, as the manual says."""
        with open(self.path("new"), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.bytes())
        os.rename(self.path("new"), self.path(name))
        return self.path(name)

    def open(self, database, kind="country"):
        path = self.write(database)
        self.ask("open", *((path, "-") if kind == "country" else ("-", path)))

    def find(self, address):
        return tuple("" if word == "-" else word for word in self.ask("find", address).split(" "))


class Reading(Finder):
    def test_places_are_those_that_the_format_s_own_reader_finds(self):
        import maxminddb
        for version, entries in ((4, FOUR), (6, SIX)):
            for bits in (24, 28, 32):
                for aliases in (False, True):
                    database = Database(entries, version, bits, aliases=aliases and version == 6)
                    self.open(database)
                    with maxminddb.open_database(self.path(), maxminddb.MODE_FILE) as reader:
                        for address in ADDRESSES:
                            with self.subTest(version=version, bits=bits, aliases=aliases, address=address):
                                self.assertEqual(self.find(address)[0], self.theirs(reader, address))

    def theirs(self, reader, address):
        try:
            entry = reader.get(address)
        except ValueError:  # IPv6 is not in it
            return ""
        return entry["country"]["iso_code"] if entry else ""

    def test_mapped_addresses_are_ipv4(self):
        for database in (Database(FOUR, 4), Database(SIX)):
            self.open(database)
            self.assertEqual(self.find("::ffff:192.0.2.1"), ("DE", ""))

    def test_what_is_no_address_is_nowhere(self):
        self.open(Database(SIX))
        self.assertEqual(self.find("unix"), ("", ""))

    def test_both_databases_make_one_place(self):
        countries = self.write(Database(SIX), "countries")
        asns = self.write(Database({"192.0.2.0/25": asn(64500), "2001:db8::/32": asn(4200000001)}), "asns")
        self.ask("open", countries, asns)
        self.assertEqual([self.find(address) for address in ("192.0.2.1", "192.0.2.200", "2001:db8::1", "10.0.0.1")],
                         [("DE", "64500"), ("DE", ""), ("NL", "4200000001"), ("", "")])
        self.assertRegex(self.said(), "country-database: .*countries: Test-Country of 2023-11-14")

    def test_makers_call_things_by_different_names(self):
        rows = [
            ("country", {"country": {"iso_code": "DE"}}, "DE"),
            ("country", {"country_code": "de"}, "DE"),
            ("country", {"country": "DE", "country_name": "Germany"}, "DE"),
            ("country", {"country": "Germany", "country_code": "DE"}, "DE"),
            ("country", {"registered_country": {"iso_code": "US"}}, "US"),
            ("country", {"country": {"names": {"en": "x"}}, "registered_country": {"iso_code": "US"}}, "US"),
            ("asn", {"autonomous_system_number": Uint(1)}, "1"),
            ("asn", {"autonomous_system_number": Uint16(64500)}, "64500"),
            ("asn", {"autonomous_system_number": Uint64(4294967295)}, "4294967295"),
            ("asn", {"asn": "AS64500", "as_name": "x"}, "64500"),
            ("asn", {"asn": "64500"}, "64500"),
            ("asn", {"traits": {"autonomous_system_number": Uint(7)}}, "7"),
        ]
        for kind, entry, expected in rows:
            with self.subTest(entry=entry):
                self.open(Database({"192.0.2.0/24": entry}), kind)
                self.assertEqual("".join(self.find("192.0.2.1")), expected)

    def test_what_no_country_or_number_is_is_none(self):
        rows = [
            ("country", {}), ("country", []), ("country", "DE"), ("country", Uint(5)),
            ("country", {"country": {"iso_code": "D"}}), ("country", {"country": {"iso_code": "DEU"}}),
            ("country", {"country": {"iso_code": "D\n"}}), ("country", {"country": {"iso_code": "D1"}}),
            ("country", {"country": {"iso_code": "\u00e4"}}), ("country", {"country": {"iso_code": b"DE"}}),
            ("country", {"country": {"iso_code": 5}}), ("country", {"country": ["iso_code", "DE"]}),
            ("country", {"country": {"iso_code": {"iso_code": "DE"}}}), ("country", {"Country": {"iso_code": "DE"}}),
            ("asn", {"autonomous_system_number": Uint(0)}), ("asn", {"autonomous_system_number": Uint64(4294967296)}),
            ("asn", {"autonomous_system_number": Raw(b"\xc9" + b"\1" * 9)}), ("asn", {"asn": "AS"}),
            ("asn", {"asn": "AS-5"}), ("asn", {"asn": "AS5x"}), ("asn", {"asn": "99999999999999999999"}),
            ("asn", {"asn": "4294967296"}), ("asn", {"asn": True}), ("asn", {"autonomous_system_organization": "x"}),
        ]
        for kind, entry in rows:
            with self.subTest(entry=entry):
                good = country("DE") if kind == "country" else asn(5)
                self.open(Database({"192.0.2.0/24": entry, "198.51.100.0/24": good}), kind)
                self.assertEqual(self.find("192.0.2.1"), ("", ""))
                self.assertNotEqual(self.find("198.51.100.1"), ("", ""))

    def test_pointers_of_every_width(self):
        code = mmdb.encode("country") + mmdb.encode({"iso_code": "CH"})
        for size in (0, 2048, 530000, 135000000 if os.environ.get("CI") == "true" else 600000):
            with self.subTest(size=size):
                data = b"\0" * size + code
                entry = Raw(mmdb.control(mmdb.MAP, 1) + mmdb.pointer(size)
                            + mmdb.pointer(size + len(mmdb.encode("country"))))
                self.open(Database({"192.0.2.0/24": entry}, data=data))
                self.assertEqual(self.find("192.0.2.1"), ("CH", ""))

    def test_large_values_are_skipped(self):
        for size in (28, 29, 284, 285, 65820, 65821):
            with self.subTest(size=size):
                self.open(Database({"192.0.2.0/24": {"a": "x" * size, "b": [1] * min(size, 300), **country("SE")}}))
                self.assertEqual(self.find("192.0.2.1"), ("SE", ""))


class Files(Finder):
    def test_a_file_that_did_not_change_is_not_read_again(self):
        self.open(Database(SIX))
        for _ in range(3):
            self.ask("open", self.path(), "-")
        self.assertEqual(self.find("192.0.2.1"), ("DE", ""))
        self.assertEqual(self.said().count("Test-Country"), 1)

    def test_a_new_file_is_read_when_it_was_renamed_there(self):
        self.open(Database(SIX))
        self.open(Database({"192.0.2.0/24": country("AT")}))
        self.assertEqual(self.find("192.0.2.1"), ("AT", ""))

    def test_another_path_is_another_database(self):
        self.open(Database(SIX))
        other = self.write(Database({"192.0.2.0/24": country("AT")}), "other")
        self.ask("open", other, "-")
        self.assertEqual(self.find("192.0.2.1"), ("AT", ""))
        self.ask("open", "-", "-")
        self.assertEqual(self.find("192.0.2.1"), ("", ""))

    def test_what_becomes_of_the_file_does_not_matter_once_it_is_open(self):
        self.open(Database(SIX))
        with open(self.path(), "r+b") as file:  # written over in its place
            file.write(b"\xff" * 5000)
        self.assertEqual(self.find("192.0.2.1"), ("DE", ""))
        os.truncate(self.path(), 0)  # a mapping of the file would end us here
        self.assertEqual([self.find(address)[0] for address in ADDRESSES[:3]], ["DE", "", "FR"])
        os.unlink(self.path())
        self.assertEqual(self.find("2001:db8::1"), ("NL", ""))

    def test_a_broken_new_file_leaves_the_old_one_in_use_and_is_said(self):
        self.open(Database(SIX))
        for content, why in ((b"", "is empty"), (b"<html>404</html>", "has no metadata"),
                             (Database(SIX).bytes()[:-20], "has metadata that cannot be read")):
            with self.subTest(why=why):
                self.write(content)
                self.ask("open", self.path(), "-")
                self.assertEqual(self.find("192.0.2.1"), ("DE", ""))
                self.assertRegex(self.said().splitlines()[-1], f"level=error .*{self.path()} {why}.*stays in use")
                self.assertIn(why, self.ask("look", "country"))
        os.unlink(self.path())
        self.ask("open", self.path(), "-")
        self.assertEqual(self.find("192.0.2.1"), ("DE", ""))
        self.write(Database({"192.0.2.0/24": country("AT")}))
        self.ask("open", self.path(), "-")
        self.assertEqual(self.find("192.0.2.1"), ("AT", ""))
        self.assertEqual(self.ask("look", "country"), f"{self.path()} open Test-Country 1700000000 -")

    def test_without_one_nothing_is_known(self):
        self.ask("open", self.path("missing"), "-")
        self.assertEqual(self.find("192.0.2.1"), ("", ""))
        self.assertRegex(self.said(), "cannot be read: No such file or directory; countries are not counted")
        self.assertTrue(self.ask("look", "country").startswith(f"{self.path('missing')} closed - 0 cannot be read"))

    def test_each_wrong_file_has_its_reason(self):
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("fifo"))
        rows = [
            (self.path("missing"), "cannot be read: No such file"),
            (self.path("folder"), "is not a regular file"),
            (self.path("fifo"), "is not a regular file"),
            (self.write(b"x" * 300000, "noise"), "has no metadata"),
            (self.write(Database({"192.0.2.0/24": asn(5)}, type="Some-ASN"), "asn"),
             "names no country that we could read (it calls itself Some-ASN)"),
            (self.write(Database({}), "nothing"), "names no country"),
            (self.write(Database(SIX, metadata={"record_size": Uint16(36)}), "bits"), "has a search tree of another"),
            (self.write(Database(SIX, metadata={"record_size": Uint16(0)}), "nobits"), "has a search tree of another"),
            (self.write(Database(SIX, metadata={"ip_version": Uint16(5)}), "ip"), "has a search tree of another"),
            (self.write(Database(SIX, metadata={"node_count": None}), "nocount"), "has a search tree of another"),
            (self.write(Database(SIX, metadata={"node_count": "9"}), "textcount"), "has a search tree of another"),
            (self.write(Database(SIX, metadata={"node_count": Uint(0x20000001)}), "huge"), "is shorter than its"),
            (self.write(Database(SIX, metadata={"node_count": Uint64(1 << 40)}), "huger"), "has a search tree of"),
            (self.write(Database(SIX, metadata={"binary_format_major_version": Uint16(3)}), "new"), "cannot be used: "),
        ]
        for path, why in rows:
            with self.subTest(why=why):
                self.assertIn(why, self.ask("check", "country", path))
        self.assertEqual(self.ask("check", "asn", self.path("asn")), "good")


class Hostile(Finder):
    """Nobody may end us by a file: geo-find must still be there."""

    timeout_sec = 300

    def try_all(self, content):
        path = self.write(content)
        for kind in ("country", "asn"):
            self.assertEqual(self.ask("fuzz", kind, path), "done")

    def test_cut_short_at_every_place(self):
        whole = Database(SIX, metadata={"description": {"en": "x" * 300}}).bytes()
        for size in [*range(0, len(whole), 7), *range(len(whole) - 420, len(whole))]:
            self.try_all(whole[:size])
        # And from its front, so that all of its metadata is there.
        for begin in range(0, len(whole) - 100, 13):
            self.try_all(whole[begin:])

    def test_any_byte_may_be_another(self):
        chance = random.Random(7)
        for database in (Database(SIX, aliases=True), Database(FOUR, 4, 24), Database({"192.0.2.0/24": asn(5)}, 6, 32)):
            whole = database.bytes()
            for _ in range(700):
                broken = bytearray(whole)
                for _ in range(chance.choice([1, 1, 2, 5, 40])):
                    broken[chance.randrange(len(broken))] = chance.choice([0, 0xff, chance.randrange(256)])
                self.try_all(bytes(broken))

    def test_each_byte_of_the_metadata_once_as_everything(self):
        database = Database(FOUR, 4, 24)
        begin = len(database.bytes()) - len(database.metadata())
        for at in range(begin, len(database.bytes())):
            for value in (0, 1, 0x20, 0x2f, 0x3f, 0x5f, 0xe0, 0xff):
                broken = bytearray(database.bytes())
                broken[at] = value
                self.ask("fuzz", "country", self.write(bytes(broken)))

    def test_values_nested_without_an_end(self):
        for head in (b"\x01\x04", b"\xe1\x41a"):  # arrays in arrays, maps in maps
            deep = Raw(head * 3000000)
            self.try_all(Database({"192.0.2.0/24": deep, "198.51.100.0/24": country("DE")}))
            self.open(Database({"192.0.2.0/24": Raw(b"\xe2\x41b" + deep[:600000]), "198.51.100.0/24": country("DE")}))
            self.assertEqual((self.find("192.0.2.1"), self.find("198.51.100.1")), (("", ""), ("DE", "")))
            for key in ("description", "languages", "build_epoch", "other"):
                self.try_all(Database(FOUR, 4, metadata={key: Raw(head * 40000)}))

    def test_values_shared_until_they_are_gigabytes(self):
        """Arrays of pointers to arrays of pointers: 60 to the power of 9 values."""
        data = mmdb.encode(country("DE"))
        for _ in range(9):
            offset = len(data) if data else 0
            last = data.rfind(b"\x1d\x04") if b"\x1d\x04" in data else 0
            data += mmdb.control(mmdb.ARRAY, 60) + mmdb.pointer(last) * 60
        self.open(Database({"192.0.2.0/24": {"a": Pointer(offset), **country("DE")}}, data=data))
        self.assertEqual(self.find("192.0.2.1"), ("DE", ""))
        shared = Raw(mmdb.control(mmdb.ARRAY, 60) + mmdb.encode("x" * 40) * 60)
        for key in ("description", "languages"):
            self.try_all(Database(FOUR, 4, metadata={"aa": shared, key: Raw(mmdb.control(mmdb.ARRAY, 200)
                                                                          + mmdb.pointer(4) * 200)}))

    def test_pointers_that_lead_in_circles(self):
        for target in range(0, 40):
            self.try_all(Database({"192.0.2.0/24": Pointer(target), "198.51.100.0/24": {"a": Pointer(target)},
                                   "203.0.113.0/24": {"country": Pointer(target)}}))
            self.try_all(Database(FOUR, 4, metadata={"description": Pointer(target), "languages": [Pointer(target)]}))

    def test_records_that_lead_anywhere(self):
        for record in (("raw", 0), ("raw", 1), ("raw", 0xffffff), ("raw", 0xffffffe), ("data", 100000), ("data", -1),
                       ("data", -16), ("raw", 5)):
            database = Database(SIX)
            for node in database.nodes[::3]:
                node[1] = record
            self.try_all(database)

    def test_a_second_marker_behind_the_first(self):
        whole = Database(SIX).bytes()
        self.try_all(whole + mmdb.MARKER)
        self.try_all(whole + mmdb.MARKER + b"\xe1")
        self.try_all(mmdb.MARKER + Database(SIX).metadata() + whole)
        self.try_all(mmdb.MARKER + Database(SIX).metadata())

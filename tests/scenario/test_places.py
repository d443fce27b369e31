"""The databases of countries and providers in a running daemon: read, read
anew, missing, broken. (test_geo.py has what may be in them.)"""

import os
import subprocess

from case import DaemonCase
from daemon import program
from mmdb import Database, asn, country


class Databases(DaemonCase):
    def prepare(self):
        """Described, with a path for each database; nothing is there yet."""
        sally = self.not_started()
        self.paths = [os.path.join(sally.folder, name) for name in ("country.mmdb", "asn.mmdb")]
        sally.write_config(outbound__country_database=self.paths[0], outbound__asn_database=self.paths[1])
        return sally

    def put(self, database, which=0):
        database.write(self.paths[which] + ".new")
        os.chmod(self.paths[which] + ".new", 0o644)
        os.rename(self.paths[which] + ".new", self.paths[which])

    def started(self, sally):
        self.addCleanup(sally.stop)
        return sally.start()

    def test_status_says_what_they_are(self):
        sally = self.prepare()
        self.put(Database({"192.0.2.0/24": country("DE")}, type="Some-Country"))
        self.put(Database({"192.0.2.0/24": asn(64500)}, type="Some-ASN"), 1)
        self.started(sally)
        said = sally.operator("status")
        self.assertIn(self.paths[0], said)
        self.assertIn("Some-ASN, made on 2023-11-14", said)
        self.assertEqual([place["trouble"] for place in sally.operator_json("status")["places"]], ["", ""])

    def test_mail_goes_on_without_them_and_they_are_missed_once(self):
        sally = self.started(self.prepare())
        self.assert_deferred(sally)
        self.assert_deferred(sally, "192.0.2.77")
        missed = [line for line in sally.log_text().splitlines() if "country.mmdb" in line]
        self.assertEqual(len(missed), 1, missed)
        self.assertIn("level=error", missed[0])
        self.assertIn("cannot be read: No such file or directory; countries are not counted", missed[0])
        self.assertIn("FAILED", sally.operator("status", status=1))
        self.put(Database({"192.0.2.0/24": country("DE")}))
        self.put(Database({"192.0.2.0/24": asn(64500)}), 1)
        sally.reload()
        self.assertNotIn("FAILED", sally.operator("status"))

    def test_a_broken_new_one_is_said_and_the_old_one_stays(self):
        sally = self.prepare()
        self.put(Database({"192.0.2.0/24": country("DE")}))
        self.put(Database({"192.0.2.0/24": asn(64500)}), 1)
        self.started(sally)
        with open(self.paths[0], "r+b") as file:  # in its place, not renamed
            file.truncate(100)
        sally.reload()
        place, other = sally.operator_json("status", status=1)["places"]
        self.assertEqual((place["is_open"], other["trouble"]), (True, ""))
        self.assertIn("has no metadata", place["trouble"])
        self.assertIn("what was read before stays in use", sally.log_text())

    def test_checking_the_configuration_warns_of_them(self):
        sally = self.prepare()
        self.put(Database({"192.0.2.0/24": asn(5)}))
        done = subprocess.run([program("sallyportd"), "-t", "-c", sally.config_path], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "warning: outbound.country-database: .* names no country")
        self.assertRegex(done.stderr, "warning: outbound.asn-database: .* cannot be read: No such file")

    def test_many_reloads_grow_nothing(self):
        sally = self.prepare()
        self.started(sally)
        for _ in range(3):
            sally.reload()
        before = len(os.listdir(f"/proc/{sally.process.pid}/fd"))
        for number in range(20):
            self.put(Database({"192.0.2.0/24": country("DE")}, built=1700000000 + number))
            sally.reload()
        self.assertLessEqual(len(os.listdir(f"/proc/{sally.process.pid}/fd")), before)
        with open(f"/proc/{sally.process.pid}/maps", encoding="utf-8") as file:
            self.assertLessEqual(file.read().count("sallyport-geo"), 2)

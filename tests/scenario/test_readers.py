"""What else reads our headers: a Sieve script, by Dovecot's own interpreter, and
Rspamd's configuration."""

import os
import shutil
import subprocess
import tempfile
import unittest

from case import Case
from daemon import TOP

SIEVE = os.path.join(TOP, "etc/sieve/sallyport.sieve")
RSPAMD = os.path.join(TOP, "etc/rspamd/multimap.conf")


NOBODY = 65534
DOVECOT = """\
log_path = /dev/stderr
protocols =
mail_uid = {uid}
mail_gid = {uid}
first_valid_uid = 1
mail_home = {folder}
mail_location = maildir:{folder}/mails
"""


def needs_program(name, package):
    return unittest.skipUnless(shutil.which(name), f"wants the package {package}")


class ReadersCase(Case):
    def make_folder(self):
        folder = tempfile.mkdtemp(prefix="sallyport-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o777)
        return folder


@needs_program("sieve-test", "dovecot-sieve")
class SieveTest(ReadersCase):
    VERDICTS = [
        ("few points", "accept; score=2.5/10; id=01J", False),
        ("just below", "accept; score=5.9/10; id=01J", False),
        ("enough points", "accept; score=6/10; id=01J", True),
        ("two digits", "accept; score=12.5/10; id=01J", True),
        ("less than nothing", "accept; score=-7.5/10; id=01J", False),
        ("less than nothing by little", "accept; score=-0.2/10; id=01J", False),
        ("would have been refused", "accept; score=1/10; id=01J; would=reject", True),
        ("would have waited", "accept; score=2/10; id=01J; would=defer", True),
        ("no verdict", None, False),
    ]

    def run_script(self, head):
        folder = self.make_folder()
        for name, text in (("mail", head + "From: a@b.example\nSubject: x\n\nx\n"),
                           ("dovecot.conf", DOVECOT.format(folder=folder, uid=os.getuid() or NOBODY))):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        shutil.copy(SIEVE, folder)
        done = subprocess.run(
            ["sieve-test", "-c", os.path.join(folder, "dovecot.conf"), os.path.join(folder, "sallyport.sieve"),
             os.path.join(folder, "mail")], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return "store message in folder: Junk" in done.stdout

    def test_mail_goes_where_its_verdict_says(self):
        for label, verdict, is_junk in self.VERDICTS:
            with self.subTest(verdict=label):
                self.assertEqual(self.run_script(f"X-Sallyport-Verdict: {verdict}\n" if verdict else ""), is_junk)

    def test_only_the_field_on_top_counts(self):
        self.assertFalse(self.run_script("X-Sallyport-Verdict: accept; score=1/10; id=01J\n"
                                         "X-Sallyport-Verdict: accept; score=9/10; id=01J; would=reject\n"))


@needs_program("rspamadm", "rspamd")
class RspamdTest(ReadersCase):
    def configtest(self, multimap):
        folder = self.make_folder()
        os.mkdir(os.path.join(folder, "local.d"))
        with open(os.path.join(folder, "local.d", "multimap.conf"), "w", encoding="ascii") as file:
            file.write(multimap)
        return subprocess.run(["rspamadm", "--var=LOCAL_CONFDIR=" + folder, "configtest"], capture_output=True,
                              text=True, check=False, timeout=120)

    def test_rspamd_takes_the_snippet(self):
        with open(RSPAMD, encoding="ascii") as file:
            text = file.read()
        done = self.configtest(text)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("multimap", done.stdout + done.stderr)
        self.assertNotEqual(self.configtest(text.replace("}", "", 1)).returncode, 0)

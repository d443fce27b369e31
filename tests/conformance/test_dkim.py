"""DKIM by the mails of others. `dkim` beside this file prints the same lines,
and says why where we do not follow them."""

import os
import subprocess
import sys

from case import Case, needs_data
from daemon import TOP, build_folder

LINES = {
    "dkimpy": "dkim dkimpy: 3 of 3\n",
    "go-msgauth": "dkim go-msgauth: 5 of 5\n",
    "mimekit": "dkim mimekit: 4 of 4, 1 argued\n",
    "mail-dkim-perl": "dkim mail-dkim-perl: 79 of 79, 45 argued\n"
                      "dkim mail-dkim-perl keys: 18 of 18\n",
}


class Dkim(Case):
    def run_collection(self, name):
        folder = os.path.dirname(needs_data("dkim", name, "expected.tsv"))
        done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/dkim"),
                               "--build", build_folder(), folder],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout, done.returncode), (LINES[name], 0), done.stderr)

    def test_mails_of_dkimpy(self):
        self.run_collection("dkimpy")

    def test_mails_of_go_msgauth(self):
        self.run_collection("go-msgauth")

    def test_mails_of_mimekit(self):
        self.run_collection("mimekit")

    def test_mails_of_mail_dkim(self):
        self.run_collection("mail-dkim-perl")

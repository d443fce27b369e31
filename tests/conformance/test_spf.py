"""SPF by the suite of RFC 7208: every case, as published. `spf` beside this file
prints the same line for any suite of that format."""

import os
import subprocess
import sys

from case import Case, needs_data
from daemon import TOP, build_folder


class Spf(Case):
    def test_every_case_of_rfc_7208_has_its_published_result(self):
        path = needs_data("spf", "rfc7208-tests-2014-05.yml")
        done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/spf"),
                               "--build", build_folder(), path],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout, done.returncode), ("rfc7208 builtin: 193 of 193\n", 0), done.stderr)

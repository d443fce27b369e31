"""SPF by the suite of RFC 7208. `spf` beside this file prints the same lines for
any suite of that format."""

import os
import subprocess
import sys

from case import Case, needs_data
from daemon import TOP, build_folder


class Spf(Case):
    def run_suite(self, engine):
        path = needs_data("spf", "rfc7208-tests-2014-05.yml")
        done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/spf"),
                               "--build", build_folder(), "--engine", engine, path],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_every_case_of_rfc_7208_has_its_published_result(self):
        self.assertEqual(self.run_suite("builtin"), "rfc7208 builtin: 193 of 193\n")

    def test_what_libspf2_has_learned_it_does_not_forget(self):
        """rfc7208-libspf2.fails has what it gets wrong; it may only get shorter."""
        self.assertRegex(self.run_suite("libspf2"), "^rfc7208 libspf2: [0-9]+ of 193\n$")

#!/usr/bin/python3
"""Debian's promtool, unpacked into a folder of the build: it comes with a whole
Prometheus, which nobody here wants to run.

    promtool.py      unpacks it now; `./dev test` does so
"""

import glob
import os
import subprocess
import sys
import tempfile
import unittest

from daemon import TOP
from sendmail import apt_get

UNPACKED = os.path.join(TOP, "_build-prometheus")
PROGRAM = os.path.join(UNPACKED, "usr/bin/promtool")


def unpack():
    """Fetch and unpack; raises AssertionError, with the reason."""
    with tempfile.TemporaryDirectory(prefix="_build-prometheus-", dir=TOP) as folder:
        if apt_get("download", "prometheus", folder=folder):
            apt_get("update")  # there were no lists of packages, or old ones
            reason = apt_get("download", "prometheus", folder=folder)
            if reason:
                raise AssertionError(f"promtool is not here and could not be fetched: {reason}")
        for package in glob.glob(os.path.join(folder, "*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, os.path.join(folder, "root")], check=True)
        os.rename(os.path.join(folder, "root"), UNPACKED)


def need():
    """Its path; missing, it fails in CI and skips on a user's machine."""
    try:
        if not os.path.exists(PROGRAM):
            unpack()
    except AssertionError as error:
        if os.environ.get("CI") == "true":
            raise
        raise unittest.SkipTest(str(error)) from None
    return PROGRAM


if __name__ == "__main__":
    try:
        need()
    except (AssertionError, unittest.SkipTest) as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)

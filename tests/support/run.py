#!/usr/bin/python3
"""Runs the tests: run.py [-k PATTERN] PASS...

A PASS is `lint`, or a build: `plain`, `asan`, `tsan`. A build's pass runs its
cmocka programs (each of their tests is counted) and the Python suites of
tests/conformance, tests/scenario, tests/mta and tests/web; under tsan the Python tests
marked @concurrent. `fuzz` is the build for libFuzzer: its targets run what is in
tests/fuzz/corpus.

Every test is one line; what a failed one said follows it. The last line is
`N passed, N failed`, with `, N skipped` when tests said why they were skipped.
"""

import argparse
import glob
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import traceback
import unittest

SUPPORT = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(SUPPORT))
sys.path[:0] = [SUPPORT, os.path.join(TOP, "tests", "lint"), os.path.join(TOP, "tests", "mta")]

import daemon  # noqa: E402  (found by the path above)

TIMEOUT_SEC = {"lint": 900, "plain": 60, "asan": 180, "tsan": 300}
PROGRAM_TIMEOUT_SEC = {"plain": 300, "asan": 600, "tsan": 900}
CORPUS_TIMEOUT_SEC = 120


class TimedOut(Exception):
    pass


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def note(self, outcome, name, seconds=0.0, text=""):
        print(f"{outcome:7} {name} ({seconds:.2f} s)", flush=True)
        if outcome == "ok":
            self.passed += 1
        elif outcome == "skipped":
            self.skipped.append(f"{name}: {text}")
        else:
            self.failed.append(name)
            print("    " + text.strip().replace("\n", "\n    "), flush=True)

    def close(self):
        for reason in self.skipped:
            print(f"skipped: {reason}")
        for name in self.failed:
            print(f"failed: {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed"
              + (f", {len(self.skipped)} skipped" if self.skipped else ""))
        return 1 if self.failed or not self.passed else 0


class Result(unittest.TestResult):
    """Counts and prints; a test's time is bounded."""

    def __init__(self, tally, name_of_pass):
        super().__init__()
        self.tally = tally
        self.prefix = name_of_pass
        self.began = 0.0
        self.texts = []
        self.was_skipped = False

    def name(self, test):
        return f"{self.prefix}/{test.id().replace('test_', '')}"

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.texts = []
        self.was_skipped = False
        seconds = getattr(test, "timeout_sec", TIMEOUT_SEC[self.prefix])
        signal.alarm(seconds if self.prefix in ("lint", "plain") else max(seconds, TIMEOUT_SEC[self.prefix]))

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)
        seconds = time.monotonic() - self.began
        if self.texts:
            self.tally.note("FAILED", self.name(test), seconds,
                            "\n".join(self.texts) + daemon.tails())
        elif not self.was_skipped:
            self.tally.note("ok", self.name(test), seconds)

    def addSkip(self, test, reason):
        self.was_skipped = True
        self.tally.note("skipped", self.name(test), 0.0, reason)

    def fail_with(self, test, err):
        if self.prefix == "lint" and err[0] is AssertionError:
            text = str(err[1])  # it names file and line; where we asked is of no interest
        else:
            text = "".join(traceback.format_exception(*err))
        if isinstance(test, unittest.TestCase):
            self.texts.append(text)
        else:  # setUpClass, a module that does not load
            self.tally.note("FAILED", f"{self.prefix}/{test}", 0.0, text + daemon.tails())

    def addError(self, test, err):
        self.fail_with(test, err)

    def addFailure(self, test, err):
        self.fail_with(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.texts.append(f"{subtest}\n" + "".join(traceback.format_exception(*err)))


def on_alarm(_signal, _frame):
    raise TimedOut("the test took too long")


def load(path):
    """The tests of one file; its tests' names begin with the file's."""
    name = os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def is_concurrent(test):
    method = getattr(test, test._testMethodName, None)
    return getattr(type(test), "concurrent", False) or getattr(method, "concurrent", False)


def run_python(folder, name_of_pass, pattern, tally):
    result = Result(tally, name_of_pass)
    directory = os.path.join(TOP, "tests", folder)
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    for name in names:
        if not name.startswith("test_") or not name.endswith(".py"):
            continue
        try:
            tests = flatten(load(os.path.join(directory, name)))
        except Exception:  # the file is broken: say so and go on
            tally.note("FAILED", f"{name_of_pass}/{name}", 0.0, traceback.format_exc())
            continue
        chosen = [test for test in tests
                  if pattern in result.name(test) and (name_of_pass != "tsan" or is_concurrent(test))]
        unittest.TestSuite(chosen).run(result)


def run_program(build, program, name_of_pass, pattern, tally):
    """One cmocka program; it prints TAP: `ok N - name`, `not ok N - name`, and
    of a test that it skips, `not ok N # SKIP name` behind a line that says why."""
    name = f"{name_of_pass}/unit.{os.path.basename(program)}"
    began = time.monotonic()
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", srcdir=TOP, top_srcdir=TOP,
                       abs_top_srcdir=TOP, builddir=build)
    try:
        done = subprocess.run([os.path.join(build, program)], cwd=build, env=environment, check=False,
                              capture_output=True, timeout=PROGRAM_TIMEOUT_SEC[name_of_pass])
        output = (done.stdout + done.stderr).decode(errors="replace")
        status = done.returncode
    except OSError as error:
        output, status = str(error), -1
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace") + "\n(took too long)"
        status = -1
    seconds = time.monotonic() - began
    lines = re.findall(r"^(ok|not ok)(?: \d+)? - (.*)$", output, flags=re.M)
    skipped = re.findall(r"^(?:skipped: (.*)\n)?(?:not )?ok(?: \d+)? # SKIP (.*)$", output, flags=re.M)
    chosen = [line for line in lines if pattern in f"{name}.{line[1]}"]
    broken = [line for line in chosen if line[0] != "ok"]
    for outcome, what in chosen:
        if outcome == "ok":
            tally.note("ok", f"{name}.{what}")
        else:
            tally.note("FAILED", f"{name}.{what}", 0.0, output if what == broken[0][1] else "(see above)")
    for reason, what in skipped:
        if pattern in f"{name}.{what}":
            tally.note("skipped", f"{name}.{what}", 0.0, reason or "it does not say why")
    if status != 0 and not broken or not lines and not skipped:
        tally.note("FAILED", name, seconds, f"exit status {status}, no test failed by name\n{output[-6000:]}")


def run_programs(build, name_of_pass, pattern, tally):
    # The last line: when make renews its own files first, that says something too.
    said = subprocess.run(["make", "-s", "-C", build, "--eval=n: ; @echo $(check_PROGRAMS)", "n"],
                          capture_output=True, text=True, check=True).stdout.splitlines()
    names = said[-1].split() if said else []
    if not names:
        tally.note("FAILED", f"{name_of_pass}/unit", 0.0, "no test program is built: was cmocka there at ./configure?")
    for program in names:
        if may_hold(os.path.join(build, program), f"{name_of_pass}/unit.{os.path.basename(program)}.", pattern):
            run_program(build, program, name_of_pass, pattern, tally)


def run_corpora(build, pattern, tally):
    """Every fuzz target on its corpus, once: what was found once stays found."""
    for source in sorted(glob.glob(os.path.join(TOP, "tests/fuzz/fuzz-*.c"))):
        target = os.path.basename(source)[:-2]
        name = f"fuzz/{target}.its_corpus_does_no_harm"
        if pattern not in name:
            continue
        corpus = os.path.join(TOP, "tests/fuzz/corpus", target.removeprefix("fuzz-"))
        began = time.monotonic()
        try:
            done = subprocess.run([os.path.join(build, "tests/fuzz", target), "-runs=0", corpus], check=False,
                                  capture_output=True, timeout=CORPUS_TIMEOUT_SEC)
            output, status = done.stderr.decode(errors="replace"), done.returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            output, status = str(error), -1
        inputs = len(os.listdir(corpus)) if os.path.isdir(corpus) else 0
        if status == 0 and inputs > 0:
            tally.note("ok", name, time.monotonic() - began)
        else:
            tally.note("FAILED", name, time.monotonic() - began,
                       f"exit status {status}, {inputs} inputs\n{output[-6000:]}")


def may_hold(path, prefix, pattern):
    """Whether a test of that program can match: its tests' names are texts in it."""
    if pattern in prefix or prefix in pattern:
        return True
    if not os.path.exists(path):
        return False
    with open(path, "rb") as file:
        return pattern.encode() in file.read()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("-k", metavar="PATTERN", default="")
    arguments.add_argument("passes", nargs="+", choices=["lint", "plain", "asan", "tsan", "fuzz"])
    given = arguments.parse_args()
    signal.signal(signal.SIGALRM, on_alarm)
    tally = Tally()
    for name_of_pass in given.passes:
        if name_of_pass == "lint":
            run_python("lint", "lint", given.k, tally)
            continue
        build = os.path.join(TOP, "_build" if name_of_pass == "plain" else "_build-" + name_of_pass)
        if name_of_pass == "fuzz":
            run_corpora(build, given.k, tally)
            continue
        os.environ["SALLYPORT_BUILD"] = build
        run_programs(build, name_of_pass, given.k, tally)
        run_python("conformance", name_of_pass, given.k, tally)
        run_python("scenario", name_of_pass, given.k, tally)
        run_python("mta", name_of_pass, given.k, tally)
        run_python("web", name_of_pass, given.k, tally)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())

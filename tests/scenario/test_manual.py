"""The manual pages tell of every command and every option that the programs' own
help tells of, and are well-formed."""

import os
import re
import shutil
import subprocess
import unittest

from case import Case
from daemon import TOP, build_folder, environment, program


def said_by(*words):
    done = subprocess.run([program(words[0]), *words[1:]], capture_output=True, text=True, check=True,
                          env=environment(), timeout=60)
    return done.stdout


def page(name):
    with open(os.path.join(TOP, "man", name), encoding="utf-8") as file:
        return file.read()


def options_in(text):
    """The options that a help page names."""
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


def options_of_page(text):
    """The same, of mdoc: `.Fl -json`, `.Fl t`."""
    found = set()
    for line in text.splitlines():
        if line.startswith("."):
            found |= {"-" + name for name in re.findall(r"\bFl (-?[a-z][a-z-]*)", line)}
        found |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
    return found


class SallyportTest(Case):
    def setUp(self):
        self.page = page("sallyport.1")
        self.sections = dict(re.findall(r"(?ms)^\.Ss sallyport (\w+)\n(.*?)(?=^\.S[sh] |\Z)", self.page))
        self.common = options_of_page(self.page.split(".Ss sallyport", 1)[0])

    def commands(self):
        names = re.findall(r"(?m)^  (\w+) ", said_by("sallyport", "help").split("Commands:")[1].split("Options:")[0])
        self.assertGreater(len(names), 5)
        return [name for name in names if name != "help"]

    def test_each_command_has_its_section_and_no_section_is_without_a_command(self):
        self.assertEqual(sorted(self.sections), sorted(self.commands()))

    def test_each_option_stands_in_the_section_of_its_command(self):
        for command in self.commands():
            with self.subTest(command=command):
                told = options_of_page(self.sections[command])
                wanted = options_in(said_by("sallyport", "help", command)) - {"--config", "--json", "--help"}
                synopsis = re.findall(rf"(?ms)^\.Cm {command}\b.*?(?=^\.Nm$|^\.Sh )", self.page)
                self.assertEqual(wanted - told - options_of_page("\n".join(synopsis)), set())

    def test_each_verb_stands_in_the_section_of_its_command(self):
        for command in self.commands():
            for verb in set(re.findall(rf"(?m)^(?:Usage:)?\s+sallyport {command} ([a-z]+)\b",
                                       said_by("sallyport", "help", command))):
                with self.subTest(command=command, verb=verb):
                    self.assertRegex(self.page, rf"(?m)^\.(Cm|It Cm|Nm|Op Cm|Ic).*\b{verb}\b")

    def test_the_common_options_and_the_exit_codes_stand_there(self):
        told = said_by("sallyport", "help")
        self.assertEqual(options_in(told) - options_of_page(self.page), set())
        for command in self.commands():
            codes = set(re.findall(r"(?:[:;,]\s+)(\d) [a-z]", said_by("sallyport", "help", command).split(
                "Exit codes", 1)[-1]))
            for code in codes:
                self.assertRegex(self.page.split(".Sh EXIT STATUS", 1)[1], rf"(?m)^\.It {code}$")


class SallyportdTest(Case):
    def test_each_option_stands_in_its_page(self):
        self.assertEqual(options_in(said_by("sallyportd", "--help")) - options_of_page(page("sallyportd.8")), set())


@unittest.skipUnless(shutil.which("mandoc"), "wants the package mandoc")
class FormTest(Case):
    def test_the_pages_are_well_formed(self):
        pages = [os.path.join(TOP, "man", name) for name in ("sallyport.1", "sallyportd.8")]
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages,
                               os.path.join(build_folder(), "man/sallyport.yaml.5")], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

"""How the source is written: what can be said of it without running it."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

import source
from source import TOP, c_files, includes, read, tracked_files

# An include may point to the same row or to one above it. The order is the
# architecture (DESIGN: base < config, log, metrics < dns, ... < mains).
ORDER = [
    ["base"],
    ["log", "metrics"],
    ["dnsbl", "outbound"],
    ["config"],
    ["dns", "geo", "store", "sock", "mail", "daemon", "notify"],
    ["spf", "dkim", "dmarc"],
    ["session"],
    ["check"],
    ["policy"],
    ["headers", "record"],
    ["milter"],
    ["control", "web"],
    ["ctl"],
    ["main"],
]
RANK = {module: rank for rank, row in enumerate(ORDER) for module in row}
# The MTA's side of the protocol is for tools: it stands on base alone.
RANK["mta"] = RANK["web"]

# A library's header is met in one place: (pattern, where it may stand).
FENCED = [
    (r"libmilter/", ("src/milter/", "tests/bench/", "tests/unit/test-handoff.c")),
    (r"hiredis", ("src/store/",)),
    (r"unbound\.h", ("src/dns/",)),
    (r"yaml\.h", ("src/config/",)),
    (r"opendkim/", ("src/dkim/",)),
    (r"openssl/", ("src/dkim/", "tests/support/")),
    (r"spf2/", ("src/spf/",)),
    (r"idn2\.h", ("src/mail/",)),
    (r"microhttpd\.h", ("src/web/",)),
    (r"maxminddb\.h", ("src/geo/",)),
]

# Conditional compilation is for the differences between systems, in base.
MAY_CONDITION = ("src/base/",)

LINES_OF_FUNCTION = 100
LINES_OF_FILE = 600
PARAMETERS = 5


def module_of(name):
    """The module that a file belongs to; a public header to the folder whose
    local.mk names it. None: to none."""
    if name.startswith("src/"):
        parts = name.split("/")
        return parts[1] if len(parts) > 2 else "main"
    for path in glob.glob(os.path.join(TOP, "src/*/local.mk")):
        with open(path, encoding="utf-8") as file:
            if re.search(re.escape(name) + r"\b", file.read()):
                return os.path.basename(os.path.dirname(path))
    return None


def resolve(name, path):
    """The file of the project that `#include "path"` in `name` means, or None."""
    for candidate in ("include/" + path, os.path.join(os.path.dirname(name), path), "src/" + path):
        candidate = os.path.normpath(candidate)
        if os.path.isfile(os.path.join(TOP, candidate)):
            return candidate
    return None


def exceptions(rule):
    found = {}
    for line in read("tests/lint/exceptions.tsv").splitlines():
        if line and not line.startswith("#"):
            kind, file, name, _reason = line.split("\t")
            if kind == rule:
                found[(file, name)] = False
    return found


class Lint(unittest.TestCase):
    """Each rule is one test; each violation is one line FILE:LINE: what."""

    def report(self, violations):
        if violations:
            self.fail("\n" + "\n".join(violations))

    def report_but(self, rule, violations):
        """`violations` are (file, line, name, what); those excepted pass."""
        allowed = exceptions(rule)
        told = []
        for file, line, name, what in violations:
            if (file, name) in allowed:
                allowed[(file, name)] = True
            else:
                told.append(f"{file}:{line}: {name}: {what}")
        told += [f"tests/lint/exceptions.tsv:1: {rule} {file} {name}: not needed any more"
                 for (file, name), is_used in allowed.items()
                 if not is_used and os.path.exists(os.path.join(TOP, file))]
        self.report(told)


class Includes(Lint):
    def test_every_public_header_belongs_to_a_module(self):
        self.report([f"{name}:1: no src/*/local.mk names it"
                     for name in c_files("include/") if module_of(name) is None])

    def test_no_include_points_up(self):
        violations = []
        for name in c_files("src/", "include/"):
            own = module_of(name)
            for line, path, _ in includes(name):
                target = resolve(name, path)
                other = target and module_of(target)
                if own is None or other is None or own == other:
                    continue
                if own not in RANK or other not in RANK:
                    violations.append(f"{name}:{line}: module {own} or {other} has no place in ORDER")
                elif RANK[other] > RANK[own] or (own == "mta" and other != "base"):
                    violations.append(f"{name}:{line}: {own} may not include {path} of {other}")
        self.report(violations)

    def test_modules_of_one_row_do_not_include_each_other_in_a_circle(self):
        edges = {}
        for name in c_files("src/", "include/"):
            for line, path, _ in includes(name):
                target = resolve(name, path)
                pair = (module_of(name), target and module_of(target))
                if None not in pair and pair[0] != pair[1]:
                    edges.setdefault(pair, f"{name}:{line}")
        self.report([f"{where}: {a} and {b} include each other"
                     for (a, b), where in edges.items() if (b, a) in edges])

    def test_private_headers_stay_in_their_folder(self):
        violations = []
        for name in c_files("src/"):
            for line, path, _ in includes(name):
                target = resolve(name, path)
                if target and target.startswith("src/") and module_of(target) != module_of(name):
                    violations.append(f"{name}:{line}: {path} is private to {module_of(target)}")
        self.report(violations)

    def test_libraries_are_met_in_one_place(self):
        violations = []
        for name in c_files("src/", "include/", "tests/"):
            for line, path, _ in includes(name):
                for pattern, places in FENCED:
                    if re.match(pattern, path) and not name.startswith(places):
                        violations.append(f"{name}:{line}: <{path}> belongs to {places[0]}")
        self.report(violations)

    def test_a_source_file_includes_its_own_header_first(self):
        violations = []
        for name in c_files("src/"):
            if not name.endswith(".c"):
                continue
            stem = os.path.basename(name)[:-2]
            own = [target for target in (f"include/sallyport/{stem}.h", name[:-2] + ".h")
                   if os.path.exists(os.path.join(TOP, target)) and module_of(target) == module_of(name)]
            found = [(line, resolve(name, path)) for line, path, _ in includes(name)]
            if own and (not found or found[0][1] not in own):
                violations.append(f"{name}:{found[0][0] if found else 1}: its own header comes first")
        self.report(violations)


class Compile(Lint):
    def test_every_header_compiles_alone(self):
        violations = []
        for name in c_files("include/", "src/", "tests/"):
            if not name.endswith(".h"):
                continue
            with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
                file.write(f'#include "{os.path.join(TOP, name)}"\nint sp_lint;\n')
                file.flush()
                done = subprocess.run(
                    ["gcc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                     "-I", os.path.join(TOP, "include"), "-I", os.path.join(TOP, os.path.dirname(name)),
                     file.name], capture_output=True, text=True, check=False)
            if done.returncode:
                violations.append(f"{name}:1: does not compile alone\n{done.stderr}")
        self.report(violations)

    def build(self, variant):
        script = '"$1/dev" build "$2" && "$1/dev" build "$2" ' \
                 '$(make -s -C "$1/$3" --eval=\'n: ; @echo $(check_PROGRAMS)\' n)'
        folder = "_build" if variant == "plain" else "_build-" + variant
        done = subprocess.run(["bash", "-c", script, "sh", TOP, variant, folder],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, "\n" + done.stdout[-8000:] + done.stderr[-8000:])

    def test_gcc_has_nothing_to_warn_of(self):
        self.build("plain")

    def test_clang_has_nothing_to_warn_of(self):
        self.build("clang")


    def test_every_function_has_a_name_of_its_own(self):
        """A static library hides a name taken twice: whichever comes first is linked."""
        archive = os.path.join(TOP, "_build", "libsallyport.a")
        if not os.path.exists(archive):
            self.skipTest("nothing is built yet")
        done = subprocess.run(["nm", "-A", "--defined-only", "-g", archive], capture_output=True, text=True, check=True)
        places = {}
        for line in done.stdout.splitlines():
            where, _kind, symbol = line.split()
            places.setdefault(symbol, []).append(where.split(":")[1])
        self.report([f"{' and '.join(files)}: both have {symbol}"
                     for symbol, files in places.items() if len(files) > 1])


class Form(Lint):
    def test_the_source_is_as_clang_format_writes_it(self):
        names = c_files("src/", "include/", "tests/")
        done = subprocess.run(["clang-format-14", "--dry-run", "-Werror"] + names, cwd=TOP,
                              capture_output=True, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if "error:" in line]
        self.assertEqual(done.returncode, 0, "\n" + "\n".join(lines[:50]))

    def test_functions_are_short(self):
        self.report_but("length", [
            (name, function.line, function.name, f"{function.length} lines, {LINES_OF_FUNCTION} at most")
            for name in c_files("src/", "tests/")
            for function in source.functions(name) if function.length > LINES_OF_FUNCTION])

    def test_most_functions_are_very_short(self):
        lengths = sorted(function.length for name in c_files("src/") for function in source.functions(name))
        if lengths:
            self.assertLessEqual(lengths[len(lengths) // 2], 16, "the median")
            self.assertLessEqual(lengths[len(lengths) * 95 // 100], 50, "the 95th percentile")

    def test_functions_have_few_parameters(self):
        violations = [(name, function.line, function.name, f"{function.parameters} parameters")
                      for name in c_files("src/", "tests/")
                      for function in source.functions(name) if function.parameters > PARAMETERS]
        violations += [(name, line, called, f"{count} parameters")
                       for name in c_files("include/")
                       for line, called, count in source.prototypes(name) if count > PARAMETERS]
        self.report_but("parameters", violations)

    def test_files_are_short(self):
        self.report_but("file", [
            (name, LINES_OF_FILE + 1, os.path.basename(name), f"over {LINES_OF_FILE} lines")
            for name in tracked_files()
            if name.endswith((".c", ".h", ".py", ".lua", ".sh")) or name == "dev"
            if read(name).count("\n") > LINES_OF_FILE])

    def test_conditional_compilation_stays_in_base(self):
        violations = []
        for name in c_files("src/", "include/"):
            if name.startswith(MAY_CONDITION):
                continue
            guard = re.search(r"#ifndef (\w+)\n#define \1\n", read(name)) if name.endswith(".h") else None
            for number, line in enumerate(read(name).splitlines(), 1):
                match = re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b\s*(\w*)", line)
                if match and not (guard and match.group(2) == guard.group(1)):
                    violations.append((name, number, os.path.basename(name), line.strip()))
        self.report_but("condition", violations)

    def test_shell_scripts_are_sound(self):
        violations = []
        for name in tracked_files():
            if not re.match(r"#!.*\b(ba|da|)sh\b", read(name)[:40]):
                continue
            for command in (["bash", "-n"], ["shellcheck", "-S", "warning", "-f", "gcc"]):
                done = subprocess.run(command + [name], cwd=TOP, capture_output=True, text=True, check=False)
                if done.returncode:
                    violations.append(done.stdout + done.stderr)
        self.report(violations)

    def test_python_has_nothing_unused_or_unknown(self):
        names = [name for name in tracked_files() if name.endswith(".py")]
        done = subprocess.run(["pyflakes3"] + names, cwd=TOP, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, "\n" + done.stdout + done.stderr)

    def test_nothing_names_the_machine_it_was_written_on(self):
        # Written in pieces, so that this list is not found by itself.
        words = ["/wo" + "rk/", "/home/[a-z]", "/ro" + r"ot/\w", r"pypi\." + "org", r"registry\." + "npmjs",
                 r"proxy\." + "golang", r"crates\." + "io", "arti" + "factory", "deb" + r"\.debian\.org"]
        pattern = re.compile("|".join(words))
        self.report([f"{name}:{number}: {match.group(0)}"
                     for name in tracked_files()
                     for number, line in enumerate(read(name).splitlines(), 1)
                     for match in [pattern.search(line)] if match])


if __name__ == "__main__":
    unittest.main()

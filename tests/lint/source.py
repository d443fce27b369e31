"""The files of the project, and what can be read from C without compiling it."""

import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tracked_files():
    """Every file of the project, relative to its top; without git (a release
    tarball) every file that was not built."""
    git = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "-co", "--exclude-standard"],
        capture_output=True, text=True, check=False)
    if git.returncode == 0:
        names = git.stdout.splitlines()
    else:
        names = [os.path.relpath(os.path.join(folder, name), TOP)
                 for folder, folders, found in os.walk(TOP)
                 for name in found if "/_build" not in folder]
    return sorted(name for name in names if os.path.isfile(os.path.join(TOP, name)))


def c_files(*folders):
    return [name for name in tracked_files()
            if name.endswith((".c", ".h")) and name.startswith(folders)]


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def without_comments(text):
    """C source with comments and the insides of literals blanked, lines kept."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  blank, text, flags=re.S)


def includes(name):
    """(line number, path, is in quotes) of each #include."""
    for number, line in enumerate(read(name).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def count_parameters(inside):
    """How many parameters stand between a prototype's parentheses."""
    depth, count = 0, 1
    for character in inside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        count += character == "," and depth == 0
    return 0 if inside.strip() in ("", "void") else count


class Function:
    """A function's definition. clang-format puts the opening brace of functions,
    and of nothing else, alone in the first column, and the closing one there too."""

    def __init__(self, name, line, length, parameters):
        self.name = name
        self.line = line
        self.length = length
        self.parameters = parameters


def parameters_of(signature):
    """The name and the number of parameters of `... name(...)`."""
    match = re.search(r"(\w+)\s*\(", signature)
    if not match:
        return None, 0
    depth, start = 0, match.end()
    for position in range(match.end() - 1, len(signature)):
        depth += {"(": 1, ")": -1}.get(signature[position], 0)
        if depth == 0:
            return match.group(1), count_parameters(signature[start:position])
    return match.group(1), 0


def functions(name):
    lines = without_comments(read(name)).splitlines()
    begin = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{":
            begin = number
        elif line.rstrip() == "}" and begin is not None:
            head = begin
            while head > 0 and lines[head - 1].strip() and \
                    lines[head - 1][0] not in "#}" and not lines[head - 1].rstrip().endswith(";"):
                head -= 1
            called, parameters = parameters_of(" ".join(lines[head:begin]))
            yield Function(called, head + 1, number - begin + 1, parameters)
            begin = None


def prototypes(name):
    """(line, name, parameters) of each function declared in a header."""
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)\s*(?=;)", " ", without_comments(read(name)), flags=re.S)
    text = re.sub(r"^[ \t]*#(?:\\\n|.)*", "", text, flags=re.M)
    for match in re.finditer(r"^(\w[\w\s*]*?\b(sp_\w+)\(([^;{}]*?)\))\s*;", text, flags=re.M):
        yield (text.count("\n", 0, match.start(2)) + 1, match.group(2),
               parameters_of(match.group(1))[1])

"""Prometheus' text format 0.0.4, read strictly: what is not allowed is an error.

Standard: prometheus.io, "Exposition formats".
"""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? ([-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf)|NaN)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\[\\"n]|[^"\\\n])*)"(,|$)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Family:
    def __init__(self, name, help_text):
        self.name = name
        self.help = help_text
        self.type = None
        self.samples = []  # (name, labels, value)


def read_labels(text):
    labels = {}
    while text:
        match = LABEL.match(text)
        assert match, f"labels: {text}"
        assert match.group(1) not in labels, f"twice: {match.group(1)}"
        labels[match.group(1)] = match.group(2)
        text = text[match.end():]
    return labels


def read(text):
    """{name: Family}; AssertionError, with the line, when it is not well-formed."""
    assert text.endswith("\n"), "the last line has no end"
    families, family = {}, None
    for line in text.splitlines():
        if match := re.match(rf"# HELP ({NAME}) (.+)$", line):
            assert match.group(1) not in families, f"told twice: {line}"
            family = families[match.group(1)] = Family(*match.groups())
        elif match := re.match(rf"# TYPE ({NAME}) (\w+)$", line):
            assert family and match.group(1) == family.name and family.type is None, line
            assert match.group(2) in TYPES, line
            family.type = match.group(2)
        else:
            match = SAMPLE.match(line)
            assert match, line
            name, labels, value = match.groups()
            assert family and belongs(name, family), f"stands among others: {line}"
            labels = read_labels(labels or "")
            assert (name, labels) not in [(told, those) for told, those, _ in family.samples], f"twice: {line}"
            family.samples.append((name, labels, float(value)))
    return families


def belongs(name, family):
    if family.type == "histogram":
        return name in (family.name + "_bucket", family.name + "_sum", family.name + "_count")
    return name == family.name


def complaints(families):
    """What is well-formed and still not as it should be."""
    for family in families.values():
        if not family.samples:
            yield f"{family.name}: has no value"
        if (family.type == "counter") != family.name.endswith("_total"):
            yield f"{family.name}: a {family.type}"
        if family.type == "histogram":
            yield from histogram_complaints(family)


def histogram_complaints(family):
    if not family.name.endswith("_seconds"):
        yield f"{family.name}: has no unit"
    series = {}
    for name, labels, value in family.samples:
        rest = tuple(sorted((key, text) for key, text in labels.items() if key != "le"))
        one = series.setdefault(rest, {"buckets": []})
        if name.endswith("_bucket"):
            one["buckets"].append((float(labels["le"]), value))
        else:
            one[name.rsplit("_", 1)[1]] = value
    for labels, one in series.items():
        bounds = [bound for bound, _ in one["buckets"]]
        counts = [count for _, count in one["buckets"]]
        if bounds != sorted(set(bounds)) or bounds[-1] != float("inf"):
            yield f"{family.name} {labels}: its bounds are {bounds}"
        if counts != sorted(counts) or counts[-1] != one["count"]:
            yield f"{family.name} {labels}: its counts are {counts}, in all {one['count']}"
        if one["sum"] < 0:
            yield f"{family.name} {labels}: {one['sum']}"

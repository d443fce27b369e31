"""What we write of a mail's sender, read by a parser that we have not written
(python3-authres); Received-SPF by the grammar of RFC 7208."""

import random
import re
import subprocess
import unittest

from case import Case
from daemon import build_folder, program
from results import parse

IPREV = ["permerror", "fail", "pass"]
SPF = ["temperror", "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
DKIM = ["none", "pass", "fail", "policy", "neutral", "temperror", "permerror"]
DMARC = ["none", "pass", "fail", "temperror", "permerror"]
POLICY = ["none", "quarantine", "reject"]

# What a stranger could hope for: ends of quotes, comments, results, lines and
# fields; bytes that are no text; encoded words.
PIECES = ['"', "\\", ";", "(", ")", "=", " ", "\t", "\r\n", "\n", "\r", "\n\t", ".", "..", "@", ",", "/", ":", "<", ">",
          "[", "]", "?", "\x01", "\x7f", "\x0b", "\x80", "\xff", "\xc3\xa4", "=?utf-8?q?x?=", "; dkim=pass ",
          "\r\nBcc: all@a.example\r\n", " header.d=b.example", "none", "reason=", "mx.here.example", "a", "b.example",
          "%s", "%n", "'", "`", "{", "|", "~", "!", "#", "$", "&", "*", "+", "-", "^", "_"]

DOT_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
VALUE = f"(?:{DOT_ATOM}|{QUOTED})"
RECEIVED_SPF = re.compile(rf"(pass|fail|softfail|neutral|none|temperror|permerror) ((?:[a-z-]+={VALUE}; )*[a-z-]+={VALUE})")


class Cases:
    """Hostile cases: what the writer is told, and the results that it may show."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def text(self, longest=12):
        kind = self.chance.randrange(5)
        if kind == 0:
            return self.chance.choice(["", "a.example", "mail.b.example", "xn--bcher-kva.example", "a_b.example"])
        if kind == 1:  # long
            return self.chance.choice(PIECES) * 255
        return "".join(self.chance.choice(PIECES) for _ in range(self.chance.randrange(longest)))

    def number(self, words):
        return self.chance.randrange(-1, len(words))

    def one(self):
        pairs = [("ip", self.chance.choice(["192.0.2.7", "2001:db8::7"])), ("helo", self.text()),
                 ("sender", "<" + self.text() + "@" + self.text() + ">"), ("domain", self.text())]
        results = []
        is_null = self.chance.random() < 0.2
        if is_null:
            pairs.append(("null", "1"))
        if self.chance.random() < 0.8:
            number = self.number(IPREV)
            pairs.append(("iprev", number))
            results.append(("iprev", IPREV[number] if number >= 0 else "temperror"))
        if self.chance.random() < 0.8:
            pairs += self.spf(results, is_null)
        if self.chance.random() < 0.8:
            pairs += self.dkim(results)
        if self.chance.random() < 0.8:
            number = self.chance.randrange(len(DMARC))
            pairs += [("dmarc", number), ("from", self.text()), ("published", self.chance.randrange(3)),
                      ("policy", self.chance.randrange(3)), ("dmarc-reason", self.text())]
            results.append(("dmarc", DMARC[number]))
        return pairs, results

    def spf(self, results, is_null):
        sender, helo = self.number(SPF), self.number(SPF)
        if not is_null:
            results.append(("spf", SPF[sender] if sender >= 0 else "temperror"))
        results.append(("spf", SPF[helo] if helo >= 0 else "temperror"))
        return [("spf", sender), ("spf-domain", self.text()), ("spf-reason", self.text()), ("spf-term", self.text()),
                ("helo-spf", helo), ("helo-domain", self.text())]

    def dkim(self, results):
        count = self.chance.randrange(9)
        if count == 0:
            results.append(("dkim", "none"))
            return [("dkim-none", 0)]
        pairs = []
        for _ in range(count):
            number = self.chance.randrange(1, len(DKIM))
            results.append(("dkim", DKIM[number]))
            pairs += [("dkim", number), ("d", self.text()), ("s", self.text()), ("b", self.text(6)),
                      ("a", self.chance.choice(["rsa-sha256", "ed25519-sha256", self.text()]))]
            pairs += [("reason", self.text()), ("flags", self.chance.randrange(4))] if self.chance.random() < 0.5 else []
        return pairs


def write(cases):
    """[(Authentication-Results, Received-SPF)] of each case."""
    path = "tests/conformance/results-write"
    subprocess.run(["make", "-s", "-C", build_folder(), path], check=True, capture_output=True)
    told = "".join("".join(f"{key}={value}\0" for key, value in pairs) + "\0" for pairs in cases)
    done = subprocess.run([program(path)], input=told.encode("latin-1"), capture_output=True, check=True)
    values = done.stdout.decode("latin-1").split("\0")[:-1]
    return list(zip(values[::2], values[1::2]))


class Results(Case):
    def assert_one_field(self, value):
        self.assertRegex(value, r"\A[ -~]+(\n\t[ -~]+)*\Z")
        for line in value.split("\n"):
            self.assertTrue(len(line) <= 78 or " " not in re.sub(QUOTED, "", line).strip(), line)

    def test_thousands_of_hostile_mails_are_read_as_they_are_meant(self):
        chance = Cases(1)
        cases = [chance.one() for _ in range(4000)]
        written = write([pairs for pairs, _ in cases])
        self.assertEqual(len(written), len(cases))
        for (pairs, results), (value, spf) in zip(cases, written):
            with self.subTest(pairs=pairs, value=value):
                self.assert_one_field(value)
                name, found = parse(value)
                self.assertEqual(name, "mx.here.example")
                self.assertEqual([(method, result) for method, result, _, _ in found], results)
                self.assert_one_field(spf)
                self.assert_received_spf(spf)

    def assert_received_spf(self, value):
        match = RECEIVED_SPF.fullmatch(value.replace("\n\t", " "))
        self.assertIsNotNone(match, value)
        keys = re.findall(rf"([a-z-]+)={VALUE}", match.group(2))
        self.assertEqual(keys[:5], ["client-ip", "envelope-from", "helo", "receiver", "identity"])
        self.assertLessEqual(set(keys[5:]), {"mechanism", "problem"})

    def test_every_property_of_a_good_mail_is_read(self):
        (value, _), = write([[("ip", "2001:db8::7"), ("helo", "mail.a.example"), ("domain", "a.example"),
                              ("iprev", 2), ("spf", 3), ("helo-spf", 1), ("dkim", 1), ("d", "a.example"), ("s", "sel"),
                              ("a", "rsa-sha256"), ("b", "mP2+4Zx1"), ("dkim", 2), ("d", "b.example"), ("s", "x.y"),
                              ("a", "ed25519-sha256"), ("b", "AAAABBBB"), ("reason", "the body has changed"),
                              ("dmarc", 1), ("from", "a.example"), ("published", 2), ("policy", 1)]])
        self.assertEqual(parse(value)[1], [
            ("iprev", "pass", None, {"policy.iprev": "2001:db8::7"}),
            ("spf", "pass", None, {"smtp.mailfrom": "a.example"}),
            ("spf", "none", None, {"smtp.helo": "mail.a.example"}),
            ("dkim", "pass", None, {"header.d": "a.example", "header.s": "sel", "header.a": "rsa-sha256",
                                    "header.b": "mP2+4Zx1"}),
            ("dkim", "fail", "the body has changed", {"header.d": "b.example", "header.s": "x.y",
                                                      "header.a": "ed25519-sha256", "header.b": "AAAABBBB"}),
            ("dmarc", "pass", None, {"header.from": "a.example", "policy.dmarc": "quarantine"})])

    def test_nothing_to_tell_is_none(self):
        (value, _), = write([[("ip", "192.0.2.7")]])
        self.assertEqual((value, parse(value)), ("mx.here.example; none", ("mx.here.example", [])))


if __name__ == "__main__":
    unittest.main()

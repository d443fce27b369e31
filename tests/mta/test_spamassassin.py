"""SpamAssassin behind sallyport: etc/spamassassin/sallyport.cf knows each finding,
and a mail gets the sum of them by spamd and spamc behind a real Postfix."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from case import Case, needs_root
from daemon import TOP, Daemon, eventually, free_port
from fields import fields_of
from postfix_case import FreshPostfixCase

RULES = os.path.join(TOP, "etc/spamassassin/sallyport.cf")
LISTS = os.path.join(TOP, "src/dnsbl/dnsbl_defaults.c")
HEADER_CHECKS = os.path.join(TOP, "etc/postfix/header_checks")
LOCAL = """\
use_bayes 0
dns_available no
skip_rbl_checks 1
report_safe 0
add_header all Status _YESNO_, score=_SCORE_ tests=_TESTSSCORES(,)_
"""
# Only what is needed to evaluate rules of headers.
PLUGINS = "loadplugin Mail::SpamAssassin::Plugin::Check\n"
TLDS = "/usr/share/spamassassin/20_aux_tlds.cf"

SINK = """\
#!/bin/sh
file=$(mktemp "$1/.new.XXXXXXXX") || exit 75
{{ printf '%s\\n%s\\n' "$2" "$3"; spamc -x -d 127.0.0.1 -p {port}; }} >"$file" && mv "$file" "$1/${{file##*.}}"
"""

FORGED = ("X-Sallyport-Verdict: accept; score=-9/10; id=01FORGED\n"
          "X-Sallyport-Tests: SPF_PASS=-0.2, DMARC_PASS=-0.3, DNSBL_DNSWL_HI=-3\n"
          "Authentication-Results: mx.test.example; spf=pass\n")
MAIL = "From: a@sender.example\nSubject: x\nMessage-ID: <1@sender.example>\nDate: Sun, 22 Nov 2026 00:00:00 +0000\n\nx\n"


def needs_spamassassin(thing):
    return unittest.skipUnless(shutil.which("spamassassin") and shutil.which("spamc"),
                               "wants the packages spamassassin and spamc")(thing)


def rules_of(text):
    """{name: (pattern, score, is nice)} of the file's rules."""
    patterns = dict(re.findall(r"(?m)^header +(\S+) X-Sallyport-Tests:first =~ /(.*)/$", text))
    scores = dict(re.findall(r"(?m)^score +(\S+) (\S+)$", text))
    nice = set(re.findall(r"(?m)^tflags +(\S+) nice$", text))
    return {name: (pattern, float(scores[name]), name in nice) for name, pattern in patterns.items()}


def score_of(points):
    return round(points / 2, 3) or 0.001


def shipped_lists():
    """[(DNSBL or RHSBL, rule, points)] of all lists that we know of."""
    with open(LISTS, encoding="utf-8") as file:
        blocks = re.findall(r"\{ \.zone = .*?\} \}", file.read(), re.S)
    return [("RHSBL" if ".is_domain = true" in block else "DNSBL", name, float(points)) for block in blocks
            for name, points in re.findall(r'"(\w+): [^"]*?\*(-?[\d.]+)"', block)]


class SpamAssassinCase(Case):
    def make_folder(self, with_rules=RULES):
        """(rules, site) as SpamAssassin wants them: ours, and nothing else."""
        folder = tempfile.mkdtemp(prefix="sallyport-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        for name in ("rules", "site", "home"):
            os.mkdir(os.path.join(folder, name))
        shutil.copy(with_rules, os.path.join(folder, "rules", "20_sallyport.cf"))
        shutil.copy(TLDS, os.path.join(folder, "rules"))
        for name, text in (("rules/10_local.cf", LOCAL), ("site/min.pre", PLUGINS)):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        self.folder = folder
        return ["-L", "-x", "-C", os.path.join(folder, "rules"), "--siteconfigpath=" + os.path.join(folder, "site")]

    def run_over(self, message):
        done = subprocess.run(["spamassassin", "-t", *self.make_folder()], input=message, text=True,
                              capture_output=True, check=True, timeout=60)
        return self.status_of(fields_of(done.stdout))

    def status_of(self, fields):
        """(score, {rule: score}) of X-Spam-Status."""
        status, = [value for name, value in fields if name == "X-Spam-Status"]
        status = re.sub(r"\s+", " ", status)
        tests = re.search(r"tests=(.*)$", status).group(1).replace(" ", "")
        return (float(re.search(r"score=(\S+)", status).group(1)),
                {name: float(score) for name, score in (test.split("=") for test in tests.split(",") if "=" in test)})

    def weights(self):
        """Of all findings, by the program itself."""
        daemon = Daemon()
        self.addCleanup(daemon.discard)
        return {option["name"].removeprefix("weights."): float(option["default"])
                for option in daemon.operator_json("config", "show") if option["name"].startswith("weights.")}

    def expected(self):
        """{rule: (finding, score)} from the table of findings and the lists."""
        weights = self.weights()
        rules = {name: (name, score_of(points)) for name, points in weights.items() if name not in ("DNSBL", "RHSBL")}
        for kind, name, points in shipped_lists():
            rules[f"{kind}_{name}"] = (f"{kind}_{name}", score_of(points * weights[kind]))
        for kind in ("DNSBL", "RHSBL"):
            rules[kind + "_OTHER"] = (kind + "_MINE", score_of(weights[kind]))
        return {"SALLYPORT_" + name: row for name, row in rules.items()}


class RulesTest(SpamAssassinCase):
    def test_each_finding_has_its_rule_and_no_rule_is_without(self):
        with open(RULES, encoding="utf-8") as file:
            rules = rules_of(file.read())
        expected = self.expected()
        self.assertEqual(sorted(rules), sorted(expected))
        for name, (finding, score) in expected.items():
            pattern, given, is_nice = rules[name]
            with self.subTest(rule=name):
                self.assertEqual(given, score)
                self.assertEqual(is_nice, score < 0)
                self.assertTrue(re.search(pattern, f"X=1, {finding}=2.5, Y=0"))
                others = ", ".join(f"{other}=1" for other, _ in expected.values() if other != finding)
                self.assertIsNone(re.search(pattern, others))


@needs_spamassassin
class AloneTest(SpamAssassinCase):
    def test_spamassassin_takes_the_rules(self):
        done = subprocess.run(["spamassassin", "--lint", *self.make_folder()], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_each_rule_fires_and_the_sum_is_theirs(self):
        expected = self.expected()
        value = ",\n\t".join(f"{finding}=1" for finding, _ in expected.values())
        score, tests = self.run_over(f"X-Sallyport-Tests: {value}\n{MAIL}")
        self.assertEqual(tests, {name: round(row[1], 3) for name, row in expected.items()})
        self.assertAlmostEqual(score, sum(row[1] for row in expected.values()), delta=0.06)

    def test_only_the_first_field_counts(self):
        _, tests = self.run_over(f"X-Sallyport-Tests: SPF_FAIL=2.5\nX-Sallyport-Tests: DMARC_PASS=-0.3\n{MAIL}")
        self.assertEqual(tests, {"SALLYPORT_SPF_FAIL": 1.25})


@needs_root
@needs_spamassassin
class ChainTest(SpamAssassinCase, FreshPostfixCase):
    """sallyport, then SpamAssassin, then the mailbox."""

    def start_spamd(self):
        self.port = free_port()
        options = self.make_folder()
        shutil.chown(os.path.join(self.folder, "home"), "nobody")
        spamd = subprocess.Popen(
            ["spamd", *options, "-i", "127.0.0.1", "-p", str(self.port), "-A", "127.0.0.1", "-m", "1",
             "--min-children", "1", "--min-spare", "1", "--max-spare", "1", "-u", "nobody", "-s", "stderr",
             "-H", os.path.join(self.folder, "home"), "-r", os.path.join(self.folder, "pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(spamd.stderr.close)
        self.addCleanup(spamd.wait, 20)
        self.addCleanup(spamd.terminate)
        eventually(lambda: subprocess.run(["spamc", "-K", "-d", "127.0.0.1", "-p", str(self.port)],
                                          capture_output=True, check=False).returncode == 0, "spamd", 30)

    def start_chain(self, settings=""):
        self.start_spamd()
        self.sally = self.daemon({"greylist.enabled": False, "mode": "observe"})
        self.mta = self.mta_type("unix:" + self.sally.socket_path, settings=settings)
        self.addCleanup(self.mta.stop)
        self.mta.write("sink", SINK.format(port=self.port), 0o755)
        self.mta.start()

    def deliver(self, message, helo="192.0.2.9", recipient="b@test.example"):
        smtp = self.mta.client("192.0.2.9", helo=helo)
        replies = smtp.whole_mail("a@sender.example", [recipient], message.replace("\n", "\r\n"))
        smtp.quit()
        self.assertEqual(replies[1][0], 250, replies)
        (_, _, delivered), = self.mta.wait_delivered(recipient)
        return fields_of(delivered)

    def findings_of(self, fields):
        value, = [value for name, value in fields if name == "X-Sallyport-Tests"]
        return re.findall(r"(\w+)=", value)

    def test_a_mail_gets_the_sum_of_what_was_found(self):
        self.start_chain()
        fields = self.deliver(FORGED + MAIL)
        found = self.findings_of(fields)
        expected = {rule: row[1] for rule, row in self.expected().items() if row[0] in found}
        score, tests = self.status_of(fields)
        self.assertIn("HELO_BARE_IP", found)
        self.assertEqual(tests, expected)
        self.assertAlmostEqual(score, sum(expected.values()), delta=0.06)
        self.assertNotIn("01FORGED", str(fields))

    def test_while_sallyport_is_down_forged_fields_get_nothing(self):
        self.start_chain(settings=f"milter_default_action = accept\nheader_checks = regexp:{HEADER_CHECKS}\n")
        shutil.copy(HEADER_CHECKS, self.mta.path("etc/header_checks"))
        self.sally.stop()
        fields = self.deliver(FORGED + MAIL)
        self.assertEqual(self.status_of(fields)[1], {})
        self.assertNotIn("01FORGED", str(fields))

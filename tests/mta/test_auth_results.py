"""Authentication-Results in front of each MTA: forged ones are gone, those of
others stay, and ours stands where readers look for it."""

import unittest

from fields import headers_of, unfolded
from mta_case import LIST
from postfix_case import PostfixCase
from sendmail_case import SendmailCase

NAME = "Authentication-Results"
HERE = "mx.test.example"  # what the MTAs call themselves
INNER = "203.0.113.5"  # a server of ours


def field(value, name=NAME):
    return f"{name}: {value}\r\n"


def interleaved(count):
    """So many forged ones, each between two real ones of others."""
    return field("a.example; spf=pass (kept)") + "".join(
        field(f"{HERE}; dkim=pass (forged {n})") + field(f"mx{n}.other.example; dkim=pass (kept {n})")
        + f"X-Other-{n}: kept\r\n" for n in range(count))


FORGED = [
    ("one", field(f"{HERE}; dkim=pass header.d=forged.example")),
    ("one between others", interleaved(1)),
    ("two", interleaved(2)),
    ("five", interleaved(5)),
    ("fifty", interleaved(50)),
    ("one behind the other", field(f"{HERE}; dmarc=pass (forged)") * 7 + "Subject: kept\r\n"),
    ("no result at all", field(f"{HERE}; none (forged)") + field("other.example; none (kept)")),
    ("the value folded before and behind the name", field(f"\r\n\t{HERE}\r\n ;\r\n\tspf=pass (forged)")),
    ("no space behind the colon", f"{NAME}:{HERE}; spf=pass (forged)\r\n{NAME}:b.example; none (kept)\r\n"),
    ("spaces before the colon", f"{NAME} : {HERE}; spf=pass (forged)\r\n{NAME}\t: {HERE}; spf=pass (forged)\r\n"),
    ("names in any case", field("MX.Test.EXAMPLE; spf=pass (forged)", NAME.upper())
     + field("Other.EXAMPLE; spf=pass (kept)", NAME.lower()) + field(f"{HERE}; spf=pass (forged)", NAME.lower())),
    ("a dot at the end", field(f"{HERE}.; spf=pass (forged)")),
    ("a version", field(f"{HERE} 1; spf=pass (forged)") + field("b.example 1; spf=pass (kept)")),
    ("comments", field(f"(a (b) \\) c) {HERE} (d) 1 (e); spf=pass (forged)") + field("(a) b.example (c); none (kept)")),
    ("quotes", field(f'"{HERE}"; spf=pass (forged)') + field('"mx.t\\est.example"; spf=pass (forged)')
     + field('"b.example"; spf=pass (kept)')),
    ("a job's number", field(f"{HERE}/4F8B91F8; spf=pass (forged)") + field("b.example/4F8B91F8; none (kept)")),
    ("two words", field(f"evil.example {HERE}; spf=pass (forged)") + field("two words; spf=pass (kept)")),
    ("an encoded word", field("=?utf-8?q?mx=2Etest=2Eexample?=; spf=pass (forged)")),
    ("bytes beyond ASCII", field("mx.te\xeft.example; spf=pass (forged)") + field(f"\xa0{HERE}; spf=pass (forged)")),
    ("an open comment", field(f"other.example ({HERE}; spf=pass forged")),
    ("our name in the results of others", field(f"other.example; dkim=pass header.d={HERE} (kept)")),
    ("results of nobody, as Microsoft writes them", field(f"spf=pass (kept)\r\n smtp.mailfrom={HERE}; dkim=none")),
    ("names that only begin or end like ours", field(f"a.{HERE}; none (kept)") + field(f"{HERE}.a.example; none (kept)")),
    ("fields with other names", field(f"{HERE}; kept", "X-" + NAME) + field(f"{HERE}; kept", "Old-" + NAME)
     + field(f"i=1; {HERE}; kept", "ARC-" + NAME)),
    ("a very long one", field(f"{HERE}; dkim=pass (" + "forged " * 100 + ")" + "\r\n\t(forged)" * 100)),
]


class Forgery:
    """Of what a client sends, what holds "forged" shall be gone, and what holds
    "kept" stay."""

    def test_forged_ones_are_removed_and_nothing_else(self):
        for sentence, head in FORGED:
            with self.subTest(sentence):
                fields = self.assert_only_kept(head)
                ours = [value for name, value in fields if name == NAME and HERE in value.split(";")[0]
                        and "kept" not in value]
                self.assertEqual(len(ours), 1, fields)

    def test_names_of_others_in_unicode_stay(self):
        self.assertIn("mail.\xe4.example", str(self.through(field("mail.\xc3\xa4.example; none"))))

    def test_a_server_of_ours_hands_on_what_it_found(self):
        head = field(f"{HERE}; dkim=pass (kept)") + field("b.example; none (kept)")
        fields = self.assert_only_kept(head, address=INNER)
        self.assertEqual([unfolded(value) for name, value in fields if name == NAME],
                         [f"{HERE}; dkim=pass (kept)", "b.example; none (kept)"], "and nothing of ours above it")

    def test_a_server_of_ours_that_found_nothing_is_told_so(self):
        fields = self.through(field("b.example; none"), address=INNER)
        self.assertEqual([unfolded(value) for name, value in fields if name == NAME],
                         [f"{HERE}; none", "b.example; none"])

    def test_the_log_tells_how_many_claimed_to_be_ours(self):
        self.assert_let_in(self.send("forger@allowed-not.example", interleaved(3) + "\r\nx\r\n", address="198.51.100.7"))
        self.assertEqual(self.sally.wait_event(from_="<forger@allowed-not.example>")["forged"], "3")

    def test_ours_stands_above_all_others_and_below_the_mtas_own_received(self):
        names = [name for name, _ in self.through("Received: by a.example; long ago\r\n" + interleaved(1))]
        first = names.index("Received")
        self.assertEqual(names[first:first + 2], ["Received", NAME])
        self.assertEqual(names[first + 2:first + 4], ["X-Sallyport-Verdict", "X-Sallyport-Tests"])


class Login:
    # This host is not trusted here: or that alone would let the local mail in.
    settings = dict(LIST, **{"access.trusted-networks": ["203.0.113.0/24"]})
    mta_options = {"sasl": True}

    def test_who_has_logged_in_may_not_forge_them(self):
        self.assert_only_kept(interleaved(2), address="198.51.100.99", login="carol@test.example")

    def test_not_even_from_a_machine_of_ours(self):
        self.assert_only_kept(interleaved(2), address=INNER, login="carol@test.example")


class Renaming:
    """keep: false, and Received-SPF of our own."""

    settings = dict(LIST, **{"authentication-results.keep": False, "authentication-results.received-spf": True,
                             "authentication-results.authserv-id": "id.test.example", "spf.enabled": True})

    def test_those_of_others_are_renamed_in_their_order_and_ours_removed(self):
        head = interleaved(3) + field("folded.example;\r\n\tspf=pass (kept)\r\n\tsmtp.mailfrom=b.example")
        fields = self.through(head)
        self.assertNotIn("forged", str(fields))
        ours, = [value for name, value in fields if name == NAME]
        self.assertTrue(ours.startswith(" id.test.example;"), ours)
        self.assertEqual([value for name, value in fields if name == "Old-" + NAME],
                         [" a.example; spf=pass (kept)"] + [f" mx{n}.other.example; dkim=pass (kept {n})" for n in range(3)]
                         + [" folded.example;\n\tspf=pass (kept)\n\tsmtp.mailfrom=b.example"])

    def test_both_of_our_names_are_ours(self):
        self.assertNotIn("forged", str(self.through(field(f"{HERE}; forged") + field("id.test.example; forged"))))

    def test_a_server_of_ours_keeps_those_of_others(self):
        self.assert_only_kept(field("b.example; none (kept)") + field("id.test.example; none (kept)"), address=INNER)

    def test_received_spf_of_ours_is_removed_and_that_of_others_stays(self):
        head = "".join(f"Received-SPF: pass receiver={HERE}; x=forged{n}\r\n"
                       f"received-spf: pass (id.test.example: forged {n})\r\n"
                       f"Received-SPF: pass (b.example: kept {n}) receiver=b.example\r\n" for n in range(5))
        fields = self.assert_only_kept(head)
        ours = [unfolded(value) for name, value in fields if name == "Received-SPF" and "kept" not in value]
        self.assertEqual(len(ours), 1, fields)
        self.assertIn("receiver=id.test.example", ours[0])


class ForgeryInPostfix(Forgery, PostfixCase):
    def test_more_than_we_can_tell_apart_are_removed_all(self):
        head = field("b.example; none (kept)") * 1024 + field("b.example; none (forged, for all we know)") * 30
        self.assert_only_kept(head)
        self.assertIn("there are too many Authentication-Results", self.sally.log_text())

    def test_the_sendmail_command_may_not_forge_them(self):
        message = (interleaved(2) + "Subject: local\r\n\r\nx\r\n").replace("\r\n", "\n")
        done = self.mta.sendmail(message, "-f", "a@test.example", self.rcpt)
        self.assertEqual(done.returncode, 0, done.stderr)
        message, = self.arrived()
        self.assertNotIn("forged", message)
        self.assertEqual(len([value for value in headers_of(message, NAME) if "kept" in value]), 3)


class ForgeryInSendmail(Forgery, SendmailCase):
    pass


class LoginInPostfix(Login, PostfixCase):
    pass


class LoginInSendmail(Login, SendmailCase):
    pass


class RenamingInPostfix(Renaming, PostfixCase):
    pass


class RenamingInSendmail(Renaming, SendmailCase):
    pass


if __name__ == "__main__":
    unittest.main()

"""What Postfix and Sendmail make of a milter's changes to the header: what
src/milter/act.c and the parsers of header fields rely on. Without sallyportd."""

from case import Case, needs_root
from fields import fields_of
from milter_server import HEADER_SPACES, MilterServer, add, change, delete, insert, quarantine
from postfix import Postfix
from sendmail import Sendmail

SENT = [("X-A", " a1"), ("X-B", " b1"), ("X-A", " a2"), ("X-B", " b2"), ("X-A", " a3")]

# (what happens, the changes, X-A and X-B of the delivered message)
ORDER = [
    ("nothing is changed", [], "a1 b1 a2 b2 a3"),
    ("deleting the highest index first removes them all",
     [delete(3, "X-A"), delete(2, "X-A"), delete(1, "X-A")], "b1 b2"),
    ("deleting needs no exact case", [delete(2, "x-a")], "a1 b1 b2 a3"),
    ("an index counts the fields of its name only", [change(2, "X-B", " new")], "a1 b1 a2 new a3"),
    ("deleting what is not there does nothing", [delete(4, "X-A"), delete(1, "X-C")], "a1 b1 a2 b2 a3"),
    ("what is inserted at 1 comes first, the last insertion above the others",
     [insert(1, "X-A", " one"), insert(1, "X-A", " two")], "two one a1 b1 a2 b2 a3"),
    ("what is inserted at 0 comes first too", [insert(0, "X-A", " zero")], "zero a1 b1 a2 b2 a3"),
    ("an index far beyond is the end", [insert(99, "X-B", " end")], "a1 b1 a2 b2 a3 end"),
    ("deleted first and inserted then, ours stays",
     [delete(3, "X-A"), delete(2, "X-A"), delete(1, "X-A"), insert(1, "X-A", " ours")], "ours b1 b2"),
]

# What the MTAs differ in, and we therefore keep off.
DIFFERENT = {
    "deleting index 1 again and again": ([delete(1, "X-A")] * 3, {"Postfix": "b1 b2", "Sendmail": "b1 a2 b2 a3"}),
    "deleting the lowest index first":
        ([delete(1, "X-A"), delete(3, "X-A")], {"Postfix": "b1 a2 b2 a3", "Sendmail": "b1 a2 b2"}),
    "changing one that is not there":
        ([change(9, "X-A", " new")], {"Postfix": "a1 b1 a2 b2 a3 new", "Sendmail": "new a1 b1 a2 b2 a3"}),
    "adding one under a name that is there":
        ([add("X-B", " new")], {"Postfix": "a1 b1 a2 b2 a3 new", "Sendmail": "a1 new b1 a2 b2 a3"}),
}

# What is behind the colon on the wire, what the milter hears of it without
# HEADER_SPACES, and with it.
HEARD = [
    ("none", "none", "none"),
    (" one", "one", " one"),
    ("  two", " two", "  two"),
    ("\ttab", "\ttab", "\ttab"),
    (" a\r\n\tb", "a\n\tb", " a\n\tb"),
    ("\r\n folded", "\n folded", "\n folded"),
    (" behind \t", "behind \t", " behind \t"),
    ("", "", ""),
    (" ", "", " "),
    (" a\r\n \r\n b", "a\n \n b", " a\n \n b"),
]

# A value that a milter inserts, and what is delivered behind the colon, without
# HEADER_SPACES and with it.
INSERTED = [
    ("v", " v", "v"),
    (" v", "  v", " v"),
    ("\tv", " \tv", "\tv"),
    ("a;\n\tb=1", " a;\n\tb=1", "a;\n\tb=1"),
    (" a;\n\tb=1;\n c=2", "  a;\n\tb=1;\n c=2", " a;\n\tb=1;\n c=2"),
    ("\n\tv", " \n\tv", "\n\tv"),
]


class Edits:
    mta_type = None

    @classmethod
    def setUpClass(cls):
        cls.mta_type.need()
        cls.milter = MilterServer(under=cls.mta_type.folders_under)
        cls.addClassCleanup(cls.milter.close)
        cls.mta = cls.mta_type("unix:" + cls.milter.path)
        cls.addClassCleanup(cls.mta.stop)
        cls.mta.start()
        cls.count = 0

    def setUp(self):
        self.milter.changes = []
        self.milter.steps = 0

    def heard(self):
        """The header fields of the last mail as the milter got them."""
        return self.milter.mails()[-1][2]

    def send(self, fields):
        """The delivered fields of a message with these."""
        type(self).count += 1
        recipient = f"r{self.count}@test.example"
        head = "".join(f"{name}:{value}\r\n" for name, value in fields)
        with self.mta.client("192.0.2.9") as smtp:
            replies, end = smtp.whole_mail(recipients=[recipient], message=head + "\r\nHello\r\n")
            smtp.quit()
        self.assertEqual((replies[0][0], end[0]), (250, 250), end)
        (_, _, message), = self.mta.wait_delivered(recipient)
        return fields_of(message)

    def edit(self, changes):
        self.milter.changes = changes
        return " ".join(value.strip() for name, value in self.send(SENT) if name.upper() in ("X-A", "X-B"))

    def test_the_order_of_changes(self):
        for sentence, changes, expected in ORDER:
            with self.subTest(sentence):
                self.assertEqual(self.edit(changes), expected)

    def test_what_only_one_of_the_mtas_does(self):
        for sentence, (changes, expected) in DIFFERENT.items():
            with self.subTest(sentence):
                self.assertEqual(self.edit(changes), expected[self.mta.name])

    def test_what_is_inserted_at_1_stands_below_the_mtas_own_received(self):
        self.milter.changes = [insert(1, "X-New", "new")]
        names = [name for name, _ in self.send([("Received", " by a.example; long ago"), ("X-A", " a")])]
        first = names.index("Received")
        self.assertEqual(names[first:first + 4], ["Received", "X-New", "Received", "X-A"])

    def check_spaces(self, steps, column):
        self.milter.steps = steps
        self.milter.changes = [add(f"X-New-{number}", row[0]) for number, row in enumerate(INSERTED)]
        fields = dict(self.send([(f"X-Old-{number}", row[0]) for number, row in enumerate(HEARD)]))
        heard = dict(self.heard())
        for number, row in enumerate(HEARD):
            with self.subTest(heard=row[0]):
                self.assertEqual(heard[f"X-Old-{number}"], row[column])
                self.assertEqual(fields[f"X-Old-{number}"], row[0].replace("\r\n", "\n"), "delivered as it came")
        for number, row in enumerate(INSERTED):
            with self.subTest(inserted=row[0]):
                self.assertEqual(fields[f"X-New-{number}"], row[column])

    def test_the_mta_takes_away_and_adds_the_blank_behind_the_colon(self):
        self.check_spaces(0, 1)

    def test_asked_for_it_takes_nothing_away_and_adds_nothing(self):
        self.check_spaces(HEADER_SPACES, 2)

    def test_changed_and_inserted_values_are_treated_as_added_ones(self):
        self.milter.changes = [change(1, "X-A", " v"), insert(1, "X-B", " v")]
        for steps, expected in ((0, "  v"), (HEADER_SPACES, " v")):
            self.milter.steps = steps
            fields = dict(self.send([("X-A", " a")]))
            self.assertEqual((fields["X-A"], fields["X-B"]), (expected, expected))

    def test_the_mta_offers_that(self):
        self.send(SENT)
        self.assertTrue(self.milter.offered[2] & HEADER_SPACES)

    def test_blanks_before_a_colon_are_hidden_from_the_milter_and_dropped(self):
        self.milter.steps = HEADER_SPACES
        fields = self.send([("X-A \t", " a")])
        self.assertIn(("X-A", " a"), self.heard())
        self.assertIn(("X-A", " a"), fields)

    def hold(self, recipient):
        """A mail that is quarantined; its queue id."""
        before = self.mta.held_ids()
        self.milter.changes = [quarantine("a test")]
        with self.mta.client("192.0.2.9") as smtp:
            self.assertEqual(smtp.whole_mail(recipients=[recipient])[1][0], 250)
            smtp.quit()
        queue_id, = set(self.mta.held_ids()) - set(before)
        return queue_id

    def test_a_quarantined_mail_is_accepted_and_held(self):
        before = self.mta.held()
        self.hold("held@test.example")
        self.assertEqual(len(self.mta.held()), len(before) + 1)
        self.assertEqual(self.mta.delivered("held@test.example"), [])

    def test_one_is_released_by_the_documented_command_and_asks_no_milter(self):
        kept, released = self.hold("kept@test.example"), self.hold("released@test.example")
        seen = len(self.milter.mails())
        self.mta.release(released)
        self.mta.wait_delivered("released@test.example")
        self.assertEqual(len(self.milter.mails()), seen)
        self.assertIn(kept, self.mta.held_ids())
        self.assertEqual(self.mta.delivered("kept@test.example"), [])


@needs_root
class PostfixEdits(Edits, Case):
    mta_type = Postfix


@needs_root
class SendmailEdits(Edits, Case):
    mta_type = Sendmail

    def test_the_reason_is_shown_by_the_documented_command(self):
        queue_id = self.hold("shown@test.example")
        listed = self.mta.tool("-bp", "-qQ")
        self.assertRegex(listed, rf"(?s){queue_id}.*QUARANTINE: a test")
        self.assertNotIn(queue_id, self.mta.tool("-bp"))

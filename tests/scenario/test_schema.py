"""sallyport schema check, and that a Redis user with the rights that the
documentation names is enough for everything."""

import os
import re
import unittest

import milter
from case import DaemonCase
from daemon import TOP, eventually
from redis import RedisServer

README = os.path.join(TOP, "redis-schema", "README.md")


def read_readme():
    with open(README, encoding="utf-8") as file:
        return file.read()


def documented_keys():
    """{(key, type)} of the table of keys."""
    table = read_readme().split("## Keys", 1)[1].split("\n\n`IDENTITY`", 1)[0]
    found = set()
    for row in re.findall(r"^\| (`sp:[^|]*) \| ([^|]*) \|", table, re.M):
        first, *others = re.findall(r"`([^`]*)`", row[0])
        kind = {"sorted set": "zset"}.get(row[1], row[1])
        found.add((first, kind))
        found.update((first.rsplit(":", 1)[0] + other, kind) for other in others)
    return found


def documented_rights():
    """The words of ACL SETUSER, behind the password."""
    text = read_readme().split("ACL SETUSER sallyport on >PASSWORD", 1)[1].split("\n\n", 1)[0]
    return text.replace("\\\n", " ").split()


class Schema(DaemonCase):
    def setUp(self):
        self.server = RedisServer().start()
        self.addCleanup(self.server.stop)
        self.redis = self.server.client()
        self.addCleanup(self.redis.close)

    def lively(self, **settings):
        """A daemon that has written keys of many kinds."""
        sally = self.daemon({"store": f"redis://127.0.0.1:{self.server.port}", "outbound.limits":
                             ["recipients: 2/1h hold", "distinct-recipients: 5/1d hold"], **settings})
        self.assert_deferred(sally)
        self.assert_deferred(sally, "192.0.3.1")
        sally.advance(91)
        self.assert_let_in(sally)
        for number in range(4):
            link = milter.session(sally.socket_path, f"192.0.4.{number}")
            link.mail("<alice@example.org>", macros={"{auth_authen}": "alice@example.org"})
            link.rcpt(f"<r{number}@far.example>")
            link.abort()
            link.quit()
        link = milter.session(sally.socket_path, "192.0.5.1")
        link.mail("<a@example.org>")
        for number in range(4):
            link.rcpt(f"<no{number}@test.example>", macros={"{rcpt_mailer}": "error", "{rcpt_host}": "5.1.1",
                                                            "{rcpt_addr}": "550 5.1.1 User unknown"})
        link.abort()
        link.mail("<a@example.org>")
        link.rcpt("<b@test.example>")
        link.abort()
        link.quit()
        eventually(lambda: sally.ask("status")["events"]["kept"] >= 9, "events")
        return sally

    def check(self, sally, status=0, words=()):
        return sally.operator_json("schema", "check", *words, status=status)

    def test_what_sallyport_writes_is_as_described(self):
        sally = self.lively()
        told = self.check(sally)
        self.assertEqual((told["problem_count"], told["problems"]), (0, []))
        self.assertEqual(told["keys"], len(self.redis.keys()))
        found = {kind["key"] for kind in told["kinds"] if kind["keys"] > 0}
        for key in ("sp:grey:{IDENTITY}", "sp:grey:{IDENTITY}:SENDER:RCPT", "sp:out:{SUBMITTER}",
                    "sp:out:{SUBMITTER}:rcpt", "sp:probe:{NETWORK}", "sp:events:{record}", "sp:events:{record}:find",
                    "sp:count:{record}:minutes:NUMBER", "sp:count:{record}:days:NUMBER"):
            self.assertIn(key, found)
        self.assertIn("0 problems", sally.operator("schema", "check"))
        self.assertEqual(self.check(sally, words=("--limit", "5"))["keys"], 5)

    def test_what_is_not_as_described_is_told(self):
        sally = self.lively()
        damage = {
            "sp:unknown:{x}": (("SETEX", "sp:unknown:{x}", 100, "1"), "no such key is described"),
            "sp:grey:{domain:x.example}": (("SET", "sp:grey:{domain:x.example}", "p=1 l=2"), "it has no TTL"),
            "sp:probe:{net:10.0.0.0/24}": (("SETEX", "sp:probe:{net:10.0.0.0/24}", 100, "garbage"),
                                           "its value does not read as described"),
            "sp:sent:{0123}": (("SETEX", "sp:sent:{0123}", 100, "s=a\x01b"), "its value does not read as described"),
            "sp:count:{record}:hours:7": (("HSET", "sp:count:{record}:hours:7", "3/mails", "many"),
                                          "its value does not read as described"),
            "sp:out:{uid:7}": (("SETEX", "sp:out:{uid:7}", 100, "x"), "it is a string, not a hash"),
            "sp:count:{record}:days:x": (("SETEX", "sp:count:{record}:days:x", 100, "x"), "no such key is described"),
        }
        for words, _ in damage.values():
            self.redis.command(*words)
        self.redis.command("EXPIRE", "sp:count:{record}:hours:7", 100)
        self.redis.command("XADD", "sp:events:{record}", "*", "k", "id/X", "e", "no JSON", "f", "")
        told = self.check(sally, status=1)
        problems = {one["key"]: one["problem"] for one in told["problems"]}
        expected = {key: problem for key, (_, problem) in damage.items()}
        expected["sp:events:{record}"] = "its value does not read as described"
        self.assertEqual(problems, expected)
        self.assertEqual(told["problem_count"], len(expected))

    def test_other_peoples_keys_are_left_alone(self):
        sally = self.lively()
        self.redis.command("SET", "session:1", "x")
        self.check(sally)

    def test_the_table_is_that_of_the_documentation(self):
        listed = {(one["key"], one["type"]) for one in self.not_started().operator_json("schema", "list")}
        self.assertEqual(listed, documented_keys())

    def test_the_rights_that_are_documented_are_enough_and_no_others_are_needed(self):
        rights = documented_rights()
        self.assertIn("+evalsha", rights)
        self.redis.command("ACL", "SETUSER", "sallyport", "on", ">secret", *rights)
        folder = self.not_started()
        password = folder.write_file("redis.password", "secret\n", mode=0o600)
        self.redis.command("ACL", "LOG", "RESET")
        sally = self.lively(**{"redis.user": "sallyport", "redis.password-file": password})
        self.assertEqual(sally.ask("status")["events"]["dropped"], 0)
        name = sally.events()[0]["id"]
        for words in (("schema", "check"), ("greylist", "list"), ("user", "list"), ("explain", name),
                      ("replay", "--config", sally.config_path), ("user", "show", "sasl:alice@example.org"),
                      ("user", "lock", "sasl:alice@example.org", "--reason", "a test"), ("user", "release", "sasl:alice@example.org"), ("greylist", "forget", "192.0.3.1")):
            sally.operator(*words)
        self.assertEqual(self.redis.command("ACL", "LOG"), [])
        self.assertFalse(sally.ask("status")["store"]["failures"], sally.log_text())


if __name__ == "__main__":
    unittest.main()

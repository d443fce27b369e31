"""What has to be so in front of each MTA: Postfix and Sendmail.

Not tests by themselves: test_postfix.py and test_sendmail.py join each class to
their MTA. What differs between the two is an attribute of a class here, and is
set there.
"""

import re

import dns
from daemon import eventually, free_port
from fields import headers_of
from mta_case import DELAY, LIST


class Greylisting:
    def test_a_first_time_sender_is_asked_to_come_back(self):
        answer = self.send()
        self.assert_deferred(answer)
        self.assertRegex(answer[0][0][1], r"Greylisted, please come back in 90 seconds")
        line = self.sally.wait_event(client=self.client)
        self.assertEqual(line["verdict"], "defer")
        self.assertEqual(line["greylist"], "new")
        self.assertIn("a@example.org", line["from"])
        self.assertIn(self.rcpt, line["to"])
        self.assertEqual((line["rcpts"], line["deferred"]), ("1", "1"))
        self.assertIn(line["id"], answer[0][0][1])

    def test_its_retry_after_the_delay_is_let_in_with_our_headers(self):
        self.assert_deferred(self.send())
        self.sally.advance(DELAY)
        self.assert_let_in(self.send())
        message = self.arrived()[0]
        verdict, = headers_of(message, "X-Sallyport-Verdict")
        line = self.sally.wait_event(client=self.client, verdict="accept")
        self.assertRegex(verdict, r"^accept; score=[\d.]+/10; id=" + line["id"] + "$")
        self.assertEqual(line["greylist"], "passed")
        self.assertEqual(headers_of(message, "X-Sallyport-Degraded"), [])
        self.assertRegex(line["queue"], r"^[0-9A-Za-z]+$")
        self.assertIn(line["queue"], message)  # in Postfix's own Received

    def test_a_retry_that_comes_too_early_is_told_how_long_to_wait_still(self):
        self.send()
        self.sally.advance(30)
        answer = self.send()
        self.assert_deferred(answer)
        seconds = int(re.search(r"in (\d+) seconds", answer[0][0][1]).group(1))
        self.assertTrue(50 <= seconds <= 60, answer)

    def test_a_retry_after_the_window_begins_anew(self):
        self.send()
        self.sally.advance(3 * 86400)
        self.assert_deferred(self.send())
        self.assertEqual(self.sally.wait_event(client=self.client, count=2)["greylist"], "late")

    def test_who_has_passed_once_passes_at_once(self):
        self.make_known()
        self.assert_let_in(self.send())
        self.assertEqual(self.sally.wait_event(client=self.client, greylist="seen")["verdict"], "accept")

    def test_an_identity_that_has_passed_often_waits_no_more(self):
        for number in range(5):
            self.make_known(f"sender{number}.name@example.org")
        self.assert_let_in(self.send("never-seen@example.net", recipients=["else" + self.rcpt]))
        self.assertEqual(self.sally.wait_event(client=self.client, greylist="known")["verdict"], "accept")

    def test_a_retry_from_a_neighbour_address_is_the_same_identity(self):
        self.assert_deferred(self.send())
        self.sally.advance(DELAY)
        self.assert_let_in(self.send(address=self.client[:-1] + "77"))

    def test_a_retry_from_another_network_is_another_identity(self):
        self.assert_deferred(self.send())
        self.sally.advance(DELAY)
        self.assert_deferred(self.send(address=self.new_network()))

    def test_an_ipv6_client_is_known_by_its_network_of_64_bits(self):
        first, neighbour, stranger = "2001:db8:1::1", "2001:db8:1::ffff:2", "2001:db8:1:1::1"
        self.assert_deferred(self.send(address=first))
        self.sally.advance(DELAY)
        self.assert_deferred(self.send(address=stranger))
        self.assert_let_in(self.send(address=neighbour))

    def test_a_batv_sender_is_the_same_sender(self):
        self.assert_deferred(self.send("prvs=1234abcdef=user@batv.example"))
        self.sally.advance(DELAY)
        self.assert_let_in(self.send("prvs=99887766aa=user@batv.example"))

    def test_the_null_sender_is_answered_at_the_end_never_at_rcpt(self):
        replies, end = self.send("")
        self.assertEqual(replies[0][0], 250)
        self.assertEqual(end[0], 451, end)
        self.assertEqual(self.sally.wait_event(client=self.client)["verdict"], "defer")
        self.sally.advance(DELAY)
        self.assert_let_in(self.send(""))
        self.arrived()

    def test_the_null_sender_gains_nothing_by_an_allowed_recipient_beside(self):
        replies, end = self.send("", recipients=["postmaster@test.example", self.rcpt])
        self.assertEqual([code for code, _ in replies], [250, 250])
        self.assertEqual(end[0], 451, end)

    def test_a_sender_call_out_is_never_deferred(self):
        smtp = self.connect()
        smtp.mail("")
        self.assertEqual(smtp.rcpt(self.rcpt)[0], 250)
        smtp.quit()


class Sessions:
    def test_several_recipients_get_answers_of_their_own(self):
        smtp = self.connect()
        smtp.mail()
        self.assertEqual(smtp.rcpt("postmaster@test.example")[0], 250)
        self.assertEqual(smtp.rcpt(self.rcpt)[0], 451)
        self.assertEqual(smtp.rcpt("closed@test.example")[0], 550)
        self.assertEqual(smtp.data()[0], 250)
        line = self.sally.wait_event(client=self.client)
        self.assertEqual(line["verdict"], "mixed")
        self.assertEqual([line[key] for key in ("rcpts", "accepted", "deferred", "refused")], ["3", "1", "1", "1"])
        self.assertEqual(self.mta.delivered(self.rcpt), [])

    def test_a_recipient_known_to_the_sender_passes_beside_a_new_one(self):
        self.make_known()
        replies, end = self.send(recipients=[self.rcpt, "new" + self.rcpt])
        self.assertEqual([code for code, _ in replies], [250, 451])
        self.assertEqual(end[0], 250)

    def test_a_second_try_passes_all_its_recipients(self):
        recipients = [self.rcpt, "b" + self.rcpt, "c" + self.rcpt]
        replies, _ = self.send(recipients=recipients)
        self.assertEqual([code for code, _ in replies], [451] * 3)
        self.sally.advance(DELAY)
        replies, end = self.send(recipients=recipients)
        self.assertEqual([code for code, _ in replies], [250] * 3)
        self.assertEqual(end[0], 250)
        line = self.sally.wait_event(client=self.client, verdict="accept")
        self.assertEqual(line["accepted"], "3")

    def test_several_mails_of_one_connection_are_judged_apart(self):
        self.make_known()
        smtp = self.connect()
        self.assert_let_in(smtp.whole_mail(recipients=[self.rcpt]))
        self.assert_deferred(smtp.whole_mail("other@example.net", [self.rcpt]))
        self.assert_let_in(smtp.whole_mail(recipients=[self.rcpt]))
        self.assertEqual(smtp.whole_mail("enemy@denied.example", [self.rcpt])[0][0][0], 550)
        self.assert_let_in(smtp.whole_mail(recipients=[self.rcpt]))
        messages = self.arrived(4)
        ids = {headers_of(message, "X-Sallyport-Verdict")[0].split("id=")[1] for message in messages}
        self.assertEqual(len(ids), 4, "each mail has an id of its own")

    def test_rset_forgets_the_mail(self):
        smtp = self.connect()
        smtp.mail("a@example.org")
        self.assertEqual(smtp.rcpt("postmaster@test.example")[0], 250)
        smtp.rset()  # Postfix tells its milters with the next command
        replies, end = smtp.whole_mail("friend@allowed.example", [self.rcpt])
        self.assertEqual((replies[0][0], end[0]), (250, 250))
        self.sally.wait_event(client=self.client, count=2)
        self.assertEqual([(line["verdict"], line["rcpts"]) for line in self.sally.events(client=self.client)],
                         [("aborted", "1"), ("accept", "1")])

    def test_a_client_that_is_gone_in_the_middle_of_data_leaves_nothing_open(self):
        before = self.sally.ask("status")["mails_open"]
        smtp = self.connect()
        smtp.mail("friend@allowed.example")
        smtp.rcpt(self.rcpt)
        smtp.command("DATA")
        smtp.send("Subject: half\r\n\r\nhalf a line")
        smtp.drop()
        self.assertEqual(self.sally.wait_event(client=self.client)["verdict"], "aborted")
        self.assertEqual(self.sally.ask("status")["mails_open"], before)
        self.assertEqual(self.mta.delivered(self.rcpt), [])

    def test_a_client_that_is_gone_after_rcpt_leaves_nothing_open(self):
        smtp = self.connect()
        smtp.mail("friend@allowed.example")
        smtp.rcpt(self.rcpt)
        smtp.drop()
        self.assertEqual(self.sally.wait_event(client=self.client)["verdict"], "aborted")
        eventually(lambda: self.sally.ask("status")["mails_open"] == 0, "end of all mails")

    def test_a_client_that_pipelines_is_answered_in_order(self):
        smtp = self.connect()
        replies = smtp.pipeline("MAIL FROM:<a@example.org>", "RCPT TO:<postmaster@test.example>",
                                f"RCPT TO:<{self.rcpt}>", "RCPT TO:<closed@test.example>", "DATA")
        self.assertEqual([code for code, _ in replies], [250, 250, 451, 550, 354])
        smtp.send("Subject: pipelined\r\n\r\nHello\r\n.\r\n")
        self.assertEqual(smtp.reply()[0], 250)
        replies = smtp.pipeline("MAIL FROM:<a@example.org>", f"RCPT TO:<{self.rcpt}>", "DATA", "RSET",
                                "MAIL FROM:<friend@allowed.example>", f"RCPT TO:<{self.rcpt}>", "RSET")
        self.assertEqual([code for code, _ in replies], [250, 451, self.code_without_recipients, 250, 250, 250, 250])

    def test_a_second_mail_from_without_the_first_ending_is_no_trouble(self):
        smtp = self.connect()
        smtp.mail("friend@allowed.example")
        self.assertEqual(smtp.mail("a@example.org")[0], 503)
        self.assertEqual(smtp.rcpt(self.rcpt)[0], 250)
        self.assertEqual(smtp.data()[0], 250)


class Access:
    def assert_refused(self, answer):
        reply, = answer[0]
        self.assert_said(reply, 550, ".*")

    def test_a_denied_network_is_refused(self):
        self.assert_refused(self.send(address="198.51.100.9"))
        line = self.sally.wait_event(client="198.51.100.9")
        self.assertEqual(line["verdict"], "reject")
        self.assertIn("ACCESS_DENY", line["tests"])

    def test_an_allowed_address_within_it_is_let_in_at_once(self):
        self.assert_let_in(self.send(address="198.51.100.7"))
        self.assertIn("ACCESS_ALLOW", self.sally.wait_event(client="198.51.100.7")["tests"])

    def test_a_denied_helo_name_is_refused(self):
        self.assert_refused(self.send(helo="relay.spammer.example"))

    def test_denied_senders_are_refused(self):
        self.assert_refused(self.send("enemy@denied.example"))
        self.assert_refused(self.send("any@sub.denied-domain.example"))

    def test_an_allowed_sender_does_not_wait(self):
        self.assert_let_in(self.send("friend@allowed.example"))

    def test_an_allowed_recipient_is_reached_by_a_denied_client(self):
        self.assert_let_in(self.send(address="198.51.100.10", recipients=["postmaster@test.example"]))

    def test_a_denied_recipient_is_closed_to_an_allowed_client(self):
        self.assert_refused(self.send(address="198.51.100.7", recipients=["closed@test.example"]))

    def test_a_trusted_network_is_neither_checked_nor_delayed(self):
        self.assert_let_in(self.send("enemy@denied.example", address="203.0.113.5",
                                     recipients=[self.rcpt], helo="spammer.example"))
        line = self.sally.wait_event(client="203.0.113.5")
        self.assertEqual(line["verdict"], "accept")
        self.assertNotIn("greylist", line)

    def test_a_bare_address_as_helo_is_found_and_shown(self):
        self.make_known(helo="192.0.2.44")
        tests, = headers_of(self.arrived()[0], "X-Sallyport-Tests")
        self.assertIn("HELO_BARE_IP=", tests)
        self.assertIn("HELO_BARE_IP=", self.sally.wait_event(client=self.client, verdict="accept")["tests"])

    def test_our_own_name_as_helo_is_a_forgery(self):
        self.send(helo="mx.test.example")
        self.assertIn("HELO_FORGED", self.sally.wait_event(client=self.client)["tests"])


OURS = ["X-Sallyport-Verdict", "X-Sallyport-Tests", "X-Sallyport-Degraded"]


def forged(count, spelling=str):
    """So many copies of each header of ours, with other fields between them."""
    return "".join(f"{spelling(name)}: forged {n}\r\nX-Other-{n}: kept {name}\r\n"
                   for n in range(count) for name in OURS)


class Forgery:
    # What a client sends: what holds "forged" shall be gone, what holds "kept" stay.
    FORGED = [
        ("one copy of each", forged(1)),
        ("two copies of each", forged(2)),
        ("five copies of each", forged(5)),
        ("fifty copies of each", forged(50)),
        ("names in lower and in mixed case", forged(2, str.lower) + forged(2, str.swapcase)),
        ("copies one behind the other", "".join(f"{OURS[0]}: forged {n}\r\n" for n in range(5)) + "Subject: kept\r\n"),
        ("a folded value",
         "X-Sallyport-Verdict: forged;\r\n\tforged; forged\r\n  forged\r\nSubject: kept\r\n kept too\r\n"),
        ("a value that begins on its second line", "X-Sallyport-Tests:\r\n forged\r\nSubject:\r\n kept\r\n"),
        ("no space behind the colon", "X-Sallyport-Verdict:forged\r\nX-Sallyport-Verdict:  forged\r\nX-B:kept\r\n"),
        ("spaces before the colon", "X-Sallyport-Verdict : forged\r\nX-Sallyport-Verdict\t: forged\r\nSubject: kept\r\n"),
        ("below all others", "Subject: kept\r\nX-A: kept\r\nX-Sallyport-Verdict: forged\r\n"),
        ("names that only begin like ours",
         "X-Sallyport-Verdicts: kept\r\nX-Sallyport: kept\r\nX-Sallyport-: kept\r\nX-Sallyport-Verdict: forged\r\n"),
        ("bytes beyond ASCII", "X-Sallyport-Verdict: forged \xe4\r\nX-Sallyport-Tests: \xfc forged\r\n"),
    ]

    def test_incoming_copies_of_our_headers_are_removed_and_nothing_else(self):
        for sentence, head in self.FORGED:
            with self.subTest(sentence):
                fields = self.assert_only_kept(head)
                self.assertEqual([name for name, _ in fields if name.lower() in map(str.lower, OURS)],
                                 ["X-Sallyport-Verdict", "X-Sallyport-Tests"], "ours, once each")

    def test_a_trusted_client_may_not_forge_them_either(self):
        self.assert_only_kept(forged(2), address="203.0.113.5")

    def test_ours_stand_right_below_the_mtas_own_received(self):
        names = [name for name, _ in self.through("Received: by a.example; long ago\r\nSubject: x\r\n")]
        first = names.index("Received")
        self.assertEqual(names[first:first + 6], ["Received", "Authentication-Results", "X-Sallyport-Verdict",
                                                  "X-Sallyport-Tests", "Received", "Subject"])

    def test_between_colon_and_value_of_ours_is_one_space(self):
        for name, value in self.through("Subject: x\r\n"):
            if name in OURS + ["Authentication-Results"]:
                self.assertRegex(value, r"^ \S")

    def test_a_mail_without_any_header_gets_ours_once(self):
        self.assert_let_in(self.send("friend@allowed.example", "\r\nOnly a body\r\n"))
        self.assertEqual(len(headers_of(self.arrived()[0], "X-Sallyport-Verdict")), 1)

    def test_text_in_addresses_cannot_break_a_log_line(self):
        smtp = self.connect()
        smtp.command('MAIL FROM:<"a event=verdict client=1.2.3.4"@example.org>')
        smtp.rcpt(self.rcpt)
        smtp.quit()
        line = self.sally.wait_event(client=self.client)
        self.assertIn("event=verdict client=1.2.3.4", line["from"])
        self.assertEqual(self.sally.events(client="1.2.3.4"), [])


class Submission:
    # This host is not trusted here: or that alone would let the local mail in.
    settings = dict(LIST, **{"access.trusted-networks": ["203.0.113.0/24"]})
    mta_options = {"sasl": True}

    def test_an_authenticated_client_is_untouched(self):
        answer = self.send("enemy@denied.example", address="198.51.100.99", login="carol@test.example",
                           recipients=["someone@elsewhere.example"], helo="spammer.example")
        self.assert_let_in(answer)
        line = self.sally.wait_event(client="198.51.100.99")
        self.assertEqual(line["verdict"], "accept")
        self.assertNotIn("greylist", line)

    def test_a_client_that_logs_in_through_sasl_and_tls_is_untouched(self):
        smtp = self.connect()
        smtp.starttls()
        self.assertEqual(smtp.auth_plain("alice@test.example", "secret")[0], 235)
        self.assert_let_in(smtp.whole_mail("alice@test.example", ["someone@elsewhere.example"]))

    def test_a_wrong_password_changes_nothing(self):
        smtp = self.connect()
        smtp.starttls()
        self.assertEqual(smtp.auth_plain("alice@test.example", "wrong")[0], 535)
        self.assert_deferred(smtp.whole_mail(recipients=[self.rcpt]))

    def test_the_name_said_after_starttls_is_the_one_that_counts(self):
        smtp = self.connect(helo="first.example.org")
        smtp.helo_name = "second.example.org"
        smtp.starttls()
        smtp.whole_mail(recipients=[self.rcpt])
        smtp.quit()
        self.assertEqual(self.sally.wait_event(client=self.client)["helo"], "second.example.org")


GUARD = {"relay.local-domains": ["test.example"],
         "access.trusted-networks": ["127.0.0.0/8", "203.0.113.0/24"],
         "access.allow-clients": ["198.51.100.7"]}


class Guard:
    """Below an MTA that relays for everybody, by mistake."""

    settings = GUARD

    def assert_not_relayed(self, recipient, address=None):
        smtp = self.connect(address)
        smtp.mail()
        reply = smtp.rcpt(recipient)
        smtp.quit()
        self.assert_said(reply, 550, "Relaying denied")

    def test_a_stranger_is_not_relayed(self):
        self.assert_not_relayed("x@other.example")
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["verdict"], line["refused"], line["tests"]), ("reject", "1", "RELAY_GUARD=0"))

    def test_nor_through_us_by_any_other_spelling(self):
        for recipient in ("x%other.example@test.example", '"x@other.example"@test.example',
                          "other.example!x@test.example", "x%other.example", "other.example!x",
                          "@test.example:x@other.example"):
            self.assert_not_relayed(recipient, self.new_network())

    def test_an_allowed_client_is_not_relayed_either(self):
        self.assert_not_relayed("x@other.example", "198.51.100.7")

    def test_a_stranger_reaches_our_users(self):
        self.assert_deferred(self.send())
        self.sally.advance(DELAY)
        self.assert_let_in(self.send())

    def test_what_is_not_relayed_leaves_no_triplet_and_is_a_probe(self):
        self.assert_not_relayed("x@other.example")
        self.assert_not_relayed("y@other.example")
        self.send()
        line = self.sally.wait_event(client=self.client, verdict="defer")
        self.assertIn("RELAY_PROBE=4", line["tests"])
        self.assertNotIn("other.example", str(self.sally.operator_json("greylist", "list", "--client", self.client)))

    def test_a_trusted_network_is_relayed(self):
        self.assert_let_in(self.send(address="203.0.113.5", recipients=[f"trusted{self.client}@other.example"]))
        self.mta.wait_delivered(f"trusted{self.client}@other.example")

    def test_who_has_logged_in_is_relayed(self):
        self.assert_let_in(self.send(login="carol@test.example", recipients=[f"carol{self.client}@other.example"]))

    def test_mail_from_this_host_is_relayed(self):
        done = self.mta.sendmail("Subject: local\n\nHello\n", "-f", "root@test.example", "local@other.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.mta.wait_delivered("local@other.example")


class GuardObserving:
    settings = dict(GUARD, **{"relay.mode": "observe", "greylist.enabled": False})

    def test_nothing_is_refused_but_it_is_said_what_would_be(self):
        self.assert_let_in(self.send(recipients=["x@other.example"]))
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["verdict"], line["would"], line["tests"]), ("accept", "reject", "RELAY_GUARD=0"))
        self.assert_let_in(self.send(recipients=["x@other.example"]))
        self.assertNotIn("RELAY_PROBE", self.sally.wait_event(client=self.client, count=2).get("tests", ""))


class Reload:
    """A session keeps the configuration that it began with."""

    def test_a_reload_is_for_connections_to_come(self):
        self.make_known()
        open_one = self.connect()
        open_one.mail()
        self.sally.write_config(access__deny_senders=["a@example.org"])
        self.addCleanup(self.sally.reload)
        self.addCleanup(self.sally.write_config, access__deny_senders=LIST["access.deny-senders"])
        self.assertEqual(self.sally.reload()["reload_error"], "")
        self.assertEqual(open_one.rcpt(self.rcpt)[0], 250)
        self.assertEqual(open_one.data()[0], 250)
        self.assert_let_in(open_one.whole_mail(recipients=[self.rcpt]))
        open_one.quit()
        self.assertEqual(self.send()[0][0][0], 550)

    def test_reloads_while_mails_flow_lose_none(self):
        """Each mail of every session that is open during the reloads arrives."""
        self.make_known()
        sessions = [self.connect() for _ in range(4)]
        for _ in range(5):
            for smtp in sessions:
                smtp.mail()
            self.sally.reload()
            for smtp in sessions:
                self.assertEqual(smtp.rcpt(self.rcpt)[0], 250)
                self.assertEqual(smtp.data()[0], 250)
        self.assertEqual(len(self.arrived(21)), 21)


class Observing:
    settings = dict(LIST, mode="observe")

    def test_nothing_is_deferred_but_it_is_said_what_would_be(self):
        self.assert_let_in(self.send())
        verdict, = headers_of(self.arrived()[0], "X-Sallyport-Verdict")
        self.assertRegex(verdict, r"^accept; score=[\d.]+/10; id=\w{26}; would=defer$")
        line = self.sally.wait_event(client=self.client)
        self.assertEqual((line["verdict"], line["would"]), ("accept", "defer"))

    def test_nothing_is_refused_but_it_is_said_what_would_be(self):
        self.assert_let_in(self.send("enemy@denied.example"))
        self.assertEqual(self.sally.wait_event(client=self.client)["would"], "reject")

    def test_the_null_sender_is_let_in_too(self):
        self.assert_let_in(self.send(""))


class ObservingGreylistOnly:
    settings = dict(LIST, **{"greylist.mode": "observe"})

    def test_greylisting_only_watches(self):
        self.assert_let_in(self.send())
        self.assertEqual(self.sally.wait_event(client=self.client)["would"], "defer")

    def test_a_denied_sender_is_refused_all_the_same(self):
        self.assertEqual(self.send("enemy@denied.example")[0][0][0], 550)


class Restart:
    """The milter goes and comes back under an MTA that stays."""

    def setUp(self):
        self.start_both()

    def restart(self):
        self.sally.signal(15)
        self.sally.wait_end()
        self.sally.assert_clean()
        self.sally.start()

    def test_what_was_learned_is_still_known_and_new_sessions_are_fine(self):
        self.assertEqual(self.send(), 451)
        self.sally.advance(DELAY)
        self.restart()
        self.assertEqual(self.send(), 250)

    def test_a_session_open_across_the_restart_does_no_harm(self):
        open_one = self.mta.client("192.0.2.9")
        self.restart()
        self.assertIn(open_one.mail()[0], (250, 451))
        open_one.close()
        self.assertEqual(self.send(), 451)
        self.assertEqual(self.sally.wait_event()["verdict"], "defer")

    def test_a_killed_daemon_leaves_no_half_mail_and_starts_again(self):
        self.assertEqual(self.send(), 451)
        self.sally.process.kill()
        self.sally.wait_end()
        self.sally.start()
        self.sally.advance(DELAY)
        self.assertEqual(self.send(), 250)


class Outage:
    def test_without_redis_mail_flows_and_says_so(self):
        self.start_both({"store": "unix:/nonexistent/redis.sock"})
        smtp = self.mta.client("192.0.2.9")
        replies, end = smtp.whole_mail()
        smtp.quit()
        self.assertEqual((replies[0][0], end[0]), (250, 250))
        message = self.mta.wait_delivered("b@test.example")[0][2]
        self.assertEqual(headers_of(message, "X-Sallyport-Degraded"), ["store"])
        self.assertEqual(self.sally.wait_event()["degraded"], "store")


class InetSocket:
    def test_a_tcp_socket_serves_as_well(self):
        port = free_port()
        sally = self.daemon({"listen": f"inet:{port}@127.0.0.1"})
        smtp = self.mta_before(self.mta_type.at_port(port)).client("192.0.2.9")
        self.assertEqual(smtp.whole_mail()[0][0][0], 451)
        sally.advance(DELAY)
        self.assertEqual(smtp.whole_mail()[1][0], 250)
        smtp.quit()


class Explanation:
    """What a domain's owner says of a refusal: in our reply, as it was meant."""

    @classmethod
    def setUpClass(cls):
        cls.server = dns.Server({"fail.example": {"TXT": "v=spf1 -all exp=why.example"},
                                 "why.example": {"TXT": "100%% no: see http://why.example/?from=%{S}&ip=%{c}"}})
        cls.addClassCleanup(cls.server.close)
        cls.settings = {"spf.enabled": True, "greylist.enabled": False, "score.refuse": 2.5,
                        "dns.server": [cls.server.address]}
        super().setUpClass()

    def test_it_is_told_with_its_percent_signs_and_whose_it_is(self):
        (code, text), = self.send("a@fail.example")[0]
        self.assertEqual(code, 550, text)
        self.assertRegex(text, r" \(id 01[0-9A-Z]{24}\)$")
        self.assertIn("Refused: too much here looks like spam; fail.example explains: 100% no: "
                      f"see http://why.example/?from=a%40fail.example&ip={self.client} (id", text)

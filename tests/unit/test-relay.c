/* Whose recipient is it, and whom does the MTA refuse: one row, one sentence. */
#include "sallyport/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/probe.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

struct row {
	const char *sentence;
	const char *path;
	enum sp_relay_kind kind;
	const char *domain;
};

#define LOCAL	   SP_RELAY_LOCAL, ""
#define REMOTE	   SP_RELAY_REMOTE
#define ROUTED	   SP_RELAY_ROUTED
#define UNREADABLE SP_RELAY_UNREADABLE, ""

/* Ours are here.example and two.example; the MTA was connected to at
 * 198.51.100.25, and 203.0.113.0/28 is ours as well. */
static const struct row rows[] = {
	{ "our domain", "<joe@here.example>", LOCAL },
	{ "without brackets", "joe@here.example", LOCAL },
	{ "in capitals", "<Joe@HERE.Example>", LOCAL },
	{ "with a trailing dot", "<joe@here.example.>", LOCAL },
	{ "our other domain", "<joe@two.example>", LOCAL },
	{ "a name below ours", "<joe@lists.here.example>", LOCAL },
	{ "a name that only ends like ours", "<joe@nothere.example>", REMOTE,
	  "nothere.example" },
	{ "the domain above ours", "<joe@example>", REMOTE, "example" },
	{ "somebody else's domain", "<joe@other.example>", REMOTE,
	  "other.example" },
	{ "the bare postmaster", "<postmaster>", LOCAL },
	{ "a bare user", "joe", LOCAL },
	{ "the null path goes nowhere", "<>", LOCAL },
	{ "a tag is no route", "<joe+x@here.example>", LOCAL },
	{ "an equals sign is no route", "<bounce=a=b@here.example>", LOCAL },
	{ "our address as a literal", "<joe@[198.51.100.25]>", LOCAL },
	{ "another address of ours", "<joe@[203.0.113.3]>", LOCAL },
	{ "somebody else's address", "<joe@[192.0.2.1]>", REMOTE,
	  "[192.0.2.1]" },
	{ "somebody else's IPv6 address", "<joe@[IPv6:2001:db8::1]>", REMOTE,
	  "[ipv6:2001:db8::1]" },

	{ "percent to another", "<joe%other.example@here.example>", ROUTED,
	  "other.example" },
	{ "percent to ourselves", "<joe%two.example@here.example>", LOCAL },
	{ "percent through ourselves to another",
	  "<joe%other.example%two.example@here.example>", ROUTED,
	  "other.example" },
	{ "percent through another to ourselves",
	  "<joe%two.example%other.example@here.example>", ROUTED,
	  "other.example" },
	{ "percent in a quoted local part",
	  "<\"joe%other.example\"@here.example>", ROUTED, "other.example" },
	{ "percent without a domain", "<joe%other.example>", ROUTED,
	  "other.example" },
	{ "percent to an address", "<joe%[192.0.2.1]@here.example>",
	  UNREADABLE },
	{ "percent to an address, quoted", "<\"joe%[192.0.2.1]\"@here.example>",
	  ROUTED, "[192.0.2.1]" },
	{ "percent to one label", "<joe%mainframe@here.example>", ROUTED,
	  "mainframe" },
	{ "percent at the end is a name", "<100%@here.example>", LOCAL },
	{ "percent at the end hides nothing",
	  "<other.example!joe%@here.example>", ROUTED, "other.example" },
	{ "percent at the beginning", "<%other.example@here.example>", ROUTED,
	  "other.example" },
	{ "a quoted address", "<\"joe@other.example\"@here.example>", ROUTED,
	  "other.example" },
	{ "a quoted address of ours", "<\"joe@two.example\"@here.example>",
	  LOCAL },
	{ "an escaped at sign", "<joe\\@other.example@here.example>", ROUTED,
	  "other.example" },
	{ "two at signs", "<joe@other.example@here.example>", UNREADABLE },
	{ "a quoted at sign without a domain", "<\"joe@other.example\">",
	  ROUTED, "other.example" },
	{ "a bang path", "<other.example!joe@here.example>", ROUTED,
	  "other.example" },
	{ "a bang path without a domain", "<other.example!joe>", ROUTED,
	  "other.example" },
	{ "a bang path through ourselves to another",
	  "<here.example!other.example!joe@here.example>", ROUTED,
	  "other.example" },
	{ "a bang path to ourselves", "<here.example!joe@here.example>",
	  LOCAL },
	{ "a bang path in a percent", "<other.example!joe%two.example>", ROUTED,
	  "other.example" },
	{ "a cry is a name", "<wow!@here.example>", LOCAL },
	{ "a source route through another", "<@other.example:joe@here.example>",
	  ROUTED, "other.example" },
	{ "a source route through ourselves to another",
	  "<@here.example:joe@other.example>", REMOTE, "other.example" },
	{ "a source route through ourselves to ourselves",
	  "<@here.example,@two.example:joe@here.example>", LOCAL },
	{ "the second of a source route",
	  "<@here.example,@other.example:joe@here.example>", ROUTED,
	  "other.example" },
	{ "a source route without brackets", "@other.example:joe@here.example",
	  ROUTED, "other.example" },
	{ "no domain behind the at sign", "<joe@>", UNREADABLE },
	{ "an address within an address", "<joe@here.example>x", UNREADABLE },
	{ "8-bit characters in a domain", "<joe@h\xc3\xb6re.example>",
	  UNREADABLE },
};

static const char settings[] =
	"relay: {local-domains: [here.example, Two.Example]}\n"
	"helo: {own-addresses: [203.0.113.0/28]}\n";

static const struct sp_config *load(void)
{
	struct sp_config_errors *errors = calloc(1, sizeof(*errors));
	char path[] = "/tmp/test-relay-XXXXXX";
	const struct sp_config *config = NULL;
	int descriptor = mkstemp(path);

	assert_non_null(errors);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, settings, strlen(settings)),
			 strlen(settings));
	close(descriptor);
	assert_int_equal(sp_config_load(path, &config, errors), SP_OK);
	unlink(path);
	free(errors);
	return config;
}

static void test_whose_it_is(void **state)
{
	const struct sp_config *config = load();
	struct sp_ip own;
	size_t failed = 0;

	(void)state;
	assert_int_equal(sp_ip_parse("198.51.100.25", &own), SP_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_relay_fact fact;

		sp_relay_judge(
			&(struct sp_relay_question){
				.path = rows[i].path,
				.local_domains = config->relay.local_domains,
				.own_address = &own,
				.own_addresses = config->helo.own_addresses,
			},
			&fact);
		if (fact.state != SP_FACT_KNOWN || fact.kind != rows[i].kind ||
		    strcmp(fact.domain, rows[i].domain) != 0) {
			print_error("%s: %u %s\n", rows[i].sentence,
				    (unsigned)fact.kind, fact.domain);
			failed++;
		}
	}
	sp_config_unref(&config);
	assert_int_equal(failed, 0);
}

static void test_an_endless_recipient_ends(void **state)
{
	const struct sp_config *config = load();
	const struct sp_ip none = { 0 };
	char *path = malloc(65536);

	(void)state;
	assert_non_null(path);
	for (const char *sign = "@%!,:<\"\\[a"; *sign; sign++) {
		struct sp_relay_fact fact;

		memset(path, *sign, 65535);
		path[65535] = '\0';
		sp_relay_judge(
			&(struct sp_relay_question){
				.path = path,
				.local_domains = config->relay.local_domains,
				.own_address = &none,
				.own_addresses = config->helo.own_addresses,
			},
			&fact);
		assert_int_equal(fact.state, SP_FACT_KNOWN);
	}
	free(path);
	sp_config_unref(&config);
}

static const struct {
	const char *sentence;
	struct sp_refusal_note note;
	enum sp_refusal refusal;
} refusals[] = {
	{ "no macros: an MTA that does not tell",
	  { NULL, NULL, NULL },
	  SP_REFUSAL_NONE },
	{ "a recipient that is accepted",
	  { "smtp", "mx.other.example", "joe@other.example" },
	  SP_REFUSAL_NONE },
	{ "a transport whose name begins like it",
	  { "errors", "5.1.1", "x" },
	  SP_REFUSAL_NONE },
	{ "Postfix: no such user",
	  { "error", "5.1.1",
	    "Recipient address rejected: User unknown in "
	    "relay recipient table" },
	  SP_REFUSAL_UNKNOWN_USER },
	{ "Sendmail: no such user",
	  { "error", "5.1.1", "550 5.1.1 User unknown" },
	  SP_REFUSAL_UNKNOWN_USER },
	{ "an address that is still being verified",
	  { "error", "4.1.1", "unverified address: in progress" },
	  SP_REFUSAL_OTHER },
	{ "a bad sender is not an unknown user",
	  { "error", "5.1.8", "Sender address rejected: Domain not found" },
	  SP_REFUSAL_OTHER },
	{ "a code that begins like it",
	  { "error", "5.1.10", "null MX" },
	  SP_REFUSAL_OTHER },
	{ "Postfix: not to be relayed",
	  { "error", "5.7.1", "<joe@other.example>: Relay access denied" },
	  SP_REFUSAL_RELAY },
	{ "Postfix without the address",
	  { "error", "5.7.1", "Relay access denied" },
	  SP_REFUSAL_RELAY },
	{ "Postfix that defers it, as its defaults do",
	  { "error", "4.7.1", "Relay access denied" },
	  SP_REFUSAL_RELAY },
	{ "Sendmail: not to be relayed",
	  { "error", "5.7.1", "550 5.7.1 Relaying denied" },
	  SP_REFUSAL_RELAY },
	{ "Sendmail: not to be relayed without authentication",
	  { "error", "5.7.1",
	    "Relaying denied. Proper authentication required." },
	  SP_REFUSAL_RELAY },
	{ "a block list has the same code",
	  { "error", "5.7.1",
	    "Service unavailable; Client host [192.0.2.7] blocked using list" },
	  SP_REFUSAL_OTHER },
	{ "the recipient cannot say it",
	  { "error", "5.7.1",
	    "<\"Relay access denied\"@here.example>: Recipient address "
	    "rejected: Access denied" },
	  SP_REFUSAL_OTHER },
	{ "a code alone", { "error", "5.7.1", NULL }, SP_REFUSAL_OTHER },
	{ "Postfix: accepted, in a virtual alias domain",
	  { "error", "5.1.1 User unknown in virtual alias table",
	    "joe@alias.example" },
	  SP_REFUSAL_NONE },
	{ "no code at all", { "error", NULL, NULL }, SP_REFUSAL_NONE },
	{ "half a code", { "error", "5.1", "x" }, SP_REFUSAL_NONE },
	{ "a code of success", { "error", "2.1.5", "x" }, SP_REFUSAL_NONE },
	{ "a number too long", { "error", "5.1.1234", "x" }, SP_REFUSAL_NONE },
};

static void test_why_the_mta_refuses(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		enum sp_refusal refusal = sp_refusal_judge(&refusals[i].note);

		if (refusal == refusals[i].refusal)
			continue;
		print_error("%s: %u\n", refusals[i].sentence,
			    (unsigned)refusal);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* --- what a session keeps of it ------------------------------------------- */

static struct sp_session *new_session(struct sp_service_slot **slot_out,
				      const char *address)
{
	struct sockaddr_in client = { .sin_family = AF_INET,
				      .sin_port = htons(4321) };
	struct sp_session *session;

	assert_int_equal(sp_service_slot_new(load(), sp_clock_real(), slot_out),
			 SP_OK);
	session = sp_session_new(sp_service_get(*slot_out));
	assert_int_equal(inet_pton(AF_INET, address, &client.sin_addr), 1);
	sp_session_note_connect(
		session, &(struct sp_connect_note){
				 .address = (const struct sockaddr *)&client,
			 });
	sp_session_note_mail(session, "<a@example.org>", NULL, NULL);
	return session;
}

static void test_a_session_counts_over_its_mails(void **state)
{
	struct sp_service_slot *slot;
	struct sp_session *session = new_session(&slot, "192.0.2.7");
	const struct sp_probe_fact *probe = &session->connection.probe;

	(void)state;
	sp_session_note_refusal(session, "<x>", SP_REFUSAL_UNKNOWN_USER);
	sp_session_note_refusal(session, "<y>", SP_REFUSAL_OTHER);
	assert_int_equal(session->mail.tally.mta_unknown, 1);
	assert_int_equal(session->mail.tally.mta_other, 1);
	assert_int_equal(session->mail.tally.refused, 0);
	assert_string_equal(session->mail.shown[1], "<y>");
	sp_session_note_mail(session, "<b@example.org>", NULL, NULL);
	sp_session_note_refusal(session, "<z>", SP_REFUSAL_UNKNOWN_USER);
	sp_session_note_refusal(session, "<z@o>", SP_REFUSAL_RELAY);
	assert_int_equal(session->mail.tally.mta_unknown, 1);
	assert_int_equal(probe->session.unknown, 2);
	assert_int_equal(probe->session.relay, 1);
	assert_int_equal(session->connection.unsaved.unknown, 2);
	sp_session_free(&session);
	sp_service_slot_free(&slot);
}

static void test_what_redis_says_is_added_to_what_it_does_not_know(void **state)
{
	struct sp_service_slot *slot;
	struct sp_session *session = new_session(&slot, "192.0.2.7");
	const struct sp_probe_fact *probe = &session->connection.probe;

	(void)state;
	sp_session_note_probe(session, SP_REFUSAL_UNKNOWN_USER);
	sp_session_note_network(session, &(struct sp_probe_counts){ 7, 1, 0 });
	assert_int_equal(probe->state, SP_FACT_KNOWN);
	assert_int_equal(probe->network.unknown, 8);
	sp_session_note_probe(session, SP_REFUSAL_RELAY);
	assert_int_equal(probe->network.relay, 2);
	assert_int_equal(probe->session.unknown, 1);
	sp_session_free(&session);
	sp_service_slot_free(&slot);
}

static void test_nothing_is_counted_of_our_own(void **state)
{
	struct sp_service_slot *slot;
	struct sp_session *session = new_session(&slot, "127.0.0.3");

	(void)state;
	sp_session_note_refusal(session, "<x>", SP_REFUSAL_UNKNOWN_USER);
	assert_int_equal(session->mail.tally.mta_unknown, 1);
	assert_int_equal(session->connection.probe.session.unknown, 0);
	assert_int_equal(session->connection.unsaved.unknown, 0);
	sp_session_free(&session);
	sp_service_slot_free(&slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_it_is),
		cmocka_unit_test(test_an_endless_recipient_ends),
		cmocka_unit_test(test_why_the_mta_refuses),
		cmocka_unit_test(test_a_session_counts_over_its_mails),
		cmocka_unit_test(
			test_what_redis_says_is_added_to_what_it_does_not_know),
		cmocka_unit_test(test_nothing_is_counted_of_our_own),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}

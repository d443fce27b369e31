/* What the operator's lists say in sum: one row, one sentence. */
#include "sallyport/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static const char lists[] =
	"access:\n"
	"  allow-clients: [192.0.2.7, 198.51.100.0/24, '2001:db8::/32']\n"
	"  deny-clients: [192.0.2.0/24, 198.51.100.66, '2001:db8:bad::/48']\n"
	"  allow-helo: [good.mail.example]\n"
	"  deny-helo: [mail.example]\n"
	"  allow-senders: [boss@bad.example, partner.example]\n"
	"  deny-senders: [bad.example, spam@partner.example, 'sales@', '<>']\n"
	"  allow-recipients: ['postmaster@']\n"
	"  deny-recipients: [closed@here.example]\n";

struct row {
	const char *sentence;
	const char *client, *helo, *sender, *recipient;
	enum sp_access_answer answer;
	const char *entry;
};

#define STRANGER "203.0.113.9", "mx.other.example"
#define TO	 "<joe@here.example>"
#define FROM	 "<a@other.example>"

static const struct row rows[] = {
	{ "nobody knows it", STRANGER, FROM, TO, SP_ACCESS_NOTHING, NULL },
	{ "a denied network", "192.0.2.8", "x.example", FROM, TO,
	  SP_ACCESS_DENY, "192.0.2.0/24" },
	{ "one host of a denied network is allowed", "192.0.2.7", "x.example",
	  FROM, TO, SP_ACCESS_ALLOW, "192.0.2.7" },
	{ "one host of an allowed network is denied", "198.51.100.66",
	  "x.example", FROM, TO, SP_ACCESS_DENY, "198.51.100.66" },
	{ "a HELO name below a denied one", "203.0.113.9", "a.mail.example",
	  FROM, TO, SP_ACCESS_DENY, "mail.example" },
	{ "a HELO name that is allowed below a denied one", "203.0.113.9",
	  "GOOD.Mail.Example", FROM, TO, SP_ACCESS_ALLOW, "good.mail.example" },
	{ "a HELO name says more than a client", "192.0.2.8",
	  "good.mail.example", FROM, TO, SP_ACCESS_ALLOW, "good.mail.example" },
	{ "a denied sender's domain", STRANGER, "<x@sub.bad.example>", TO,
	  SP_ACCESS_DENY, "bad.example" },
	{ "one sender of a denied domain is allowed", STRANGER,
	  "<Boss@BAD.example>", TO, SP_ACCESS_ALLOW, "boss@bad.example" },
	{ "one sender of an allowed domain is denied", STRANGER,
	  "<spam@partner.example>", TO, SP_ACCESS_DENY,
	  "spam@partner.example" },
	{ "a domain says more than a local part", STRANGER,
	  "<sales@partner.example>", TO, SP_ACCESS_ALLOW, "partner.example" },
	{ "a local part of any other domain", STRANGER, "<sales@other.example>",
	  TO, SP_ACCESS_DENY, "sales@" },
	{ "the null sender", STRANGER, "<>", TO, SP_ACCESS_DENY, "<>" },
	{ "a sender that cannot be read is not the null sender", STRANGER,
	  "<a@b@c d>", TO, SP_ACCESS_NOTHING, NULL },
	{ "a sender says more than a client", "192.0.2.8", "x.example",
	  "<boss@bad.example>", TO, SP_ACCESS_ALLOW, "boss@bad.example" },
	{ "an allowed recipient is reached from everywhere", "192.0.2.8",
	  "mail.example", "<x@bad.example>", "<PostMaster@here.example>",
	  SP_ACCESS_ALLOW, "postmaster@" },
	{ "so is the bare postmaster", "192.0.2.8", "mail.example",
	  "<x@bad.example>", "<postmaster>", SP_ACCESS_ALLOW, "postmaster@" },
	{ "a denied recipient is reached from nowhere", "192.0.2.7",
	  "good.mail.example", "<boss@bad.example>", "<closed@here.example>",
	  SP_ACCESS_DENY, "closed@here.example" },
};

static struct sp_service_slot *load(const char *text)
{
	struct sp_config_errors *errors = calloc(1, sizeof(*errors));
	char path[] = "/tmp/sallyport-test-XXXXXX";
	const struct sp_config *config = NULL;
	struct sp_service_slot *slot = NULL;
	int fd = mkstemp(path);

	assert_non_null(errors);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (sp_config_load(path, &config, errors) != SP_OK)
		print_error("%s\n", errors->texts[0]);
	unlink(path);
	free(errors);
	assert_non_null(config);
	assert_int_equal(sp_service_slot_new(config, sp_clock_real(), &slot),
			 SP_OK);
	return slot;
}

static void play(struct sp_session *session, const struct row *row,
		 struct sp_access_fact *fact_out)
{
	struct sockaddr_in client = { .sin_family = AF_INET,
				      .sin_port = htons(4321) };
	struct sp_recipient recipient;
	struct sp_facts facts;

	assert_int_equal(inet_pton(AF_INET, row->client, &client.sin_addr), 1);
	sp_session_note_connect(
		session, &(struct sp_connect_note){
				 .address = (const struct sockaddr *)&client });
	sp_access_client(session, 0);
	sp_session_note_helo(session, row->helo);
	sp_access_helo(session, 0);
	sp_session_note_mail(session, row->sender, NULL, NULL);
	sp_access_sender(session, 0);
	sp_session_note_recipient(session, row->recipient, &recipient);
	sp_access_recipient(session, 0);
	sp_session_facts(session, SP_STAGE_RCPT, &facts);
	*fact_out = *sp_facts_access(&facts);
	sp_session_end_recipient(session);
}

static void test_rows(void **state)
{
	struct sp_service_slot *slot = load(lists);
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct sp_session *session =
			sp_session_new(sp_service_get(slot));
		struct sp_access_fact fact;
		const char *entry;

		play(session, row, &fact);
		entry = fact.entry ? fact.entry->text : NULL;
		if (fact.answer != row->answer ||
		    (entry == NULL) != (row->entry == NULL) ||
		    (entry && strcmp(entry, row->entry) != 0)) {
			print_error("%s: answer %d by %s\n", row->sentence,
				    (int)fact.answer, entry ? entry : "none");
			failed++;
		}
		sp_session_free(&session);
	}
	sp_service_slot_free(&slot);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

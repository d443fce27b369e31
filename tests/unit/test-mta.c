/*
 * The MTA's side of the milter protocol against a milter made of raw bytes.
 */
#include "sallyport/mta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/raw_milter.h"

enum {
	SHORT_MS = 150
};

/* What one event came back with, as one letter. */
static char letter_of(enum sp_err err, const struct sp_mta_reply *reply)
{
	static const char letters[] = "cadstr4";

	if (err == SP_ERR_TIMEOUT)
		return 'T';
	if (err == SP_ERR_IO)
		return 'I';
	if (err == SP_ERR_PROTOCOL)
		return 'P';
	if (err == SP_ERR_UNAVAILABLE)
		return 'U';
	if (err != SP_OK)
		return '?';
	if (!reply->was_asked)
		return reply->answer == SP_MTA_CONTINUE ? '-' : '=';
	return letters[reply->answer];
}

/* One session with one mail, whatever is answered. */
static void play_session(struct sp_mta *mta, char letters_out[16],
			 struct sp_mta_reply *last_out)
{
	struct sp_mta_client client = { .name = "mx.example", .port = 25 };
	const char *const parameters[] = { "SIZE=200", NULL };
	struct sp_mta_reply reply;
	size_t n = 0;
	enum sp_err err;

	assert_int_equal(sp_ip_parse("192.0.2.7", &client.ip), SP_OK);
	last_out->text[0] = '\0';
	for (int event = 0; event < 10; event++) {
		if (event == 0)
			err = sp_mta_connect(mta, &client, &reply);
		else if (event == 1)
			err = sp_mta_helo(mta, "mx.example", &reply);
		else if (event == 2)
			err = sp_mta_mail(mta, "<a@x>", parameters, &reply);
		else if (event == 3)
			err = sp_mta_rcpt(mta, "<b@y>", NULL, &reply);
		else if (event == 4)
			err = sp_mta_data(mta, &reply);
		else if (event <= 6)
			err = sp_mta_header(mta, "Subject", " s", &reply);
		else if (event == 7)
			err = sp_mta_eoh(mta, &reply);
		else if (event == 8)
			err = sp_mta_body(mta, "hello\r\n", 7, &reply);
		else
			err = sp_mta_eom(mta, &reply);
		letters_out[n++] = letter_of(err, &reply);
		if (reply.text[0])
			*last_out = reply;
	}
	letters_out[n] = '\0';
}

struct session_row {
	const char *sentence;
	/* connect helo mail rcpt data header header eoh body eom: the answer's
	 * letter, - not asked, = given again, TIPU errors */
	const char *replies;
	const char *notes;     /* the letters that the milter saw */
	const char *text;      /* the last SMTP reply, "" = none */
	const char *complaint; /* "" = none */
	struct line script[ROWS];
};

#define CONTINUES_TO_BODY                                                      \
	SAY('C', "c"), SAY('H', "c"), SAY('M', "c"), SAY('R', "c"),            \
		SAY('T', "c"), SAY('L', "c"), SAY('L', "c"), SAY('N', "c"),    \
		SAY('B', "c")

static const struct session_row sessions[] = {
	{ "a milter that answers everything is asked everything",
	  "cccccccccc",
	  "OCHMRTLLNBEQ",
	  "",
	  "",
	  { AGREE_PLAIN, CONTINUES_TO_BODY, SAY('E', "c") } },
	{ "where it gives no reply nobody waits",
	  "---------a",
	  "OCHMRTLLNBEQ",
	  "",
	  "",
	  { AGREE_MUTE, SAY('E', "a") } },
	{ "what it does not want is not sent",
	  "---------c",
	  "OEQ",
	  "",
	  "",
	  { AGREE(ALL, "\0\0\2\x7f"), SAY('E', "c") } },
	{ "version 2 without any bit is spoken to",
	  "cccccccccc",
	  "OCHMRTLLNBEQ",
	  "",
	  "",
	  { SAY('O', "O\0\0\0\2\0\0\0\0\0\0\0\0"), CONTINUES_TO_BODY,
	    SAY('E', "c") } },
	{ "accept at connect ends the talk for the connection",
	  "a---------",
	  "OCQ",
	  "",
	  "",
	  { AGREE_PLAIN, SAY('C', "a") } },
	{ "accept at MAIL ends the talk for the mail",
	  "cca-------",
	  "OCHMQ",
	  "",
	  "",
	  { AGREE_PLAIN, SAY('C', "c"), SAY('H', "c"), SAY('M', "a") } },
	{ "discard at the end of the header ends it too",
	  "cccccccd--",
	  "OCHMRTLLNQ",
	  "",
	  "",
	  { AGREE_PLAIN, SAY('C', "c"), SAY('H', "c"), SAY('M', "c"),
	    SAY('R', "c"), SAY('T', "c"), SAY('L', "c"), SAY('L', "c"),
	    SAY('N', "d") } },
	{ "a refusal at HELO is given to all that follows",
	  "ct========",
	  "OCHQ",
	  "451 4.7.1 Service unavailable - try again later",
	  "",
	  { AGREE_PLAIN, SAY('C', "c"), SAY('H', "t") } },
	{ "a refusal of a recipient leaves the next to the caller",
	  "---tr----a",
	  "OCHMRTLLNBEQ",
	  "550 5.7.1 Command rejected",
	  "",
	  { AGREE(ALL, "\0\x0e\x70\x80"),
	    SAY('R', "y451 4.7.1 Come back (id 1)\0"), SAY('T', "r"),
	    SAY('E', "a") } },
	{ "the milter's own words are told",
	  "---------r",
	  "OCHMRTLLNBEQ",
	  "554-5.7.1 no\r\n554 5.7.1 never",
	  "",
	  { AGREE_MUTE, SAY('E', "y554-5.7.1 no\r\n554 5.7.1 never\0") } },
	{ "a percent sign is one of two",
	  "---------r",
	  "OCHMRTLLNBEQ",
	  "554 5.7.1 100% a%40b %c %",
	  "",
	  { AGREE_MUTE, SAY('E', "y554 5.7.1 100%% a%%40b %c %\0") } },
	{ "421 at MAIL ends the connection",
	  "--4=======",
	  "OCHMQ",
	  "421 4.7.0 Bye",
	  "",
	  { AGREE(ALL, "\0\x0f\xb0\x80"), SAY('M', "y421 4.7.0 Bye\0") } },
	{ "SKIP at the first header spares it the second, and no more",
	  "ccccc"
	  "s-cca",
	  "OCHMRTLNBEQ",
	  "",
	  "",
	  { AGREE(ALL, "\0\0\4\0"), SAY('C', "c"), SAY('H', "c"), SAY('M', "c"),
	    SAY('R', "c"), SAY('T', "c"), SAY('L', "s"), SAY('N', "c"),
	    SAY('B', "c"), SAY('E', "a") } },
	{ "progress is waited through",
	  "---------c",
	  "OCHMRTLLNBEQ",
	  "",
	  "",
	  { AGREE_MUTE, SAY('E', "p"), SAY('E', "p"), SAY('E', "c") } },

	{ "SKIP that was not agreed upon is an error, and then it is over",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "SKIP, not agreed upon",
	  { AGREE_PLAIN, SAY('C', "s") } },
	{ "a packet of no length",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a packet of bad length",
	  { AGREE_PLAIN, RAW('C', "\0\0\0\0") } },
	{ "a packet of 65,537 bytes",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a packet of bad length",
	  { AGREE_PLAIN, RAW('C', "\0\1\0\1c") } },
	{ "a packet of 4 GB",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a packet of bad length",
	  { AGREE_PLAIN, RAW('C', "\xff\xff\xff\xff"
				  "c") } },
	{ "an unknown letter",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply that has no place here",
	  { AGREE_PLAIN, SAY('C', "\xff") } },
	{ "a header added before the end of message",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply that has no place here",
	  { AGREE_PLAIN, SAY('C', "hA\0b\0") } },
	{ "continue with something behind it",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply with too much behind it",
	  { AGREE_PLAIN, SAY('C', "cc") } },
	{ "a reply text without its NUL",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply text without its end",
	  { AGREE_PLAIN, SAY('C', "y451 4.7.1 Wait") } },
	{ "a reply text with a NUL within",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply text without its end",
	  { AGREE_PLAIN, SAY('C', "y451\0x\0") } },
	{ "an empty reply text",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply text without its end",
	  { AGREE_PLAIN, SAY('C', "y") } },
	{ "a reply text of 250",
	  "PUUUUUUUUU",
	  "OC",
	  "",
	  "a reply text that is no 4xx, 5xx",
	  { AGREE_PLAIN, SAY('C', "y250 ok\0") } },
	{ "a header added without a value",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change that cannot be read",
	  { AGREE_MUTE, SAY('E', "hName\0") } },
	{ "a header inserted with half an index",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change cut short",
	  { AGREE_MUTE, SAY('E', "i\0\0") } },
	{ "a change without its NUL",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change that cannot be read",
	  { AGREE_MUTE, SAY('E', "+<c@z>") } },
	{ "a change with three strings",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change that cannot be read",
	  { AGREE_MUTE, SAY('E', "hA\0b\0c\0") } },
	{ "a change that was not agreed upon",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change not agreed upon",
	  { AGREE("\0\0\0\1", "\0\x0f\xf0\x80"), SAY('E', "+<c@z>\0") } },
	{ "a new body that was not agreed upon",
	  "---------P",
	  "OCHMRTLLNBE",
	  "",
	  "a change not agreed upon",
	  { AGREE("\0\0\0\1", "\0\x0f\xf0\x80"), SAY('E', "bnew") } },
	{ "silence is waited for no longer than said",
	  "TUUUUUUUUU",
	  "OC",
	  "",
	  "",
	  { AGREE_PLAIN } },
	{ "half a packet too",
	  "TUUUUUUUUU",
	  "OC",
	  "",
	  "",
	  { AGREE_PLAIN, RAW('C', "\0\0\0\2c") } },
	{ "a milter that goes away at HELO",
	  "cIUUUUUUUU",
	  "OCH",
	  "",
	  "",
	  { AGREE_PLAIN, SAY('C', "c"), HANG_UP('H') } },
};

static void test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
		const struct session_row *row = &sessions[i];
		struct sp_mta_options options = { .timeout_ms = SHORT_MS };
		struct sp_mta_reply last;
		struct milter milter;
		struct sp_mta *mta;
		char letters[16];

		print_message("  %s\n", row->sentence);
		milter_start(&milter, row->script);
		options.address = milter.address;
		assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
		play_session(mta, letters, &last);
		assert_string_equal(letters, row->replies);
		assert_string_equal(last.text, row->text);
		assert_string_equal(sp_mta_complaint(mta), row->complaint);
		sp_mta_close(&mta);
		milter_join(&milter);
		assert_string_equal(milter.notes, row->notes);
	}
}

struct negotiation_row {
	const char *sentence;
	enum sp_err err;
	struct line script[ROWS];
};

static const struct negotiation_row negotiations[] = {
	{ "all that we offer may be wanted",
	  SP_OK,
	  { AGREE(ALL, "\0\x1f\xff\xff") } },
	{ "version 7 was not offered",
	  SP_ERR_PROTOCOL,
	  { SAY('O', "O\0\0\0\7\0\0\0\0\0\0\0\0") } },
	{ "version 1 is too old",
	  SP_ERR_PROTOCOL,
	  { SAY('O', "O\0\0\0\1\0\0\0\0\0\0\0\0") } },
	{ "an action that is none",
	  SP_ERR_PROTOCOL,
	  { AGREE("\0\0\2\0", "\0\0\0\0") } },
	{ "a step that is none",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\x10\0\0\0") } },
	{ "options cut short",
	  SP_ERR_PROTOCOL,
	  { SAY('O', "O\0\0\0\6\0\0\0\0\0\0\0") } },
	{ "another letter", SP_ERR_PROTOCOL, { SAY('O', "c") } },
	{ "a macro list of stage 7",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\0\0\0\0"
		       "\0\0\0\7"
		       "i\0") } },
	{ "a macro list without its NUL",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\0\0\0\0"
		       "\0\0\0\2"
		       "i") } },
	{ "half a stage",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\0\0\0\0"
		       "\0\0") } },
	{ "a macro name of 62 characters",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\0\0\0\0"
		       "\0\0\0\2"
		       "01234567890123456789012345678901234567890123456789"
		       "012345678901\0") } },
	{ "65 macros at one stage",
	  SP_ERR_PROTOCOL,
	  { AGREE(ALL, "\0\0\0\0"
		       "\0\0\0\2"
		       "a b c d e f g h i j k l m n o p q r s t u v w x y z "
		       "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z "
		       "0 1 2 3 4 5 6 7 8 9 ! + -\0") } },
	{ "silence", SP_ERR_TIMEOUT, { { 0 } } },
	{ "nobody who stays", SP_ERR_IO, { HANG_UP('O') } },
};

static void test_negotiations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof negotiations / sizeof negotiations[0];
	     i++) {
		const struct negotiation_row *row = &negotiations[i];
		struct sp_mta_options options = { .timeout_ms = SHORT_MS };
		struct milter milter;
		struct sp_mta *mta;

		print_message("  %s\n", row->sentence);
		milter_start(&milter, row->script);
		options.address = milter.address;
		assert_int_equal(sp_mta_open(&options, &mta), row->err);
		assert_true((mta != NULL) == (row->err == SP_OK));
		sp_mta_close(&mta);
		milter_join(&milter);
	}
}

struct macro_row {
	const char *sentence;
	const char *notes;
	struct line script[ROWS];
};

/* The test sets j, i, {client_addr} and {auth_authen}, under odd spellings. */
static const struct macro_row macro_rows[] = {
	{ "Postfix's own lists, where the milter has none",
	  "O"
	  "DC(j=mta.example)CH"
	  "DM(i=4711 {auth_authen}=carol)M"
	  "DR(i=4711)R"
	  "DT(i=4711)TLL"
	  "DN(i=4711)NB"
	  "DE(i=4711)EQ",
	  { AGREE_MUTE, SAY('E', "c") } },
	{ "the milter's list for a stage, the default for the rest",
	  "O"
	  "DC({client_addr}=192.0.2.7 i=4711)CH"
	  "DM(i=4711 {auth_authen}=carol)M"
	  "DR(i=4711)R"
	  "DT(i=4711)TLL"
	  "DN(i=4711)NB"
	  "DE(j=mta.example)EQ",
	  { AGREE(ALL, "\0\x0f\xf0\x80"
		       "\0\0\0\0"
		       "{client_addr}, {i} {client_port}\0"
		       "\0\0\0\5"
		       "j\0"),
	    SAY('E', "c") } },
	{ "an empty list means none",
	  "O"
	  "CH"
	  "MRTLLNBEQ",
	  { AGREE(ALL, "\0\x0f\xf0\x80"
		       "\0\0\0\0\0"
		       "\0\0\0\1\0"
		       "\0\0\0\2\0"
		       "\0\0\0\3\0"
		       "\0\0\0\4\0"
		       "\0\0\0\5\0"
		       "\0\0\0\6\0"),
	    SAY('E', "c") } },
	{ "macros come also where the event is not wanted",
	  "O"
	  "DC(j=mta.example)H"
	  "DM(i=4711 {auth_authen}=carol)"
	  "DR(i=4711)R"
	  "DT(i=4711)LL"
	  "DN(i=4711)NB"
	  "DE(i=4711)EQ",
	  { AGREE(ALL, "\0\x0f\xf2\x85"), SAY('E', "c") } },
};

static void test_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof macro_rows / sizeof macro_rows[0]; i++) {
		const struct macro_row *row = &macro_rows[i];
		struct sp_mta_options options = { .timeout_ms = SHORT_MS };
		struct sp_mta_reply last;
		struct milter milter;
		struct sp_mta *mta;
		char letters[16];

		print_message("  %s\n", row->sentence);
		milter_start(&milter, row->script);
		options.address = milter.address;
		assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
		assert_int_equal(sp_mta_set_macro(mta, "{j}", "mta.example"),
				 SP_OK);
		sp_mta_set_macro(mta, "i", "4711");
		sp_mta_set_macro(mta, "client_addr", "192.0.2.7");
		sp_mta_set_macro(mta, "{auth_authen}", "carol");
		sp_mta_set_macro(mta, "{auth_type}", "PLAIN");
		sp_mta_set_macro(mta, "{auth_type}", NULL);
		play_session(mta, letters, &last);
		assert_string_equal(letters, "---------c");
		sp_mta_close(&mta);
		milter_join(&milter);
		assert_string_equal(milter.notes, row->notes);
	}
}

static void test_too_many_macros_are_told(void **state)
{
	struct line script[] = { AGREE_PLAIN, { 0 } };
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	struct milter milter;
	struct sp_mta *mta;
	enum sp_err err = SP_OK;
	char name[16];
	int count = 0;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	for (; err == SP_OK && count < 1000; count++) {
		snprintf(name, sizeof name, "{m%d}", count);
		err = sp_mta_set_macro(mta, name, "x");
	}
	assert_int_equal(err, SP_ERR_TOO_LONG);
	assert_in_range(count, 50, SP_MTA_MACROS_MAX);
	sp_mta_close(&mta);
	milter_join(&milter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_negotiations),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_too_many_macros_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

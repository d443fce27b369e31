/*
 * The MTA's side of the milter protocol against a milter made of raw bytes: a
 * thread that notes what it is sent and says what the row tells it to.
 */
#include "sallyport/mta.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	ROWS = 16,
	NOTES_SIZE = 4096,
	SHORT_MS = 150
};

/* When `on` comes (each line once): say a packet, or raw bytes, or hang up. */
#define SAY(on, literal)                                                       \
	{                                                                      \
		on, literal, sizeof(literal) - 1, false                        \
	}
#define RAW(on, literal)                                                       \
	{                                                                      \
		on, literal, sizeof(literal) - 1, true                         \
	}
#define HANG_UP(on)                                                            \
	{                                                                      \
		on, NULL, 0, true                                              \
	}

/* The answer to the offer: version 6, these bits. */
#define AGREE(actions, steps) SAY('O', "O\0\0\0\6" actions steps)
#define ALL		      "\0\0\1\xff"
#define AGREE_PLAIN	      AGREE(ALL, "\0\0\0\0")
#define AGREE_MUTE	      AGREE(ALL, "\0\x0f\xf0\x80")

struct line {
	char on;
	const char *bytes;
	size_t length;
	bool is_raw;
};

struct milter {
	int listener, fd;
	char directory[64], path[96], address[112];
	const struct line *script;
	bool is_used[ROWS];
	char notes[NOTES_SIZE]; /* the letters that came; "Dc(...)" macros */
	size_t body_bytes;
	pthread_t thread;
};

static void note(struct milter *milter, const char *text)
{
	size_t length = strlen(milter->notes);

	snprintf(milter->notes + length, NOTES_SIZE - length, "%s", text);
}

static bool read_all(int fd, uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t got = recv(fd, bytes, length, 0);

		if (got <= 0)
			return false;
		bytes += got;
		length -= (size_t)got;
	}
	return true;
}

/* "D" + the letter it is for + "(name=value ...)". */
static void note_macros(struct milter *milter, const char *data, size_t length)
{
	const char to[] = { 'D', data[0], '(', '\0' };
	size_t at = 1;

	note(milter, to);
	while (at < length) {
		const char *name = data + at;
		const char *value = name + strlen(name) + 1;

		note(milter, at == 1 ? "" : " ");
		note(milter, name);
		note(milter, "=");
		note(milter, value);
		at += strlen(name) + strlen(value) + 2;
	}
	note(milter, ")");
}

/* Whether the client still reads is not the milter's concern. */
static void say(int fd, const struct line *line)
{
	uint8_t head[4] = { 0, (uint8_t)(line->length >> 16),
			    (uint8_t)(line->length >> 8),
			    (uint8_t)line->length };

	if (!line->is_raw)
		(void)!send(fd, head, sizeof head, MSG_NOSIGNAL);
	(void)!send(fd, line->bytes, line->length, MSG_NOSIGNAL);
}

/* All lines of this letter up to the first one of another: several packets
 * may follow one event. */
static bool answer(struct milter *milter, char letter)
{
	for (size_t i = 0; i < ROWS && milter->script[i].on; i++) {
		const struct line *line = &milter->script[i];

		if (milter->is_used[i] || line->on != letter)
			continue;
		milter->is_used[i] = true;
		if (!line->bytes)
			return false;
		say(milter->fd, line);
		if (milter->script[i + 1].on != letter || letter == 'L')
			break;
	}
	return true;
}

static void *serve(void *context)
{
	struct milter *milter = context;
	static uint8_t data[70000];
	uint8_t head[4];

	milter->fd = accept(milter->listener, NULL, NULL);
	while (read_all(milter->fd, head, 4)) {
		size_t length =
			(size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		char letter[2] = { 0 };

		if (length > sizeof data - 1 ||
		    !read_all(milter->fd, data, length))
			break;
		data[length] = '\0';
		letter[0] = (char)data[0];
		if (letter[0] == 'D')
			note_macros(milter, (char *)data + 1, length - 1);
		else
			note(milter, letter);
		if (letter[0] == 'B')
			milter->body_bytes += length - 1;
		if (!answer(milter, letter[0]))
			break;
	}
	close(milter->fd);
	return NULL;
}

static void milter_start(struct milter *milter, const struct line *script)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*milter = (struct milter){ .script = script };
	strcpy(milter->directory, "/tmp/sp-mta-XXXXXX");
	assert_non_null(mkdtemp(milter->directory));
	snprintf(milter->path, sizeof milter->path, "%s/m", milter->directory);
	snprintf(milter->address, sizeof milter->address, "unix:%s",
		 milter->path);
	strcpy(address.sun_path, milter->path);
	milter->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(milter->listener, (struct sockaddr *)&address,
			      sizeof address),
			 0);
	assert_int_equal(listen(milter->listener, 1), 0);
	assert_int_equal(pthread_create(&milter->thread, NULL, serve, milter),
			 0);
}

static void milter_join(struct milter *milter)
{
	pthread_join(milter->thread, NULL);
	close(milter->listener);
	unlink(milter->path);
	rmdir(milter->directory);
}

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

static void test_changes(void **state)
{
	struct line script[] = {
		AGREE_MUTE,
		SAY('E', "hX-A\0one\0"),
		SAY('E', "i\0\0\0\1X-B\0two\n\tthree\0"),
		SAY('E', "m\0\0\0\3X-C\0\0"),
		SAY('E', "+<c@z>\0"),
		SAY('E', "2<d@z>\0NOTIFY=NEVER\0"),
		SAY('E', "-<b@y>\0"),
		SAY('E', "e<n@x>\0"),
		SAY('E', "qlooks odd\0"),
		SAY('E', "bnew "),
		SAY('E', "bbody"),
		SAY('E', "a"),
		{ 0 },
	};
	static const struct sp_mta_change expected[] = {
		{ SP_MTA_ADD_HEADER, 0, "X-A", "one" },
		{ SP_MTA_INSERT_HEADER, 1, "X-B", "two\n\tthree" },
		{ SP_MTA_CHANGE_HEADER, 3, "X-C", "" },
		{ SP_MTA_ADD_RECIPIENT, 0, "<c@z>", "" },
		{ SP_MTA_ADD_RECIPIENT, 0, "<d@z>", "NOTIFY=NEVER" },
		{ SP_MTA_DELETE_RECIPIENT, 0, "<b@y>", "" },
		{ SP_MTA_CHANGE_SENDER, 0, "<n@x>", "" },
		{ SP_MTA_QUARANTINE, 0, "looks odd", "" },
	};
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	const struct sp_mta_changes *changes;
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_mail(mta, "<>", NULL, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	assert_int_equal(reply.answer, SP_MTA_ACCEPT);
	changes = sp_mta_changes(mta);
	assert_int_equal(changes->count, 8);
	assert_int_equal(changes->total, 9);
	assert_true(changes->is_body_replaced);
	assert_int_equal(changes->body_bytes, 8);
	for (size_t i = 0; i < changes->count; i++) {
		assert_int_equal(changes->list[i].kind, expected[i].kind);
		assert_int_equal(changes->list[i].index, expected[i].index);
		assert_string_equal(changes->list[i].name, expected[i].name);
		assert_string_equal(changes->list[i].value, expected[i].value);
	}
	assert_int_equal(sp_mta_mail(mta, "<>", NULL, &reply), SP_OK);
	assert_int_equal(changes->count, 0);
	assert_int_equal(changes->total, 0);
	sp_mta_close(&mta);
	milter_join(&milter);
}

/* A milter that says `count` packets at the end of a mail. */
static enum sp_err flood(const char *packet, size_t length, size_t count,
			 struct sp_mta **mta_out)
{
	struct sp_mta_reply reply;
	enum sp_err err;
	size_t size = count * (4 + length);
	char *bytes = malloc(size + 5);
	struct line script[] = { AGREE_MUTE,
				 { 'E', bytes, size + 5, true },
				 { 0 } };
	struct sp_mta_options options = { .timeout_ms = 5000 };
	struct milter milter;

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++) {
		char *to = bytes + i * (4 + length);

		memcpy(to, "\0\0", 2);
		to[2] = (char)(length >> 8);
		to[3] = (char)length;
		memcpy(to + 4, packet, length);
	}
	memcpy(bytes + size, "\0\0\0\1c", 5);
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, mta_out), SP_OK);
	err = sp_mta_eom(*mta_out, &reply);
	/* The thread's next read ends, as if the client had left. */
	shutdown(milter.fd, SHUT_RD);
	milter_join(&milter);
	free(bytes);
	return err;
}

static void test_a_flood_of_changes_is_counted_not_kept(void **state)
{
	struct sp_mta *mta;

	(void)state;
	assert_int_equal(flood("hA\0b", 5, 10000, &mta), SP_OK);
	assert_int_equal(sp_mta_changes(mta)->count, SP_MTA_CHANGES_MAX);
	assert_int_equal(sp_mta_changes(mta)->total, 10000);
	sp_mta_close(&mta);
}

static void test_progress_without_end_is_an_error(void **state)
{
	struct sp_mta *mta;

	(void)state;
	assert_int_equal(flood("p", 1, SP_MTA_PROGRESS_MAX, &mta), SP_OK);
	sp_mta_close(&mta);
	assert_int_equal(flood("p", 1, SP_MTA_PROGRESS_MAX + 1, &mta),
			 SP_ERR_PROTOCOL);
	assert_string_equal(sp_mta_complaint(mta), "endless progress");
	sp_mta_close(&mta);
}

static void test_a_large_body_goes_in_pieces(void **state)
{
	static char body[1000000];
	struct line script[] = { AGREE_MUTE, SAY('E', "c"), { 0 } };
	struct sp_mta_options options = { .timeout_ms = 2000 };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_body(mta, body, sizeof body, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_int_equal(milter.body_bytes, sizeof body);
	assert_string_equal(milter.notes, "OBBBBBBBBBBBBBBBBEQ");
}

static void test_several_mails_and_a_renewed_connection(void **state)
{
	struct line script[] = {
		AGREE_MUTE, SAY('E', "a"), SAY('C', "c"), SAY('E', "r"), { 0 }
	};
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	sp_mta_helo(mta, "a", &reply);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_eom(mta, &reply);
	assert_int_equal(reply.answer, SP_MTA_ACCEPT);
	sp_mta_mail(mta, "<>", NULL, &reply);
	assert_int_equal(sp_mta_abort(mta), SP_OK);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_renew(mta);
	sp_mta_helo(mta, "b", &reply);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_string_equal(milter.notes, "OHMEMAMKHMQ");
}

static void test_an_event_too_long_breaks_nothing(void **state)
{
	static char value[70000];
	struct line script[] = { AGREE_MUTE, SAY('E', "c"), { 0 } };
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	memset(value, 'x', sizeof value - 1);
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_header(mta, "X", value, &reply),
			 SP_ERR_TOO_LONG);
	value[65536 - 1 - 2 - 1] = '\0';
	assert_int_equal(sp_mta_header(mta, "X", value, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_string_equal(milter.notes, "OLEQ");
}

struct address_row {
	const char *sentence;
	const char *address;
	enum sp_err err;
};

static const struct address_row addresses[] = {
	{ "nothing", "", SP_ERR_SYNTAX },
	{ "a kind that is none", "tcp:25@127.0.0.1", SP_ERR_SYNTAX },
	{ "no port", "inet:@127.0.0.1", SP_ERR_SYNTAX },
	{ "a port that is a word", "inet:smtpx@127.0.0.1", SP_ERR_NOT_FOUND },
	{ "a socket that is not there", "unix:/nonexistent/m", SP_ERR_SYSTEM },
	{ "the same without its kind", "/nonexistent/m", SP_ERR_SYSTEM },
	{ "a path longer than the system takes",
	  "unix:/0123456789012345678901234567890123456789012345678901234567890"
	  "12345678901234567890123456789012345678901234567890123456789",
	  SP_ERR_SYNTAX },
	{ "a port where nobody listens", "inet:1@127.0.0.1", SP_ERR_SYSTEM },
	{ "in brackets", "inet:1@[127.0.0.1]", SP_ERR_SYSTEM },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct sp_mta_options options = { .address =
							  addresses[i].address,
						  .timeout_ms = SHORT_MS };
		struct sp_mta *mta;

		print_message("  %s\n", addresses[i].sentence);
		assert_int_equal(sp_mta_open(&options, &mta), addresses[i].err);
		assert_null(mta);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_negotiations),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_too_many_macros_are_told),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_a_flood_of_changes_is_counted_not_kept),
		cmocka_unit_test(test_progress_without_end_is_an_error),
		cmocka_unit_test(test_a_large_body_goes_in_pieces),
		cmocka_unit_test(test_several_mails_and_a_renewed_connection),
		cmocka_unit_test(test_an_event_too_long_breaks_nothing),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

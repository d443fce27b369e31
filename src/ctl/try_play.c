#include "try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "sallyport/clock.h"
#include "sallyport/text.h"

/* Everything that is on the table while a session is played. */
struct play {
	struct sp_mta *mta;
	const struct sp_try_options *options;
	struct sp_arena *arena;
	struct sp_try_result *result;
	struct sp_mta_reply reply; /* to the last event */
	int64_t begun_us;
	bool is_stopped;   /* no further event makes sense */
	bool is_discarded; /* the mail will be thrown away */
	/* Values of macros, which the client borrows. */
	char hostname[256], queue_id[16], address[SP_IP_TEXT_SIZE + 8];
	char port[8], trace[600];
};

static const char *keep(struct sp_arena *arena, const char *text)
{
	const char *copy = sp_arena_text(arena, text);

	if (!copy)
		abort();
	return copy;
}

static bool is_set_by_operator(const struct play *play, const char *name)
{
	for (size_t i = 0; i < play->options->macro_count; i++) {
		const char *own = play->options->macros[i].name;
		size_t length = strlen(own);

		if (own[0] == '{' && length > 2) {
			own++;
			length -= 2;
		}
		if (strncmp(own, name, length) == 0 && name[length] == '\0')
			return true;
	}
	return false;
}

/* `name` without braces. What the operator gave with --macro holds. */
static void set_macro(struct play *play, const char *name, const char *value)
{
	if (!is_set_by_operator(play, name))
		(void)sp_mta_set_macro(play->mta, name, value);
}

/* As Postfix 3.7 has them (its {client_addr} carries "IPv6:"). */
static void set_client_macros(struct play *play)
{
	const struct sp_mta_client *client = &play->options->client;
	const char *name = play->options->name;
	char address[SP_IP_TEXT_SIZE];
	struct sp_text text;

	sp_ip_format(&client->ip, address);
	sp_text_init(&text, play->address, sizeof(play->address));
	sp_text_addf(&text, "%s%s", client->ip.family == SP_IP_6 ? "IPv6:" : "",
		     address);
	sp_text_init(&text, play->port, sizeof(play->port));
	sp_text_addf(&text, "%u", (unsigned)client->port);
	sp_text_init(&text, play->trace, sizeof(play->trace));
	sp_text_addf(&text, "%s [%s]", name ? name : "unknown", address);
	set_macro(play, "_", play->trace);
	set_macro(play, "client_addr", play->address);
	set_macro(play, "client_port", play->port);
	set_macro(play, "client_name", name ? name : "unknown");
	set_macro(play, "client_ptr", name ? name : "unknown");
	set_macro(play, "client_connections", "0");
	if (client->port != 0)
		set_macro(play, "client_resolve", name ? "OK" : "FAIL");
}

static void set_first_macros(struct play *play)
{
	const struct sp_try_options *options = play->options;
	bool is_local = options->client.port == 0;

	if (gethostname(play->hostname, sizeof(play->hostname) - 1) != 0)
		strcpy(play->hostname, "localhost");
	for (size_t i = 0; i < options->macro_count; i++)
		(void)sp_mta_set_macro(play->mta, options->macros[i].name,
				       options->macros[i].value);
	set_macro(play, "sallyport_try", "1");
	set_macro(play, "j", play->hostname);
	set_macro(play, "v", "Postfix 3.7.11");
	set_macro(play, "daemon_name", play->hostname);
	set_macro(play, "daemon_addr",
		  options->client.ip.family == SP_IP_6 ? "::1" : "127.0.0.1");
	set_macro(play, "daemon_port", is_local ? "0" : "25");
	set_client_macros(play);
	if (options->login) {
		set_macro(play, "auth_type", "PLAIN");
		set_macro(play, "auth_authen", options->login);
	}
}

/* Postfix has a queue id from the first recipient on that it took. */
static void set_queue_id(struct play *play)
{
	struct sp_text text;

	if (play->queue_id[0])
		return;
	sp_text_init(&text, play->queue_id, sizeof(play->queue_id));
	sp_text_addf(&text, "%011llX",
		     (unsigned long long)sp_clock_mono_us() & 0xfffffffffffULL);
	set_macro(play, "i", play->queue_id);
}

static void begin(struct play *play)
{
	play->begun_us = sp_clock_mono_us();
}

/* Keep what the event came back with. False when the session is over. */
static bool end(struct play *play, const char *name, const char *argument,
		enum sp_err err)
{
	struct sp_try_result *result = play->result;
	struct sp_try_stage *stage = &result->stages[result->stage_count++];

	stage->name = name;
	stage->argument = argument;
	stage->answer = play->reply.answer;
	stage->was_asked = play->reply.was_asked;
	stage->text =
		play->reply.text[0] ? keep(play->arena, play->reply.text) : "";
	stage->us = sp_clock_mono_us() - play->begun_us;
	if (!result->id[0])
		(void)sp_try_find_id(stage->text, result->id);
	if (play->reply.answer == SP_MTA_DISCARD)
		play->is_discarded = true;
	if (err != SP_OK) {
		result->outcome = SP_TRY_BROKEN;
		result->err = err;
		result->complaint = sp_mta_complaint(play->mta);
		play->is_stopped = true;
	} else if (play->reply.answer == SP_MTA_SHUTDOWN) {
		play->is_stopped = true;
	}
	return !play->is_stopped && !sp_mta_is_refusal(&play->reply);
}

static void refuse(struct play *play)
{
	if (play->result->outcome != SP_TRY_BROKEN)
		play->result->outcome = play->reply.answer == SP_MTA_REJECT
						? SP_TRY_REFUSED
						: SP_TRY_DEFERRED;
}

/* Let the daemon hear at once what it gives no reply to: it may have work to
 * begin. */
static enum sp_err send_now(struct play *play, enum sp_err err)
{
	return err == SP_OK ? sp_mta_flush(play->mta) : err;
}

static bool play_greeting(struct play *play)
{
	const struct sp_try_options *options = play->options;
	enum sp_err err;
	bool goes_on;

	begin(play);
	err = sp_mta_connect(play->mta, &options->client, &play->reply);
	goes_on = end(play, "CONNECT", play->trace, send_now(play, err));
	if (!goes_on) {
		refuse(play);
		return false;
	}
	begin(play);
	err = sp_mta_helo(play->mta, options->helo, &play->reply);
	goes_on = end(play, "HELO", options->helo, send_now(play, err));
	if (!goes_on)
		refuse(play);
	return goes_on;
}

/* "FROM:<a@b>" */
static const char *prefixed(struct play *play, const char *prefix,
			    const char *path)
{
	size_t size = strlen(prefix) + strlen(path) + 1;
	char *bytes = sp_arena_alloc(play->arena, size);

	if (!bytes)
		abort();
	strcpy(bytes, prefix);
	strcat(bytes, path);
	return bytes;
}

/* {mail_addr} and {rcpt_addr}: the path without its brackets; {..._host}: the
 * domain. Both live in the arena. */
static void set_path_macros(struct play *play, const char *kind,
			    const char *path)
{
	size_t length = strlen(path);
	bool has_brackets =
		length >= 2 && path[0] == '<' && path[length - 1] == '>';
	const char *address = sp_arena_copy(play->arena, path + has_brackets,
					    length - 2 * has_brackets);
	const char *at = address ? strrchr(address, '@') : NULL;
	char name[32];

	snprintf(name, sizeof(name), "%s_addr", kind);
	set_macro(play, name, address);
	snprintf(name, sizeof(name), "%s_host", kind);
	set_macro(play, name, at ? at + 1 : "");
	snprintf(name, sizeof(name), "%s_mailer", kind);
	set_macro(play, name, "smtp");
}

static bool play_sender(struct play *play)
{
	const char *sender = play->options->sender;
	enum sp_err err;
	bool goes_on;

	/* Local mail has its queue id, and no mailer, from the beginning. */
	if (play->options->client.port == 0)
		set_queue_id(play);
	else
		set_path_macros(play, "mail", sender);
	begin(play);
	err = sp_mta_mail(play->mta, sender, NULL, &play->reply);
	goes_on = end(play, "MAIL", prefixed(play, "FROM:", sender),
		      send_now(play, err));
	if (!goes_on)
		refuse(play);
	return goes_on;
}

/* All recipients; false when none was accepted. */
static bool play_recipients(struct play *play)
{
	bool is_any_deferred = false;

	for (size_t i = 0;
	     i < play->options->recipient_count && !play->is_stopped; i++) {
		const char *path = play->options->recipients[i];
		enum sp_err err;

		set_path_macros(play, "rcpt", path);
		begin(play);
		err = sp_mta_rcpt(play->mta, path, NULL, &play->reply);
		if (end(play, "RCPT", prefixed(play, "TO:", path), err)) {
			play->result->accepted++;
			set_queue_id(play);
		} else if (play->reply.answer != SP_MTA_REJECT) {
			is_any_deferred = true;
		}
	}
	if (play->result->outcome == SP_TRY_BROKEN)
		return false;
	if (play->result->accepted > 0 && !play->is_stopped)
		return true;
	play->result->outcome =
		is_any_deferred ? SP_TRY_DEFERRED : SP_TRY_REFUSED;
	return false;
}

static enum sp_err play_header(struct play *play, struct sp_message *message)
{
	static struct sp_message_field field;
	enum sp_err err = SP_OK;

	while (err == SP_OK && !sp_mta_is_refusal(&play->reply) &&
	       sp_message_field(message, &field)) {
		err = sp_mta_header(play->mta, field.name, field.value,
				    &play->reply);
		play->result->fields++;
	}
	play->result->cut_fields = message->cut_fields;
	if (err == SP_OK && !sp_mta_is_refusal(&play->reply))
		err = sp_mta_eoh(play->mta, &play->reply);
	return err;
}

static enum sp_err play_body(struct play *play, struct sp_message *message)
{
	static char bytes[65535];
	enum sp_err err = SP_OK;

	while (err == SP_OK && !sp_mta_is_refusal(&play->reply)) {
		size_t length = sp_message_body(message, bytes, sizeof(bytes));

		if (length == 0)
			break;
		err = sp_mta_body(play->mta, bytes, length, &play->reply);
		play->result->body_bytes += length;
	}
	return err;
}

static const char *size_of(const struct play *play)
{
	char words[80];

	snprintf(words, sizeof(words), "%u header fields, %llu bytes of body",
		 (unsigned)play->result->fields,
		 (unsigned long long)play->result->body_bytes);
	return keep(play->arena, words);
}

/* Header and body; a refusal within counts as one at the end, as the SMTP
 * client gets it then. */
static bool play_content(struct play *play, FILE *file)
{
	static struct sp_message message;
	enum sp_err err;
	bool goes_on;

	sp_message_init(&message, file);
	begin(play);
	err = play_header(play, &message);
	if (err == SP_OK)
		err = play_body(play, &message);
	goes_on = end(play, "MESSAGE", size_of(play), err);
	if (!goes_on)
		refuse(play);
	return goes_on;
}

static void play_end(struct play *play)
{
	enum sp_err err;

	begin(play);
	err = sp_mta_eom(play->mta, &play->reply);
	if (!end(play, "END", "of message", err))
		refuse(play);
	else
		play->result->outcome =
			play->is_discarded ? SP_TRY_DISCARDED : SP_TRY_ACCEPTED;
}

static bool play_data(struct play *play)
{
	enum sp_err err;
	bool goes_on;

	begin(play);
	err = sp_mta_data(play->mta, &play->reply);
	goes_on = end(play, "DATA", "", err);
	if (!goes_on)
		refuse(play);
	return goes_on;
}

static void find_id_in_changes(struct sp_try_result *result)
{
	const struct sp_mta_changes *changes = result->changes;

	for (size_t i = 0; i < changes->count && !result->id[0]; i++)
		if (sp_text_equals(changes->list[i].name,
				   "X-Sallyport-Verdict"))
			(void)sp_try_find_id(changes->list[i].value,
					     result->id);
}

void sp_try_play(struct sp_mta *mta, const struct sp_try_options *options,
		 FILE *file, struct sp_arena *arena,
		 struct sp_try_result *result_out)
{
	/* CONNECT, HELO, MAIL, DATA, MESSAGE, END */
	size_t stages = options->recipient_count + 6;
	/* The client borrows what is in there beyond this call. */
	struct play *play = sp_arena_alloc(arena, sizeof(*play));

	if (!play)
		abort();
	play->mta = mta;
	play->options = options;
	play->arena = arena;
	play->result = result_out;
	*result_out = (struct sp_try_result){
		.stages = sp_arena_alloc(arena,
					 stages * sizeof(struct sp_try_stage)),
		.complaint = "",
		.changes = sp_mta_changes(mta),
	};
	if (!result_out->stages)
		abort();
	set_first_macros(play);
	if (!play_greeting(play) || !play_sender(play))
		return;
	if (play_recipients(play) && play_data(play) &&
	    play_content(play, file))
		play_end(play);
	else
		(void)sp_mta_abort(mta);
	find_id_in_changes(result_out);
}

bool sp_try_find_id(const char *text, char id_out[SP_ID_SIZE])
{
	static const char *const marks[] = { "(id ", "; id=" };

	id_out[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		const char *at = strstr(text, marks[i]);

		if (!at || strlen(at + strlen(marks[i])) < SP_ID_SIZE - 1)
			continue;
		memcpy(id_out, at + strlen(marks[i]), SP_ID_SIZE - 1);
		id_out[SP_ID_SIZE - 1] = '\0';
		if (sp_id_is_valid(id_out))
			return true;
		id_out[0] = '\0';
	}
	return false;
}

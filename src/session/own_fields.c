#include "sallyport/own_fields.h"

#include <string.h>

#include "sallyport/auth_results.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/pickup.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

static const char *const field_names[SP_OWN_FIELDS] = {
	[SP_OWN_AUTH_RESULTS] = "Authentication-Results",
	[SP_OWN_RECEIVED_SPF] = "Received-SPF",
	[SP_OWN_VERDICT] = "X-Sallyport-Verdict",
	[SP_OWN_TESTS] = "X-Sallyport-Tests",
	[SP_OWN_DEGRADED] = "X-Sallyport-Degraded",
	[SP_OWN_SUBMITTER] = "X-Sallyport-Submitter",
	[SP_OWN_LOCAL] = SP_PICKUP_HEADER,
};

const char *sp_own_field_name(enum sp_own_field field)
{
	return field < SP_OWN_FIELDS ? field_names[field] : "";
}

const char *sp_session_authserv_id(const struct sp_session *session)
{
	const struct sp_config *config = session->service->config;

	if (config->auth_results.authserv_id[0])
		return config->auth_results.authserv_id;
	return config->hostname[0] ? config->hostname
				   : session->connection.own_name;
}

/* A server that hands on what it has looked at itself; see own_fields.h. */
static bool is_believed(const struct sp_session *session)
{
	return session->connection.is_trusted &&
	       !session->connection.is_local && !session->mail.login[0];
}

static struct sp_auth_names names_of(const struct sp_session *session)
{
	const struct sp_config *config = session->service->config;

	return (struct sp_auth_names){
		.names = { config->auth_results.authserv_id, config->hostname,
			   session->connection.own_name },
		.families = config->helo.own_names,
	};
}

static void say_lost(const struct sp_mail *mail, const char *what)
{
	static struct sp_log_limit limit = { .every_ms = 60000 };

	sp_log_limited(&limit, SP_LOG_WARNING, "mail %s: %s", mail->id, what);
}

/* Count one more, and mark it if it has to go. False when there are too many to
 * tell them apart. */
static bool count(struct sp_mail *mail, enum sp_own_field field, bool goes)
{
	const size_t bits = 8 * sizeof(uint64_t);
	struct sp_own_fields *fields = &mail->own_fields;
	uint32_t number = fields->counts[field]++;
	uint64_t *marks = fields->marks[field].goes;

	if (number >= SP_OWN_MARKS_MAX || number > fields->marks[field].count)
		return false;
	if (goes && !marks) {
		marks = sp_arena_alloc(&mail->arena, SP_OWN_MARKS_MAX / 8);
		if (!marks)
			return false;
		fields->marks[field].goes = marks;
	}
	if (goes)
		marks[number / bits] |= UINT64_C(1) << number % bits;
	fields->marks[field].count = number + 1;
	return true;
}

bool sp_own_field_goes(const struct sp_own_fields *fields,
		       enum sp_own_field field, uint32_t number)
{
	const size_t bits = 8 * sizeof(uint64_t);
	const uint64_t *marks;
	uint32_t index = number - 1;

	if (number == 0 || number > fields->counts[field])
		return false;
	if (field >= SP_OWN_TRACES || index >= fields->marks[field].count)
		return true;
	marks = fields->marks[field].goes;
	return marks && marks[index / bits] & UINT64_C(1) << index % bits;
}

/* ------------------------------------------------- fields of other servers */

/* What the MTA gave us as one field must stay one: each line break folds. */
static char *copy_value(struct sp_arena *arena, const char *value)
{
	char *copy;
	size_t length = 0;

	value += *value == ' ';
	copy = sp_arena_copy(arena, value, strlen(value));
	if (!copy)
		return NULL;
	for (size_t i = 0; value[i]; i++) {
		bool is_folding = value[i + 1] == ' ' || value[i + 1] == '\t';

		if (value[i] == '\r')
			continue;
		copy[length++] =
			value[i] == '\n' && !is_folding ? ' ' : value[i];
	}
	copy[length] = '\0';
	return copy;
}

static bool keep(struct sp_mail *mail, const char *value)
{
	struct sp_own_fields *fields = &mail->own_fields;
	size_t length = strlen(value);
	struct sp_kept_field *kept;

	if (fields->kept_count >= SP_KEPT_FIELDS_MAX ||
	    length > SP_KEPT_VALUE_MAX ||
	    length > SP_KEPT_BYTES_MAX - fields->kept_bytes)
		return false;
	kept = sp_arena_alloc(&mail->arena, sizeof(*kept));
	if (!kept)
		return false;
	kept->value = copy_value(&mail->arena, value);
	if (!kept->value)
		return false;
	if (fields->kept_last)
		fields->kept_last->next = kept;
	else
		fields->kept = kept;
	fields->kept_last = kept;
	fields->kept_count++;
	fields->kept_bytes += (uint32_t)length;
	return true;
}

/* --------------------------------------------------------------- each field */

static void note_results(struct sp_session *session, const char *value)
{
	struct sp_mail *mail = &session->mail;
	struct sp_auth_names names = names_of(session);
	bool is_ours = sp_auth_results_claims(value, strlen(value), &names);
	bool is_renamed = !is_ours &&
			  !session->service->config->auth_results.keeps_others;

	if (is_believed(session)) {
		mail->own_fields.has_results |= is_ours;
		return;
	}
	mail->own_fields.forged += is_ours;
	if (!count(mail, SP_OWN_AUTH_RESULTS, is_ours || is_renamed))
		say_lost(mail, "there are too many Authentication-Results: all "
			       "further ones are removed");
	else if (is_renamed && !keep(mail, value))
		say_lost(mail, "Authentication-Results of others are too long "
			       "or too many to be renamed: some are removed");
}

static void note_received_spf(struct sp_session *session, const char *value)
{
	struct sp_mail *mail = &session->mail;
	struct sp_auth_names names = names_of(session);
	bool is_ours;

	if (!session->service->config->auth_results.adds_received_spf ||
	    is_believed(session))
		return;
	is_ours = sp_received_spf_claims(value, strlen(value), &names);
	mail->own_fields.forged += is_ours;
	if (!count(mail, SP_OWN_RECEIVED_SPF, is_ours))
		say_lost(mail, "there are too many Received-SPF: all further "
			       "ones are removed");
}

void sp_own_fields_note(struct sp_session *session, const char *name,
			const char *value)
{
	if (sp_text_equals(name, field_names[SP_OWN_AUTH_RESULTS]))
		note_results(session, value);
	else if (sp_text_equals(name, field_names[SP_OWN_RECEIVED_SPF]))
		note_received_spf(session, value);
	for (unsigned i = SP_OWN_TRACES; i < SP_OWN_FIELDS; i++)
		if (sp_text_equals(name, field_names[i]))
			session->mail.own_fields.counts[i]++;
}

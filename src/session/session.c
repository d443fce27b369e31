#include "sallyport/session.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dns.h"
#include "sallyport/dsn.h"
#include "sallyport/from.h"
#include "sallyport/pickup.h"
#include "sallyport/sender.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

/* What a stranger said, cut at `max`; "" for nothing and without memory. */
static const char *keep(struct sp_arena *arena, const char *text, size_t max)
{
	const char *kept = NULL;

	if (text && text[0])
		kept = sp_arena_copy(arena, text, strnlen(text, max));
	return kept ? kept : "";
}

/* The key of an address; what cannot be read as one stands for itself, so that
 * it is never taken for the null sender. */
static void address_key(const char *path, struct sp_address *address_out,
			char key_out[SP_ADDRESS_SIZE])
{
	struct sp_text text;

	sp_address_parse(path, address_out);
	sp_address_key(address_out, key_out);
	if (key_out[0] || address_out->kind == SP_ADDRESS_NULL)
		return;
	sp_text_init(&text, key_out, SP_ADDRESS_SIZE);
	sp_text_add(&text, path);
	sp_text_lower(key_out);
}

static void mail_init(struct sp_mail *mail)
{
	*mail = (struct sp_mail){
		.queue_id = "",
		.login = "",
		.sender = "",
		.sender_key = "",
		.sender_folded = "",
		.sender_domain = "",
		.from_domain = "",
		.list_id = "",
		.dsn_fact.submitter = "",
	};
	memset(mail->keys, SP_DNS_NO_QUESTION, sizeof(mail->keys));
	sp_arena_init(&mail->arena, SP_MAIL_LIMIT);
}

struct sp_session *sp_session_new(const struct sp_service *service)
{
	struct sp_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->service = service;
	sp_arena_init(&session->connection.arena, SP_CONNECTION_LIMIT);
	session->connection.client_name = "";
	session->connection.own_name = "";
	session->connection.rdns.name = "";
	session->connection.confirmed_name = -1;
	mail_init(&session->mail);
	return session;
}

void sp_session_free(struct sp_session **session)
{
	if (!*session)
		return;
	/* First: their follow-ups write into the session. */
	sp_dns_batch_free(&(*session)->mail.author_batch);
	sp_dns_batch_free(&(*session)->mail.spf_batch);
	sp_dns_batch_free(&(*session)->mail.batch);
	sp_dns_batch_free(&(*session)->connection.helo_batch);
	sp_dns_batch_free(&(*session)->connection.batch);
	sp_spf_free(&(*session)->mail.spf_evaluation);
	sp_dkim_free(&(*session)->mail.dkim);
	sp_spf_free(&(*session)->connection.spf_evaluation);
	sp_arena_clear(&(*session)->mail.arena);
	sp_arena_clear(&(*session)->connection.arena);
	sp_service_unref(&(*session)->service);
	free(*session);
	*session = NULL;
}

void sp_session_note_connect(struct sp_session *session,
			     const struct sp_connect_note *note)
{
	struct sp_connection *connection = &session->connection;

	sp_ip_from_sockaddr(note->address, &connection->client,
			    &connection->client_port);
	connection->client_name =
		keep(&connection->arena, note->client_name, SP_NAME_TEXT_MAX);
	connection->own_name =
		keep(&connection->arena, note->own_name, SP_NAME_TEXT_MAX);
	if (note->own_address)
		(void)sp_ip_parse(note->own_address, &connection->own_address);
	connection->own_port = note->own_port;
	/* Postfix hands on what its sendmail command took in as a session from
	 * port 0, which no client on a wire can have. Without an address (a
	 * client that has gone already) nothing is believed. */
	connection->is_local = connection->client.family != SP_IP_NONE &&
			       connection->client_port == 0;
	connection->is_trusted =
		sp_list_find_ip(
			session->service->config->access.trusted_networks,
			&connection->client) != NULL;
}

void sp_session_note_helo(struct sp_session *session, const char *helo)
{
	struct sp_connection *connection = &session->connection;
	struct sp_text text;

	connection->access_helo = (struct sp_access_fact){ 0 };
	connection->helo_fact = (struct sp_helo_fact){ 0 };
	sp_text_init(&text, connection->helo, sizeof(connection->helo));
	sp_text_add(&text, helo ? helo : "");
}

void sp_session_note_mail(struct sp_session *session, const char *sender,
			  const char *login, const char *queue_id)
{
	struct sp_mail *mail = &session->mail;
	struct sp_address address;
	char key[SP_ADDRESS_SIZE];

	sp_session_end_mail(session);
	mail->is_open = true;
	sp_id_new(sp_clock_wall_ms(session->service->clock), mail->id);
	mail->sender = keep(&mail->arena, sender, SP_PATH_TEXT_MAX);
	mail->login = keep(&mail->arena, login, SP_LOGIN_TEXT_MAX);
	sp_session_note_queue_id(session, queue_id);

	address_key(sender, &address, key);
	mail->sender_kind = address.kind;
	mail->sender_domain =
		keep(&mail->arena, address.domain, sizeof(address.domain));
	mail->sender_key = keep(&mail->arena, key, sizeof(key));
	mail->sender_folded = mail->sender_key;
	sp_sender_fold(&address, key);
	if (key[0] && strcmp(key, mail->sender_key) != 0)
		mail->sender_folded = keep(&mail->arena, key, sizeof(key));
}

void sp_session_note_queue_id(struct sp_session *session, const char *queue_id)
{
	struct sp_mail *mail = &session->mail;

	if (!mail->queue_id[0])
		mail->queue_id = keep(&mail->arena, queue_id, SP_QUEUE_ID_MAX);
}

static uint32_t recipients_so_far(const struct sp_tally *tally)
{
	return tally->accepted + tally->deferred + tally->refused +
	       tally->mta_unknown + tally->mta_relay + tally->mta_other;
}

static void show_recipient(struct sp_mail *mail, const char *path)
{
	uint32_t number = recipients_so_far(&mail->tally);

	if (number < SP_RECIPIENTS_SHOWN)
		mail->shown[number] =
			keep(&mail->arena, path, SP_PATH_TEXT_MAX / 4);
}

void sp_session_note_recipient(struct sp_session *session, const char *path,
			       struct sp_recipient *recipient)
{
	struct sp_address address;

	*recipient = (struct sp_recipient){ .path = path };
	address_key(path, &address, recipient->key);
	show_recipient(&session->mail, path);
	session->recipient = recipient;
}

void sp_session_note_refusal(struct sp_session *session, const char *path,
			     enum sp_refusal refusal)
{
	struct sp_tally *tally = &session->mail.tally;

	show_recipient(&session->mail, path);
	switch (refusal) {
	case SP_REFUSAL_NONE:
		return;
	case SP_REFUSAL_UNKNOWN_USER:
		tally->mta_unknown++;
		break;
	case SP_REFUSAL_RELAY:
		tally->mta_relay++;
		break;
	case SP_REFUSAL_OTHER:
		tally->mta_other++;
		break;
	}
	sp_session_note_probe(session, refusal);
}

void sp_session_note_hang_up(struct sp_session *session)
{
	session->connection.probe.session.hung_up++;
	session->connection.unsaved.hung_up++;
}

static void add_probe(struct sp_probe_counts *counts, enum sp_refusal refusal)
{
	if (refusal == SP_REFUSAL_UNKNOWN_USER)
		counts->unknown++;
	if (refusal == SP_REFUSAL_RELAY)
		counts->relay++;
}

void sp_session_note_probe(struct sp_session *session, enum sp_refusal refusal)
{
	struct sp_connection *connection = &session->connection;

	if (sp_session_is_exempt(session))
		return;
	add_probe(&connection->probe.session, refusal);
	add_probe(&connection->probe.network, refusal);
	add_probe(&connection->unsaved, refusal);
}

void sp_session_note_network(struct sp_session *session,
			     const struct sp_probe_counts *saved)
{
	struct sp_connection *connection = &session->connection;

	connection->probe.state = SP_FACT_KNOWN;
	connection->probe.network = (struct sp_probe_counts){
		.unknown = saved->unknown + connection->unsaved.unknown,
		.relay = saved->relay + connection->unsaved.relay,
		.hung_up = saved->hung_up + connection->unsaved.hung_up,
	};
}

void sp_session_end_recipient(struct sp_session *session)
{
	session->recipient = NULL;
}

static const char *first_name(const struct sp_from *from)
{
	for (unsigned i = 0; i < from->domain_count; i++)
		if (from->domains[i].kind == SP_FROM_DOMAIN_NAME)
			return from->domains[i].name;
	return "";
}

/* Whoever the author is, the first name in it is what a reader sees. */
static bool note_from(struct sp_mail *mail, const char *value)
{
	bool was_known = mail->from_domain[0] != '\0';

	if (!mail->from) {
		mail->from = sp_arena_alloc(&mail->arena, sizeof(*mail->from));
		if (!mail->from)
			return false;
		sp_from_init(mail->from);
	}
	sp_from_add_field(mail->from, value, strlen(value));
	mail->from_domain = first_name(mail->from);
	return !was_known && mail->from_domain[0] != '\0';
}

/* What the field itself says, to us. True when it brought the author. */
static bool read_header(struct sp_session *session, const char *name,
			const char *value)
{
	struct sp_mail *mail = &session->mail;

	/* Nearly every field stops at its first letter. */
	switch (name[0] | 0x20) {
	case 'a':
	case 'r':
	case 'x':
		sp_own_fields_note(session, name, value);
		return false;
	case 'f':
		return sp_text_equals(name, "From") &&
		       note_from(&session->mail, value);
	case 'l':
		if (sp_text_equals(name, "List-Id") && !mail->list_id[0])
			mail->list_id =
				keep(&mail->arena, value, SP_LIST_ID_TEXT_MAX);
		return false;
	default:
		return false;
	}
}

static struct sp_owner_fact pickup_owner(const struct sp_session *session,
					 const char *name, const char *value)
{
	struct sp_owner_fact owner = { .state = SP_FACT_UNKNOWN };
	const struct sp_pickup_field field = {
		.is_local = session->connection.is_local,
		.is_first = true,
		.name = name,
		.value = value,
		.queue_id = session->mail.queue_id,
	};

	if (!session->service->config->local.has_pickup_header)
		owner.why = SP_OWNER_NOT_SET_UP;
	else if (sp_pickup_read(&field, &owner.uid) == SP_PICKUP_KNOWN)
		owner.state = SP_FACT_KNOWN;
	else
		owner.why = SP_OWNER_NO_HEADER;
	return owner;
}

bool sp_session_note_header(struct sp_session *session, const char *name,
			    const char *value)
{
	bool has_author = read_header(session, name, value);
	struct sp_dkim *dkim = session->mail.dkim;

	if (!session->mail.has_header && session->connection.is_local)
		session->mail.owner = pickup_owner(session, name, value);
	session->mail.has_header = true;
	sp_submission_note_header(session, name, value);
	if (session->mail.dsn)
		sp_dsn_header(session->mail.dsn, name, value);
	return (dkim && sp_dkim_header(dkim, name, value)) || has_author;
}

void sp_session_end_mail(struct sp_session *session)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dns_batch *const kept[] = { mail->batch, mail->spf_batch,
					      mail->author_batch };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i])
			sp_dns_batch_clear(kept[i]);
	/* Behind the batches, whose follow-ups write into it. */
	sp_spf_free(&mail->spf_evaluation);
	sp_dkim_free(&mail->dkim);
	sp_arena_clear(&mail->arena);
	mail_init(mail);
	mail->batch = kept[0];
	mail->spf_batch = kept[1];
	mail->author_batch = kept[2];
}

const struct sp_owner_fact *sp_session_owner(const struct sp_session *session)
{
	return session->connection.is_local ? &session->mail.owner
					    : &session->connection.owner;
}

bool sp_session_is_exempt(const struct sp_session *session)
{
	return session->connection.is_trusted || session->connection.is_local ||
	       session->mail.login[0] != '\0';
}

void sp_session_facts(const struct sp_session *session, enum sp_stage stage,
		      struct sp_facts *facts_out)
{
	static const struct sp_relay_fact not_asked;
	const struct sp_connection *connection = &session->connection;
	const struct sp_mail *mail = &session->mail;
	const struct sp_recipient *recipient = session->recipient;

	*facts_out = (struct sp_facts){
		.stage = stage,
		.is_trusted = connection->is_trusted,
		.is_submitted = connection->is_local || mail->login[0],
		.is_null_sender = mail->sender_kind == SP_ADDRESS_NULL,
		.degraded = mail->degraded,
		.access_client = &connection->access_client,
		.access_helo = &connection->access_helo,
		.access_sender = &mail->access_sender,
		.access_recipient = recipient ? &recipient->access
					      : &mail->access_recipient,
		.gate = &connection->gate.fact,
		.is_known = connection->is_known,
		.owner = sp_session_owner(session),
		.helo = &connection->helo_fact,
		.rdns = &connection->rdns,
		.helo_name = &connection->helo_name,
		.dnsbl = &connection->dnsbl,
		.sender_domain = &mail->sender_domain_fact,
		.spf_helo = &connection->spf_helo,
		.spf = &mail->spf,
		.dkim = &mail->dkim_fact,
		.from = mail->from,
		.dmarc = &mail->dmarc,
		.dsn = &mail->dsn_fact,
		.helo_text = connection->helo,
		.sender_text = mail->sender_domain,
		.greylist = recipient ? &recipient->greylist : &mail->held,
		.relay = recipient ? &recipient->relay : &not_asked,
		.probe = &connection->probe,
		.submitter = &mail->submitter_fact,
	};
	facts_out->rhsbl[SP_RHSBL_HELO] = &connection->rhsbl[SP_RHSBL_HELO];
	facts_out->rhsbl[SP_RHSBL_RDNS] = &connection->rhsbl[SP_RHSBL_RDNS];
	facts_out->rhsbl[SP_RHSBL_SENDER] = &mail->rhsbl[SP_RHSBL_SENDER];
	facts_out->rhsbl[SP_RHSBL_FROM] = &mail->rhsbl[SP_RHSBL_FROM];
}

#include "sallyport/record.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "moments.h"
#include "queue.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/log.h"
#include "sallyport/policy.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"
#include "sallyport/timing.h"
#include "trace.h"

/* The last records, the oldest overwritten. */
static struct {
	pthread_mutex_t lock;
	struct sp_entry *entries[SP_RECORD_RING]; /* guarded by lock */
	size_t next;				  /* guarded by lock */
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER };

const char *sp_outcome_name(enum sp_outcome outcome)
{
	static const char *const names[] = {
		[SP_OUTCOME_ACCEPT] = "accept",
		[SP_OUTCOME_HOLD] = "hold",
		[SP_OUTCOME_DEFER] = "defer",
		[SP_OUTCOME_REJECT] = "reject",
		[SP_OUTCOME_MIXED] = "mixed",
		[SP_OUTCOME_ABORTED] = "aborted",
	};

	return names[outcome];
}

static enum sp_outcome outcome_of(const struct sp_mail *mail)
{
	const struct sp_tally *tally = &mail->tally;

	if (tally->accepted > 0 && !mail->was_answered)
		return SP_OUTCOME_ABORTED;
	if (tally->is_sender_refused)
		return SP_OUTCOME_REJECT;
	if (tally->is_sender_deferred)
		return SP_OUTCOME_DEFER;
	if (tally->is_held)
		return SP_OUTCOME_HOLD;
	if (tally->accepted > 0)
		return tally->deferred + tally->refused > 0 ? SP_OUTCOME_MIXED
							    : SP_OUTCOME_ACCEPT;
	if (tally->deferred > 0)
		return SP_OUTCOME_DEFER;
	return tally->refused > 0 ? SP_OUTCOME_REJECT : SP_OUTCOME_ABORTED;
}

static enum sp_outcome would_of(const struct sp_tally *tally)
{
	if (tally->would_refuse > 0)
		return SP_OUTCOME_REJECT;
	if (tally->would_defer > 0)
		return SP_OUTCOME_DEFER;
	return tally->would_hold ? SP_OUTCOME_HOLD : SP_OUTCOME_ACCEPT;
}

static void fill_recipients(struct sp_record *record,
			    const struct sp_mail *mail)
{
	const struct sp_tally *tally = &mail->tally;
	struct sp_text text;

	sp_text_init(&text, record->to, sizeof(record->to));
	for (size_t i = 0; i < SP_RECIPIENTS_SHOWN && mail->shown[i]; i++) {
		if (i > 0)
			sp_text_add(&text, ",");
		sp_text_add(&text, mail->shown[i]);
	}
	record->accepted = tally->accepted;
	record->deferred = tally->deferred;
	record->refused = tally->refused;
	record->mta_unknown = tally->mta_unknown;
	record->mta_relay = tally->mta_relay;
	record->mta_other = tally->mta_other;
	record->recipients = tally->accepted + tally->deferred + tally->refused;
}

static void fill_findings(struct sp_record *record,
			  const struct sp_verdict *verdict)
{
	if (!verdict)
		return;
	record->score = verdict->score;
	record->refuse = verdict->refuse;
	if (verdict->because != SP_FINDING_COUNT)
		record->because = sp_finding_kind(verdict->because)->name;
	record->finding_count = verdict->count < SP_RECORD_FINDINGS
					? verdict->count
					: SP_RECORD_FINDINGS;
	for (size_t i = 0; i < record->finding_count; i++) {
		struct sp_record_finding *to = &record->findings[i];
		const struct sp_finding *from = &verdict->findings[i];

		sp_text_copy(to->name, sizeof(to->name), from->name);
		to->weight = from->weight;
		sp_text_copy(to->reason, sizeof(to->reason), from->reason);
	}
}

static void fill_greeting(struct sp_record *record,
			  const struct sp_gate_fact *gate)
{
	if (gate->answer == SP_GATE_NOT_RUN)
		return;
	record->greeting = sp_gate_answer_text(gate->answer);
	record->greeting_why = sp_gate_why_text(gate->why);
	record->greeting_ms = gate->held_ms;
}

static void fill_owner(struct sp_record *record,
		       const struct sp_owner_fact *owner)
{
	record->has_uid = owner->state == SP_FACT_KNOWN;
	record->uid = owner->uid;
	if (owner->state == SP_FACT_UNKNOWN)
		record->uid_why = sp_owner_why_text(owner->why);
}

static void fill_submitter(struct sp_record *record, const struct sp_mail *mail)
{
	if (!mail->submission.who)
		return;
	sp_text_copy(record->submitter, sizeof(record->submitter),
		     mail->submission.who->key);
	record->submitter_state = mail->submitter_fact.standing.state;
	record->place = mail->submission.place;
}

static void fill_greylist(struct sp_record *record,
			  const struct sp_greylist_fact *fact)
{
	if (fact->identity)
		record->proof = sp_identity_proof_text(fact->proof);
	sp_text_copy(record->identity, sizeof(record->identity),
		     fact->identity);
	if (fact->state != SP_FACT_KNOWN)
		return;
	record->greylist = sp_greylist_state_name(fact->answer.state);
	record->wait_ms = fact->answer.wait_ms;
	if (fact->answer.state == SP_GREYLIST_PASSED &&
	    record->at_ms > fact->answer.first_ms)
		record->waited_ms = record->at_ms - fact->answer.first_ms;
}

static void fill_dsn(struct sp_record *record, const struct sp_mail *mail)
{
	const struct sp_dsn_fact *fact = &mail->dsn_fact;

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	record->dsn = sp_dsn_fact_text(fact);
	record->dsn_failed = fact->failed;
	record->dsn_counted = mail->bounces_counted;
	sp_text_copy(record->dsn_submitter, sizeof(record->dsn_submitter),
		     fact->submitter);
}

static void fill(struct sp_record *record, const struct sp_session *session)
{
	const struct sp_connection *connection = &session->connection;
	const struct sp_mail *mail = &session->mail;

	*record = (struct sp_record){
		.outcome = outcome_of(mail),
		.would = would_of(&mail->tally),
		.forged = mail->own_fields.forged,
		.degraded = mail->degraded,
		.waited_us = mail->waited_us,
		.at_ms = sp_clock_wall_ms(session->service->clock),
	};
	sp_ip_format(&connection->client, record->client);
	sp_text_copy(record->id, sizeof(record->id), mail->id);
	sp_text_copy(record->queue_id, sizeof(record->queue_id),
		     mail->queue_id);
	sp_text_copy(record->name, sizeof(record->name),
		     connection->client_name);
	sp_text_copy(record->helo, sizeof(record->helo), connection->helo);
	sp_text_copy(record->from, sizeof(record->from), mail->sender);
	sp_text_copy(record->login, sizeof(record->login), mail->login);
	sp_text_copy(record->sender_domain, sizeof(record->sender_domain),
		     mail->sender_domain);
	fill_greylist(record, &mail->greylist);
	sp_text_copy(record->taught, sizeof(record->taught), mail->taught);
	memcpy(record->stage_us, mail->stage_us, sizeof(record->stage_us));
	memcpy(record->stage_us, connection->stage_us,
	       sizeof(connection->stage_us));
	fill_greeting(record, &connection->gate.fact);
	fill_owner(record, sp_session_owner(session));
	fill_submitter(record, mail);
	fill_dsn(record, mail);
	sp_trace_results(record, session);
	sp_trace_lookups(record, session);
	fill_recipients(record, mail);
	fill_findings(record, mail->verdict);
}

static const char *unless_empty(const char *text)
{
	return text[0] ? text : NULL;
}

static void log_tests(struct sp_log_event *event,
		      const struct sp_record *record)
{
	char bytes[1024];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	for (size_t i = 0; i < record->finding_count; i++) {
		sp_text_add(&text, i > 0 ? "," : "");
		sp_text_add(&text, record->findings[i].name);
		sp_text_add(&text, "=");
		sp_text_add_points(&text, record->findings[i].weight);
	}
	sp_log_event_text(event, "tests", unless_empty(bytes));
}

static void log_times(struct sp_log_event *event,
		      const struct sp_record *record)
{
	char key[16];
	struct sp_text text;

	for (unsigned i = 0; i < SP_STAGE_COUNT; i++) {
		if (record->stage_us[i] == 0)
			continue;
		sp_text_init(&text, key, sizeof(key));
		sp_text_add(&text, "ms_");
		sp_text_add(&text, sp_stage_name((enum sp_stage)i));
		sp_log_event_real(event, key, record->stage_us[i] / 1000.0);
	}
	sp_log_event_real(event, "ms_wait", record->waited_us / 1000.0);
}

static void log_degraded(struct sp_log_event *event, unsigned degraded)
{
	char bytes[64];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	sp_facts_add_degraded(&text, degraded);
	sp_log_event_text(event, "degraded", unless_empty(bytes));
}

static void log_refusals(struct sp_log_event *event,
			 const struct sp_record *record)
{
	const struct {
		const char *key;
		uint32_t count;
	} rows[] = {
		{ "mta_unknown", record->mta_unknown },
		{ "mta_relay", record->mta_relay },
		{ "mta_other", record->mta_other },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].count > 0)
			sp_log_event_number(event, rows[i].key, rows[i].count);
}

static void log_greeting(struct sp_log_event *event,
			 const struct sp_record *record)
{
	if (!record->greeting)
		return;
	sp_log_event_text(event, "greeting", record->greeting);
	sp_log_event_text(event, "greeting_why",
			  unless_empty(record->greeting_why));
	sp_log_event_number(event, "greeting_ms", record->greeting_ms);
}

static void log_submitter(struct sp_log_event *event,
			  const struct sp_record *record)
{
	if (!record->submitter[0])
		return;
	sp_log_event_text(event, "submitter", record->submitter);
	if (record->submitter_state != SP_SUBMITTER_OK)
		sp_log_event_text(
			event, "submitter_state",
			sp_submitter_state_name(record->submitter_state));
	sp_log_event_text(event, "country",
			  unless_empty(record->place.country));
	sp_log_event_text(event, "asn", unless_empty(record->place.asn));
}

static void log_dsn(struct sp_log_event *event, const struct sp_record *record)
{
	if (!record->dsn)
		return;
	sp_log_event_text(event, "dsn", record->dsn);
	sp_log_event_number(event, "dsn_failed", record->dsn_failed);
	if (!record->dsn_submitter[0])
		return;
	sp_log_event_text(event, "dsn_submitter", record->dsn_submitter);
	sp_log_event_number(event, "dsn_counted", record->dsn_counted);
}

static void write_line(const struct sp_record *record)
{
	struct sp_log_event event;

	sp_log_event_begin(&event, SP_LOG_INFO, "verdict");
	sp_log_event_text(&event, "id", record->id);
	sp_log_event_text(&event, "queue", unless_empty(record->queue_id));
	sp_log_event_text(&event, "client", record->client);
	sp_log_event_text(&event, "name", unless_empty(record->name));
	sp_log_event_text(&event, "helo", unless_empty(record->helo));
	sp_log_event_text(&event, "login", unless_empty(record->login));
	if (record->has_uid)
		sp_log_event_number(&event, "uid", record->uid);
	sp_log_event_text(&event, "uid_why", record->uid_why);
	log_submitter(&event, record);
	sp_log_event_text(&event, "from", record->from);
	sp_log_event_text(&event, "to", unless_empty(record->to));
	sp_log_event_number(&event, "rcpts", record->recipients);
	sp_log_event_number(&event, "accepted", record->accepted);
	sp_log_event_number(&event, "deferred", record->deferred);
	sp_log_event_number(&event, "refused", record->refused);
	log_refusals(&event, record);
	sp_log_event_text(&event, "verdict", sp_outcome_name(record->outcome));
	if (record->would != SP_OUTCOME_ACCEPT)
		sp_log_event_text(&event, "would",
				  sp_outcome_name(record->would));
	sp_log_event_real(&event, "score", record->score);
	log_tests(&event, record);
	log_greeting(&event, record);
	sp_log_event_text(&event, "greylist", record->greylist);
	sp_log_event_text(&event, "identity", unless_empty(record->identity));
	sp_log_event_text(&event, "proof", record->proof);
	sp_log_event_text(&event, "taught", unless_empty(record->taught));
	log_dsn(&event, record);
	if (record->forged > 0)
		sp_log_event_number(&event, "forged", record->forged);
	log_degraded(&event, record->degraded);
	log_times(&event, record);
	sp_log_event_end(&event);
}

static void count(const struct sp_record *record)
{
	static const enum sp_counter counters[] = {
		[SP_OUTCOME_ACCEPT] = SP_COUNT_VERDICT_ACCEPT,
		[SP_OUTCOME_HOLD] = SP_COUNT_VERDICT_HOLD,
		[SP_OUTCOME_DEFER] = SP_COUNT_VERDICT_DEFER,
		[SP_OUTCOME_REJECT] = SP_COUNT_VERDICT_REJECT,
		[SP_OUTCOME_MIXED] = SP_COUNT_VERDICT_MIXED,
		[SP_OUTCOME_ABORTED] = SP_COUNT_VERDICT_ABORTED,
	};

	sp_count(counters[record->outcome]);
	if (record->would == SP_OUTCOME_HOLD)
		sp_count(SP_COUNT_WOULD_HOLD);
	if (record->would == SP_OUTCOME_DEFER)
		sp_count(SP_COUNT_WOULD_DEFER);
	if (record->would == SP_OUTCOME_REJECT)
		sp_count(SP_COUNT_WOULD_REJECT);
	if (record->degraded)
		sp_count(SP_COUNT_DEGRADED);
	sp_timing_add(SP_TIMING_MAIL, record->waited_us);
}

/* Takes over the reference. */
static void keep(struct sp_entry *entry)
{
	struct sp_entry *oldest;

	pthread_mutex_lock(&ring.lock);
	oldest = ring.entries[ring.next];
	ring.entries[ring.next] = entry;
	ring.next = (ring.next + 1) % SP_RECORD_RING;
	pthread_mutex_unlock(&ring.lock);
	sp_entry_unref(&oldest);
}

void sp_record_mail(const struct sp_session *session)
{
	char facts[SP_RECORD_FACTS_SIZE];
	struct sp_entry *entry;
	struct sp_text text;

	sp_text_init(&text, facts, sizeof(facts));
	sp_moments_join(&session->mail.moments, &text);
	entry = sp_entry_new(facts);
	if (!entry)
		abort();
	fill(&entry->record, session);
	write_line(&entry->record);
	count(&entry->record);
	sp_queue_put(entry);
	keep(entry);
}

static bool is_it(const struct sp_entry *entry, const char *id)
{
	return entry && id[0] &&
	       (strcmp(entry->record.id, id) == 0 ||
		strcmp(entry->record.queue_id, id) == 0);
}

enum sp_err sp_record_find(const char *id, struct sp_record *record_out,
			   char facts_out[SP_RECORD_FACTS_SIZE])
{
	enum sp_err err = SP_ERR_NOT_FOUND;

	pthread_mutex_lock(&ring.lock);
	for (size_t i = 1; i <= SP_RECORD_RING; i++) {
		const struct sp_entry *entry =
			ring.entries[(ring.next + SP_RECORD_RING - i) %
				     SP_RECORD_RING];

		if (!is_it(entry, id))
			continue;
		*record_out = entry->record;
		sp_text_copy(facts_out, SP_RECORD_FACTS_SIZE, entry->facts);
		err = SP_OK;
		break;
	}
	pthread_mutex_unlock(&ring.lock);
	return err;
}

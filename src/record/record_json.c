/* A record as JSON: for the operator's socket, and for events. */
#include "sallyport/record.h"

#include "json.h"
#include "sallyport/text.h"

static void put_texts(struct sp_json *json, const struct sp_record *record)
{
	const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{ "id", record->id },
		{ "queue", record->queue_id },
		{ "client", record->client },
		{ "name", record->name },
		{ "helo", record->helo },
		{ "login", record->login },
		{ "from", record->from },
		{ "to", record->to },
		{ "country", record->place.country },
		{ "asn", record->place.asn },
		{ "identity", record->identity },
		{ "taught", record->taught },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value[0])
			sp_json_add_text(json, rows[i].name, rows[i].value);
}

static void put_numbers(struct sp_json *json, const struct sp_record *record)
{
	sp_json_add_number(json, "at", record->at_ms);
	sp_json_add_number(json, "rcpts", record->recipients);
	sp_json_add_number(json, "accepted", record->accepted);
	sp_json_add_number(json, "deferred", record->deferred);
	sp_json_add_number(json, "refused", record->refused);
	sp_json_add_number(json, "mta_unknown", record->mta_unknown);
	sp_json_add_number(json, "mta_relay", record->mta_relay);
	sp_json_add_number(json, "mta_other", record->mta_other);
	sp_json_add_points(json, "score", record->score);
	sp_json_add_points(json, "refuse", record->refuse);
	sp_json_add_ms(json, "ms_wait", record->waited_us);
}

static void put_dsn(struct sp_json *json, const struct sp_record *record)
{
	if (!record->dsn)
		return;
	sp_json_add_text(json, "dsn", record->dsn);
	sp_json_add_number(json, "dsn_failed", record->dsn_failed);
	if (!record->dsn_submitter[0])
		return;
	sp_json_add_text(json, "dsn_submitter", record->dsn_submitter);
	sp_json_add_number(json, "dsn_counted", record->dsn_counted);
}

static void put_verdict(struct sp_json *json, const struct sp_record *record)
{
	char bytes[64];
	struct sp_text degraded;

	sp_json_add_text(json, "verdict", sp_outcome_name(record->outcome));
	if (record->would != SP_OUTCOME_ACCEPT)
		sp_json_add_text(json, "would", sp_outcome_name(record->would));
	sp_json_add_text(json, "because", record->because);
	sp_json_add_text(json, "greeting", record->greeting);
	if (record->greeting && record->greeting_why[0])
		sp_json_add_text(json, "greeting_why", record->greeting_why);
	if (record->greeting)
		sp_json_add_number(json, "greeting_ms", record->greeting_ms);
	if (record->has_uid)
		sp_json_add_number(json, "uid", record->uid);
	sp_json_add_text(json, "uid_why", record->uid_why);
	if (record->submitter[0]) {
		sp_json_add_text(json, "submitter", record->submitter);
		sp_json_add_text(
			json, "submitter_state",
			sp_submitter_state_name(record->submitter_state));
	}
	sp_json_add_text(json, "greylist", record->greylist);
	if (record->wait_ms > 0)
		sp_json_add_number(json, "greylist_wait_ms", record->wait_ms);
	if (record->waited_ms > 0)
		sp_json_add_number(json, "greylist_waited_ms",
				   record->waited_ms);
	sp_json_add_text(json, "proof", record->proof);
	put_dsn(json, record);
	if (record->forged > 0)
		sp_json_add_number(json, "forged", record->forged);
	sp_text_init(&degraded, bytes, sizeof(bytes));
	sp_facts_add_degraded(&degraded, record->degraded);
	if (bytes[0])
		sp_json_add_text(json, "degraded", bytes);
}

static void put_findings(struct sp_json *json, const struct sp_record *record)
{
	sp_json_open(json, "findings", '[');
	for (size_t i = 0; i < record->finding_count; i++) {
		const struct sp_record_finding *finding = &record->findings[i];

		sp_json_open(json, NULL, '{');
		sp_json_add_text(json, "name", finding->name);
		sp_json_add_points(json, "weight", finding->weight);
		sp_json_add_text(json, "reason", finding->reason);
		sp_json_close(json, '}');
	}
	sp_json_close(json, ']');
}

static void put_stages(struct sp_json *json, const struct sp_record *record)
{
	sp_json_open(json, "stages", '[');
	for (unsigned i = 0; i < SP_STAGE_COUNT; i++) {
		sp_json_open(json, NULL, '{');
		sp_json_add_text(json, "name", sp_stage_name((enum sp_stage)i));
		sp_json_add_ms(json, "ms", record->stage_us[i]);
		sp_json_close(json, '}');
	}
	sp_json_close(json, ']');
}

static void put_results(struct sp_json *json, const struct sp_record *record)
{
	sp_json_open(json, "results", '[');
	for (size_t i = 0; i < record->result_count; i++) {
		const struct sp_record_result *result = &record->results[i];

		sp_json_open(json, NULL, '{');
		sp_json_add_text(json, "method", result->method);
		sp_json_add_text(json, "result", result->result);
		sp_json_add_text(json, "about", result->about);
		sp_json_add_text(json, "reason", result->reason);
		sp_json_close(json, '}');
	}
	sp_json_close(json, ']');
}

static void put_lookups(struct sp_json *json, const struct sp_record *record)
{
	sp_json_open(json, "lookups", '[');
	for (size_t i = 0; i < record->lookup_count; i++) {
		const struct sp_record_lookup *lookup = &record->lookups[i];

		sp_json_open(json, NULL, '{');
		sp_json_add_text(json, "type", lookup->type);
		sp_json_add_text(json, "name", record->names + lookup->name);
		sp_json_add_text(json, "status", lookup->status);
		if (lookup->took_us >= 0)
			sp_json_add_ms(json, "ms", lookup->took_us);
		sp_json_add_bool(json, "cached", lookup->is_cached);
		sp_json_close(json, '}');
	}
	sp_json_close(json, ']');
	sp_json_add_number(json, "lookups_total",
			   (int64_t)record->lookups_total);
}

const char *sp_record_json(const struct sp_record *record,
			   char json_out[SP_RECORD_JSON_SIZE])
{
	struct sp_json json;

	sp_json_init(&json, json_out, SP_RECORD_JSON_SIZE);
	sp_json_open(&json, NULL, '{');
	put_texts(&json, record);
	put_numbers(&json, record);
	put_verdict(&json, record);
	put_findings(&json, record);
	put_stages(&json, record);
	put_results(&json, record);
	put_lookups(&json, record);
	sp_json_close(&json, '}');
	if (json.text.is_cut)
		sp_text_copy(json_out, SP_RECORD_JSON_SIZE, "{}");
	return json_out;
}

/*
 * Write Authentication-Results and Received-SPF of what standard input says:
 * strings, each ended by NUL, "KEY=VALUE" with any bytes in the value. An empty
 * one ends a case; then both values come out, each ended by NUL.
 *
 * Keys: id, ip, helo, sender, domain, null; iprev=N; spf=N, spf-domain,
 * spf-reason, spf-term; helo-spf=N, helo-domain; dkim=N begins a signature, of
 * which are d, s, a, b, reason, flags; dmarc=N, from, published, policy,
 * dmarc-reason. N is a result's number, or -1 for UNKNOWN; dkim-none=N is a
 * fact without signatures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/ip.h"

struct world {
	struct sp_rdns_fact rdns;
	struct sp_spf_fact spf_helo, spf;
	struct sp_dkim_fact dkim;
	struct sp_dkim_signature signatures[SP_DKIM_FACTS_MAX];
	struct sp_dmarc_fact dmarc;
	struct sp_dmarc_outcome outcome;
	struct sp_facts facts;
	struct sp_ip client;
	struct sp_results_note note;
};

static void world_init(struct world *world)
{
	*world = (struct world){
		.facts = { .rdns = &world->rdns,
			   .spf_helo = &world->spf_helo,
			   .spf = &world->spf,
			   .dkim = &world->dkim,
			   .dmarc = &world->dmarc },
		.note = { .authserv_id = "mx.here.example",
			  .client = &world->client,
			  .helo = "",
			  .sender = "",
			  .sender_domain = "",
			  .facts = &world->facts },
		.dmarc = { .outcome = &world->outcome },
	};
}

static enum sp_fact_state state_of(const char *value)
{
	return atoi(value) < 0 ? SP_FACT_UNKNOWN : SP_FACT_KNOWN;
}

static void begin_signature(struct world *world, const char *value)
{
	struct sp_dkim_signature *signature;

	if (world->dkim.count == SP_DKIM_FACTS_MAX)
		abort();
	signature = &world->signatures[world->dkim.count];
	*signature = (struct sp_dkim_signature){
		.result = (enum sp_dkim_result)atoi(value),
		.reason = "",
		.domain = "",
		.selector = "",
		.algorithm = "",
		.hash_start = "",
	};
	world->dkim.signatures[world->dkim.count++] = signature;
	world->dkim.state = SP_FACT_KNOWN;
}

/* A text; false when the key names none. */
static bool set_text(struct world *world, const char *key, const char *value)
{
	struct sp_dkim_signature none;
	struct sp_dkim_signature *signature =
		world->dkim.count > 0
			? &world->signatures[world->dkim.count - 1]
			: &none;
	const struct {
		const char *key;
		const char **text;
	} rows[] = {
		{ "id", &world->note.authserv_id },
		{ "helo", &world->note.helo },
		{ "sender", &world->note.sender },
		{ "domain", &world->note.sender_domain },
		{ "spf-domain", &world->spf.domain },
		{ "spf-reason", &world->spf.reason },
		{ "spf-term", &world->spf.term },
		{ "helo-domain", &world->spf_helo.domain },
		{ "d", &signature->domain },
		{ "s", &signature->selector },
		{ "a", &signature->algorithm },
		{ "b", &signature->hash_start },
		{ "reason", &signature->reason },
		{ "dmarc-reason", &world->outcome.reason },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(key, rows[i].key) == 0) {
			*rows[i].text = value;
			return true;
		}
	return false;
}

static void set_result(struct world *world, const char *key, const char *value)
{
	int number = atoi(value);
	unsigned bits = (unsigned)number;

	if (strcmp(key, "ip") == 0) {
		if (sp_ip_parse(value, &world->client) != SP_OK)
			abort();
	} else if (strcmp(key, "null") == 0) {
		world->facts.is_null_sender = true;
	} else if (strcmp(key, "iprev") == 0) {
		world->rdns.state = state_of(value);
		world->rdns.kind = (enum sp_rdns_kind)bits;
	} else if (strcmp(key, "spf") == 0) {
		world->spf.state = state_of(value);
		world->spf.result = (enum sp_spf_result)bits;
	} else if (strcmp(key, "helo-spf") == 0) {
		world->spf_helo.state = state_of(value);
		world->spf_helo.result = (enum sp_spf_result)bits;
	} else if (strcmp(key, "dkim") == 0) {
		begin_signature(world, value);
	} else if (strcmp(key, "dkim-none") == 0) {
		world->dkim.state = state_of(value);
	} else if (strcmp(key, "flags") == 0) {
		world->signatures[world->dkim.count - 1].is_testing = bits & 1;
		world->signatures[world->dkim.count - 1].is_partial = bits & 2;
	} else if (strcmp(key, "dmarc") == 0) {
		world->dmarc.state = state_of(value);
		world->outcome.result = (enum sp_dmarc_result)bits;
	} else if (strcmp(key, "from") == 0) {
		snprintf(world->outcome.domain, sizeof(world->outcome.domain),
			 "%s", value);
	} else if (strcmp(key, "published") == 0) {
		world->outcome.published = (enum sp_dmarc_policy)bits;
	} else if (strcmp(key, "policy") == 0) {
		world->outcome.policy = (enum sp_dmarc_policy)bits;
	} else {
		abort();
	}
}

static void set(struct world *world, char *pair)
{
	char *value = strchr(pair, '=');

	if (!value)
		abort();
	*value++ = '\0';
	if (!set_text(world, pair, value))
		set_result(world, pair, value);
}

static void put(const struct world *world,
		void (*write)(const struct sp_results_note *note,
			      struct sp_text *text))
{
	char bytes[SP_RESULTS_BYTES_MAX];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	write(&world->note, &text);
	if (text.is_cut)
		abort();
	fwrite(bytes, 1, text.length + 1, stdout);
}

int main(void)
{
	struct world world;
	char *pairs[128];
	size_t count = 0, size = 0;

	world_init(&world);
	for (;;) {
		char **pair = &pairs[count];

		*pair = NULL;
		size = 0;
		if (count == 127 || getdelim(pair, &size, '\0', stdin) < 0)
			break;
		if ((*pair)[0] != '\0') {
			set(&world, *pair);
			count++;
			continue;
		}
		put(&world, sp_results_write);
		put(&world, sp_received_spf_write);
		for (size_t i = 0; i <= count; i++)
			free(pairs[i]);
		count = 0;
		world_init(&world);
	}
	for (size_t i = 0; i <= count; i++)
		free(pairs[i]);
	return count > 0;
}

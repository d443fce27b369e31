#include "policy_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/gate.h"

static void make_rules(struct sp_dnsbl_rules *addresses,
		       struct sp_dnsbl_rules *domains)
{
	char error[SP_DNSBL_ERROR_SIZE];

	sp_dnsbl_rules_init(addresses);
	sp_dnsbl_rules_init(domains);
	assert_int_equal(sp_dnsbl_rules_add(addresses,
					    "BAD: key12345678abcdefgh.zen.dq."
					    "spamhaus.net=127.0.0.2*2.5",
					    error),
			 SP_OK);
	assert_int_equal(sp_dnsbl_rules_add(addresses,
					    "WORSE: bl.example=127.0.0.3*3",
					    error),
			 SP_OK);
	assert_int_equal(sp_dnsbl_rules_add(addresses,
					    "GOOD: wl.example=127.0.0.4*-3",
					    error),
			 SP_OK);
	assert_int_equal(
		sp_dnsbl_rules_add(domains, "DOMAINS: dbl.example*4", error),
		SP_OK);
}

static struct sp_config config_for(const struct given *given)
{
	struct sp_config config = {
		.access.mode = given->access_observes ? SP_MODE_OBSERVE
						      : SP_MODE_ENFORCE,
		.greylist.mode = given->greylist_observes ? SP_MODE_OBSERVE
							  : SP_MODE_ENFORCE,
		.greylist.from_score = given->from_score,
		.dmarc.mode = given->dmarc_observes ? SP_MODE_OBSERVE
						    : SP_MODE_ENFORCE,
		.greeting.mode = SP_MODE_ENFORCE,
		.greeting.early_talker = given->refuses_talkers
						 ? SP_EARLY_TALKER_REFUSE
						 : SP_EARLY_TALKER_SCORE,
		.dmarc.honour = given->honours_dmarc ? SP_HONOUR_REJECT
						     : SP_HONOUR_NONE,
		.relay.mode = given->relay_observes ? SP_MODE_OBSERVE
						    : SP_MODE_ENFORCE,
		.relay.session = 1,
		.relay.network = 2,
		.harvest = { .session = 3,
			     .network = 10,
			     .window_ms = 3600000 },
		.outbound.mode = given->outbound_observes ? SP_MODE_OBSERVE
							  : SP_MODE_ENFORCE,
		.outbound.locked_reply = given->refuses_locked
						 ? SP_LOCKED_REFUSE
						 : SP_LOCKED_DEFER,
		.score.mode = given->score_observes ? SP_MODE_OBSERVE
						    : SP_MODE_ENFORCE,
		.score.refuse = given->refuse > 0 ? given->refuse : 10,
	};

	for (unsigned i = 0; i < SP_FINDING_COUNT; i++)
		config.score.weights[i] =
			sp_finding_kind((enum sp_finding_id)i)->weight;
	return config;
}

static struct sp_access_fact access_fact(enum sp_access_answer answer)
{
	static const struct sp_list_entry entry = { .text = "entry",
						    .file = "list",
						    .line = 7 };

	return (struct sp_access_fact){
		.state = SP_FACT_KNOWN,
		.answer = answer,
		.entry = answer == SP_ACCESS_NOTHING ? NULL : &entry,
	};
}

void decide_given(const struct given *given, struct sp_arena *arena,
		  struct sp_verdict *verdict_out)
{
	static const struct sp_rdns_fact no_rdns = { .name = "" };
	static const struct sp_helo_name_fact no_helo_lookup;
	static const struct sp_rhsbl_fact no_rhsbl;
	static const struct sp_gate_fact no_gate;
	static const struct sp_spf_fact no_spf;
	static const struct sp_dkim_fact no_dkim;
	static const struct sp_dmarc_fact no_dmarc;
	struct sp_config config = config_for(given);
	struct sp_dnsbl_rules addresses, domains;
	const struct sp_sender_domain_fact sender_domain = {
		SP_FACT_KNOWN, given->sender_domain
	};
	const struct sp_dnsbl_list_fact dnsbl = { SP_FACT_KNOWN,
						  given->listed };
	const struct sp_rhsbl_fact rhsbl_helo = { SP_FACT_KNOWN,
						  given->helo_listed };
	const struct sp_rhsbl_fact rhsbl_sender = { SP_FACT_KNOWN,
						    given->sender_listed };
	const struct sp_access_fact client = access_fact(given->client),
				    helo_name = access_fact(given->helo_name),
				    sender = access_fact(given->sender),
				    recipient = access_fact(given->recipient);
	const struct sp_helo_fact helo = { SP_FACT_KNOWN, given->helo };
	const struct sp_greylist_fact greylist = {
		.state = given->grey_state,
		.identity = "net:192.0.2.0/24",
		.proof = given->grey_proof,
		.answer = { .state = given->grey,
			    .wait_ms = 89001,
			    .tries = 1 },
	};
	const struct sp_relay_fact relay = {
		.state = SP_FACT_KNOWN,
		.kind = given->relay,
		.domain = "other.example",
	};
	const struct sp_probe_fact probe = {
		.state = given->network_state,
		.session = given->in_session,
		.network = given->in_network,
	};
	const struct sp_submitter who = { .kind = SP_SUBMITTER_LOGIN,
					  .key = "sasl:alice@here.example" };
	const struct sp_submitter_fact submitter = {
		.state = given->submitter == SP_SUBMITTER_OK &&
					 !given->foreign_from
				 ? SP_FACT_NOT_RUN
				 : SP_FACT_KNOWN,
		.foreign_from = given->foreign_from,
		.who = &who,
		.standing = { .state = given->submitter,
			      .why = { .cause = SP_CAUSE_LIMIT,
				       .counted = SP_COUNTED_RECIPIENTS,
				       .count = 312,
				       .most = 300,
				       .window_ms = 3600000 } },
	};
	static const struct sp_dsn_fact no_dsn;
	const struct sp_facts facts = {
		.stage = given->at_end ? SP_STAGE_EOM : SP_STAGE_RCPT,
		.is_trusted = given->is_trusted,
		.is_submitted = given->is_submitted,
		.is_null_sender = given->is_null_sender,
		.access_client = &client,
		.access_helo = &helo_name,
		.access_sender = &sender,
		.access_recipient = &recipient,
		.gate = given->gate ? given->gate : &no_gate,
		.helo = &helo,
		.rdns = given->rdns ? given->rdns : &no_rdns,
		.helo_name = given->helo_lookup ? given->helo_lookup
						: &no_helo_lookup,
		.dnsbl = &dnsbl,
		.rhsbl = { &rhsbl_helo, &no_rhsbl, &rhsbl_sender, &no_rhsbl },
		.sender_domain = &sender_domain,
		.spf = given->spf ? given->spf : &no_spf,
		.spf_helo = given->spf_helo ? given->spf_helo : &no_spf,
		.dkim = given->dkim ? given->dkim : &no_dkim,
		.dmarc = given->dmarc ? given->dmarc : &no_dmarc,
		.from = given->from,
		.greylist = &greylist,
		.relay = &relay,
		.dsn = given->dsn ? given->dsn : &no_dsn,
		.probe = &probe,
		.submitter = &submitter,
		.helo_text = "mail.com",
		.sender_text = "example.org",
	};

	make_rules(&addresses, &domains);
	config.dnsbl.addresses = &addresses;
	config.dnsbl.domains = &domains;
	sp_policy_decide(&facts, &config, arena, verdict_out);
}

static const char *names(const struct sp_verdict *verdict, char *out,
			 size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < verdict->count; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s",
					   i > 0 ? "," : "",
					   verdict->findings[i].name);
	return out;
}

void assert_decided(const struct decided *rows, size_t count)
{
	size_t failed = 0;

	for (size_t i = 0; i < count; i++) {
		const struct decided *row = &rows[i];
		struct sp_verdict verdict;
		struct sp_arena arena;
		char found[256];

		sp_arena_init(&arena, 4096);
		decide_given(&row->given, &arena, &verdict);
		names(&verdict, found, sizeof(found));
		if (verdict.action != row->action ||
		    verdict.would != row->would ||
		    verdict.score < row->score - 1e-9 ||
		    verdict.score > row->score + 1e-9 ||
		    strcmp(found, row->findings) != 0) {
			print_error("%s: %s (would %s), score %g, found %s\n",
				    row->sentence,
				    sp_action_name(verdict.action),
				    sp_action_name(verdict.would),
				    verdict.score, found);
			failed++;
		}
		sp_arena_clear(&arena);
	}
	assert_int_equal(failed, 0);
}

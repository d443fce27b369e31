#include "sallyport/facts.h"

#include <stddef.h>

#include "sallyport/dkim.h"
#include "sallyport/text.h"

static const char *const stage_names[SP_STAGE_COUNT] = {
	[SP_STAGE_CONNECT] = "connect",	  [SP_STAGE_HELO] = "helo",
	[SP_STAGE_GREETING] = "greeting", [SP_STAGE_MAIL] = "mail",
	[SP_STAGE_RCPT] = "rcpt",	  [SP_STAGE_GREYLIST] = "greylist",
	[SP_STAGE_HEADER] = "header",	  [SP_STAGE_EOH] = "eoh",
	[SP_STAGE_EOM] = "eom",
};

const char *sp_stage_name(enum sp_stage stage)
{
	return stage < SP_STAGE_COUNT ? stage_names[stage] : "?";
}

const char *sp_rhsbl_name_text(enum sp_rhsbl_name name)
{
	static const char *const texts[SP_RHSBL_NAMES] = {
		[SP_RHSBL_HELO] = "HELO name",
		[SP_RHSBL_RDNS] = "client's name",
		[SP_RHSBL_SENDER] = "sender's domain",
		[SP_RHSBL_FROM] = "author's domain",
	};

	return texts[name];
}

const char *sp_rdns_result_text(const struct sp_rdns_fact *fact)
{
	static const char *const results[] = {
		[SP_RDNS_NONE] = "permerror",
		[SP_RDNS_NOT_CONFIRMED] = "fail",
		[SP_RDNS_CONFIRMED] = "pass",
	};

	return fact->state == SP_FACT_KNOWN ? results[fact->kind] : "temperror";
}

const char *sp_spf_fact_text(const struct sp_spf_fact *fact)
{
	bool is_known =
		fact->state == SP_FACT_KNOWN && fact->result != SP_SPF_PENDING;

	return sp_spf_result_text(is_known ? fact->result : SP_SPF_TEMPERROR);
}

bool sp_dkim_holds(const struct sp_dkim_signature *signature)
{
	return signature->result == SP_DKIM_PASS && !signature->is_partial &&
	       !signature->is_testing;
}

const char *sp_identity_proof_text(enum sp_identity_proof proof)
{
	static const char *const texts[] = {
		[SP_IDENTITY_NETWORK] = "address",
		[SP_IDENTITY_SPF] = "spf",
		[SP_IDENTITY_RDNS] = "rdns",
	};

	return texts[proof];
}

void sp_facts_add_degraded(struct sp_text *text, unsigned degraded)
{
	static const char *const names[] = { "store", "time", "dns" };
	const char *between = "";

	for (size_t bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (!(degraded & 1U << bit))
			continue;
		sp_text_add(text, between);
		sp_text_add(text, names[bit]);
		between = ", ";
	}
}

const struct sp_access_fact *sp_facts_access(const struct sp_facts *facts)
{
	const struct sp_access_fact *const by_particularity[] = {
		facts->access_recipient,
		facts->access_sender,
		facts->access_helo,
		facts->access_client,
	};
	size_t count = sizeof(by_particularity) / sizeof(by_particularity[0]);

	for (size_t i = 0; i < count; i++)
		if (by_particularity[i]->answer != SP_ACCESS_NOTHING)
			return by_particularity[i];
	return facts->access_client;
}

bool sp_greylist_must_wait(const struct sp_greylist_fact *fact)
{
	if (fact->state != SP_FACT_KNOWN)
		return false;
	switch (fact->answer.state) {
	case SP_GREYLIST_NEW:
	case SP_GREYLIST_EARLY:
	case SP_GREYLIST_LATE:
		return true;
	case SP_GREYLIST_NOTED:
	case SP_GREYLIST_PASSED:
	case SP_GREYLIST_SEEN:
	case SP_GREYLIST_KNOWN:
	case SP_GREYLIST_RELEASED:
		return false;
	}
	return false;
}

const char *sp_dsn_kind_text(enum sp_dsn_kind kind)
{
	static const char *const texts[] = {
		[SP_DSN_OURS] = "ours",
		[SP_DSN_PASSED] = "passed",
		[SP_DSN_BACKSCATTER] = "backscatter",
		[SP_DSN_UNREADABLE] = "unreadable",
	};

	return texts[kind];
}

const char *sp_dsn_fact_text(const struct sp_dsn_fact *fact)
{
	return fact->state == SP_FACT_KNOWN ? sp_dsn_kind_text(fact->kind)
					    : "temperror";
}

const char *sp_owner_why_text(enum sp_owner_why why)
{
	static const char *const texts[] = {
		[SP_OWNER_TOLD] = "",
		[SP_OWNER_CLOSED] = "closed",
		[SP_OWNER_UNSEEN] = "unseen",
		[SP_OWNER_NOT_SET_UP] = "not-set-up",
		[SP_OWNER_NO_HEADER] = "no-header",
	};

	return texts[why];
}

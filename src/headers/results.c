#include "results.h"

#include <string.h>

#include "fold.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/ip.h"
#include "sallyport/own_fields.h"
#include "sallyport/spf.h"

enum {
	REASON_MAX = 100
};

/* ------------------------------------------------------------- one result */

/* "; " and "dkim=" "pass", in a line of its own. */
static void begin_result(struct sp_fold *fold, const char *method,
			 const char *result)
{
	sp_fold_mark(fold, ";");
	sp_fold_break(fold);
	sp_fold_property(fold, method, result);
}

static void add_unless_empty(struct sp_fold *fold, const char *name,
			     const char *value)
{
	if (value && value[0])
		sp_fold_property(fold, name, value);
}

/* What is no name is of no use to who wants to compare names; and a quoted
 * string before another property is more than some readers understand. */
static void add_name(struct sp_fold *fold, const char *name, const char *value)
{
	if (value && sp_fold_is_token(value))
		sp_fold_property(fold, name, value);
}

/* Cut, for it may quote what a stranger published. */
static void add_reason(struct sp_fold *fold, const char *reason)
{
	char bytes[REASON_MAX + 1];

	sp_text_copy(bytes, sizeof(bytes), reason);
	add_unless_empty(fold, "reason=", bytes);
}

/* ------------------------------------------------------------- each method */

static void add_iprev(struct sp_fold *fold, const struct sp_results_note *note)
{
	const struct sp_rdns_fact *fact = note->facts->rdns;
	char address[SP_IP_TEXT_SIZE];

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	begin_result(fold, "iprev=", sp_rdns_result_text(fact));
	sp_ip_format(note->client, address);
	sp_fold_property(fold, "policy.iprev=", address);
}

static void add_spf(struct sp_fold *fold, const struct sp_spf_fact *fact,
		    const char *property, const char *name)
{
	if (fact->state == SP_FACT_NOT_RUN)
		return;
	begin_result(fold, "spf=", sp_spf_fact_text(fact));
	add_reason(fold, fact->reason);
	add_unless_empty(fold, property,
			 fact->domain && fact->domain[0] ? fact->domain : name);
}

static void add_both_spf(struct sp_fold *fold,
			 const struct sp_results_note *note)
{
	const struct sp_spf_fact *helo = note->facts->spf_helo;

	if (!note->facts->is_null_sender)
		add_spf(fold, note->facts->spf,
			"smtp.mailfrom=", note->sender_domain);
	else if (helo->state == SP_FACT_NOT_RUN)
		helo = note->facts->spf;
	add_spf(fold, helo, "smtp.helo=", note->helo);
}

static void add_signature(struct sp_fold *fold,
			  const struct sp_dkim_signature *signature)
{
	/* One comment: between two python3-authres reads no blank. */
	static const char *const limits[2][2] = {
		{ "", "(partial)" },
		{ "(testing)", "(testing,partial)" },
	};

	begin_result(fold, "dkim=", sp_dkim_result_text(signature->result));
	if (signature->is_testing || signature->is_partial)
		sp_fold_word(
			fold,
			limits[signature->is_testing][signature->is_partial]);
	add_reason(fold, signature->reason);
	add_name(fold, "header.d=", signature->domain);
	add_name(fold, "header.s=", signature->selector);
	add_name(fold, "header.a=", signature->algorithm);
	add_unless_empty(fold, "header.b=", signature->hash_start);
}

static void add_dkim(struct sp_fold *fold, const struct sp_dkim_fact *fact)
{
	if (fact->state == SP_FACT_NOT_RUN)
		return;
	if (fact->count == 0)
		begin_result(fold, "dkim=",
			     fact->state == SP_FACT_UNKNOWN ? "temperror"
							    : "none");
	for (size_t i = 0; i < fact->count; i++)
		add_signature(fold, fact->signatures[i]);
}

static void add_dmarc(struct sp_fold *fold, const struct sp_dmarc_fact *fact)
{
	const struct sp_dmarc_outcome *outcome = fact->outcome;
	bool has_policy;

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	if (!outcome) {
		begin_result(fold, "dmarc=", "temperror");
		return;
	}
	has_policy = outcome->result == SP_DMARC_PASS ||
		     outcome->result == SP_DMARC_FAIL;
	begin_result(fold, "dmarc=", sp_dmarc_result_text(outcome->result));
	if (has_policy) {
		char word[32];
		struct sp_text text;

		sp_text_init(&text, word, sizeof(word));
		sp_text_addf(&text, "(p=%s,",
			     sp_dmarc_policy_text(outcome->published));
		sp_fold_word(fold, word);
		sp_fold_word(fold, "disposition=none)");
	} else if (outcome->result != SP_DMARC_NONE) {
		add_reason(fold, outcome->reason);
	}
	add_name(fold, "header.from=", outcome->domain);
	if (has_policy)
		sp_fold_property(fold, "policy.dmarc=",
				 sp_dmarc_policy_text(outcome->policy));
}

size_t sp_results_count(const struct sp_facts *facts)
{
	return (size_t)(facts->rdns->state != SP_FACT_NOT_RUN) +
	       (facts->spf_helo->state != SP_FACT_NOT_RUN) +
	       (facts->spf->state != SP_FACT_NOT_RUN) +
	       (facts->dkim->state != SP_FACT_NOT_RUN) +
	       (facts->dmarc->state != SP_FACT_NOT_RUN);
}

void sp_results_write(const struct sp_results_note *note, struct sp_text *text)
{
	struct sp_fold fold;

	sp_fold_init(&fold, text, sp_own_field_name(SP_OWN_AUTH_RESULTS));
	sp_fold_property(&fold, "", note->authserv_id);
	if (sp_results_count(note->facts) == 0) {
		sp_fold_mark(&fold, ";");
		sp_fold_word(&fold, "none");
		return;
	}
	add_iprev(&fold, note);
	add_both_spf(&fold, note);
	add_dkim(&fold, note->facts->dkim);
	add_dmarc(&fold, note->facts->dmarc);
}

/* ------------------------------------------------------------- Received-SPF */

/* Without the brackets. */
static void copy_path(char *bytes, size_t size, const char *path)
{
	size_t length = strlen(path);
	bool has_brackets =
		length >= 2 && path[0] == '<' && path[length - 1] == '>';
	struct sp_text text;

	sp_text_init(&text, bytes, size);
	sp_text_add_bytes(&text, path + has_brackets,
			  length - 2 * has_brackets);
}

static void add_pair(struct sp_fold *fold, const char *name, const char *value)
{
	sp_fold_mark(fold, ";");
	sp_fold_property(fold, name, value);
}

void sp_received_spf_write(const struct sp_results_note *note,
			   struct sp_text *text)
{
	const struct sp_spf_fact *fact = note->facts->spf;
	char value[SP_FOLD_VALUE_MAX + 1];
	struct sp_fold fold;

	sp_fold_init(&fold, text, sp_own_field_name(SP_OWN_RECEIVED_SPF));
	sp_fold_word(&fold, sp_spf_fact_text(fact));
	sp_ip_format(note->client, value);
	sp_fold_property(&fold, "client-ip=", value);
	copy_path(value, sizeof(value), note->sender);
	add_pair(&fold, "envelope-from=", value);
	add_pair(&fold, "helo=", note->helo);
	add_pair(&fold, "receiver=", note->authserv_id);
	add_pair(&fold, "identity=", "mailfrom");
	if (fact->term && fact->term[0])
		add_pair(&fold, "mechanism=", fact->term);
	if (fact->reason && fact->reason[0])
		add_pair(&fold, "problem=", fact->reason);
}

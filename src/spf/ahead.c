/*
 * ahead.c - what the terms behind a missing answer would ask.
 *
 * Only as many terms as the limit leaves, so that a record costs its victims
 * no more questions asked side by side than one after the other.
 */
#include "evaluation.h"

/* The question of a term that asks; false for one that we leave for later. */
static bool question_of(struct sp_spf *spf, const struct sp_dns_name *domain,
			const struct sp_spf_term *term,
			struct sp_spf_question *question,
			struct sp_dns_name *name_out)
{
	/* %{p} takes a chain of questions. */
	if (sp_spf_has_validated(term->domain.text, term->domain.length) ||
	    sp_spf_target(spf, domain, term->domain, name_out) != SP_SPF_YES)
		return false;
	question->name = name_out;
	switch (term->kind) {
	case SP_SPF_INCLUDE:
		question->type = SP_DNS_TXT;
		return true;
	case SP_SPF_A:
		question->type = sp_spf_address_type(spf);
		return true;
	case SP_SPF_MX:
		question->type = SP_DNS_MX;
		return true;
	case SP_SPF_PTR:
		question->type = SP_DNS_PTR;
		return sp_dns_name_reverse(&spf->macros.client, NULL,
					   name_out) == SP_OK;
	default:
		question->type = SP_DNS_A;
		return true;
	}
}

static void look_at_term(struct sp_spf *spf, const struct sp_dns_name *domain,
			 const struct sp_spf_term *term)
{
	struct sp_spf_walk *walk = &spf->walk;
	struct sp_spf_question question = { 0 };
	struct sp_spf_entry *entry;
	struct sp_dns_name name;

	if (walk->lookups + walk->ahead >= SP_SPF_LOOKUPS_MAX)
		return;
	walk->ahead++;
	if (!question_of(spf, domain, term, &question, &name))
		return;
	entry = sp_spf_ask_ahead(spf, question.name, question.type);
	/* An include that is there already leads to more. */
	if (entry != NULL && entry->type == SP_DNS_TXT &&
	    entry->answer != NULL && entry->answer->status == SP_DNS_FOUND &&
	    sp_spf_select(entry) == SP_SPF_YES)
		sp_spf_look_ahead(spf, &entry->name, entry->record, 0);
}

void sp_spf_look_ahead(struct sp_spf *spf, const struct sp_dns_name *domain,
		       const struct sp_spf_record *record, size_t begin)
{
	for (size_t i = begin; i < record->count; i++) {
		const struct sp_spf_term *term = &record->terms[i];

		if (term->kind == SP_SPF_ALL)
			return;
		if (term->kind != SP_SPF_IP4 && term->kind != SP_SPF_IP6)
			look_at_term(spf, domain, term);
	}
	if (record->redirect.length > 0)
		look_at_term(spf, domain,
			     &(struct sp_spf_term){
				     .kind = SP_SPF_INCLUDE,
				     .domain = record->redirect,
			     });
}

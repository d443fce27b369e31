/* published.c - what a domain's owner wrote: the record, the explanation. */
#include "evaluation.h"

#include <string.h>

enum {
	TEXT_SIZE = 1024,
	SHOWN_SIZE = 128
};

static const char *make_safe(struct sp_arena *arena, struct sp_spf_slice from,
			     size_t size)
{
	char *bytes = sp_arena_alloc(arena, size);
	struct sp_text text;

	if (bytes == NULL)
		return "";
	sp_text_init(&text, bytes, size);
	sp_text_add_safe(&text, from.text, from.length, NULL);
	return bytes;
}

const char *sp_spf_safe(struct sp_arena *arena, const char *text, size_t length)
{
	return make_safe(arena, (struct sp_spf_slice){ text, length },
			 SHOWN_SIZE);
}

static const char *no_term(struct sp_arena *arena, struct sp_spf_slice word)
{
	char bytes[SHOWN_SIZE];
	struct sp_text text;
	const char *kept;

	sp_text_init(&text, bytes, sizeof(bytes));
	sp_text_add(&text, "this is no term of SPF: ");
	sp_text_add_safe(&text, word.text, word.length, NULL);
	kept = sp_arena_text(arena, bytes);
	return kept != NULL ? kept : "a term is none of SPF";
}

static void read_record(struct sp_spf_entry *entry,
			const struct sp_dns_record *text)
{
	struct sp_arena *arena = &entry->spf->arena;
	struct sp_spf_record *record = sp_arena_alloc(arena, sizeof(*record));
	enum sp_err err = SP_ERR_NO_MEMORY;

	if (record != NULL)
		err = sp_spf_record_read(arena, text->text, text->length,
					 record);
	entry->selection = SP_SPF_PERM;
	if (err == SP_OK) {
		entry->selection = SP_SPF_YES;
		entry->record = record;
	} else if (err == SP_ERR_NO_MEMORY) {
		entry->selection = SP_SPF_TEMP;
		entry->problem = "too much to keep";
	} else if (err == SP_ERR_TOO_LONG) {
		entry->problem = "the record is too long";
	} else {
		entry->problem = no_term(arena, record->bad);
	}
}

enum sp_spf_step sp_spf_select(struct sp_spf_entry *entry)
{
	const struct sp_dns_answer *answer = entry->answer;
	const struct sp_dns_record *found = NULL;
	size_t count = 0;

	if (entry->is_selected)
		return entry->selection;
	entry->is_selected = true;
	for (size_t i = 0; i < answer->count; i++)
		if (sp_spf_is_record(answer->records[i].text,
				     answer->records[i].length)) {
			found = &answer->records[i];
			count++;
		}
	if (count == 1) {
		read_record(entry, found);
		return entry->selection;
	}
	/* Of what DNS left out as too much we cannot say that it was no SPF. */
	entry->selection =
		count > 1 || answer->dropped > 0 ? SP_SPF_PERM : SP_SPF_NO;
	entry->problem = count > 1 ? "more than one SPF record"
				   : "too much text to look for a record";
	return entry->selection;
}

const char sp_spf_no_record[] =
	"a domain that is referred to has no SPF record";

enum sp_spf_step sp_spf_find(struct sp_spf *spf,
			     const struct sp_dns_name *domain,
			     struct sp_spf_entry **entry_out)
{
	enum sp_spf_step step = sp_spf_ask(spf, domain, SP_DNS_TXT, entry_out);

	if (step == SP_SPF_YES) {
		step = sp_spf_select(*entry_out);
		spf->walk.reason = (*entry_out)->problem;
	}
	return step;
}

/* The one text that explains, or NULL: a wrong one is as good as none. */
static const struct sp_dns_record *one_text(const struct sp_dns_answer *answer)
{
	const struct sp_dns_record *text = answer->records;

	if (answer->count != 1 || answer->dropped > 0 ||
	    !sp_spf_is_macro_string(text->text, text->length,
				    SP_SPF_IN_EXPLANATION))
		return NULL;
	return text;
}

static bool expand(struct sp_spf *spf, const struct sp_dns_record *text,
		   const char **text_out)
{
	struct sp_spf_macros macros = spf->macros;
	char bytes[TEXT_SIZE];
	struct sp_text expanded;

	macros.domain = spf->walk.failed_domain->text;
	if (sp_spf_has_validated(text->text, text->length) &&
	    sp_spf_validated(spf, spf->walk.failed_domain, &macros.validated) ==
		    SP_SPF_WAIT)
		return false;
	sp_text_init(&expanded, bytes, sizeof(bytes));
	sp_spf_expand(text->text, text->length, &macros, &expanded);
	*text_out = make_safe(&spf->kept,
			      (struct sp_spf_slice){ bytes, expanded.length },
			      SP_SPF_EXPLANATION_SIZE);
	return true;
}

bool sp_spf_explain(struct sp_spf *spf, const char **text_out)
{
	const struct sp_spf_record *record = spf->walk.failed;
	const struct sp_dns_record *text;
	struct sp_spf_entry *entry;
	struct sp_dns_name name;
	enum sp_spf_step step;

	*text_out = "";
	if (record == NULL || record->exp.length == 0)
		return true;
	step = sp_spf_target(spf, spf->walk.failed_domain, record->exp, &name);
	if (step == SP_SPF_YES)
		step = sp_spf_ask(spf, &name, SP_DNS_TXT, &entry);
	if (step != SP_SPF_YES)
		return step != SP_SPF_WAIT;
	text = one_text(entry->answer);
	return text == NULL || expand(spf, text, text_out);
}

void sp_spf_explain_ahead(struct sp_spf *spf, const struct sp_dns_name *domain,
			  const struct sp_spf_record *record)
{
	struct sp_spf_slice exp = record->exp;
	struct sp_dns_name name;

	/* %{p} takes a chain of questions. */
	if (exp.length > 0 && !sp_spf_has_validated(exp.text, exp.length) &&
	    sp_spf_target(spf, domain, exp, &name) == SP_SPF_YES)
		sp_spf_ask_ahead(spf, &name, SP_DNS_TXT);
}

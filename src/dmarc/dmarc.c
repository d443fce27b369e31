#include "sallyport/dmarc.h"

#include <string.h>

#include "sallyport/idn.h"

#include "walk.h"

enum {
	IDENTIFIERS_MAX = 1 + SP_DMARC_DKIM_MAX
};

/* A domain that SPF or DKIM proved, and its walk, which is not begun before it
 * may be needed. */
struct identifier {
	char domain[SP_DOMAIN_SIZE]; /* "" = none */
	bool is_undecided;
	struct sp_dmarc_walk walk;
};

struct evaluation {
	const struct sp_dmarc_question *question;
	struct sp_dmarc_asking asking;
	struct identifier identifiers[IDENTIFIERS_MAX]; /* [0] is SPF's */
	size_t identifier_count;
};

const char *sp_dmarc_result_text(enum sp_dmarc_result result)
{
	static const char *const texts[] = {
		[SP_DMARC_NONE] = "none",
		[SP_DMARC_PASS] = "pass",
		[SP_DMARC_FAIL] = "fail",
		[SP_DMARC_TEMPERROR] = "temperror",
		[SP_DMARC_PERMERROR] = "permerror",
	};

	if ((size_t)result >= sizeof(texts) / sizeof(*texts))
		return "permerror";
	return texts[result];
}

const char *sp_dmarc_author_text(enum sp_dmarc_author author)
{
	static const char *const texts[] = {
		[SP_DMARC_AUTHOR_ONE] = "one domain",
		[SP_DMARC_AUTHOR_SEVERAL] = "several domains",
		[SP_DMARC_AUTHOR_TOO_MANY] = "too many domains",
		[SP_DMARC_AUTHOR_MISSING] = "no author",
		[SP_DMARC_AUTHOR_FIELDS] = "several From fields",
		[SP_DMARC_AUTHOR_UNREADABLE] =
			"a From field that cannot be read",
		[SP_DMARC_AUTHOR_LITERAL] = "an address instead of a domain",
		[SP_DMARC_AUTHOR_BAD_IDN] = "a Unicode name that is no domain",
	};

	if ((size_t)author >= sizeof(texts) / sizeof(*texts))
		return "unknown";
	return texts[author];
}

/* -------------------------------------------------------------- alignment */

/* Begin the walk, if it is not. */
static struct sp_dmarc_walk *walk_of(struct evaluation *evaluation,
				     struct identifier *identifier)
{
	if (identifier->walk.count == 0)
		sp_dmarc_walk_tree(&evaluation->asking, identifier->domain,
				   &identifier->walk);
	return &identifier->walk;
}

/* An organisation is an end of its domains' names: can one be common? */
static bool may_meet(const struct sp_dmarc_walk *author, const char *domain)
{
	const struct sp_dmarc_level *unknown;
	const char *organisation = sp_dmarc_walk_organisation(author, &unknown);

	if (organisation != NULL)
		return sp_domain_is_within(domain, organisation);
	for (size_t i = 0; i < author->count; i++) {
		const struct sp_dmarc_level *level = &author->levels[i];

		if (level->state != SP_DMARC_LEVEL_ABSENT &&
		    sp_domain_is_within(domain, level->name))
			return true;
	}
	return false;
}

static enum sp_dmarc_alignment relaxed(struct evaluation *evaluation,
				       struct sp_dmarc_walk *author,
				       struct identifier *identifier)
{
	if (evaluation->question->method == SP_ORGANISATION_PSL)
		return sp_organisation_is_same(evaluation->question->suffixes,
					       author->domain,
					       identifier->domain)
			       ? SP_DMARC_ALIGNED_YES
			       : SP_DMARC_ALIGNED_NO;
	if (!may_meet(author, identifier->domain))
		return SP_DMARC_ALIGNED_NO;
	return sp_dmarc_walks_meet(author, walk_of(evaluation, identifier));
}

static enum sp_dmarc_alignment align(struct evaluation *evaluation,
				     struct sp_dmarc_walk *author,
				     struct identifier *identifier,
				     bool is_strict)
{
	if (identifier->domain[0] == '\0')
		return SP_DMARC_ALIGNED_NO;
	if (strcmp(identifier->domain, author->domain) == 0)
		return SP_DMARC_ALIGNED_YES;
	return is_strict ? SP_DMARC_ALIGNED_NO
			 : relaxed(evaluation, author, identifier);
}

/* What the identifiers say together. */
struct proof {
	bool is_spf_aligned;
	bool is_dkim_aligned;
	size_t dkim_index;
	bool depends_on_dns;	/* one that passed may be aligned */
	bool depends_on_result; /* an aligned one may have passed */
};

static void note_aligned(struct proof *proof, size_t i)
{
	if (i == 0) {
		proof->is_spf_aligned = true;
	} else if (!proof->is_dkim_aligned) {
		proof->is_dkim_aligned = true;
		proof->dkim_index = i - 1;
	}
}

static void prove(struct evaluation *evaluation, struct sp_dmarc_walk *author,
		  const struct sp_dmarc_record *record, struct proof *proof_out)
{
	*proof_out = (struct proof){ 0 };
	for (size_t i = 0; i < evaluation->identifier_count; i++) {
		struct identifier *identifier = &evaluation->identifiers[i];
		enum sp_dmarc_alignment alignment =
			align(evaluation, author, identifier,
			      i == 0 ? record->is_spf_strict
				     : record->is_dkim_strict);

		if (alignment == SP_DMARC_ALIGNED_NO)
			continue;
		if (identifier->is_undecided)
			proof_out->depends_on_result = true;
		else if (alignment == SP_DMARC_ALIGNED_UNKNOWN)
			proof_out->depends_on_dns = true;
		else
			note_aligned(proof_out, i);
	}
}

static const char *pass_reason(const struct proof *proof)
{
	if (proof->is_spf_aligned && proof->is_dkim_aligned)
		return "SPF and DKIM prove the author's domain";
	return proof->is_spf_aligned ? "SPF proves the author's domain"
				     : "DKIM proves the author's domain";
}

static void judge(const struct proof *proof, struct sp_dmarc_outcome *outcome)
{
	outcome->is_spf_aligned = proof->is_spf_aligned;
	outcome->is_dkim_aligned = proof->is_dkim_aligned;
	outcome->dkim_index = proof->dkim_index;
	if (proof->is_spf_aligned || proof->is_dkim_aligned) {
		outcome->result = SP_DMARC_PASS;
		outcome->reason = pass_reason(proof);
	} else if (proof->depends_on_dns) {
		outcome->result = SP_DMARC_TEMPERROR;
		outcome->reason =
			"DNS did not say whether a domain that passed "
			"belongs to the author's";
	} else if (proof->depends_on_result) {
		outcome->result = SP_DMARC_TEMPERROR;
		outcome->reason = "SPF or DKIM could not be checked for a "
				  "domain of the author's";
	} else {
		outcome->result = SP_DMARC_FAIL;
		outcome->reason =
			"neither SPF nor DKIM proves the author's domain";
	}
}

/* ------------------------------------------------------------------ policy */

enum existence {
	EXISTS,
	EXISTS_NOT,
	EXISTS_PERHAPS
};

static enum existence existence_of(struct evaluation *evaluation,
				   const struct sp_dmarc_walk *author)
{
	const struct sp_dns_answer *answer;
	struct sp_dns_name name;

	if (author->levels[0].shows_existence)
		return EXISTS;
	if (sp_dns_name_domain(author->domain, strlen(author->domain), &name) !=
	    SP_OK)
		return EXISTS_PERHAPS;
	answer = sp_dmarc_ask(&evaluation->asking, &name,
			      SP_DMARC_EXISTENCE_TYPE);
	if (sp_dns_is_unknown(answer->status))
		return EXISTS_PERHAPS;
	/* With an alias it is the alias's end that is not there. */
	return answer->status == SP_DNS_NXDOMAIN && answer->alias[0] == '\0'
		       ? EXISTS_NOT
		       : EXISTS;
}

static enum sp_dmarc_policy milder(enum sp_dmarc_policy a,
				   enum sp_dmarc_policy b)
{
	return a < b ? a : b;
}

/* What the record says of mail of this author (4.10.1). */
static enum sp_dmarc_policy published(struct evaluation *evaluation,
				      const struct sp_dmarc_walk *author,
				      const struct sp_dmarc_level *level,
				      bool *is_unknown_out)
{
	const struct sp_dmarc_record *record = &level->record;

	*is_unknown_out = false;
	if (level == &author->levels[0])
		return record->p;
	if (record->sp == record->np)
		return record->sp;
	switch (existence_of(evaluation, author)) {
	case EXISTS:
		return record->sp;
	case EXISTS_NOT:
		return record->np;
	default:
		*is_unknown_out = true;
		return milder(record->sp, record->np);
	}
}

static enum sp_dmarc_policy one_less(enum sp_dmarc_policy policy)
{
	return policy == SP_DMARC_POLICY_REJECT ? SP_DMARC_POLICY_QUARANTINE
						: SP_DMARC_POLICY_NONE;
}

static void note_policy(struct evaluation *evaluation,
			const struct sp_dmarc_walk *author,
			const struct sp_dmarc_level *level,
			struct sp_dmarc_outcome *outcome)
{
	outcome->published = published(evaluation, author, level,
				       &outcome->is_existence_unknown);
	outcome->policy = level->record.is_testing
				  ? one_less(outcome->published)
				  : outcome->published;
}

/* ------------------------------------------------------------------ author */

/* Ask now what this author's record is likely to make us need: of the domains
 * of its organisation, as far as one can guess it. */
static void look_ahead(struct evaluation *evaluation,
		       const struct sp_dmarc_walk *author)
{
	char organisation[SP_DOMAIN_SIZE];

	if (evaluation->question->suffixes == NULL ||
	    sp_organisation_of(evaluation->question->suffixes, author->domain,
			       organisation) != SP_OK)
		return;
	if (strcmp(author->domain, organisation) != 0)
		existence_of(evaluation, author);
	for (size_t i = 0; i < evaluation->identifier_count &&
			   evaluation->question->method != SP_ORGANISATION_PSL;
	     i++) {
		struct identifier *identifier = &evaluation->identifiers[i];

		if (strcmp(identifier->domain, author->domain) != 0 &&
		    sp_domain_is_within(identifier->domain, organisation))
			walk_of(evaluation, identifier);
	}
}

static void note_organisation(struct evaluation *evaluation,
			      const struct sp_dmarc_walk *author,
			      struct sp_dmarc_outcome *outcome)
{
	const struct sp_dmarc_level *unknown;
	const char *organisation;

	/* Both walks end with it. */
	if (evaluation->question->method == SP_ORGANISATION_PSL)
		organisation = author->levels[author->count - 1].name;
	else
		organisation = sp_dmarc_walk_organisation(author, &unknown);
	if (organisation != NULL)
		memcpy(outcome->organisation, organisation,
		       strlen(organisation) + 1);
}

static void conclude(struct sp_dmarc_outcome *outcome,
		     enum sp_dmarc_result result, const char *reason)
{
	outcome->result = result;
	outcome->reason = reason;
}

static void judge_by(struct evaluation *evaluation,
		     struct sp_dmarc_walk *author,
		     const struct sp_dmarc_level *level,
		     struct sp_dmarc_outcome *outcome)
{
	struct proof proof;

	memcpy(outcome->policy_domain, level->name, strlen(level->name) + 1);
	outcome->record = level->record;
	note_organisation(evaluation, author, outcome);
	if (level->validity == SP_DMARC_RECORD_UNUSABLE) {
		conclude(outcome, SP_DMARC_PERMERROR,
			 "the policy record cannot be used");
		return;
	}
	prove(evaluation, author, &level->record, &proof);
	judge(&proof, outcome);
	if (outcome->result == SP_DMARC_PASS ||
	    outcome->result == SP_DMARC_FAIL)
		note_policy(evaluation, author, level, outcome);
}

static void evaluate_domain(struct evaluation *evaluation, const char *domain,
			    struct sp_dmarc_outcome *outcome)
{
	const struct sp_dmarc_level *level;
	struct sp_dmarc_walk author;

	memcpy(outcome->domain, domain, strlen(domain) + 1);
	if (evaluation->question->method == SP_ORGANISATION_PSL)
		sp_dmarc_walk_psl(&evaluation->asking,
				  evaluation->question->suffixes, domain,
				  &author);
	else
		sp_dmarc_walk_tree(&evaluation->asking, domain, &author);
	look_ahead(evaluation, &author);
	level = sp_dmarc_walk_policy(&author);
	if (level == NULL)
		conclude(outcome, SP_DMARC_NONE, "no policy is published");
	else if (level->state == SP_DMARC_LEVEL_UNKNOWN)
		conclude(outcome, SP_DMARC_TEMPERROR,
			 "DNS did not say what the author's policy is");
	else
		judge_by(evaluation, &author, level, outcome);
	outcome->is_pending = evaluation->asking.saw_pending &&
			      (outcome->result == SP_DMARC_TEMPERROR ||
			       (outcome->result == SP_DMARC_FAIL &&
				outcome->is_existence_unknown));
}

static void evaluate_author(struct evaluation *evaluation,
			    const struct sp_from_domain *author,
			    struct sp_dmarc_outcome *outcome_out)
{
	char domain[SP_DOMAIN_SIZE];

	*outcome_out = (struct sp_dmarc_outcome){ 0 };
	if (author->kind == SP_FROM_DOMAIN_LITERAL) {
		outcome_out->author = SP_DMARC_AUTHOR_LITERAL;
		conclude(outcome_out, SP_DMARC_PERMERROR,
			 "the author is at an address, not a domain");
	} else if (sp_idn_to_ascii(author->name, domain) != SP_OK) {
		outcome_out->author = SP_DMARC_AUTHOR_BAD_IDN;
		conclude(outcome_out, SP_DMARC_PERMERROR,
			 "the author's domain is Unicode that is no name");
	} else {
		evaluate_domain(evaluation, domain, outcome_out);
	}
}

/* --------------------------------------------------------------- the mail */

static void add_identifier(struct evaluation *evaluation,
			   const struct sp_dmarc_identifier *given)
{
	struct identifier *identifier =
		&evaluation->identifiers[evaluation->identifier_count++];

	identifier->is_undecided = given->is_undecided;
	identifier->walk.count = 0;
	identifier->domain[0] = '\0';
	if (given->domain != NULL)
		sp_idn_to_ascii(given->domain, identifier->domain);
}

static void begin(const struct sp_dmarc_question *question,
		  struct evaluation *evaluation)
{
	evaluation->question = question;
	evaluation->identifier_count = 0;
	add_identifier(evaluation, &question->spf);
	for (size_t i = 0; i < question->dkim_count && i < SP_DMARC_DKIM_MAX;
	     i++)
		add_identifier(evaluation, &question->dkim[i]);
}

/* The worst of several authors' outcomes is the mail's. */
static int badness(const struct sp_dmarc_outcome *outcome)
{
	switch (outcome->result) {
	case SP_DMARC_PASS:
		return 0;
	case SP_DMARC_NONE:
		return 1;
	case SP_DMARC_PERMERROR:
		return 2;
	case SP_DMARC_TEMPERROR:
		return 3;
	default:
		return 4 + (int)outcome->policy;
	}
}

static void evaluate_authors(struct evaluation *evaluation,
			     struct sp_dmarc_outcome *outcome_out)
{
	const struct sp_from *from = evaluation->question->from;
	struct sp_dmarc_outcome next;
	bool is_pending = false;

	for (unsigned i = 0; i < from->domain_count; i++) {
		evaluate_author(evaluation, &from->domains[i], &next);
		is_pending = is_pending || next.is_pending;
		if (i == 0 || badness(&next) > badness(outcome_out))
			*outcome_out = next;
	}
	outcome_out->is_pending = is_pending;
	if (from->domain_count > 1)
		outcome_out->author = SP_DMARC_AUTHOR_SEVERAL;
}

static void refuse(struct sp_dmarc_outcome *outcome,
		   enum sp_dmarc_author author, const char *reason)
{
	outcome->author = author;
	conclude(outcome, SP_DMARC_PERMERROR, reason);
}

/* Mail that cannot be said to have an author, or one for each of its domains;
 * false when there is somebody to evaluate. */
static bool has_nobody(const struct sp_from *from,
		       struct sp_dmarc_outcome *outcome)
{
	switch (sp_from_judge(from)) {
	case SP_FROM_NO_FROM:
		refuse(outcome, SP_DMARC_AUTHOR_MISSING,
		       "the mail has no From field");
		return true;
	case SP_FROM_EMPTY_GROUP:
		refuse(outcome, SP_DMARC_AUTHOR_MISSING,
		       "the From field names nobody");
		return true;
	case SP_FROM_SEVERAL_FIELDS:
		refuse(outcome, SP_DMARC_AUTHOR_FIELDS,
		       "the mail has several From fields");
		return true;
	case SP_FROM_UNREADABLE:
		refuse(outcome, SP_DMARC_AUTHOR_UNREADABLE,
		       "the From field cannot be read");
		return true;
	default:
		break;
	}
	if (from->domain_count > SP_DMARC_AUTHORS_MAX)
		refuse(outcome, SP_DMARC_AUTHOR_TOO_MANY,
		       "the From field names too many domains");
	else if (from->domain_count == 0)
		refuse(outcome, SP_DMARC_AUTHOR_MISSING,
		       "the From field names nobody");
	return outcome->result == SP_DMARC_PERMERROR;
}

void sp_dmarc_evaluate(const struct sp_dmarc_question *question,
		       sp_dmarc_answer_of *answer_of, void *context,
		       struct sp_dmarc_outcome *outcome_out)
{
	struct evaluation evaluation;

	*outcome_out = (struct sp_dmarc_outcome){ 0 };
	if (has_nobody(question->from, outcome_out))
		return;
	begin(question, &evaluation);
	evaluation.asking = (struct sp_dmarc_asking){
		.answer_of = answer_of,
		.context = context,
	};
	evaluate_authors(&evaluation, outcome_out);
}

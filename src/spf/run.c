/* run.c - an evaluation over a batch of DNS questions. */
#include "evaluation.h"

static void on_answer(struct sp_dns_batch *batch,
		      const struct sp_dns_answer *answer, void *context);

static void ask(struct sp_spf *spf, struct sp_dns_batch *batch,
		const struct sp_spf_question *question)
{
	unsigned number = sp_dns_ask(
		batch, &(struct sp_dns_question){
			       .name = question->name,
			       .type = question->type,
			       .groups = spf->groups,
			       .follow = on_answer,
			       .context = spf->entries[question->number],
		       });

	/* A full batch calls no follow-up. */
	if (number == SP_DNS_NO_QUESTION)
		sp_spf_answer(spf, question->number,
			      sp_dns_answer_get(batch, number));
}

/* On the dispatcher, one at a time. */
static void on_answer(struct sp_dns_batch *batch,
		      const struct sp_dns_answer *answer, void *context)
{
	struct sp_spf_entry *entry = context;
	struct sp_spf *spf = entry->spf;
	struct sp_spf_question question;

	sp_spf_answer(spf, entry->number, answer);
	while (sp_spf_next(spf, &question))
		ask(spf, batch, &question);
	if (sp_spf_is_done(spf))
		sp_dns_release(batch, spf->groups);
}

void sp_spf_run(struct sp_spf *spf, struct sp_dns_batch *batch, uint32_t groups)
{
	struct sp_spf_question question;

	spf->groups = groups;
	/* There is one question at first. Once it is asked, the evaluation is
	 * the dispatcher's: no look at it after that. */
	if (sp_spf_next(spf, &question))
		ask(spf, batch, &question);
}

/* run.c - an evaluation over a batch of DNS questions. */
#include "evaluation.h"

static void on_answer(struct sp_dns_batch *batch,
		      const struct sp_dns_answer *answer, void *context);

static void ask(struct sp_spf *spf, struct sp_dns_batch *batch,
		const struct sp_spf_question *question)
{
	unsigned number = sp_dns_ask(
		batch,
		&(struct sp_dns_question){
			.name = question->name,
			.type = question->type,
			.groups = spf->groups.result | spf->groups.explanation,
			.follow = on_answer,
			.context = spf->entries[question->number],
		});

	/* A full batch calls no follow-up. */
	if (number == SP_DNS_NO_QUESTION)
		sp_spf_answer(spf, question->number,
			      sp_dns_answer_get(batch, number));
}

/* All at once: who is woken by one may ask for the other. */
static void release(struct sp_spf *spf, struct sp_dns_batch *batch)
{
	uint32_t groups = 0;

	if (sp_spf_is_done(spf))
		groups |= spf->groups.result;
	if (spf->is_explained)
		groups |= spf->groups.explanation;
	if (groups != 0)
		sp_dns_release(batch, groups);
}

/* On whichever thread, one at a time. */
static void on_answer(struct sp_dns_batch *batch,
		      const struct sp_dns_answer *answer, void *context)
{
	struct sp_spf_entry *entry = context;
	struct sp_spf *spf = entry->spf;
	struct sp_spf_question question;

	sp_spf_answer(spf, entry->number, answer);
	while (sp_spf_next(spf, &question))
		ask(spf, batch, &question);
	release(spf, batch);
}

void sp_spf_run(struct sp_spf *spf, struct sp_dns_batch *batch,
		const struct sp_spf_groups *groups)
{
	struct sp_spf_question question;

	spf->groups = *groups;
	/* There is one question at first. Once it is asked, the evaluation is
	 * its follow-ups': no look at it after that. */
	if (sp_spf_next(spf, &question))
		ask(spf, batch, &question);
}

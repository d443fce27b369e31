/*
 * Decisions are kept as they are made: at the end the facts of a recipient are
 * gone. Recipients about which the same was decided by the same facts share one;
 * the last place is kept free for the message itself.
 */
#include "moments.h"

#include <string.h>

#include "sallyport/config.h"
#include "sallyport/facts_text.h"
#include "sallyport/record.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

_Static_assert((int)SP_MOMENTS_KEPT == (int)SP_MOMENTS_MAX,
	       "one number, twice");

static bool is_there(struct sp_mail_moments *moments, const char *text)
{
	for (size_t i = 0; i < moments->count; i++)
		if (strcmp(moments->texts[i], text) == 0) {
			moments->counts[i]++;
			return true;
		}
	return false;
}

void sp_record_moment(struct sp_session *session, const struct sp_facts *facts,
		      const struct sp_verdict *verdict)
{
	const struct sp_config *config = session->service->config;
	struct sp_mail_moments *moments = &session->mail.moments;
	bool is_last = facts->stage == SP_STAGE_EOM;
	char bytes[SP_MOMENT_TEXT_SIZE];
	struct sp_text text;

	if (config->record.events == 0)
		return;
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_moment_write(
		&(struct sp_moment){
			.facts = facts,
			.action = verdict->action,
			.would = verdict->would,
			.score = verdict->score,
			.is_suspicious =
				sp_policy_is_suspicious(verdict, config),
			.is_private = config->privacy.hashes_local_parts,
		},
		config, &text);
	if (text.is_cut || is_there(moments, bytes))
		return;
	if (moments->count + !is_last < SP_MOMENTS_KEPT)
		moments->texts[moments->count] =
			sp_arena_text(&session->mail.arena, bytes);
	if (moments->count + !is_last < SP_MOMENTS_KEPT &&
	    moments->texts[moments->count])
		moments->counts[moments->count++] = 1;
	else
		moments->left_out++;
}

void sp_moments_join(const struct sp_mail_moments *moments,
		     struct sp_text *text)
{
	for (size_t i = 0; i < moments->count; i++) {
		/* "1 moment:,..." */
		const char *one = moments->texts[i] + strlen("1 ");

		sp_text_addf(text, "%scount:%u %s", i > 0 ? " | " : "1 ",
			     moments->counts[i], one);
	}
	if (text->is_cut)
		text->bytes[0] = '\0';
}

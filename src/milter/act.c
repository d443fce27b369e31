#include "milter.h"

#include <stdint.h>

#include "sallyport/headers.h"
#include "sallyport/log.h"
#include "sallyport/policy.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

static void say_failed(const char *what)
{
	static struct sp_log_limit limit = { .every_ms = 60000 };

	sp_log_limited(&limit, SP_LOG_WARNING,
		       "the MTA did not take our %s: it may not have offered "
		       "that, or it has gone",
		       what);
}

/* libmilter's texts are formats. */
static void double_percents(const char *text, char *text_out)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			*text_out++ = '%';
		*text_out++ = *text;
	}
	*text_out = '\0';
}

static sfsistat reply(SMFICTX *ctx, const struct sp_verdict *verdict,
		      const char *mail_id)
{
	char text[2 * SP_REPLY_TEXT_SIZE];
	struct sp_reply reply;

	sp_policy_reply(verdict, mail_id, &reply);
	if (!reply.code)
		return SMFIS_CONTINUE;
	double_percents(reply.text, text);
	/* libmilter takes pointers to char it does not write to. */
	if (smfi_setreply(ctx, (char *)(uintptr_t)reply.code,
			  (char *)(uintptr_t)reply.enhanced,
			  text) != MI_SUCCESS)
		say_failed("reply text");
	return verdict->action == SP_ACTION_DEFER ? SMFIS_TEMPFAIL
						  : SMFIS_REJECT;
}

sfsistat sp_act_envelope(SMFICTX *ctx, const struct sp_verdict *verdict,
			 const char *mail_id)
{
	return reply(ctx, verdict, mail_id);
}

/* 421: the MTA closes the connection. */
static sfsistat send_away(SMFICTX *ctx, const char *enhanced, const char *text)
{
	static char code[] = "421";

	if (smfi_setreply(ctx, code, (char *)(uintptr_t)enhanced,
			  (char *)(uintptr_t)text) != MI_SUCCESS)
		say_failed("reply text");
	return SMFIS_TEMPFAIL;
}

sfsistat sp_act_close(SMFICTX *ctx)
{
	return send_away(ctx, "4.7.0", "You spoke before you were greeted");
}

sfsistat sp_act_busy(SMFICTX *ctx)
{
	return send_away(ctx, "4.3.2", "Too busy, please come back later");
}

/* Highest index first: the one order that removes them all in Postfix, which
 * counts anew after each, and in Sendmail, which does not. */
static void remove_field(SMFICTX *ctx, const struct sp_own_fields *fields,
			 enum sp_own_field field)
{
	char *name = (char *)(uintptr_t)sp_own_field_name(field);

	for (uint32_t n = fields->counts[field]; n > 0; n--) {
		if (!sp_own_field_goes(fields, field, n))
			continue;
		if (smfi_chgheader(ctx, name, (int)n, NULL) != MI_SUCCESS) {
			say_failed("removal of a header");
			break;
		}
	}
}

static void insert_header(SMFICTX *ctx, unsigned long steps,
			  const struct sp_header *header)
{
	char spaced[1 + SP_HEADER_VALUE_SIZE];
	struct sp_text text;

	/* An MTA that gives us the space behind the colon takes ours as it is. */
	sp_text_init(&text, spaced, sizeof(spaced));
	if (steps & SMFIP_HDR_LEADSPC)
		sp_text_add(&text, " ");
	sp_text_add(&text, header->value);
	if (smfi_insheader(ctx, 1, (char *)(uintptr_t)header->name, spaced) !=
	    MI_SUCCESS)
		say_failed("header");
}

/* At index 1 they stand right below the MTA's own Received: in both MTAs; the
 * last one goes in first, so that they end up in order. */
static void insert_headers(SMFICTX *ctx, const struct sp_session *session,
			   const struct sp_verdict *verdict)
{
	struct sp_headers headers;

	sp_headers_build(session, verdict, &headers);
	while (headers.count-- > 0)
		insert_header(ctx, session->steps,
			      &headers.list[headers.count]);
}

/* Sendmail shows the reason in its queue, Postfix nowhere. What the MTA cannot
 * hold must not go out all the same: then the client is to try again. */
static sfsistat hold(SMFICTX *ctx, const struct sp_verdict *verdict,
		     const char *mail_id)
{
	char bytes[SP_REPLY_TEXT_SIZE];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	sp_text_addf(&text, "sallyport: %s (id %s)", sp_verdict_reason(verdict),
		     mail_id);
	if (smfi_quarantine(ctx, bytes) == MI_SUCCESS)
		return SMFIS_CONTINUE;
	say_failed("wish to hold a mail");
	return SMFIS_TEMPFAIL;
}

sfsistat sp_act_message(SMFICTX *ctx, const struct sp_session *session,
			const struct sp_verdict *verdict)
{
	const struct sp_mail *mail = &session->mail;
	sfsistat status = reply(ctx, verdict, mail->id);

	if (status != SMFIS_CONTINUE)
		return status;
	for (unsigned i = 0; i < SP_OWN_FIELDS; i++)
		remove_field(ctx, &mail->own_fields, (enum sp_own_field)i);
	insert_headers(ctx, session,
		       mail->accepted_verdict ? mail->accepted_verdict
					      : verdict);
	return verdict->action == SP_ACTION_HOLD ? hold(ctx, verdict, mail->id)
						 : SMFIS_CONTINUE;
}

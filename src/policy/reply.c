#include "sallyport/policy.h"

#include "sallyport/text.h"

/* It may be the burglar who reads it: what was too much is not for him. */
static const char locked_text[] =
	"This account may not send mail for now; please ask your postmaster";

static void say_come_back(const struct sp_verdict *verdict,
			  struct sp_reply *reply, struct sp_text *text)
{
	long long seconds = (verdict->wait_ms + 999) / 1000;

	reply->code = "451";
	reply->enhanced = "4.7.1";
	if (verdict->because == SP_FINDING_SUBMITTER_LOCKED) {
		sp_text_add(text, locked_text);
		return;
	}
	sp_text_addf(text, "Greylisted, please come back in %lld second%s",
		     seconds, seconds == 1 ? "" : "s");
}

static const char *why_refused(enum sp_finding_id because)
{
	switch (because) {
	case SP_FINDING_ACCESS_DENY:
		return "Refused by this site's access list";
	case SP_FINDING_EARLY_TALKER:
		return "Refused: you spoke before you were greeted";
	case SP_FINDING_RELAY_GUARD:
		return "Relaying denied";
	case SP_FINDING_SUBMITTER_LOCKED:
		return locked_text;
	case SP_FINDING_DMARC_REJECT:
		return "Refused as the author's domain asks (DMARC)";
	default:
		return "Refused: too much here looks like spam";
	}
}

static void say_refused(const struct sp_verdict *verdict,
			struct sp_reply *reply, struct sp_text *text)
{
	reply->code = "550";
	/* RFC 7372 section 3.3: checks on who it is from, taken together. */
	reply->enhanced = verdict->because == SP_FINDING_DMARC_REJECT ? "5.7.26"
								      : "5.7.1";
	sp_text_add(text, why_refused(verdict->because));
	/* Only where it may be one of the reasons. */
	if (verdict->because == SP_FINDING_COUNT && verdict->explanation[0])
		sp_text_addf(text, "; %s", verdict->explanation);
}

void sp_policy_reply(const struct sp_verdict *verdict, const char *mail_id,
		     struct sp_reply *reply_out)
{
	struct sp_text text;

	*reply_out = (struct sp_reply){ 0 };
	sp_text_init(&text, reply_out->text, sizeof(reply_out->text));
	switch (verdict->action) {
	case SP_ACTION_ACCEPT:
	case SP_ACTION_HOLD:
		return;
	case SP_ACTION_DEFER:
		say_come_back(verdict, reply_out, &text);
		break;
	case SP_ACTION_REFUSE:
		say_refused(verdict, reply_out, &text);
		break;
	}
	sp_text_addf(&text, " (id %s)", mail_id);
}

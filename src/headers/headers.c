#include "sallyport/headers.h"

#include "fold.h"
#include "results.h"
#include "sallyport/config.h"
#include "sallyport/policy.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

/* One more, whose value is to be written into the text that is returned, and
 * ended by end(). */
static struct sp_text begin(struct sp_headers *headers, enum sp_own_field which)
{
	size_t room = sizeof(headers->bytes) - headers->used;
	char *bytes = headers->bytes + headers->used;
	struct sp_text text;

	headers->list[headers->count++] = (struct sp_header){
		.name = sp_own_field_name(which),
		.value = bytes,
	};
	sp_text_init(&text, bytes,
		     room < SP_HEADER_VALUE_SIZE ? room : SP_HEADER_VALUE_SIZE);
	return text;
}

static void end(struct sp_headers *headers, const struct sp_text *text)
{
	headers->used += text->length + 1;
}

static void write_verdict(struct sp_headers *headers,
			  const struct sp_mail *mail,
			  const struct sp_verdict *verdict)
{
	struct sp_text text = begin(headers, SP_OWN_VERDICT);

	sp_text_add(&text, mail->tally.is_held ? "hold" : "accept");
	sp_text_add(&text, "; score=");
	sp_text_add_points(&text, verdict->score);
	sp_text_add(&text, "/");
	sp_text_add_points(&text, verdict->refuse);
	sp_text_addf(&text, "; id=%s", mail->id);
	if (mail->tally.would_refuse > 0)
		sp_text_add(&text, "; would=reject");
	else if (mail->tally.would_defer > 0)
		sp_text_add(&text, "; would=defer");
	else if (mail->tally.would_hold)
		sp_text_add(&text, "; would=hold");
	end(headers, &text);
}

static void write_tests(struct sp_headers *headers,
			const struct sp_verdict *verdict)
{
	struct sp_text text = begin(headers, SP_OWN_TESTS);
	struct sp_fold fold;

	sp_fold_init(&fold, &text, sp_own_field_name(SP_OWN_TESTS));
	for (size_t i = 0; i < verdict->count; i++) {
		const struct sp_finding *finding = &verdict->findings[i];
		char bytes[64];
		struct sp_text word;

		if (i > 0)
			sp_fold_mark(&fold, ",");
		sp_text_init(&word, bytes, sizeof(bytes));
		sp_text_addf(&word, "%s=", finding->name);
		sp_text_add_points(&word, finding->weight);
		sp_fold_word(&fold, bytes);
	}
	end(headers, &text);
}

static void write_results(struct sp_headers *headers,
			  const struct sp_session *session)
{
	const struct sp_auth_results_config *config =
		&session->service->config->auth_results;
	const struct sp_mail *mail = &session->mail;
	struct sp_facts facts;
	const struct sp_results_note note = {
		.authserv_id = sp_session_authserv_id(session),
		.client = &session->connection.client,
		.helo = session->connection.helo,
		.sender = mail->sender,
		.sender_domain = mail->sender_domain,
		.facts = &facts,
	};
	struct sp_text text;

	sp_session_facts(session, SP_STAGE_EOM, &facts);
	if (!note.authserv_id[0])
		return;
	if (config->is_enabled &&
	    (sp_results_count(&facts) > 0 || !mail->own_fields.has_results)) {
		text = begin(headers, SP_OWN_AUTH_RESULTS);
		sp_results_write(&note, &text);
		end(headers, &text);
	}
	if (config->adds_received_spf && facts.spf->state != SP_FACT_NOT_RUN) {
		text = begin(headers, SP_OWN_RECEIVED_SPF);
		sp_received_spf_write(&note, &text);
		end(headers, &text);
	}
}

/* Who sent it, for those who complain and those who are asked. */
static void write_submitter(struct sp_headers *headers,
			    const struct sp_session *session)
{
	const struct sp_service *service = session->service;
	const struct sp_submitter *who = session->mail.submission.who;
	char mask[SP_SUBMITTER_MASK_SIZE];
	struct sp_text text;

	if (!who || service->config->outbound.header == SP_SUBMITTER_UNSHOWN)
		return;
	text = begin(headers, SP_OWN_SUBMITTER);
	sp_text_add(&text,
		    service->config->outbound.header == SP_SUBMITTER_HASHED
			    ? sp_submitter_mask(who->key, service->secret, mask)
			    : who->key);
	end(headers, &text);
}

static void add_kept(struct sp_headers *headers,
		     const struct sp_own_fields *fields)
{
	for (const struct sp_kept_field *kept = fields->kept; kept;
	     kept = kept->next)
		headers->list[headers->count++] = (struct sp_header){
			.name = SP_KEPT_FIELD_NAME,
			.value = kept->value,
		};
}

void sp_headers_build(const struct sp_session *session,
		      const struct sp_verdict *verdict,
		      struct sp_headers *headers_out)
{
	const struct sp_mail *mail = &session->mail;
	struct sp_text text;

	headers_out->count = 0;
	headers_out->used = 0;
	write_results(headers_out, session);
	write_verdict(headers_out, mail, verdict);
	if (verdict->count > 0)
		write_tests(headers_out, verdict);
	if (mail->degraded) {
		text = begin(headers_out, SP_OWN_DEGRADED);
		sp_facts_add_degraded(&text, mail->degraded);
		end(headers_out, &text);
	}
	write_submitter(headers_out, session);
	add_kept(headers_out, &mail->own_fields);
}

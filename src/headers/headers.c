#include "sallyport/headers.h"

#include "sallyport/policy.h"
#include "sallyport/text.h"

/* A header line should stay below this, RFC 5322 section 2.1.1. */
enum {
	LINE_LENGTH = 76
};

void sp_headers_add_score(struct sp_text *text, double score)
{
	sp_text_addf(text, "%.4g", score == 0.0 ? 0.0 : score);
}

static struct sp_text begin(struct sp_header *header, unsigned which)
{
	struct sp_text text;

	header->name = sp_session_own_header(which);
	sp_text_init(&text, header->value, sizeof(header->value));
	return text;
}

static void write_verdict(struct sp_header *header, const struct sp_mail *mail,
			  const struct sp_verdict *verdict)
{
	struct sp_text text = begin(header, 0);

	sp_text_add(&text, "accept; score=");
	sp_headers_add_score(&text, verdict->score);
	sp_text_add(&text, "/");
	sp_headers_add_score(&text, verdict->refuse);
	sp_text_addf(&text, "; id=%s", mail->id);
	if (mail->tally.would_refuse > 0)
		sp_text_add(&text, "; would=reject");
	else if (mail->tally.would_defer > 0)
		sp_text_add(&text, "; would=defer");
}

static void write_tests(struct sp_header *header,
			const struct sp_verdict *verdict)
{
	struct sp_text text = begin(header, 1);
	size_t line = text.length;

	for (size_t i = 0; i < verdict->count; i++) {
		const struct sp_finding *finding = &verdict->findings[i];

		if (i > 0)
			sp_text_add(&text, ", ");
		if (text.length - line > LINE_LENGTH / 2) {
			sp_text_add(&text, "\n\t");
			line = text.length;
		}
		sp_text_addf(&text, "%s=", finding->name);
		sp_headers_add_score(&text, finding->weight);
	}
}

size_t sp_headers_build(const struct sp_mail *mail,
			const struct sp_verdict *verdict,
			struct sp_header headers_out[SP_OWN_HEADERS])
{
	size_t count = 0;
	struct sp_text text;

	write_verdict(&headers_out[count++], mail, verdict);
	if (verdict->count > 0)
		write_tests(&headers_out[count++], verdict);
	if (mail->degraded) {
		text = begin(&headers_out[count++], 2);
		sp_facts_add_degraded(&text, mail->degraded);
	}
	return count;
}

#include "rewrite.h"

#include <stdio.h>
#include <string.h>

enum {
	/* libspf2 holds 511 bytes of compiled terms; what comes behind them it
	 * forgets without a word. The last in a piece is a redirect. */
	PIECE_BYTES_MAX = 460,
	TERM_BYTES = 4, /* of any term */
	NAME_BYTES = 8, /* and of one with a name: prefix and length */
	IP4_BYTES = 4,
	IP6_BYTES = 16,
	REFERENCE_SIZE = 64
};

/* -------------------------------------------------------------- references */

/* No name has a backslash (sp_dns_name_expanded). */
static const char letters[] = "cgoCGOhz";

static size_t letter_of(const struct sp_spf_reference *reference)
{
	switch (reference->referent) {
	case SP_SPF_RECORD:
		return reference->role;
	case SP_SPF_TARGET:
		return 3 + (size_t)reference->role;
	case SP_SPF_HOST:
		return 6;
	case SP_SPF_ANY_HOST:
		break;
	}
	return 7;
}

static void set_letter(struct sp_spf_reference *reference, size_t letter)
{
	reference->role = SP_SPF_OTHER;
	if (letter < 6) {
		reference->referent = (enum sp_spf_referent)(letter / 3);
		reference->role = (enum sp_spf_role)(letter % 3);
	} else {
		reference->referent =
			letter == 6 ? SP_SPF_HOST : SP_SPF_ANY_HOST;
	}
}

void sp_spf_reference_write(const struct sp_spf_reference *reference,
			    const char *tail, struct sp_text *out)
{
	/* With a top-level domain it is a name that libspf2 does not warn
	 * of. */
	sp_text_addf(out, "\\%c%u.%u.%s", letters[letter_of(reference)],
		     reference->entry, reference->index,
		     tail[0] != '\0' ? tail : "x");
}

bool sp_spf_reference_read(const char *name,
			   struct sp_spf_reference *reference_out)
{
	struct sp_spf_reference reference;
	const char *letter;
	char end;

	if (name[0] != '\\' || name[1] == '\0' ||
	    sscanf(name + 2, "%4u.%4u%c", &reference.entry, &reference.index,
		   &end) != 3 ||
	    end != '.')
		return false;
	letter = strchr(letters, name[1]);
	if (letter == NULL)
		return false;
	set_letter(&reference, (size_t)(letter - letters));
	*reference_out = reference;
	return true;
}

/* ----------------------------------------------------------------- records */

struct writing {
	struct sp_spf *spf;
	struct sp_spf_reference reference; /* of the record */
	const struct sp_spf_entry *entry;
	struct sp_text *out;
	size_t used_bytes; /* of PIECE_BYTES_MAX */
};

unsigned sp_spf_prefix_of(const struct sp_spf *spf,
			  const struct sp_spf_term *term)
{
	return spf->macros.client.family == SP_IP_6 ? term->prefix6
						    : term->prefix4;
}

static unsigned full_prefix(const struct sp_spf *spf)
{
	return spf->macros.client.family == SP_IP_6 ? 128 : 32;
}

static char sign_of(const struct sp_spf_term *term)
{
	switch (term->qualifier) {
	case SP_SPF_FAIL:
		return '-';
	case SP_SPF_SOFTFAIL:
		return '~';
	case SP_SPF_NEUTRAL:
		return '?';
	default:
		return '+';
	}
}

static void add_reference(struct writing *writing, const char *name,
			  size_t index)
{
	struct sp_spf_reference reference = writing->reference;
	size_t before = writing->out->length;

	reference.referent = SP_SPF_TARGET;
	reference.index = (unsigned)index;
	sp_text_add(writing->out, name);
	sp_spf_reference_write(&reference, "", writing->out);
	writing->used_bytes +=
		TERM_BYTES + NAME_BYTES + writing->out->length - before;
}

static void add_prefix(struct writing *writing, unsigned prefix,
		       const char *slash)
{
	if (prefix < full_prefix(writing->spf))
		sp_text_addf(writing->out, "%s%u", slash, prefix);
}

/* An "all", or what comes to it: libspf2 takes no prefix of 0. */
static void add_all(struct writing *writing)
{
	sp_text_add(writing->out, "all");
	writing->used_bytes += TERM_BYTES;
}

static void add_network(struct writing *writing, const struct sp_spf_term *term)
{
	unsigned prefix = sp_spf_prefix_of(writing->spf, term);
	bool is_6 = term->kind == SP_SPF_IP6;
	char address[SP_IP_TEXT_SIZE];

	if (prefix == 0) {
		add_all(writing);
		return;
	}
	sp_text_addf(writing->out, "%s:%s", is_6 ? "ip6" : "ip4",
		     sp_ip_format(&term->ip, address));
	add_prefix(writing, prefix, "/");
	writing->used_bytes +=
		is_6 ? TERM_BYTES + IP6_BYTES : TERM_BYTES + IP4_BYTES;
}

/* Any address will do for a prefix of 0: the reference's answer sees to it. */
static void add_hosts(struct writing *writing, const struct sp_spf_term *term,
		      size_t index)
{
	unsigned prefix = sp_spf_prefix_of(writing->spf, term);

	add_reference(writing, term->kind == SP_SPF_A ? "a:" : "mx:", index);
	if (prefix > 0)
		add_prefix(writing, prefix,
			   full_prefix(writing->spf) == 128 ? "//" : "/");
}

/* Here libspf2 compares names itself. No client's name ends in what is no name
 * of a host: such a term is one that finds nothing. */
static enum sp_spf_step add_ptr(struct writing *writing,
				const struct sp_spf_term *term, size_t index)
{
	struct sp_dns_name name, host;
	enum sp_spf_step step = sp_spf_target(
		writing->spf, &writing->entry->name, term->domain, &name);

	if (step == SP_SPF_WAIT)
		return step;
	if (step == SP_SPF_YES &&
	    sp_dns_name_domain(name.text, strlen(name.text), &host) == SP_OK) {
		sp_text_addf(writing->out, "ptr:%s", host.text);
		writing->used_bytes +=
			TERM_BYTES + NAME_BYTES + strlen(host.text);
	} else {
		add_reference(writing, "exists:", index);
	}
	return SP_SPF_YES;
}

static bool is_of_other_family(const struct writing *writing,
			       const struct sp_spf_term *term)
{
	bool is_6 = full_prefix(writing->spf) == 128;

	return term->kind == (is_6 ? SP_SPF_IP4 : SP_SPF_IP6);
}

static enum sp_spf_step add_term(struct writing *writing, size_t index)
{
	const struct sp_spf_term *term = &writing->entry->record->terms[index];

	if (is_of_other_family(writing, term))
		return SP_SPF_YES;
	sp_text_addf(writing->out, " %c", sign_of(term));
	switch (term->kind) {
	case SP_SPF_ALL:
		add_all(writing);
		break;
	case SP_SPF_IP4:
	case SP_SPF_IP6:
		add_network(writing, term);
		break;
	case SP_SPF_A:
	case SP_SPF_MX:
		add_hosts(writing, term, index);
		break;
	case SP_SPF_PTR:
		return add_ptr(writing, term, index);
	case SP_SPF_INCLUDE:
		add_reference(writing, "include:", index);
		break;
	case SP_SPF_EXISTS:
		add_reference(writing, "exists:", index);
		break;
	}
	return SP_SPF_YES;
}

/* The rest is another record, which this one redirects to. */
static void add_continuation(struct writing *writing, size_t index)
{
	struct sp_spf_reference rest = writing->reference;

	rest.index = (unsigned)index;
	sp_text_add(writing->out, " redirect=");
	sp_spf_reference_write(&rest, "", writing->out);
}

/* Whether the next term, of whatever kind, may be too much. */
static bool is_full(const struct writing *writing,
		    const struct sp_spf_term *term)
{
	size_t bytes = TERM_BYTES + NAME_BYTES + REFERENCE_SIZE;

	if (term->kind == SP_SPF_IP4 || term->kind == SP_SPF_IP6)
		bytes = TERM_BYTES + IP6_BYTES;
	else if (term->kind == SP_SPF_PTR)
		bytes = TERM_BYTES + NAME_BYTES + SP_DOMAIN_SIZE;
	return writing->used_bytes + bytes > PIECE_BYTES_MAX;
}

enum sp_spf_step sp_spf_rewrite(struct sp_spf *spf,
				const struct sp_spf_reference *reference,
				size_t end, struct sp_text *out)
{
	struct writing writing = {
		.spf = spf,
		.reference = *reference,
		.entry = spf->entries[reference->entry],
		.out = out,
	};
	const struct sp_spf_record *record = writing.entry->record;

	sp_text_add(out, "v=spf1");
	for (size_t i = reference->index; i < record->count && i < end; i++) {
		if (is_full(&writing, &record->terms[i])) {
			add_continuation(&writing, i);
			return SP_SPF_YES;
		}
		if (add_term(&writing, i) == SP_SPF_WAIT)
			return SP_SPF_WAIT;
		if (record->terms[i].kind == SP_SPF_ALL)
			return SP_SPF_YES;
	}
	if (record->redirect.length > 0 && end >= record->count) {
		sp_text_add(out, " ");
		add_reference(&writing, "redirect=", record->count);
	}
	return SP_SPF_YES;
}

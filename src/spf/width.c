/* width.c - how many others a record lets pass. */
#include "evaluation.h"

static void add(uint64_t *sum, unsigned bits)
{
	uint64_t count = bits < 64 ? UINT64_C(1) << bits : UINT64_MAX;

	*sum = *sum > UINT64_MAX - count ? UINT64_MAX : *sum + count;
}

static unsigned bits_4(const struct sp_spf_term *term)
{
	return 32 - term->prefix4;
}

/* Networks of /64. */
static unsigned bits_6(const struct sp_spf_term *term)
{
	return term->prefix6 < 64 ? 64 - term->prefix6 : 0;
}

static void sum_term(struct sp_spf_walk *walk, const struct sp_spf_term *term)
{
	switch (term->kind) {
	case SP_SPF_ALL:
		walk->is_world = true;
		break;
	case SP_SPF_IP4:
		add(&walk->ip4, bits_4(term));
		break;
	case SP_SPF_IP6:
		add(&walk->ip6, bits_6(term));
		break;
	case SP_SPF_A:
	case SP_SPF_MX:
		/* How many addresses there are is another question; what is
		 * around one is wide enough to tell. */
		add(&walk->ip4, bits_4(term));
		if (term->prefix6 < 128)
			add(&walk->ip6, bits_6(term));
		break;
	default:
		break;
	}
}

void sp_spf_sum(struct sp_spf_walk *walk, const struct sp_spf_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct sp_spf_term *term = &record->terms[i];

		if (term->qualifier == SP_SPF_PASS)
			sum_term(walk, term);
		if (term->kind == SP_SPF_ALL)
			return;
	}
}

/*
 * dmarc_world.h - a small DNS for DMARC's tests, and mails in it.
 *
 * Threads:  one at a time per world.
 */
#ifndef SALLYPORT_TEST_DMARC_WORLD_H
#define SALLYPORT_TEST_DMARC_WORLD_H

#include "sallyport/dmarc.h"

enum {
	DMARC_ROWS_MAX = 32,
	DMARC_ZONE_MAX = 4096,
	DMARC_ASKED_MAX = 128,
	DMARC_SUMMARY_SIZE = 1024
};

/*
 * A zone is "DOMAIN TEXT | DOMAIN TEXT": TXT records at _dmarc.DOMAIN. Several
 * of a domain are several records. Words instead of a text:
 *   !nodata !failed !timeout !pending !not-asked   the answer about _dmarc.DOMAIN
 *   !alias       it has a CNAME whose end is not there
 *   !gone        the domain itself does not exist (NXDOMAIN)
 *   !gone-alias  it is a CNAME whose end is not there
 *   !silent      nobody says whether the domain itself exists
 * Of everything else there is no record, and the domain exists (NODATA).
 */
struct dmarc_world {
	char zone[DMARC_ZONE_MAX];
	const char *rows[DMARC_ROWS_MAX];
	size_t row_count;
	bool is_first_pending; /* whoever asks first is told PENDING */
	struct sp_dns_answer answers[DMARC_ASKED_MAX];
	struct sp_dns_record records[DMARC_ASKED_MAX][DMARC_ROWS_MAX];
	char asked[DMARC_ASKED_MAX][SP_DOMAIN_SIZE + 8]; /* "TXT name" */
	size_t asked_count;
};

/* Both are large: see dmarc_check_rows. */
void dmarc_world_init(struct dmarc_world *world, const char *zone);

/* A sp_dmarc_answer_of; `context` is the world. Asking twice is one question. */
const struct sp_dns_answer *dmarc_world_answer(void *context,
					       const struct sp_dns_name *name,
					       enum sp_dns_type type);

bool dmarc_world_was_asked(const struct dmarc_world *world, const char *what);

/*
 * "fail reject by example.org of example.org", "pass spf dkim[0] ...",
 * "fail quarantine<reject by ..." with t=y, "none", "permerror (AUTHOR)".
 */
void dmarc_summary(const struct sp_dmarc_outcome *outcome,
		   char summary_out[DMARC_SUMMARY_SIZE]);

/* A mail, and what comes of it. */
struct dmarc_row {
	const char *sentence;
	const char *from; /* the field's value; NULL = no field */
	const char *spf;  /* the domain that passed, "" = none; '?' before it:
			   * undecided */
	const char *dkim; /* the same, with commas between */
	const char *zone;
	const char *found; /* dmarc_summary's */
};

/* The mail's outcome in `world`, as often as its zone is new. */
void dmarc_evaluate(const struct dmarc_row *row,
		    enum sp_organisation_method method,
		    const struct sp_suffixes *suffixes,
		    struct dmarc_world *world,
		    struct sp_dmarc_outcome *outcome_out);

/* Each row must come out as it says; else the test fails. */
void dmarc_check_rows(enum sp_organisation_method method,
		      const struct sp_suffixes *suffixes,
		      const struct dmarc_row *rows, size_t count);

#endif

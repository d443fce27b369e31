/*
 * evaluation.h - what an evaluation holds, and the parts of its walk.
 *
 * A walk goes through the records in RFC 7208's order until an answer is
 * missing or the result is there. Then it names what the terms behind the
 * missing answer would ask (ahead.c), and is given up; the next answer begins
 * a new one.
 */
#ifndef SALLYPORT_SRC_SPF_EVALUATION_H
#define SALLYPORT_SRC_SPF_EVALUATION_H

#include <stdatomic.h>

#include "macro.h"
#include "record.h"

/* What a term, or a question, came to. */
enum sp_spf_step {
	SP_SPF_NO,
	SP_SPF_YES,
	SP_SPF_WAIT,
	SP_SPF_TEMP,
	SP_SPF_PERM
};

struct sp_spf_entry {
	struct sp_spf *spf;
	unsigned number;
	struct sp_dns_name name;
	enum sp_dns_type type;
	bool is_needed;			    /* by a walk's order */
	const struct sp_dns_answer *answer; /* NULL: not yet */
	bool is_selected;		    /* TXT: the following hold */
	enum sp_spf_step selection;
	const char *problem;		    /* of the selection, in words */
	const struct sp_spf_record *record; /* NULL but for YES */
	bool is_summed;			    /* in this walk's width */
};

/* What one walk counts. */
struct sp_spf_walk {
	unsigned lookups;
	unsigned ahead; /* lookups that may follow, asked for early */
	unsigned voids;
	uint64_t ip4, ip6;
	bool is_world;
	struct sp_spf_slice term; /* of the checked domain, that matched */
	const char *reason;
	/* The record whose exp= tells of a fail, and the domain it is of. */
	const struct sp_spf_record *failed;
	const struct sp_dns_name *failed_domain;
};

struct sp_spf {
	enum sp_spf_engine engine;
	/* Of the walks; given back behind the last answer, for a connection may
	 * keep the outcome for long. */
	struct sp_arena arena;
	struct sp_arena kept;	     /* of the outcome */
	struct sp_spf_macros macros; /* but domain and validated */
	struct sp_dns_name domain;   /* checked; "" = none */
	struct sp_spf_entry *
		*entries; /* SP_SPF_QUESTIONS_MAX; NULL: given back */
	unsigned count, needed, taken;
	unsigned open; /* taken, and not answered */
	struct sp_spf_walk walk;
	struct sp_spf_outcome outcome;
	atomic_bool is_done;
	_Atomic(const char *) explanation;
	bool is_explained; /* nothing more to come */
	/* Of sp_spf_run. */
	struct sp_spf_groups groups;
};

/* ---------------------------------------------------------------- lookup.c */

/* A question of the walk's order: YES when records are there, NO when there
 * are none. */
enum sp_spf_step sp_spf_ask(struct sp_spf *spf, const struct sp_dns_name *name,
			    enum sp_dns_type type, struct sp_spf_entry **out);

/* A question that may come; the entry, or NULL when there is no room. */
struct sp_spf_entry *sp_spf_ask_ahead(struct sp_spf *spf,
				      const struct sp_dns_name *name,
				      enum sp_dns_type type);

/* A or AAAA, as the client is. */
enum sp_dns_type sp_spf_address_type(const struct sp_spf *spf);

/* Whether an address of the answer is the client's, up to the term's prefix. */
bool sp_spf_has_client(const struct sp_spf *spf,
		       const struct sp_dns_answer *answer, unsigned prefix4,
		       unsigned prefix6);

/* A domain-spec in the record of `domain`, as a name: YES, NO (it cannot be
 * one), WAIT. An empty one is the domain. */
enum sp_spf_step sp_spf_target(struct sp_spf *spf,
			       const struct sp_dns_name *domain,
			       struct sp_spf_slice spec,
			       struct sp_dns_name *name_out);

/* A name of the client's that leads back to it, for %{p}: YES, NO, WAIT. */
enum sp_spf_step sp_spf_validated(struct sp_spf *spf,
				  const struct sp_dns_name *domain,
				  const char **name_out);

/* ------------------------------------------------------------- published.c */

/* Ask for the domain's record: YES, NO, WAIT, TEMP or PERM, with its reason. */
enum sp_spf_step sp_spf_find(struct sp_spf *spf,
			     const struct sp_dns_name *domain,
			     struct sp_spf_entry **entry_out);

/* The reason where a domain that is referred to has none. */
extern const char sp_spf_no_record[];

/* The SPF record in an entry's answer, read once: YES, NO, TEMP or PERM. */
enum sp_spf_step sp_spf_select(struct sp_spf_entry *entry);

/* Of a text from DNS, for people: printable, and cut. */
const char *sp_spf_safe(struct sp_arena *arena, const char *text,
			size_t length);

/* What the domain's owner says of a fail; false while answers are missing. */
bool sp_spf_explain(struct sp_spf *spf, const char **text_out);

/* Ask for it before it is known whether it is needed: a refusal may come too
 * soon after the result. */
void sp_spf_explain_ahead(struct sp_spf *spf, const struct sp_dns_name *domain,
			  const struct sp_spf_record *record);

/* -------------------------------------------------------------------- spf.c */

/* Of WAIT, TEMP and PERM. */
enum sp_spf_result sp_spf_error_of(enum sp_spf_step step);

/* ---------------------------------------------------------------- libspf2.c */

/* One walk, by libspf2. The client is not of this host: libspf2 lets pass
 * whoever is. */
enum sp_spf_result sp_spf_walk_libspf2(struct sp_spf *spf);

/* -------------------------------------------------------------- mechanism.c */

/* Does the term match? All but `include`. */
enum sp_spf_step sp_spf_match(struct sp_spf *spf,
			      const struct sp_dns_name *domain,
			      const struct sp_spf_term *term);

/* One more term that asks: false when that is too many. */
bool sp_spf_count_lookup(struct sp_spf *spf);

/* The exchanges of an mx: YES, or PERM when they are too many. */
enum sp_spf_step sp_spf_count_exchanges(struct sp_spf *spf,
					const struct sp_dns_answer *exchanges);

/* The addresses of all names of an answer. */
void sp_spf_ask_names_ahead(struct sp_spf *spf,
			    const struct sp_spf_entry *names);

/* ... and nothing was found: NO, or PERM when that was once too often. */
enum sp_spf_step sp_spf_count_void(struct sp_spf *spf);

/* ----------------------------------------------------------------- ahead.c */

/* Name what the terms from `begin` on would ask. */
void sp_spf_look_ahead(struct sp_spf *spf, const struct sp_dns_name *domain,
		       const struct sp_spf_record *record, size_t begin);

/* ----------------------------------------------------------------- width.c */

/* Add what the record's own terms pass, up to an `all`. */
void sp_spf_sum(struct sp_spf_walk *walk, const struct sp_spf_record *record);

#endif

/*
 * rewrite.h - what libspf2 is given in place of a record, and of names.
 *
 * libspf2 has been taken over by way of what records say: their macros, their
 * lengths. So it sees none of it. It is given records of our own writing, with
 * the terms of the one that we have read, in their order; in the place of names
 * stand *references*, which come back as what it looks up. Macros, explanations
 * and unknown modifiers stay with us.
 *
 * Beyond that a record is written such as libspf2 reads it right: redirect at
 * the end, only the client's family of addresses and prefixes, and in pieces
 * that it does not silently cut off.
 */
#ifndef SALLYPORT_SRC_SPF_REWRITE_H
#define SALLYPORT_SRC_SPF_REWRITE_H

#include "evaluation.h"

/* Whose record it is. */
enum sp_spf_role {
	SP_SPF_CHECKED, /* the domain in question, or what it redirects to */
	SP_SPF_GRANTS,	/* a pass here is a pass of the whole */
	SP_SPF_OTHER
};

enum sp_spf_referent {
	SP_SPF_RECORD,	/* the entry's record from term `index` on */
	SP_SPF_TARGET,	/* of its term `index`; behind the last: of redirect */
	SP_SPF_HOST,	/* name `index` of the entry's answer: MX, PTR */
	SP_SPF_ANY_HOST /* the same, of a term to which any address will do */
};

struct sp_spf_reference {
	enum sp_spf_referent referent;
	enum sp_spf_role role; /* of the record */
	unsigned entry;	       /* its number */
	unsigned index;
};

enum {
	SP_SPF_REWRITTEN_SIZE = 2048
};

/* A name that no domain has, and of which `tail` ("" for none) is the end. */
void sp_spf_reference_write(const struct sp_spf_reference *reference,
			    const char *tail, struct sp_text *out);

/* False for what is none. */
bool sp_spf_reference_read(const char *name,
			   struct sp_spf_reference *reference_out);

/*
 * The referent, a RECORD, as libspf2 may see it; terms from `end` on are left
 * out. YES, or WAIT: an answer is missing to write it.
 */
enum sp_spf_step sp_spf_rewrite(struct sp_spf *spf,
				const struct sp_spf_reference *reference,
				size_t end, struct sp_text *out);

/* The prefix that counts for the client's family. */
unsigned sp_spf_prefix_of(const struct sp_spf *spf,
			  const struct sp_spf_term *term);

#endif

/*
 * from.h - who wrote a mail, by its From: field.
 *
 * Place:    at each From: header, with its value as the milter got it. DMARC,
 *           the block lists of domains and the rules for outbound mail ask
 *           afterwards.
 * Network:  none.
 * Bounds:   64 KiB of a field are read, in one pass and a second look, without
 *           recursion; 8 domains and 4 mailboxes are kept.
 * Threads:  reentrant; nothing is kept between calls but in the struct.
 * Standard: RFC 5322 section 3.4 (addresses) and 4.4 (obsolete ones), RFC 6854
 *           (groups in From:), RFC 6532 (UTF-8), RFC 2047 section 5 (encoded
 *           words are never part of an address).
 *
 * A field that mail programs would read in different ways has no author here:
 * it is SP_FROM_UNREADABLE, so that nobody passes DMARC as one domain and is
 * shown as another. `a@good.example <b@evil.example>`, `<a@x> <b@y>` and open
 * quotes are such fields. What may stand in a name by the RFC, as in
 * `"a@good.example" <b@evil.example>`, has one author (evil.example), and
 * `shown` says what else a reader will believe to see.
 *
 * More strict than the RFC: control characters, also in quotes; a domain that
 * sp_domain_normalise or sp_ip_parse does not take. More lenient: dots anywhere
 * in a local part (some networks hand them out), brackets in a name without
 * quotes, 8-bit bytes of whatever charset in names and local parts.
 */
#ifndef SALLYPORT_FROM_H
#define SALLYPORT_FROM_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/address.h"
#include "sallyport/domain.h"

enum {
	SP_FROM_DOMAINS_MAX = 8,
	SP_FROM_MAILBOXES_MAX = 4,
	SP_FROM_VALUE_MAX = 64 * 1024, /* bytes; a longer one is unreadable */
	SP_FROM_DEPTH_MAX = 32	       /* comments within comments */
};

enum sp_from_domain_kind {
	SP_FROM_DOMAIN_NONE = 0,
	SP_FROM_DOMAIN_NAME,   /* as sp_domain_normalise writes it */
	SP_FROM_DOMAIN_IDN,    /* UTF-8 as it stood there but for A-Z in lower
				* case: neither mapped nor made A-labels */
	SP_FROM_DOMAIN_LITERAL /* "[192.0.2.1]", "[ipv6:2001:db8::1]" */
};

struct sp_from_domain {
	enum sp_from_domain_kind kind;
	char name[SP_DOMAIN_SIZE];
};

/* One that could be read, whole. */
struct sp_from_mailbox {
	unsigned domain; /* its index in `domains` */
	/* Without quotes, comments and blanks, its case kept; "" when it was
	 * longer than any mail server takes. */
	char local[SP_LOCAL_SIZE];
};

enum sp_from_verdict {
	SP_FROM_NO_FROM = 0,
	SP_FROM_OK_ONE,		 /* one field with one mailbox: the author */
	SP_FROM_SEVERAL_AUTHORS, /* one field, several mailboxes; of one domain
				  * if one is kept */
	SP_FROM_SEVERAL_FIELDS,	 /* whatever is in them, even the same */
	SP_FROM_GROUP,		 /* a group, and a mailbox in it or beside it */
	SP_FROM_EMPTY_GROUP,	 /* groups, and no mailbox at all */
	SP_FROM_UNREADABLE
};

enum sp_from_reason {
	SP_FROM_READ = 0,	 /* nothing is wrong */
	SP_FROM_TOO_LONG,	 /* over SP_FROM_VALUE_MAX */
	SP_FROM_CONTROL,	 /* a NUL or another control character */
	SP_FROM_LINE_BREAK,	 /* one that does not fold the line */
	SP_FROM_NO_ADDRESS,	 /* nothing, commas only, or <> */
	SP_FROM_NO_DOMAIN,	 /* words without an address: `root`, or a name
				  * cut by a comma: `Doe, Ann <ann@x>` */
	SP_FROM_BAD_LOCAL,	 /* no local part before the @: `Ann Doe@x` */
	SP_FROM_BAD_DOMAIN,	 /* behind an @ is neither name nor address */
	SP_FROM_ADDRESS_IN_NAME, /* a@x <b@y> */
	SP_FROM_SEVERAL_AT,	 /* a@x@y */
	SP_FROM_TRAILING,	 /* more behind an address: <a@x> <b@y> */
	SP_FROM_BAD_CHARACTER,	 /* one that may not stand there */
	SP_FROM_OPEN_QUOTE,
	SP_FROM_OPEN_COMMENT,
	SP_FROM_OPEN_BRACKET, /* a < or a [ without its end */
	SP_FROM_OPEN_GROUP,
	SP_FROM_BAD_GROUP, /* a group in a group, without a name, a stray ; */
	SP_FROM_TOO_DEEP   /* comments, over SP_FROM_DEPTH_MAX */
};

/*
 * What the fields say. `domains` are the different ones that were found, in
 * the order of the text; of an unreadable field all that stand behind an @,
 * wherever: material for block lists, and nobody's identity.
 */
struct sp_from {
	unsigned field_count;
	unsigned mailbox_count; /* all; of an unreadable field, every @domain */
	unsigned domain_count;	/* those kept below */
	bool has_more_domains;	/* than could be kept */
	bool has_group;
	enum sp_from_reason reason; /* of the first unreadable field */
	struct sp_from_domain domains[SP_FROM_DOMAINS_MAX];
	/* Of fields that can be read: the first ones, in the order of the
	 * text. Of one whose domain was not kept, there is none. */
	unsigned mailboxes_kept;
	struct sp_from_mailbox mailboxes[SP_FROM_MAILBOXES_MAX];
	/* The first domain behind an @ in a name, a comment, a quoted local
	 * part or a source route that no mailbox has; else NONE. Encoded words
	 * are not decoded for it. Compare organisations before blaming. */
	struct sp_from_domain shown;
};

/* No field yet: SP_FROM_NO_FROM. */
void sp_from_init(struct sp_from *from_out);

/*
 * Take in one more field: `length` bytes at `value`, what stands behind
 * "From:", folded with LF or CR LF. Never fails: what cannot be read has its
 * `reason`.
 */
void sp_from_add_field(struct sp_from *from, const char *value, size_t length);

/* The worst that holds: several fields before unreadable ones, these before
 * groups, these before the number of authors. */
enum sp_from_verdict sp_from_judge(const struct sp_from *from);

/* The author's domain when the verdict is SP_FROM_OK_ONE, else NULL: whoever
 * asks for one must say what becomes of the others. Borrowed from `from`. */
const struct sp_from_domain *sp_from_author(const struct sp_from *from);

/* For log and reasons; constant, never NULL, without a full stop. */
const char *sp_from_verdict_text(enum sp_from_verdict verdict);
const char *sp_from_reason_text(enum sp_from_reason reason);

#endif

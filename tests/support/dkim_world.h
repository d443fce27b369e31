/* dkim_world.h - published keys, and mails that are fed to sp_dkim as an MTA
 * would. */
#ifndef SALLYPORT_TESTS_DKIM_WORLD_H
#define SALLYPORT_TESTS_DKIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/arena.h"
#include "sallyport/dkim.h"

enum {
	DKIM_WORLD_NAMES_MAX = 256,
	DKIM_WORLD_RECORDS_MAX = 4 /* of one name */
};

struct dkim_world_name {
	const char *name; /* lower case */
	struct sp_dns_answer answer;
	struct sp_dns_record records[DKIM_WORLD_RECORDS_MAX];
};

struct dkim_world {
	struct sp_arena arena;
	struct dkim_world_name names[DKIM_WORLD_NAMES_MAX];
	size_t count;
};

struct dkim_world_mail {
	const char *bytes;
	size_t length;
	int64_t now_sec;
	const char *author; /* NULL: "" */
	size_t chunk;	    /* bytes of body at once; 0: all */
	bool is_late;	    /* keys come after the body */
};

void dkim_world_init(struct dkim_world *world);
void dkim_world_clear(struct dkim_world *world);

/* One more record of a name. */
void dkim_world_add(struct dkim_world *world, const char *name,
		    const char *text, size_t length);

/* What a name is answered without records. */
void dkim_world_set(struct dkim_world *world, const char *name,
		    enum sp_dns_status status);

/* NXDOMAIN for what is not there. */
const struct sp_dns_answer *dkim_world_answer(const struct dkim_world *world,
					      const char *name);

/* Answer all questions that there are. */
void dkim_world_answer_all(const struct dkim_world *world,
			   struct sp_dkim *dkim);

/* From its first field to its end; all lines end with CRLF, or all with LF.
 * Free it. */
struct sp_dkim *dkim_world_verify(const struct dkim_world *world,
				  const struct dkim_world_mail *mail);

#endif

/*
 * options.h - the option table: one row per option, and the key of the file,
 * the default, the range, the manual and `config show` all come from it.
 *
 * To add an option: a field in sallyport/config.h and a row in rows_*.c.
 *
 * Threads:  constant.
 */
#ifndef SALLYPORT_CONFIG_OPTIONS_H
#define SALLYPORT_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/list.h"

enum sp_option_type {
	SP_OPTION_BOOL,	    /* bool */
	SP_OPTION_NUMBER,   /* unsigned */
	SP_OPTION_REAL,	    /* double */
	SP_OPTION_DURATION, /* int64_t, milliseconds */
	SP_OPTION_SIZE,	    /* uint64_t, bytes */
	SP_OPTION_OCTAL,    /* unsigned */
	SP_OPTION_CHOICE,   /* an enum */
	SP_OPTION_WORD,	    /* const char *: a user, a group */
	SP_OPTION_PATH,	    /* const char *: absolute */
	SP_OPTION_PROGRAM,  /* const char *: absolute, or found in PATH */
	SP_OPTION_HOSTNAME, /* const char *: normalised */
	SP_OPTION_MAILBOX,  /* const char *: user, or user@example.org */
	SP_OPTION_LISTEN,   /* const char * */
	SP_OPTION_WEB,	    /* const char * */
	SP_OPTION_STORE,    /* struct sp_redis_config */
	SP_OPTION_SINK,	    /* struct sp_log_options */
	SP_OPTION_NETWORKS, /* struct sp_list * */
	SP_OPTION_NAMES,
	SP_OPTION_ADDRESSES,
	SP_OPTION_SERVERS,
	SP_OPTION_RULES,
	SP_OPTION_LIMITS,
	SP_OPTION_CLASSES,
	SP_OPTION_COMMAND,
	SP_OPTION_SENDERS,
	SP_OPTION_TYPES
};

enum {
	SP_OPTIONS_MAX = 256,
	SP_OPTION_NAME_SIZE = 48
};

struct sp_option {
	char name[SP_OPTION_NAME_SIZE]; /* "greylist.delay" */
	enum sp_option_type type;
	size_t offset;	/* of its value in struct sp_config */
	char least[16]; /* "" = no bound; written like a value */
	char most[16];
	char initial[256];   /* written like a value; items with ", " between */
	const char *unit;    /* what a number counts; NULL = nothing to say */
	const char *choices; /* SP_OPTION_CHOICE: "observe|enforce" */
	unsigned first_choice; /* the enum's value for the first of them */
	const char *help;
};

struct sp_option_words {
	const char *type;     /* "duration" */
	const char *expected; /* "a duration such as 90s, 5m or 2d" */
};

/* At most SP_OPTIONS_MAX; the weights of all findings are the last ones. */
size_t sp_option_count(void);

/* `index` is below the count. */
void sp_option_get(size_t index, struct sp_option *option_out);

/* The index of the option `name`; the count when there is none. */
size_t sp_option_find(const char *name);

/* The index of the first option of section `name` ("greylist"), which serves
 * as the section's own number; the count when there is no such section. */
size_t sp_option_find_section(const char *name);

/* What a person who wrote `name` probably meant: the name of an option or a
 * section; NULL when nothing is near. Keep `scratch` as long as the result. */
const char *sp_option_nearest(const char *name, struct sp_option *scratch);

const struct sp_option_words *sp_option_words(enum sp_option_type type);

/* For a list's type. */
static inline enum sp_list_kind sp_list_kind_of(enum sp_option_type type)
{
	return type == SP_OPTION_NETWORKS    ? SP_LIST_NETWORKS
	       : type == SP_OPTION_NAMES     ? SP_LIST_NAMES
	       : type == SP_OPTION_SERVERS   ? SP_LIST_SERVERS
	       : type == SP_OPTION_ADDRESSES ? SP_LIST_ADDRESSES
	       : type == SP_OPTION_COMMAND   ? SP_LIST_WORDS
					     : SP_LIST_RULES;
}

/* Whether its entries are "NAME: WHAT", which is a mapping to YAML. */
static inline bool sp_option_has_names(enum sp_option_type type)
{
	return type == SP_OPTION_RULES || type == SP_OPTION_LIMITS ||
	       type == SP_OPTION_CLASSES;
}

static inline bool sp_option_is_list(enum sp_option_type type)
{
	return type == SP_OPTION_NETWORKS || type == SP_OPTION_NAMES ||
	       type == SP_OPTION_ADDRESSES || type == SP_OPTION_SERVERS ||
	       type == SP_OPTION_COMMAND || type == SP_OPTION_SENDERS ||
	       sp_option_has_names(type);
}

#endif

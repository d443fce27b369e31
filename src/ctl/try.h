/*
 * try.h - `sallyport try`: options, the session, the report.
 *
 * try_options.c fills struct sp_try_options, try_play.c plays the session and
 * fills struct sp_try_result, try_report.c prints it.
 */
#ifndef SP_CTL_TRY_H
#define SP_CTL_TRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "sallyport/arena.h"
#include "sallyport/id.h"
#include "sallyport/mta.h"

struct sp_try_macro {
	const char *name;
	const char *value;
};

struct sp_try_options {
	const char *client_text; /* "192.0.2.7", "2001:db8::7" */
	struct sp_mta_client client;
	const char *name; /* the client's name by DNS; NULL = none */
	const char *helo;
	const char *sender;	 /* as at MAIL FROM: "<a@example.org>" */
	const char **recipients; /* as at RCPT TO */
	size_t recipient_count;
	const char *login; /* NULL = not authenticated */
	struct sp_try_macro *macros;
	size_t macro_count;
	const char *socket; /* NULL = the configuration's `listen` */
	const char *file;   /* NULL = a small message of our own; "-" stdin */
	int64_t timeout_ms;
};

/* SP_OPTION_END when all is well, otherwise ctl->exit_code is to be returned.
 * Texts are borrowed from `argv` and `arena`. */
int sp_try_parse(struct sp_ctl *ctl, int argc, char **argv,
		 struct sp_arena *arena, struct sp_try_options *options_out);

/* What happened at one moment of the session. */
struct sp_try_stage {
	const char *name;     /* "RCPT" */
	const char *argument; /* "TO:<b@example.org>" */
	enum sp_mta_answer answer;
	bool was_asked;
	const char *text; /* the SMTP reply; "" for none */
	int64_t us;
};

enum sp_try_outcome {
	SP_TRY_ACCEPTED, /* at least one recipient */
	SP_TRY_DISCARDED,
	SP_TRY_DEFERRED,
	SP_TRY_REFUSED,
	SP_TRY_BROKEN /* the daemon went away or talked nonsense */
};

const char *sp_try_outcome_name(enum sp_try_outcome outcome);

struct sp_try_result {
	struct sp_try_stage *stages;
	size_t stage_count;
	size_t accepted; /* recipients */
	enum sp_try_outcome outcome;
	enum sp_err err;       /* for SP_TRY_BROKEN */
	const char *complaint; /* of the protocol's client; "" = none */
	uint32_t fields, cut_fields;
	uint64_t body_bytes;
	const struct sp_mta_changes *changes; /* borrowed from the client */
	char id[SP_ID_SIZE];		      /* "" = none was seen */
};

/* Play one session with one mail. `file` is the message. */
void sp_try_play(struct sp_mta *mta, const struct sp_try_options *options,
		 FILE *file, struct sp_arena *arena,
		 struct sp_try_result *result_out);

/* The mail's id in "... (id XXXX)" or "...; id=XXXX"; false when there is
 * none, *id_out is then "". */
bool sp_try_find_id(const char *text, char id_out[SP_ID_SIZE]);

/* `verdict` is what the control socket said, NULL when it did not: then
 * `why_not` says why, in one line. */
void sp_try_report(const struct sp_try_options *options,
		   const struct sp_try_result *result, const json_t *verdict,
		   const char *why_not);
void sp_try_report_json(const struct sp_try_options *options,
			const struct sp_try_result *result, json_t *verdict,
			const char *why_not);

#endif

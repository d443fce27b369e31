/*
 * user.h - `sallyport user`: what its parts share.
 *
 * user.c reads the command line, asks the daemon, and changes; user_list.c
 * lists page by page; user_print.c prints what the daemon has said.
 */
#ifndef SP_CTL_USER_H
#define SP_CTL_USER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"

enum {
	SP_USER_QUESTION_SIZE = 16000,
	/* Each byte may become three. */
	SP_USER_TYPED_MAX = 4000,
	SP_USER_REASON_MAX = 1000
};

/* One run of the command. */
struct sp_user_task {
	const struct sp_ctl *ctl;
	const char *command; /* "sallyport user", for messages */
	const char *state;   /* --state; NULL: not given */
	const char *reason;  /* likewise */
	int64_t term_ms;     /* --for; 0: not given */
	long limit;	     /* --limit; -1: not given */
	bool is_all;
	const char *typed; /* SUBMITTER; NULL: not given */
};

/*
 * Ask the daemon. SP_EXIT_FINE: *answer_out is the caller's. Otherwise what went
 * wrong was said, and *answer_out is what there is all the same (the memory of
 * that machine), or NULL.
 */
int sp_user_ask(const struct sp_user_task *task, const char *question,
		json_t **answer_out);

int sp_user_list(const struct sp_user_task *task);

/* --- printing ------------------------------------------------------------- */

/* What every answer brings that the operator should know. */
void sp_user_print_notes(const json_t *answer);

void sp_user_print_heading(void);
void sp_user_print_row(const json_t *user, int64_t now_ms);
/* Everything of one, and what to do. */
void sp_user_print_whole(const json_t *answer);
/* "hold since ... (3m ago), until ... (23h 57m left): WHY" */
void sp_user_print_standing(const json_t *standing, int64_t now_ms);
/* What becomes of its mail, and the commands for what was held. */
void sp_user_print_advice(const json_t *answer, const json_t *user,
			  const char *state);
void sp_user_print_limits(const json_t *answer);
void sp_user_print_unusual(const json_t *answer);

/* Of an object; "" and 0 when there is none. */
const char *sp_user_text(const json_t *object, const char *key);
int64_t sp_user_number(const json_t *object, const char *key);

#endif

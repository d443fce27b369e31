/*
 * notify.h - an administrator is told: a program of his is run, and a mail is
 *            handed to the machine's sendmail command.
 *
 * The life of a notice: sp_notify copies it into two queues, one for the
 * program and one for the mail, so that a program that hangs holds up no mail.
 * One thread of ours takes the oldest of each, runs it (at most one of each kind
 * at a time), watches its time and its output, and writes a line to the log:
 *
 *   event=notify way=program about=submitter submitter=sasl:alice@example.org
 *   state=hold result=good how="exit 0" ms=12
 *
 * Once:     a notice is run at most once for each way. One that failed is not
 *           tried again, for it may have told half of it; one that waits when
 *           we die is lost. That a submitter came into a state stands in the
 *           log before all this.
 * Bounds:   SP_NOTICES_WAITING wait for each way. When they are that many the
 *           new one is dropped and counted, and that is said once, until there
 *           is room again: the first ones tell how it began.
 * The child: gets its input, no descriptor of ours, no signal blocked or
 *           ignored, the folder /, a session and process group of its own, and
 *           PATH, HOME, LANG and TZ for an environment. After notify.timeout
 *           its group gets SIGTERM, and half a second later SIGKILL. What it
 *           has put into the background goes on when it ends by itself.
 * Threads:  sp_notify and what asks, from any; it never waits for a program.
 *           new, configure, stop and free from one.
 */
#ifndef SALLYPORT_NOTIFY_H
#define SALLYPORT_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/id.h"
#include "sallyport/ip.h"
#include "sallyport/submitter_store.h"

struct sp_config;
struct sp_notifier;

enum {
	SP_NOTICES_WAITING = 64,
	SP_NOTICE_RESULTS = 16, /* the latest ones are known */
	SP_NOTICE_HOW_SIZE = 160,
	SP_NOTICE_OUTPUT_SIZE = 1024,
	SP_NOTICE_QUEUE_ID_SIZE = 64
};

enum sp_notice_about {
	SP_NOTICE_SUBMITTER, /* it came into a higher state */
	SP_NOTICE_TEST	     /* nothing has happened */
};

/* What there is to tell: a flat copy. Texts may be "". */
struct sp_notice {
	enum sp_notice_about about;
	int64_t at_ms; /* wall */
	char submitter[SP_SUBMITTER_SIZE];
	struct sp_submitter_standing standing;
	char mail_id[SP_ID_SIZE]; /* of the mail that led to it */
	char queue_id[SP_NOTICE_QUEUE_ID_SIZE];
	char client[SP_IP_TEXT_SIZE];
};

enum sp_notice_way {
	SP_NOTICE_PROGRAM,
	SP_NOTICE_MAIL,
	SP_NOTICE_WAYS
};

const char *sp_notice_way_name(enum sp_notice_way way); /* "program" */

/* Begins with the options of `config`, of which it takes a reference.
 * SP_ERR_SYSTEM: no thread, or no descriptor. */
enum sp_err sp_notifier_new(const struct sp_config *config,
			    struct sp_notifier **notifier_out);

/* From now on the options of `config` hold, also for notices that wait. */
void sp_notifier_configure(struct sp_notifier *notifier,
			   const struct sp_config *config);

/* Returns its number; 0 when nobody is to be told, or it was dropped.
 * `notifier` may be NULL. */
uint64_t sp_notify(struct sp_notifier *notifier,
		   const struct sp_notice *notice);

enum sp_notice_stage {
	SP_NOTICE_NOT_ASKED, /* this way is not configured */
	SP_NOTICE_WAITING,
	SP_NOTICE_RUNNING,
	SP_NOTICE_GOOD, /* exit 0 */
	SP_NOTICE_FAILED
};

const char *sp_notice_stage_name(enum sp_notice_stage stage); /* "good" */

/* What became of a notice on one way. */
struct sp_notice_result {
	enum sp_notice_stage stage;
	char how[SP_NOTICE_HOW_SIZE]; /* "exit 75"; "" until it is over */
	/* The beginning of what it wrote, in one line: printable ASCII. */
	char output[SP_NOTICE_OUTPUT_SIZE];
	int64_t took_ms;
};

/* SP_ERR_NOT_FOUND: there was none of that number, or it is too long ago. */
enum sp_err sp_notifier_result(
	struct sp_notifier *notifier, uint64_t number,
	struct sp_notice_result results_out[SP_NOTICE_WAYS]);

/* Whether a mail is one of ours, of the latest ones, by the hash of its
 * Message-ID (sp_message_id_hash): it comes back to us on its way out, and must
 * not be held for what it tells of. `notifier` may be NULL. */
bool sp_notifier_has_sent(struct sp_notifier *notifier,
			  const struct sp_hash *message_id);

struct sp_notifier_health {
	uint64_t good, failed; /* runs */
	uint64_t dropped;      /* of either way, for want of room */
	uint32_t waiting, running;
	char last_error[SP_NOTICE_HOW_SIZE]; /* "" */
};

void sp_notifier_health(struct sp_notifier *notifier,
			struct sp_notifier_health *health_out);

/*
 * What waits is still run for `wait_ms`; then what runs is ended (a second at
 * most) and the rest is left. Returns how many notices were not told on each
 * way, in sum. Afterwards sp_notify drops.
 */
unsigned sp_notifier_stop(struct sp_notifier *notifier, int64_t wait_ms);

/* Stops it first, without waiting, if it was not stopped. */
void sp_notifier_free(struct sp_notifier **notifier);

#endif

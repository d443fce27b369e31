/*
 * dispatch.h - a notice on its way: which program is run for it, with what; and
 *              what the log says of it afterwards.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_NOTIFY_DISPATCH_H
#define SALLYPORT_NOTIFY_DISPATCH_H

#include "run.h"
#include "sallyport/notify.h"

enum {
	SP_DISPATCH_HOST_SIZE = 256
};

struct sp_dispatch {
	enum sp_notice_way way;
	const struct sp_notice *notice;
	const struct sp_config *config;
	char host[SP_DISPATCH_HOST_SIZE];
	/* Of a mail, without its brackets. Nobody can guess it. */
	char message_id[SP_ID_SIZE + SP_DISPATCH_HOST_SIZE];
};

/* Notice and config are borrowed. */
void sp_dispatch_init(struct sp_dispatch *dispatch, enum sp_notice_way way,
		      const struct sp_notice *notice,
		      const struct sp_config *config);

/* Start it. SP_ERR_SYSTEM, SP_ERR_NO_MEMORY: it cannot be, and *end_out is why.
 * The way must be configured. */
enum sp_err sp_dispatch_start(const struct sp_dispatch *dispatch,
			      struct sp_run *run, struct sp_run_end *end_out);

void sp_dispatch_log(enum sp_notice_way way, const struct sp_notice *notice,
		     const struct sp_notice_result *result);

#endif

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

/* Start it. SP_ERR_SYSTEM, SP_ERR_NO_MEMORY: it cannot be, and *end_out is why.
 * The way must be configured; `config` is borrowed. */
enum sp_err sp_dispatch(struct sp_run *run, enum sp_notice_way way,
			const struct sp_notice *notice,
			const struct sp_config *config,
			struct sp_run_end *end_out);

void sp_dispatch_log(enum sp_notice_way way, const struct sp_notice *notice,
		     const struct sp_notice_result *result);

#endif

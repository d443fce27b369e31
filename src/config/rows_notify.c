/* How the administrator is told of what should not wait. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, notify.field)

static const struct sp_option rows[] = {
	{ .name = "notify.program",
	  .type = SP_OPTION_COMMAND,
	  .offset = AT(program),
	  .help = "A program that is run when a submitter comes into a higher "
		  "state: its absolute path and its arguments, as a list (no "
		  "shell). It reads one JSON object from its standard input "
		  "(names: README). Empty: none." },
	{ .name = "notify.mail",
	  .type = SP_OPTION_MAILBOX,
	  .offset = AT(mail),
	  .help = "Who gets a mail then. Empty: nobody." },
	{ .name = "notify.sendmail",
	  .type = SP_OPTION_PATH,
	  .offset = AT(sendmail),
	  .initial = "/usr/sbin/sendmail",
	  .help = "The command that takes that mail; it is run as sendmail -i "
		  "-f <> -- ADDRESS." },
	{ .name = "notify.timeout",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(timeout_ms),
	  .least = "1s",
	  .most = "10m",
	  .initial = "30s",
	  .help = "How long one run of either may take; then it is ended, with "
		  "all that it has started." },
};

const struct sp_option_rows sp_option_rows_notify = {
	rows,
	sizeof(rows) / sizeof(*rows),
};

/* What is kept of mails. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, field)

static const struct sp_option rows[] = {
	{ .name = "record.events",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(record.events),
	  .least = "0",
	  .most = "1000000",
	  .initial = "10000",
	  .unit = "mails",
	  .help = "The verdicts on so many mails are kept in Redis, with what "
		  "they were made of, for sallyport explain and replay; 0: "
		  "none. About 5 KB each." },
	{ .name = "record.keep",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(record.keep_ms),
	  .least = "1h",
	  .most = "400d",
	  .initial = "30d",
	  .help = "... but no longer than that." },
	{ .name = "privacy.hash-local-parts",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(privacy.hashes_local_parts),
	  .initial = "false",
	  .help = "Whether Redis keeps, in the verdicts, only a keyed hash of "
		  "what stands before the @ of senders and recipients, and of "
		  "logins. Greylisting and submitters keep theirs, for people "
		  "have to be able to let them pass; the log line stays as the "
		  "mail server's own log is. The key is STATE-DIR/secret." },
};

const struct sp_option_rows sp_option_rows_record = {
	rows,
	sizeof(rows) / sizeof(rows[0]),
};

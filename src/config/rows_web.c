/* The dashboard. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, field)

static const struct sp_option rows[] = {
	{ .name = "web.listen",
	  .type = SP_OPTION_WEB,
	  .offset = AT(web.listen),
	  .help = "Where browsers, Prometheus and programs find the dashboard, "
		  "/metrics and /api/: a port (on 127.0.0.1), or "
		  "inet:PORT@ADDRESS (inet6: for an IPv6 address). Plain HTTP: "
		  "TLS is a reverse proxy's work. Empty: nowhere. Anywhere but "
		  "on the loopback it takes web.password-file or "
		  "web.token-file." },
	{ .name = "web.password-file",
	  .type = SP_OPTION_PATH,
	  .offset = AT(web.password_file),
	  .help = "A file whose first line, 12 characters or more, is what "
		  "people sign in with; nobody but its owner and group may "
		  "read it (mode 0640 or 0600). Without it and without "
		  "web.token-file everybody on this machine sees the page, and "
		  "nobody can change anything there." },
	{ .name = "web.token-file",
	  .type = SP_OPTION_PATH,
	  .offset = AT(web.token_file),
	  .help = "Likewise, for programs: \"Authorization: Bearer TOKEN\". "
		  "Where only one of the two files is set, it is for both." },
};

const struct sp_option_rows sp_option_rows_web = {
	rows,
	sizeof(rows) / sizeof(*rows),
};

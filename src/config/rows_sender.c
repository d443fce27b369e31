/* Who sent it: SPF, DKIM, DMARC, Authentication-Results. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, field)

static const struct sp_option rows[] = {
	{ .name = "spf.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(spf.is_enabled),
	  .initial = "true",
	  .help = "Whether the domains of the HELO name and of the sender are "
		  "asked if the client may send for them (SPF)." },
	{ .name = "spf.engine",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(spf.engine),
	  .initial = "builtin",
	  .choices = "builtin|libspf2",
	  .first_choice = SP_SPF_BUILTIN,
	  .help = "Who evaluates: sallyport itself, or libspf2. That one gets "
		  "no text of strangers to see, since some have crashed it, "
		  "and takes a little longer; the results are the same." },
	{ .name = "dkim.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(dkim.is_enabled),
	  .initial = "true",
	  .help = "Whether DKIM signatures are verified." },
	{ .name = "dkim.accept-partial",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(dkim.is_partial_enough),
	  .initial = "false",
	  .help = "Whether a signature over the beginning of a body only (l=) "
		  "counts for DMARC. Whoever has such a mail can append to "
		  "it." },
	{ .name = "dmarc.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(dmarc.is_enabled),
	  .initial = "true",
	  .help = "Whether the author's domain is asked for its DMARC policy." },
	{ .name = "dmarc.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(dmarc.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for dmarc.honour; inherit: as mode says." },
	{ .name = "dmarc.honour",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(dmarc.honour),
	  .initial = "none",
	  .choices = "none|reject",
	  .first_choice = SP_HONOUR_NONE,
	  .help = "none: mail that fails its author's policy gets points. "
		  "reject: where that policy is reject, it is refused, but "
		  "for mail from dmarc.trusted-forwarders and what a mailing "
		  "list has signed." },
	{ .name = "dmarc.organizational-domain",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(dmarc.method),
	  .initial = "tree-walk",
	  .choices = "tree-walk|psl",
	  .first_choice = SP_ORGANISATION_TREE_WALK,
	  .help = "How it is found which domains belong together: by the "
		  "records themselves (RFC 9989), or by the Public Suffix "
		  "List (RFC 7489)." },
	{ .name = "dmarc.trusted-forwarders",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(dmarc.trusted_forwarders),
	  .help = "Clients that forward mail for our users: what fails DMARC "
		  "there is not refused for it, and gets no points." },
	{ .name = "authentication-results.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(auth_results.is_enabled),
	  .initial = "true",
	  .help = "Whether Authentication-Results is added (RFC 8601). Fields "
		  "that come in and claim to be ours are removed in any "
		  "case." },
	{ .name = "authentication-results.authserv-id",
	  .type = SP_OPTION_HOSTNAME,
	  .offset = AT(auth_results.authserv_id),
	  .help = "The name that Authentication-Results bears. Empty: "
		  "hostname, or what the mail server calls itself. Servers "
		  "that share their users should share it." },
	{ .name = "authentication-results.keep",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(auth_results.keeps_others),
	  .initial = "true",
	  .help = "Whether the fields of other servers stay. false: they are "
		  "renamed to Old-Authentication-Results, for programs behind "
		  "us that believe any of them." },
	{ .name = "authentication-results.received-spf",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(auth_results.adds_received_spf),
	  .initial = "false",
	  .help = "Whether Received-SPF is added too (RFC 7208 section 9.1)." },
};

const struct sp_option_rows sp_option_rows_sender = {
	rows,
	sizeof(rows) / sizeof(*rows),
};

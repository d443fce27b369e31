/*
 * config.h - what the operator decided: one file, one immutable snapshot.
 *
 * A snapshot is made whole or not at all. A connection takes a reference when
 * it begins and keeps it, so a reload changes new connections only.
 *
 * Every value below has one row in the option table (src/config/rows_*.c):
 * name, type, least, most, default, unit, help. Strings are never NULL unless
 * the comment says so.
 *
 * Threads:  a snapshot is read by any number of threads; ref/unref are atomic.
 */
#ifndef SALLYPORT_CONFIG_H
#define SALLYPORT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sallyport/err.h"
#include "sallyport/finding.h"
#include "sallyport/ip.h"
#include "sallyport/limits.h"
#include "sallyport/list.h"
#include "sallyport/log.h"

/* `inherit` is gone once a snapshot is loaded: each feature has its own. */
enum sp_mode {
	SP_MODE_INHERIT,
	SP_MODE_OBSERVE,
	SP_MODE_ENFORCE
};

enum sp_store_kind {
	SP_STORE_EMBEDDED, /* a redis-server of our own */
	SP_STORE_TCP,	   /* redis://[USER@]HOST[:PORT][/DATABASE] */
	SP_STORE_UNIX	   /* unix:/PATH[?db=DATABASE] */
};

struct sp_redis_config {
	enum sp_store_kind kind; /* `store:`, taken apart */
	const char *host;	 /* SP_STORE_TCP */
	unsigned port;
	const char *path; /* SP_STORE_UNIX; for EMBEDDED under state-dir */
	unsigned database;
	const char *user;	   /* "" = the default user */
	const char *password;	   /* read from password-file; "" = none */
	const char *password_file; /* "" = none */
	unsigned connections;	   /* the pool's size */
	int64_t connect_timeout_ms;
	int64_t command_timeout_ms;
	unsigned breaker_failures;  /* in a row, then the store is not asked */
	int64_t breaker_pause_ms;   /* for so long */
	const char *server_program; /* embedded: redis-server */
	uint64_t max_memory_bytes;  /* embedded */
};

struct sp_dns_config {
	struct sp_list *servers; /* "192.0.2.1@53"; empty: the system's */
	bool is_recursive;	 /* ask the root ourselves, with DNSSEC */
	unsigned max_in_flight;	 /* lookups at a time */
	uint64_t cache_size_bytes;
	int64_t timeout_ms;	 /* of one question */
	const char *system_file; /* names the system's servers */
};

struct sp_log_config {
	struct sp_log_options options;
};

struct sp_access_config {
	enum sp_mode mode;
	struct sp_list *trusted_networks;
	struct sp_list *allow_clients, *deny_clients;
	struct sp_list *allow_helo, *deny_helo;
	struct sp_list *allow_senders, *deny_senders;
	struct sp_list *allow_recipients, *deny_recipients;
};

struct sp_helo_config {
	bool is_enabled;
	bool is_looked_up;
	struct sp_list *own_names;     /* beside what the MTA calls itself */
	struct sp_list *own_addresses; /* beside the one connected to */
};

/* What becomes of a client that speaks before it is greeted. */
enum sp_early_talker {
	SP_EARLY_TALKER_SCORE, /* it gets points */
	SP_EARLY_TALKER_REFUSE,
	SP_EARLY_TALKER_CLOSE /* 421 in place of the greeting */
};

struct sp_greeting_config {
	enum sp_mode mode; /* observing holds nobody */
	int64_t delay_ms;
	bool is_for_suspicious; /* only: whose lookups are clean is let go */
	enum sp_early_talker early_talker;
	unsigned held_at_most;
	unsigned mta_processes; /* half of them at most are held */
	int64_t tarpit_ms;
};

struct sp_local_config {
	bool has_pickup_header; /* Postfix writes who uses its command */
};

struct sp_rdns_config {
	bool is_enabled;
};

struct sp_sender_domain_config {
	bool is_enabled;
};

struct sp_dnsbl_rules;

struct sp_dnsbl_config {
	bool is_enabled;
	struct sp_list *lists, *domain_lists;	/* as written */
	const struct sp_dnsbl_rules *addresses; /* the first, as rules */
	const struct sp_dnsbl_rules *domains;	/* the second */
	int64_t test_interval_ms;
};

enum sp_spf_engine {
	SP_SPF_BUILTIN, /* our own evaluator */
	SP_SPF_LIBSPF2
};

struct sp_spf_config {
	bool is_enabled;
	enum sp_spf_engine engine;
};

struct sp_dkim_config {
	bool is_enabled;
	bool is_partial_enough; /* a signature with l= counts for DMARC */
};

/* How DMARC finds the organisation of a domain. */
enum sp_organisation_method {
	SP_ORGANISATION_TREE_WALK, /* RFC 9989 section 4.10 */
	/* The public suffix list, as RFC 7489 had it: policy of the author's
	 * domain or else of its organisation; psd is not looked at. */
	SP_ORGANISATION_PSL
};

enum sp_dmarc_honour {
	SP_HONOUR_NONE,	 /* a policy that fails is points only */
	SP_HONOUR_REJECT /* p=reject refuses */
};

struct sp_dmarc_config {
	bool is_enabled;
	enum sp_mode mode; /* of honouring */
	enum sp_dmarc_honour honour;
	enum sp_organisation_method method;
	struct sp_list *trusted_forwarders;
};

struct sp_auth_results_config {
	bool is_enabled;
	const char *authserv_id; /* "" = hostname, or the MTA's {j} */
	bool keeps_others;	 /* those of other servers stay as they are */
	bool adds_received_spf;
};

struct sp_greylist_config {
	bool is_enabled;
	enum sp_mode mode;
	double from_score;	 /* less than that never waits */
	int64_t delay_ms;	 /* a try before that is too early */
	int64_t retry_window_ms; /* a first try later than that is forgotten */
	int64_t remember_ms;	 /* what has passed is remembered so long */
	unsigned known_after;	 /* passes that make an identity known; 0 off */
	unsigned ipv4_prefix;	 /* an identity's network */
	unsigned ipv6_prefix;
};

struct sp_harvest_config {
	unsigned session, network; /* unknown users; 0 = never too many */
	int64_t window_ms;	   /* how long a network's probes count */
};

struct sp_relay_config {
	enum sp_mode mode;	       /* of the guard */
	struct sp_list *local_domains; /* empty: no guard */
	unsigned session, network;     /* attempts; 0 = never too many */
};

enum sp_locked_reply {
	SP_LOCKED_DEFER, /* 4xx */
	SP_LOCKED_REFUSE /* 5xx */
};

/* X-Sallyport-Submitter. */
enum sp_submitter_header {
	SP_SUBMITTER_HASHED, /* keyed: see secret.h */
	SP_SUBMITTER_SHOWN,
	SP_SUBMITTER_UNSHOWN
};

/* More than ever, for this one submitter. */
struct sp_unusual_config {
	enum sp_submitter_state state; /* OK: off */
	double factor;
	int64_t after_ms;
	unsigned hour, day; /* mails or recipients: so many are not unusual */
	unsigned networks, countries; /* in a day, likewise */
};

/* Which From: is a login's own. */
enum sp_own_from_rule {
	SP_OWN_FROM_OFF,
	SP_OWN_FROM_LOGIN, /* the login */
	SP_OWN_FROM_DOMAIN /* any address in its domain */
};

struct sp_senders;

struct sp_outbound_config {
	bool is_enabled;
	enum sp_mode mode;
	struct sp_list *limits, *classes_written; /* as written */
	const struct sp_classes *classes;	  /* both, as they are meant */
	const char *login_domain;		  /* "" = none */
	unsigned ipv4_prefix, ipv6_prefix;	  /* of trusted relays */
	int64_t terms_ms[SP_SUBMITTER_LOCKED + 1];
	enum sp_locked_reply locked_reply;
	enum sp_submitter_header header;
	struct sp_unusual_config unusual;
	const char *country_database, *asn_database; /* paths; "" = none */
	enum sp_own_from_rule own_from;
	struct sp_list *senders_written;
	const struct sp_senders *senders; /* as they are meant */
};

/* The dashboard and its API. */
struct sp_web_config {
	const char *listen;   /* as written; "" = off */
	struct sp_ip address; /* the same, taken apart */
	unsigned port;
	const char *password_file, *token_file; /* "" = none */
	const char *password, *token;		/* read from them; "" = none */
};

enum {
	SP_NOTIFY_WORDS_MAX = 32
};

/* How an administrator is told of what should not wait. */
struct sp_notify_config {
	struct sp_list *program; /* path and arguments; empty: none */
	const char *mail;	 /* whom to write to; "" = nobody */
	const char *sendmail;	 /* the command that takes the mail */
	int64_t timeout_ms;	 /* of one run */
};

struct sp_score_config {
	enum sp_mode mode;
	double refuse; /* a score from here on is refused */
	double weights[SP_FINDING_COUNT];
};

/* What Redis keeps of verdicts. */
struct sp_record_config {
	unsigned events; /* so many; 0 = none */
	int64_t keep_ms; /* no longer than that */
};

struct sp_privacy_config {
	bool hashes_local_parts; /* in what Redis keeps of mails */
};

struct sp_budget_config {
	int64_t mail_ms;     /* all that one mail may wait, in sum */
	int64_t callback_ms; /* the most of it in one callback */
	int64_t dns_ms;	     /* the most of it for DNS */
};

struct sp_config {
	const char *file; /* the path it was read from; "" = defaults */

	const char *listen;	  /* "unix:/path" or "inet:port@address" */
	unsigned listen_mode;	  /* of a Unix socket, e.g. 0660 */
	const char *listen_group; /* "" = our own */
	const char *control;	  /* path of the operator's socket */
	const char *user;	  /* whom root becomes */
	const char *group;	  /* "" = the user's */
	const char *state_dir;
	const char *pid_file; /* "" = none */
	enum sp_mode mode;
	const char *hostname; /* our name in texts; "" = the MTA's {j} */
	int64_t drain_ms;     /* open mails may finish so long after TERM */

	struct sp_log_config log;
	struct sp_redis_config redis;
	struct sp_dns_config dns;
	struct sp_access_config access;
	struct sp_helo_config helo;
	struct sp_greeting_config greeting;
	struct sp_local_config local;
	struct sp_rdns_config rdns;
	struct sp_sender_domain_config sender_domain;
	struct sp_dnsbl_config dnsbl;
	struct sp_spf_config spf;
	struct sp_dkim_config dkim;
	struct sp_dmarc_config dmarc;
	struct sp_auth_results_config auth_results;
	struct sp_greylist_config greylist;
	struct sp_harvest_config harvest;
	struct sp_relay_config relay;
	struct sp_outbound_config outbound;
	struct sp_web_config web;
	struct sp_notify_config notify;
	struct sp_score_config score;
	struct sp_record_config record;
	struct sp_privacy_config privacy;
	struct sp_budget_config budget;
};

enum {
	SP_CONFIG_ERRORS_MAX = 64,
	SP_CONFIG_ERROR_SIZE = 512
};

/* Every error of one load: "FILE:LINE:COLUMN: what was expected". */
struct sp_config_errors {
	size_t count; /* of all; texts[] holds the first 64 */
	char texts[SP_CONFIG_ERRORS_MAX][SP_CONFIG_ERROR_SIZE];
};

/*
 * Read `path` (NULL: all defaults) with every list and password file it names.
 * SP_ERR_CONFIG with at least one text in *errors_out, all errors of the file
 * in one go; *config_out is then NULL. The caller owns one reference.
 */
enum sp_err sp_config_load(const char *path,
			   const struct sp_config **config_out,
			   struct sp_config_errors *errors_out);

/* What is allowed and may still not be what is wanted. Sentence `index`; NULL
 * behind the last one. Constant text. */
const char *sp_config_warning(const struct sp_config *config, size_t index);

/* "90s", "2h", "36d": a length of time as the configuration has it. SP_ERR_SYNTAX,
 * SP_ERR_RANGE; *ms_out is untouched then. */
enum sp_err sp_config_duration(const char *text, int64_t *ms_out);

const struct sp_config *sp_config_ref(const struct sp_config *config);
void sp_config_unref(const struct sp_config **config);

/* One effective value as text, for `sallyport config show` and the manual. */
struct sp_option_view {
	char name[64];	   /* "greylist.delay" */
	const char *type;  /* "duration", "network list", "observe|enforce" */
	char range[64];	   /* "0s..1d"; "" where there is none */
	const char *unit;  /* "recipients"; "" where the type says it */
	char initial[256]; /* the default as one would write it */
	const char *help;
	char value
		[1024]; /* effective, as one would write it; secrets "(set)" */
	bool is_set;	/* written in the file */
};

/* Fill the view of option number `index`; SP_ERR_NOT_FOUND behind the last.
 * With config NULL the value is the default. */
enum sp_err sp_config_option(const struct sp_config *config, size_t index,
			     struct sp_option_view *view_out);

#endif

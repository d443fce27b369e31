#include "upstream.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/text.h"

/* What dns-root-data of Debian keeps up to date. */
static const char root_key[] = "/usr/share/dns/root.key";

struct setting {
	const char *name, *value;
};

static void add_server(struct sp_upstream *upstream, const char *text)
{
	if (upstream->count == SP_DNS_SERVERS_MAX ||
	    strlen(text) >= SP_UPSTREAM_SERVER_SIZE)
		return;
	strcpy(upstream->servers[upstream->count++], text);
}

void sp_upstream_init(struct sp_upstream *upstream,
		      const struct sp_dns_config *config)
{
	*upstream = (struct sp_upstream){
		.is_recursive = config->is_recursive,
		.max_in_flight = config->max_in_flight,
		/* The other half is our own cache's. */
		.cache_bytes = config->cache_size_bytes / 2,
		.is_system = !config->is_recursive &&
			     sp_list_count(config->servers) == 0,
	};
	for (size_t i = 0; i < sp_list_count(config->servers); i++)
		add_server(upstream, sp_list_get(config->servers, i)->text);
	snprintf(upstream->system_file, sizeof(upstream->system_file), "%s",
		 config->system_file);
}

/* "nameserver 192.0.2.1"; an IPv6 address may have a scope: fe80::1%eth0. */
static void take_line(struct sp_upstream *upstream, char *line)
{
	char *rest = line;
	const char *word = strsep(&rest, " \t\r\n");
	char bare[SP_UPSTREAM_SERVER_SIZE];
	struct sp_ip ip;

	if (strcmp(word, "nameserver") != 0 || rest == NULL)
		return;
	rest += strspn(rest, " \t");
	word = strsep(&rest, " \t\r\n");
	if (strlen(word) >= sizeof(bare))
		return;
	strcpy(bare, word);
	bare[strcspn(bare, "%")] = '\0';
	if (sp_ip_parse(bare, &ip) == SP_OK)
		add_server(upstream, word);
}

bool sp_upstream_find(struct sp_upstream *upstream)
{
	char line[512];
	FILE *file;

	if (!upstream->is_system)
		return true;
	upstream->count = 0;
	file = fopen(upstream->system_file, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		take_line(upstream, line);
	fclose(file);
	return upstream->count > 0;
}

void sp_upstream_write(const struct sp_upstream *upstream, char *text_out,
		       size_t size)
{
	struct sp_text text;

	sp_text_init(&text, text_out, size);
	if (upstream->is_recursive)
		sp_text_add(&text, "the root");
	for (size_t i = 0; i < upstream->count; i++)
		sp_text_addf(&text, "%s%s", i == 0 ? "" : ", ",
			     upstream->servers[i]);
}

static bool set(struct ub_ctx *context, const char *name, const char *value)
{
	int err = ub_ctx_set_option(context, name, value);

	if (err != 0)
		sp_log(SP_LOG_ERROR, "dns: libunbound refuses %s %s: %s", name,
		       value, ub_strerror(err));
	return err == 0;
}

static bool set_number(struct ub_ctx *context, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return set(context, name, text);
}

/*
 * A lookup in flight holds a socket. libunbound's own default (16) lets one
 * silent server stall all others. Half of the files that we may open stays for
 * connections.
 */
static unsigned sockets_of(const struct sp_upstream *upstream)
{
	unsigned wanted = upstream->max_in_flight;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 2 >= wanted)
		return wanted;
	sp_log(SP_LOG_WARNING,
	       "dns: with at most %llu open files only %llu lookups go out at a "
	       "time, not %u: raise the limit to %u (LimitNOFILE=, ulimit -n)",
	       (unsigned long long)limit.rlim_cur,
	       (unsigned long long)limit.rlim_cur / 2, wanted, wanted * 2);
	return (unsigned)(limit.rlim_cur / 2);
}

static bool set_bounds(struct ub_ctx *context,
		       const struct sp_upstream *upstream)
{
	uint64_t cache = upstream->cache_bytes;

	return set_number(context, "outgoing-range:", sockets_of(upstream)) &&
	       /* Never reached: libunbound would drop questions then. */
	       set_number(context, "num-queries-per-thread:",
			  upstream->max_in_flight * 2) &&
	       /* As unbound.conf(5) advises: twice as much for records. */
	       set_number(context, "rrset-cache-size:", cache / 8 * 5) &&
	       set_number(context, "msg-cache-size:", cache / 8 * 2) &&
	       set_number(context, "key-cache-size:", cache / 16) &&
	       set_number(context, "neg-cache-size:", cache / 16);
}

static bool set_options(struct ub_ctx *context,
			const struct sp_upstream *upstream)
{
	static const struct setting settings[] = {
		/* A resolver on this machine is the best there is. */
		{ "do-not-query-localhost:", "no" },
		/* What is private is the server's to know, not ours. */
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
		{ "outgoing-num-tcp:", "256" },
		/* Its estimate of how long an answer takes has no room for
		 * an answer that is a little late: it asks again, and drops
		 * the answer to the first question. Not before this. */
		{ "infra-cache-min-rtt:", "400" },
		/* Fragments get lost: rather ask again by TCP. */
		{ "edns-buffer-size:", "1232" },
		{ "cache-max-negative-ttl:", "900" },
		/* How long a server is thought to be silent or slow. With the
		 * default, a quarter of an hour, one that is back may be left
		 * alone for long; with this it is asked within a second. */
		{ "infra-host-ttl:", "5" },
		/* Our probe must reach a server. */
		{ "aggressive-nsec:", "no" },
		{ "harden-below-nxdomain:", "no" },
		{ "use-syslog:", "no" },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (!set(context, settings[i].name, settings[i].value))
			return false;
	return set(context, "module-config:",
		   upstream->is_recursive ? "validator iterator" : "iterator");
}

static bool set_servers(struct ub_ctx *context,
			const struct sp_upstream *upstream)
{
	if (upstream->is_recursive) {
		if (access(root_key, R_OK) == 0)
			return ub_ctx_add_ta_file(context, root_key) == 0;
		sp_log(SP_LOG_WARNING,
		       "dns: %s cannot be read: recursion without DNSSEC "
		       "(Debian: apt-get install dns-root-data)",
		       root_key);
		return true;
	}
	for (size_t i = 0; i < upstream->count; i++) {
		if (ub_ctx_set_fwd(context, upstream->servers[i]) == 0)
			continue;
		sp_log(SP_LOG_ERROR, "dns: %s is no server to ask",
		       upstream->servers[i]);
		return false;
	}
	return true;
}

/* Names that libunbound would answer itself. This comes last: nothing can be
 * set once a zone is touched. */
static bool set_zones(struct ub_ctx *context)
{
	return ub_ctx_zone_add(context, "test.", "nodefault") == 0 &&
	       ub_ctx_zone_add(context, "invalid.", "nodefault") == 0;
}

static struct ub_ctx *open_alone(const struct sp_upstream *upstream)
{
	struct ub_ctx *context = ub_ctx_create();

	if (context == NULL) {
		sp_log(SP_LOG_ERROR, "dns: libunbound does not start");
		return NULL;
	}
	/* Its lines know nothing of our format; what matters we count. */
	ub_ctx_debugout(context, NULL);
	if (set_options(context, upstream) && set_bounds(context, upstream) &&
	    set_servers(context, upstream) && ub_ctx_async(context, 1) == 0 &&
	    set_zones(context))
		return context;
	sp_log(SP_LOG_ERROR, "dns: libunbound could not be set up");
	ub_ctx_delete(context);
	return NULL;
}

/*
 * libunbound keeps mutexes and settings that all contexts share. Each context
 * makes the mutexes if they are not there, and destroys them when it goes
 * (listen_setup_locks() and listen_desetup_locks() of 1.17), behind a flag that
 * nothing guards. So they come and go one at a time.
 */
static pthread_mutex_t lifetimes = PTHREAD_MUTEX_INITIALIZER;

struct ub_ctx *sp_upstream_open(const struct sp_upstream *upstream)
{
	struct ub_ctx *context;

	pthread_mutex_lock(&lifetimes);
	context = open_alone(upstream);
	pthread_mutex_unlock(&lifetimes);
	return context;
}

void sp_upstream_close(struct ub_ctx *context)
{
	pthread_mutex_lock(&lifetimes);
	ub_ctx_delete(context);
	pthread_mutex_unlock(&lifetimes);
}

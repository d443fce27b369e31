#include "endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/domain.h"
#include "sallyport/ip.h"
#include "value.h"

static const char no_memory[] = "there is no memory";
static const char nothing_to_add[] = "";

/* What follows `prefix` in `text`; NULL when it does not begin so. */
static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static bool read_port(const char *text, size_t length, unsigned *port_out)
{
	char digits[8];
	uint64_t port;

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (sp_value_number(digits, &port) != SP_OK || port < 1 || port > 65535)
		return false;
	*port_out = (unsigned)port;
	return true;
}

/* libmilter takes an address of the family that the prefix says, or a name. */
static const char *check_inet(const char *rest, enum sp_ip_family family)
{
	const char *at = strchr(rest, '@');
	struct sp_ip ip;
	unsigned port;

	if (at == NULL)
		return "the address is missing (inet:8891@127.0.0.1)";
	if (!read_port(rest, (size_t)(at - rest), &port))
		return "the port is not a number from 1 to 65535";
	if (sp_ip_parse(at + 1, &ip) == SP_OK) {
		if (ip.family != family)
			return "inet: goes with an IPv4 address, inet6: with "
			       "an IPv6 address";
		return NULL;
	}
	if (sp_domain_kind(at + 1) < SP_DOMAIN_SINGLE)
		return "what follows the @ is neither an address nor a host "
		       "name";
	return NULL;
}

const char *sp_endpoint_check_listen(const char *text)
{
	const char *rest = after(text, "unix:");

	if (rest != NULL) {
		if (*rest != '/')
			return "the path is not absolute";
		if (strlen(rest) > SP_SOCKET_PATH_MAX)
			return "the path is longer than the 107 bytes that a "
			       "Unix socket may have";
		return NULL;
	}
	rest = after(text, "inet:");
	if (rest != NULL)
		return check_inet(rest, SP_IP_4);
	rest = after(text, "inet6:");
	if (rest != NULL)
		return check_inet(rest, SP_IP_6);
	return nothing_to_add;
}

const char *sp_endpoint_read_web(const char *text, struct sp_ip *address_out,
				 unsigned *port_out)
{
	const char *rest = after(text, "inet:");
	const char *at = strchr(text, '@');
	enum sp_ip_family family = rest != NULL ? SP_IP_4 : SP_IP_6;
	const char *address = at != NULL ? at + 1 : "127.0.0.1";
	const char *wrong;
	struct sp_ip ip;

	if (rest == NULL)
		rest = after(text, "inet6:");
	if (rest != NULL) {
		wrong = check_inet(rest, family);
		if (wrong != NULL)
			return wrong;
	} else if (at != NULL) {
		return nothing_to_add;
	} else {
		rest = text;
		at = text + strlen(text);
	}
	if (sp_ip_parse(address, &ip) != SP_OK)
		return "what follows the @ is not an address";
	if (!read_port(rest, (size_t)(at - rest), port_out))
		return "the port is not a number from 1 to 65535";
	*address_out = ip;
	return NULL;
}

const char *sp_endpoint_listen_path(const char *listen)
{
	return after(listen, "unix:");
}

static bool read_database(const char *text, unsigned *database_out)
{
	uint64_t database;

	if (sp_value_number(text, &database) != SP_OK || database > 65535)
		return false;
	*database_out = (unsigned)database;
	return true;
}

/* "/PATH[?db=DATABASE]" */
static const char *read_unix(const char *rest, struct sp_arena *arena,
			     struct sp_redis_config *found)
{
	size_t length = strcspn(rest, "?");

	/* unix:///run/redis.sock is how other programs write it. */
	while (length > 1 && rest[0] == '/' && rest[1] == '/') {
		rest++;
		length--;
	}
	if (*rest != '/')
		return "the path is not absolute";
	if (length > SP_SOCKET_PATH_MAX)
		return "the path is longer than the 107 bytes that a Unix "
		       "socket may have";
	if (rest[length] == '?') {
		const char *database = after(rest + length, "?db=");

		if (database == NULL ||
		    !read_database(database, &found->database))
			return "what follows the ? is not db=NUMBER";
	}
	found->kind = SP_STORE_UNIX;
	found->path = sp_arena_copy(arena, rest, length);
	return found->path == NULL ? no_memory : NULL;
}

/* "HOST[:PORT]", "[IPV6][:PORT]" */
static const char *read_host(const char *text, size_t length,
			     struct sp_arena *arena,
			     struct sp_redis_config *found)
{
	const char *host = text;
	const char *colon;
	size_t host_length;
	struct sp_ip ip;
	char *copy;

	if (length > 0 && *text == '[') {
		const char *end = memchr(text, ']', length);

		if (end == NULL)
			return "the ] behind the address is missing";
		host = text + 1;
		host_length = (size_t)(end - host);
		colon = end + 1;
	} else {
		colon = memchr(text, ':', length);
		if (colon == NULL)
			colon = text + length;
		host_length = (size_t)(colon - text);
	}
	found->port = 6379;
	if (colon < text + length &&
	    (*colon != ':' ||
	     !read_port(colon + 1, (size_t)(text + length - colon - 1),
			&found->port)))
		return "the port is not a number from 1 to 65535";
	copy = sp_arena_copy(arena, host, host_length);
	if (copy == NULL)
		return no_memory;
	if (sp_ip_parse(copy, &ip) != SP_OK &&
	    sp_domain_kind(copy) < SP_DOMAIN_SINGLE)
		return "the host is neither a name nor an address";
	found->host = copy;
	return NULL;
}

static bool is_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return length > 0;
}

/* "[USER@]HOST[:PORT][/DATABASE]" */
static const char *read_tcp(const char *rest, struct sp_arena *arena,
			    struct sp_redis_config *found)
{
	/* A password may hold any character: the last @ ends it. */
	const char *at = strrchr(rest, '@');
	size_t length;

	if (at != NULL) {
		length = (size_t)(at - rest);
		if (memchr(rest, ':', length) != NULL)
			return "a password does not belong into this file: "
			       "write it into a file of its own and name that "
			       "in redis.password-file";
		if (!is_word(rest, length))
			return "the user before the @ is missing";
		found->user = sp_arena_copy(arena, rest, length);
		if (found->user == NULL)
			return no_memory;
		rest = at + 1;
	}
	length = strcspn(rest, "/");
	if (rest[length] == '/' && rest[length + 1] != '\0' &&
	    !read_database(rest + length + 1, &found->database))
		return "what follows the / is not a database's number";
	found->kind = SP_STORE_TCP;
	return read_host(rest, length, arena, found);
}

const char *sp_endpoint_read_store(const char *text, struct sp_arena *arena,
				   struct sp_redis_config *redis_out)
{
	struct sp_redis_config found = { .kind = SP_STORE_EMBEDDED,
					 .host = "" };
	const char *wrong = nothing_to_add;

	if (strcmp(text, "embedded") == 0)
		wrong = NULL;
	else if (after(text, "redis://") != NULL)
		wrong = read_tcp(after(text, "redis://"), arena, &found);
	else if (after(text, "unix:") != NULL)
		wrong = read_unix(after(text, "unix:"), arena, &found);
	else if (after(text, "rediss://") != NULL)
		wrong = "TLS to Redis is not supported";
	if (wrong != NULL)
		return wrong;
	redis_out->kind = found.kind;
	redis_out->host = found.host;
	redis_out->port = found.port;
	redis_out->path = found.path;
	redis_out->database = found.database;
	redis_out->user = found.user;
	return NULL;
}

void sp_endpoint_write_store(struct sp_text *out,
			     const struct sp_redis_config *redis)
{
	bool is_ipv6 = redis->host != NULL && strchr(redis->host, ':') != NULL;

	switch (redis->kind) {
	case SP_STORE_EMBEDDED:
		sp_text_add(out, "embedded");
		return;
	case SP_STORE_UNIX:
		sp_text_addf(out, "unix:%s", redis->path);
		if (redis->database != 0)
			sp_text_addf(out, "?db=%u", redis->database);
		return;
	case SP_STORE_TCP:
		/* The user is an option of its own. */
		sp_text_addf(out, is_ipv6 ? "redis://[%s]:%u" : "redis://%s:%u",
			     redis->host, redis->port);
		if (redis->database != 0)
			sp_text_addf(out, "/%u", redis->database);
	}
}

const char *sp_endpoint_read_sink(const char *text, struct sp_arena *arena,
				  struct sp_log_options *options_out)
{
	const char *path = after(text, "file:");
	const char *file;

	if (path != NULL) {
		if (*path != '/')
			return "the path is not absolute";
		file = sp_arena_text(arena, path);
		if (file == NULL)
			return no_memory;
		options_out->sink = SP_LOG_FILE;
		options_out->file = file;
		return NULL;
	}
	if (strcmp(text, "stderr") == 0)
		options_out->sink = SP_LOG_STDERR;
	else if (strcmp(text, "syslog") == 0)
		options_out->sink = SP_LOG_SYSLOG;
	else
		return nothing_to_add;
	options_out->file = "";
	return NULL;
}

void sp_endpoint_write_sink(struct sp_text *out,
			    const struct sp_log_options *options)
{
	switch (options->sink) {
	case SP_LOG_STDERR:
		sp_text_add(out, "stderr");
		return;
	case SP_LOG_SYSLOG:
		sp_text_add(out, "syslog");
		return;
	case SP_LOG_FILE:
		sp_text_addf(out, "file:%s", options->file);
	}
}

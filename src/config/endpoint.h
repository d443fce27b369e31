/*
 * endpoint.h - the options that name a place: listen, store, log.to.
 *
 * A reader returns NULL when `text` is good; otherwise a sentence about what is
 * wrong with it, constant and without any of the text (which may hold a
 * password), "" when there is nothing to say but what was expected. Outputs are
 * untouched then. Strings are copied into `arena`.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_CONFIG_ENDPOINT_H
#define SALLYPORT_CONFIG_ENDPOINT_H

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/ip.h"
#include "sallyport/text.h"

/* What fits sun_path with its NUL. */
enum {
	SP_SOCKET_PATH_MAX = 107
};

/* "unix:/path", "inet:port@address", "inet6:port@address". */
const char *sp_endpoint_check_listen(const char *text);

/* "8025" (on the loopback), "inet:port@address", "inet6:port@address", with an
 * address, not a name. `address_out` and `port_out` are set when it is good. */
const char *sp_endpoint_read_web(const char *text, struct sp_ip *address_out,
				 unsigned *port_out);

/* The path of "unix:/path"; NULL for the others. */
const char *sp_endpoint_listen_path(const char *listen);

/* Sets kind, host, port, path, database and user (NULL when the text names
 * none), nothing else of *redis_out. path is NULL for "embedded". */
const char *sp_endpoint_read_store(const char *text, struct sp_arena *arena,
				   struct sp_redis_config *redis_out);
void sp_endpoint_write_store(struct sp_text *out,
			     const struct sp_redis_config *redis);

/* Sets sink and file ("" unless it is a file). */
const char *sp_endpoint_read_sink(const char *text, struct sp_arena *arena,
				  struct sp_log_options *options_out);
void sp_endpoint_write_sink(struct sp_text *out,
			    const struct sp_log_options *options);

#endif

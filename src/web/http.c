#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/text.h"

enum {
	CONNECTIONS_MAX = 96,
	CONNECTIONS_OF_ONE_MAX = 32,
	HEADER_BYTES_MAX = 16 * 1024,
	SILENCE_SEC = 10,
	EXCHANGE_MS = 20000,
	LOOK_EVERY_MS = 1000,
	NICENESS = 10
};

/* A connection, in a ring of all. */
struct link {
	struct link *next, *previous;
	int fd;
	int64_t since_ms; /* it began, or its last answer was out */
};

/* A request on its way in. */
struct exchange {
	bool is_plain; /* its path has no character that is written in percent */
	bool is_begun;
	bool is_too_long;
	size_t length;
	char body[SP_HTTP_BODY_MAX + 1];
};

struct sp_http {
	struct sp_http_server server;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	int stop_event;
	pthread_t thread;
	struct link links; /* of HTTP's thread */
};

static const struct {
	const char *name, *value;
} fixed_headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; "
	  "img-src 'self'; connect-src 'self'; form-action 'none'; "
	  "base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	{ "Cache-Control", "no-store" },
};

/* ------------------------------------------------------------- connections */

static void on_connection(void *context, struct MHD_Connection *connection,
			  void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct sp_http *http = context;
	struct link *link = *socket_context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (link == NULL)
			return;
		link->previous->next = link->next;
		link->next->previous = link->previous;
		free(link);
		*socket_context = NULL;
		return;
	}
	info = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	link = info == NULL ? NULL : calloc(1, sizeof(*link));
	if (link == NULL)
		return; /* then only silence ends it */
	link->fd = info->connect_fd;
	link->since_ms = sp_clock_mono_ms();
	link->next = http->links.next;
	link->previous = &http->links;
	link->next->previous = link;
	http->links.next = link;
	*socket_context = link;
}

/* One that says a byte now and then is never silent: its time is up too. */
static void end_old_connections(struct sp_http *http, int64_t now_ms)
{
	for (struct link *link = http->links.next; link != &http->links;
	     link = link->next)
		if (now_ms - link->since_ms > EXCHANGE_MS)
			(void)shutdown(link->fd, SHUT_RDWR);
}

static void *serve(void *context)
{
	struct sp_http *http = context;
	struct pollfd pollers[] = {
		{ .fd = http->epoll_fd, .events = POLLIN },
		{ .fd = http->stop_event, .events = POLLIN },
	};
	int64_t looked_ms = sp_clock_mono_ms();

	/* On Linux that is the thread's own: mail goes before the page. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	while (!pollers[1].revents) {
		MHD_UNSIGNED_LONG_LONG wait_ms = LOOK_EVERY_MS;
		int64_t now_ms;

		if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_NO ||
		    wait_ms > LOOK_EVERY_MS)
			wait_ms = LOOK_EVERY_MS;
		if (poll(pollers, 2, (int)wait_ms) < 0 && errno != EINTR)
			break;
		(void)MHD_run(http->daemon);
		now_ms = sp_clock_mono_ms();
		if (now_ms - looked_ms < LOOK_EVERY_MS)
			continue;
		looked_ms = now_ms;
		end_old_connections(http, now_ms);
	}
	return NULL;
}

/* ---------------------------------------------------------------- requests */

/* Called with what stands in the request's first line, before all else. */
static void *on_target(void *context, const char *target,
		       struct MHD_Connection *connection)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)context;
	(void)connection;
	if (exchange != NULL)
		exchange->is_plain = target[strspn(target, plain)] == '\0' ||
				     target[strspn(target, plain)] == '?';
	return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection,
			 void **request_context,
			 enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct link *link = info == NULL ? NULL : info->socket_context;

	(void)context;
	(void)code;
	if (link != NULL)
		link->since_ms = sp_clock_mono_ms();
	free(*request_context);
	*request_context = NULL;
}

const char *sp_http_header(const struct sp_http_request *request,
			   const char *name)
{
	return MHD_lookup_connection_value(request->wire, MHD_HEADER_KIND,
					   name);
}

const char *sp_http_cookie(const struct sp_http_request *request,
			   const char *name)
{
	return MHD_lookup_connection_value(request->wire, MHD_COOKIE_KIND,
					   name);
}

const char *sp_http_argument(const struct sp_http_request *request,
			     const char *name)
{
	return MHD_lookup_connection_value(request->wire, MHD_GET_ARGUMENT_KIND,
					   name);
}

static void add_headers(struct MHD_Response *response,
			const struct sp_http_reply *reply)
{
	char seconds[16];
	struct sp_text text;

	for (size_t i = 0; i < sizeof(fixed_headers) / sizeof(*fixed_headers);
	     i++)
		(void)MHD_add_response_header(response, fixed_headers[i].name,
					      fixed_headers[i].value);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      reply->type);
	if (reply->cookie[0] != '\0')
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_SET_COOKIE, reply->cookie);
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					      "GET, HEAD, POST");
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(response,
					      MHD_HTTP_HEADER_WWW_AUTHENTICATE,
					      "Bearer realm=\"sallyport\"");
	if (reply->retry_after_sec == 0)
		return;
	sp_text_init(&text, seconds, sizeof(seconds));
	sp_text_add_number(&text, reply->retry_after_sec);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
				      seconds);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection,
				  const struct sp_http_reply *reply)
{
	/* It is only read; the library's prototype does not say so. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->length, (void *)(uintptr_t)reply->bytes,
		reply->is_ours_to_free ? MHD_RESPMEM_MUST_FREE
				       : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (response == NULL) {
		if (reply->is_ours_to_free)
			free((void *)(uintptr_t)reply->bytes);
		return MHD_NO;
	}
	add_headers(response, reply);
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection,
			      unsigned status, const char *text)
{
	const struct sp_http_reply reply = {
		.status = status,
		.type = "application/json",
		.bytes = text,
		.length = strlen(text),
	};

	return send_reply(connection, &reply);
}

/* 0: not one that we know. */
static bool read_method(const char *word, enum sp_http_method *method_out)
{
	*method_out = strcmp(word, MHD_HTTP_METHOD_POST) == 0 ? SP_HTTP_POST
							      : SP_HTTP_GET;
	return *method_out == SP_HTTP_POST ||
	       strcmp(word, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(word, MHD_HTTP_METHOD_HEAD) == 0;
}

static void take_body(struct exchange *exchange, const char *bytes,
		      size_t length)
{
	size_t room = SP_HTTP_BODY_MAX - exchange->length;

	if (length > room) {
		exchange->is_too_long = true;
		length = room;
	}
	memcpy(exchange->body + exchange->length, bytes, length);
	exchange->length += length;
}

static enum MHD_Result answer(struct sp_http *http,
			      struct MHD_Connection *connection,
			      const struct exchange *exchange,
			      struct sp_http_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sp_http_reply reply = { .status = MHD_HTTP_NOT_FOUND };

	if (exchange->is_too_long)
		return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE,
			      "{\"error\":\"the body is too long\"}\n");
	if (!exchange->is_plain || strlen(exchange->body) != exchange->length)
		return refuse(connection, MHD_HTTP_BAD_REQUEST,
			      "{\"error\":\"that cannot be meant\"}\n");
	request->body = exchange->body;
	request->wire = connection;
	if (info != NULL)
		sp_ip_from_sockaddr(info->client_addr, &request->peer, NULL);
	http->server.answer(http->server.context, request, &reply);
	return send_reply(connection, &reply);
}

static enum MHD_Result on_request(void *context,
				  struct MHD_Connection *connection,
				  const char *path, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **request_context)
{
	struct exchange *exchange = *request_context;
	struct sp_http_request request = { .path = path };

	(void)version;
	if (exchange == NULL)
		return MHD_NO; /* no memory: the connection is closed */
	if (!read_method(method, &request.method))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "{\"error\":\"GET or POST\"}\n");
	if (!exchange->is_begun) {
		exchange->is_begun = true;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		take_body(exchange, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return answer(context, connection, exchange, &request);
}

/* ----------------------------------------------------------- start and end */

static struct MHD_Daemon *start_daemon(struct sp_http *http, int listener)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, http,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_OF_ONE_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)SILENCE_SEC, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HEADER_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_END);
}

enum sp_err sp_http_start(int listener, const struct sp_http_server *server,
			  struct sp_http **http_out)
{
	struct sp_http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info = NULL;

	if (http == NULL)
		return SP_ERR_NO_MEMORY;
	http->server = *server;
	http->links.next = &http->links;
	http->links.previous = &http->links;
	http->stop_event = eventfd(0, EFD_CLOEXEC);
	if (http->stop_event >= 0)
		http->daemon = start_daemon(http, listener);
	if (http->daemon != NULL)
		info = MHD_get_daemon_info(http->daemon,
					   MHD_DAEMON_INFO_EPOLL_FD);
	if (info != NULL) {
		http->epoll_fd = info->epoll_fd;
		if (pthread_create(&http->thread, NULL, serve, http) == 0) {
			*http_out = http;
			return SP_OK;
		}
	}
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon);
	if (http->stop_event >= 0)
		(void)close(http->stop_event);
	free(http);
	return SP_ERR_SYSTEM;
}

void sp_http_stop(struct sp_http **http)
{
	struct sp_http *old = *http;
	const uint64_t one = 1;

	if (old == NULL)
		return;
	(void)!write(old->stop_event, &one, sizeof(one));
	(void)pthread_join(old->thread, NULL);
	MHD_stop_daemon(old->daemon);
	(void)close(old->stop_event);
	free(old);
	*http = NULL;
}

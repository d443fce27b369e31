#include "sallyport/web.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard.h"
#include "http.h"
#include "now_view.h"
#include "route.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/service.h"

enum {
	BACKLOG = 256
};

struct sp_web {
	int listener; /* -1: it is HTTP's now */
	int64_t begun_ms;
	struct sp_guard *guard;
	struct sp_http *http;
	struct sp_web_sources sources;
	struct sp_now_history history; /* of HTTP's thread */
};

static socklen_t fill_address(const struct sp_web_config *config,
			      struct sockaddr_storage *address_out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address_out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address_out;

	memset(address_out, 0, sizeof(*address_out));
	if (config->address.family == SP_IP_4) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)config->port);
		memcpy(&four->sin_addr, config->address.bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)config->port);
	memcpy(&six->sin6_addr, config->address.bytes, 16);
	return sizeof(*six);
}

static enum sp_err listen_on(struct sp_web *web,
			     const struct sp_web_config *config)
{
	struct sockaddr_storage address;
	socklen_t length = fill_address(config, &address);
	const int one = 1;

	web->listener = socket(address.ss_family,
			       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (web->listener >= 0 &&
	    setsockopt(web->listener, SOL_SOCKET, SO_REUSEADDR, &one,
		       sizeof(one)) == 0 &&
	    bind(web->listener, (const struct sockaddr *)&address, length) ==
		    0 &&
	    listen(web->listener, BACKLOG) == 0)
		return SP_OK;
	sp_log(SP_LOG_ERROR, "web.listen: cannot listen on %s: %s",
	       config->listen, strerror(errno));
	return SP_ERR_SYSTEM;
}

enum sp_err sp_web_open(const struct sp_config *config, struct sp_web **web_out)
{
	struct sp_web *web;
	enum sp_err err;

	*web_out = NULL;
	if (*config->web.listen == '\0')
		return SP_OK;
	web = calloc(1, sizeof(*web));
	if (web == NULL)
		return SP_ERR_NO_MEMORY;
	web->listener = -1;
	web->begun_ms = sp_clock_mono_ms();
	err = sp_guard_new(sp_ip_is_loopback(&config->web.address),
			   &web->guard);
	if (err == SP_OK)
		err = listen_on(web, &config->web);
	if (err != SP_OK)
		sp_web_stop(&web);
	*web_out = web;
	return err;
}

static void answer(void *context, const struct sp_http_request *request,
		   struct sp_http_reply *reply_out)
{
	struct sp_web *web = context;
	const struct sp_service *service = sp_service_get(web->sources.slot);
	struct sp_web_call call = {
		.request = request,
		.service = service,
		.embedded = web->sources.embedded,
		.guard = web->guard,
		.history = &web->history,
		.uptime_ms = sp_clock_mono_ms() - web->begun_ms,
		.reply = reply_out,
	};

	sp_route(&call);
	sp_service_unref(&service);
}

enum sp_err sp_web_start(struct sp_web *web,
			 const struct sp_web_sources *sources)
{
	const struct sp_http_server server = { answer, web };
	enum sp_err err;

	if (web == NULL)
		return SP_OK;
	web->sources = *sources;
	err = sp_http_start(web->listener, &server, &web->http);
	if (err == SP_OK)
		web->listener = -1;
	return err;
}

void sp_web_stop(struct sp_web **web)
{
	struct sp_web *old = *web;

	if (old == NULL)
		return;
	sp_http_stop(&old->http);
	if (old->listener >= 0)
		(void)close(old->listener);
	sp_guard_free(&old->guard);
	free(old);
	*web = NULL;
}

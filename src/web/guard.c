#include "guard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/hash.h"
#include "sallyport/text.h"

enum {
	SESSIONS_MAX = 32,
	SESSION_MS = 12 * 3600 * 1000,
	SESSION_BYTES = 32,
	SESSION_TEXT_SIZE = 2 * SESSION_BYTES + 1,
	PEERS_MAX = 256,
	TRIES_MAX = 10,
	TRY_EVERY_MS = 6000,
	OK = 200,
	UNAUTHORIZED = 401,
	FORBIDDEN = 403,
	UNSUPPORTED_TYPE = 415,
	TOO_MANY = 429
};

struct session {
	struct sp_hash name;	/* of what stands in the cookie */
	struct sp_hash secrets; /* that it was made under */
	int64_t until_ms;	/* monotonic; 0 = there is none */
};

/* Who has guessed wrongly lately. */
struct peer {
	struct sp_network network;
	int64_t full_ms; /* when all tries are there again */
};

struct sp_guard {
	bool is_near;
	struct sp_hash_key key; /* random: nobody foresees a hash */
	struct session sessions[SESSIONS_MAX];
	struct peer peers[PEERS_MAX];
};

enum sp_err sp_guard_new(bool is_near, struct sp_guard **guard_out)
{
	struct sp_guard *guard = calloc(1, sizeof(*guard));

	if (guard == NULL)
		return SP_ERR_NO_MEMORY;
	if (getrandom(&guard->key, sizeof(guard->key), 0) !=
	    (ssize_t)sizeof(guard->key)) {
		free(guard);
		return SP_ERR_SYSTEM;
	}
	guard->is_near = is_near;
	*guard_out = guard;
	return SP_OK;
}

void sp_guard_free(struct sp_guard **guard)
{
	free(*guard);
	*guard = NULL;
}

/* ------------------------------------------------------------------ secrets */

/* Hashes of one length are compared, and all of them: neither where two texts
 * differ nor how long the secret is shows in the time. */
static bool are_same_hashes(const struct sp_hash *a, const struct sp_hash *b)
{
	unsigned difference = 0;

	for (size_t i = 0; i < SP_HASH_BYTES; i++)
		difference |= (unsigned)(a->bytes[i] ^ b->bytes[i]);
	return difference == 0;
}

static bool is_secret(const struct sp_guard *guard, const char *given,
		      const char *secret)
{
	struct sp_hash a, b;

	sp_hash_make(&guard->key, given, strlen(given), &a);
	sp_hash_make(&guard->key, secret, strlen(secret), &b);
	return are_same_hashes(&a, &b) && *secret != '\0';
}

static bool has_secret(const struct sp_web_config *config)
{
	return *config->password != '\0' || *config->token != '\0';
}

static const char *first_set(const char *a, const char *b)
{
	return *a != '\0' ? a : b;
}

/* ----------------------------------------------------------------- guessing */

static struct peer *find_peer(struct sp_guard *guard, const struct sp_ip *ip)
{
	struct peer *oldest = &guard->peers[0];
	struct sp_network network;

	sp_network_around(ip, ip->family == SP_IP_6 ? 64 : 32, &network);
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &guard->peers[i];

		if (sp_ip_equals(&peer->network.base, &network.base))
			return peer;
		if (peer->full_ms < oldest->full_ms)
			oldest = peer;
	}
	*oldest = (struct peer){ .network = network };
	return oldest;
}

/* Whether one more try is allowed; it is used up then. */
static bool take_try(struct sp_guard *guard, const struct sp_ip *ip,
		     struct sp_guard_answer *answer_out)
{
	struct peer *peer = find_peer(guard, ip);
	int64_t now_ms = sp_clock_mono_ms();
	int64_t full_ms = peer->full_ms > now_ms ? peer->full_ms : now_ms;

	full_ms += TRY_EVERY_MS;
	if (full_ms - now_ms > TRIES_MAX * TRY_EVERY_MS) {
		answer_out->status = TOO_MANY;
		answer_out->error = "too many wrong passwords: wait a while";
		answer_out->retry_after_sec = TRY_EVERY_MS / 1000;
		return false;
	}
	peer->full_ms = full_ms;
	return true;
}

/* Who knows the secret is no guesser. */
static bool try_secret(struct sp_guard *guard,
		       const struct sp_http_request *request, const char *given,
		       const char *secret, struct sp_guard_answer *answer_out)
{
	if (!take_try(guard, &request->peer, answer_out))
		return false;
	if (is_secret(guard, given, secret)) {
		find_peer(guard, &request->peer)->full_ms -= TRY_EVERY_MS;
		answer_out->status = OK;
		answer_out->error = "";
		return true;
	}
	answer_out->status = UNAUTHORIZED;
	answer_out->error = "that is not the password";
	return false;
}

/* ----------------------------------------------------------------- sessions */

static void hash_secrets(const struct sp_guard *guard,
			 const struct sp_web_config *config,
			 struct sp_hash *hash_out)
{
	const char *secret = first_set(config->password, config->token);

	sp_hash_make(&guard->key, secret, strlen(secret), hash_out);
}

static struct session *find_session(struct sp_guard *guard,
				    const struct sp_http_request *request)
{
	const char *cookie = sp_http_cookie(request, "sallyport");
	int64_t now_ms = sp_clock_mono_ms();
	struct sp_hash name;

	if (cookie == NULL)
		return NULL;
	sp_hash_make(&guard->key, cookie, strlen(cookie), &name);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &guard->sessions[i];

		if (session->until_ms > now_ms &&
		    are_same_hashes(&session->name, &name))
			return session;
	}
	return NULL;
}

static bool has_session(struct sp_guard *guard,
			const struct sp_web_config *config,
			const struct sp_http_request *request)
{
	const struct session *session = find_session(guard, request);
	struct sp_hash secrets;

	if (session == NULL)
		return false;
	hash_secrets(guard, config, &secrets);
	return are_same_hashes(&session->secrets, &secrets);
}

static bool make_name(char name_out[SESSION_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SESSION_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < SESSION_BYTES; i++) {
		name_out[2 * i] = digits[bytes[i] >> 4];
		name_out[2 * i + 1] = digits[bytes[i] & 15];
	}
	name_out[2 * SESSION_BYTES] = '\0';
	return true;
}

/* In place of the one that ends first. */
static struct session *oldest_session(struct sp_guard *guard)
{
	struct session *oldest = &guard->sessions[0];

	for (size_t i = 1; i < SESSIONS_MAX; i++)
		if (guard->sessions[i].until_ms < oldest->until_ms)
			oldest = &guard->sessions[i];
	return oldest;
}

static void write_cookie(const struct sp_http_request *request,
			 const char *name, int max_age_sec,
			 char cookie_out[SP_HTTP_COOKIE_SIZE])
{
	const char *scheme = sp_http_header(request, "X-Forwarded-Proto");
	struct sp_text text;

	sp_text_init(&text, cookie_out, SP_HTTP_COOKIE_SIZE);
	sp_text_addf(&text,
		     "sallyport=%s; Path=/; Max-Age=%d; HttpOnly; "
		     "SameSite=Strict",
		     name, max_age_sec);
	/* A reverse proxy says that it was asked by TLS. */
	if (scheme != NULL && sp_text_equals(scheme, "https"))
		sp_text_add(&text, "; Secure");
}

void sp_guard_sign_in(struct sp_guard *guard,
		      const struct sp_web_config *config,
		      const struct sp_http_request *request,
		      const char *password, struct sp_guard_answer *answer_out)
{
	const char *secret = first_set(config->password, config->token);
	struct session *session = oldest_session(guard);
	char name[SESSION_TEXT_SIZE];

	*answer_out = (struct sp_guard_answer){ .status = FORBIDDEN };
	answer_out->error = "there is no password: everybody here may look";
	if (!has_secret(config) ||
	    !try_secret(guard, request, password, secret, answer_out))
		return;
	if (!make_name(name)) {
		answer_out->status = 500;
		answer_out->error = "there is no randomness";
		return;
	}
	sp_hash_make(&guard->key, name, strlen(name), &session->name);
	hash_secrets(guard, config, &session->secrets);
	session->until_ms = sp_clock_mono_ms() + SESSION_MS;
	write_cookie(request, name, SESSION_MS / 1000, answer_out->cookie);
}

void sp_guard_sign_out(struct sp_guard *guard,
		       const struct sp_http_request *request)
{
	struct session *session = find_session(guard, request);

	if (session != NULL)
		*session = (struct session){ 0 };
}

/* ------------------------------------------------------- other pages' doing */

/* "localhost:8025", "127.0.0.1", "[::1]:8025" */
static bool is_loopback_name(const char *host)
{
	char name[64];
	struct sp_ip ip;
	size_t length;

	if (host == NULL)
		return false;
	if (*host == '[')
		length = strcspn(++host, "]");
	else
		length = strcspn(host, ":");
	if (length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	if (sp_text_equals(name, "localhost"))
		return true;
	return sp_ip_parse(name, &ip) == SP_OK && sp_ip_is_loopback(&ip);
}

/* By the browser's own word, which no page can put into its mouth. */
static bool is_from_our_page(const struct sp_http_request *request)
{
	const char *site = sp_http_header(request, "Sec-Fetch-Site");
	const char *origin = sp_http_header(request, "Origin");
	const char *host = sp_http_header(request, "Host");

	if (sp_http_header(request, "X-Sallyport") == NULL)
		return false;
	if (site != NULL)
		return strcmp(site, "same-origin") == 0;
	if (origin == NULL || host == NULL)
		return false;
	origin = strstr(origin, "://");
	return origin != NULL && sp_text_equals(origin + 3, host);
}

static bool is_json(const struct sp_http_request *request)
{
	const char *type = sp_http_header(request, "Content-Type");

	return type != NULL && sp_text_starts(type, "application/json");
}

/* ---------------------------------------------------------------- decisions */

static void deny(struct sp_guard_answer *answer_out, unsigned status,
		 const char *error)
{
	answer_out->status = status;
	answer_out->error = error;
}

static void ask_page(const struct sp_http_request *request,
		     struct sp_guard_answer *answer_out)
{
	if (!is_json(request))
		deny(answer_out, UNSUPPORTED_TYPE,
		     "expected Content-Type: application/json");
	else if (!is_from_our_page(request))
		deny(answer_out, FORBIDDEN,
		     "expected X-Sallyport and the browser's word that it "
		     "comes from this page");
}

static void ask_open(const struct sp_guard *guard,
		     const struct sp_http_request *request,
		     enum sp_guard_need need,
		     struct sp_guard_answer *answer_out)
{
	if (!guard->is_near ||
	    !is_loopback_name(sp_http_header(request, "Host")))
		deny(answer_out, FORBIDDEN,
		     "without web.password-file or web.token-file this is for "
		     "localhost only");
	else if (need == SP_GUARD_CHANGE)
		deny(answer_out, FORBIDDEN,
		     "without web.password-file or web.token-file nothing can "
		     "be changed here");
}

static void ask_token(struct sp_guard *guard,
		      const struct sp_web_config *config,
		      const struct sp_http_request *request,
		      const char *authorization,
		      struct sp_guard_answer *answer_out)
{
	const char *secret = first_set(config->token, config->password);

	if (!sp_text_starts(authorization, "Bearer ")) {
		deny(answer_out, UNAUTHORIZED, "expected Bearer TOKEN");
		return;
	}
	if (!try_secret(guard, request, authorization + strlen("Bearer "),
			secret, answer_out) &&
	    answer_out->status == UNAUTHORIZED)
		answer_out->error = "that is not the token";
}

void sp_guard_ask(struct sp_guard *guard, const struct sp_web_config *config,
		  const struct sp_http_request *request,
		  enum sp_guard_need need, struct sp_guard_answer *answer_out)
{
	const char *authorization = sp_http_header(request, "Authorization");

	*answer_out = (struct sp_guard_answer){ .status = OK, .error = "" };
	if (need == SP_GUARD_NOTHING)
		return;
	if (need == SP_GUARD_PAGE) {
		ask_page(request, answer_out);
	} else if (!has_secret(config)) {
		ask_open(guard, request, need, answer_out);
	} else if (authorization != NULL) {
		ask_token(guard, config, request, authorization, answer_out);
		if (answer_out->status == OK && need == SP_GUARD_CHANGE &&
		    !is_json(request))
			deny(answer_out, UNSUPPORTED_TYPE,
			     "expected Content-Type: application/json");
	} else if (!has_session(guard, config, request)) {
		deny(answer_out, UNAUTHORIZED, "please sign in");
	} else if (need == SP_GUARD_CHANGE) {
		ask_page(request, answer_out);
	}
}

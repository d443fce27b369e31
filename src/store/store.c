/* store.c - a question from its deadline to its answer; see store.h. */
#include "sallyport/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breaker.h"
#include "connection.h"
#include "dial.h"
#include "pool.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/text.h"
#include "sallyport/timing.h"
#include "word.h"

/* A question that came with less time than this and got no answer says
 * nothing about the store: its mail had spent the time elsewhere. */
enum {
	FAIR_MS = 50
};

struct sp_store {
	struct sp_dialer dialer;
	struct sp_login login; /* its texts are ours */
	int64_t connect_timeout_ms;
	int64_t command_timeout_ms;
	struct sp_pool pool;
	struct sp_breaker breaker;
	struct sp_log_limit failure_limit;
	bool is_quiet;
	pthread_mutex_t lock;
	struct sp_store_health health; /* guarded by lock */
};

/* The words of a script's command: EVALSHA, its digest, how many keys; then
 * keys and arguments. */
enum {
	SCRIPT_WORDS_MAX = 24,
	WORDS_BEFORE = 3
};

/* Commands on their way, together. */
struct trip {
	size_t count;
	int64_t deadline_ms;
	struct sp_command commands[SP_STORE_CALLS_MAX];
	const struct sp_script *scripts[SP_STORE_CALLS_MAX]; /* or NULL */
};

static char *copy_text(const char *text)
{
	char *copy = strdup(text == NULL ? "" : text);

	if (copy == NULL)
		abort();
	return copy;
}

enum sp_err sp_store_new(const struct sp_redis_config *config,
			 struct sp_store **store_out)
{
	struct sp_store *store = calloc(1, sizeof(*store));
	bool is_ours = config->kind == SP_STORE_EMBEDDED;
	enum sp_err err;

	*store_out = NULL;
	if (store == NULL)
		return SP_ERR_NO_MEMORY;
	store->connect_timeout_ms = config->connect_timeout_ms;
	store->command_timeout_ms = config->command_timeout_ms;
	/* The embedded server has no passwords: its socket is private. */
	store->login = (struct sp_login){
		.user = copy_text(is_ours ? "" : config->user),
		.password = copy_text(is_ours ? "" : config->password),
		.database = is_ours ? 0 : config->database,
		.timeout_ms = config->command_timeout_ms,
	};
	store->failure_limit.every_ms = 60000;
	store->health.since_ms = sp_clock_mono_ms();
	pthread_mutex_init(&store->lock, NULL);
	sp_breaker_init(&store->breaker, config->breaker_failures,
			config->breaker_pause_ms);
	err = sp_dialer_init(&store->dialer, config);
	if (err == SP_OK)
		err = sp_pool_init(&store->pool, config->connections > 0
							 ? config->connections
							 : 1);
	if (err != SP_OK)
		sp_store_free(&store);
	*store_out = store;
	return err;
}

void sp_store_free(struct sp_store **store)
{
	struct sp_store *old = *store;

	if (old == NULL)
		return;
	sp_pool_clear(&old->pool);
	sp_dialer_clear(&old->dialer);
	sp_breaker_clear(&old->breaker);
	pthread_mutex_destroy(&old->lock);
	free((char *)old->login.user);
	explicit_bzero((char *)old->login.password,
		       strlen(old->login.password));
	free((char *)old->login.password);
	free(old);
	*store = NULL;
}

void sp_store_be_quiet(struct sp_store *store)
{
	store->is_quiet = true;
}

static int64_t step_deadline(int64_t timeout_ms, int64_t deadline_ms)
{
	int64_t step_ms = sp_clock_mono_ms() + timeout_ms;

	return step_ms < deadline_ms ? step_ms : deadline_ms;
}

static enum sp_err open_connection(struct sp_store *store,
				   struct sp_connection *connection,
				   int64_t deadline_ms)
{
	return sp_connection_open(
		connection, &store->dialer, &store->login,
		step_deadline(store->connect_timeout_ms, deadline_ms),
		deadline_ms);
}

static enum sp_err ask_once(struct sp_store *store,
			    struct sp_connection *connection,
			    const struct trip *trip, redisReply **replies_out)
{
	return sp_connection_ask(
		connection, trip->commands, trip->count,
		step_deadline(store->command_timeout_ms, trip->deadline_ms),
		replies_out);
}

/*
 * Ask on a connection that may have died while it lay idle (the server was
 * restarted, or closed it after its `timeout`): then dial anew, once.
 *
 * A command is sent a second time only when the first could not be handed over
 * whole: what Redis did not get whole it did not do. Once it was handed over,
 * it may have been done, so silence after that is a failure.
 */
static enum sp_err ask_on(struct sp_store *store,
			  struct sp_connection *connection,
			  const struct trip *trip, redisReply **replies_out)
{
	enum sp_err err = SP_OK;

	if (sp_connection_is_usable(connection)) {
		err = ask_once(store, connection, trip, replies_out);
		if (err == SP_OK || connection->fd >= 0)
			return err;
		/* Its neighbours are as old. */
		sp_pool_close_idle(&store->pool);
		if (connection->is_sent || err != SP_ERR_IO)
			return err;
	}
	err = open_connection(store, connection, trip->deadline_ms);
	if (err != SP_OK)
		return err;
	return ask_once(store, connection, trip, replies_out);
}

static bool starts(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* What an error reply means; closes the connection where another one might
 * meet a better server or a better login. */
static enum sp_err judge_error(struct sp_connection *connection,
			       const char *text)
{
	sp_connection_note(connection, text);
	if (starts(text, "NOAUTH") || starts(text, "NOPERM") ||
	    starts(text, "WRONGPASS")) {
		sp_connection_close(connection);
		return SP_ERR_DENIED;
	}
	/* Older servers wrap a script's error, so it stands further behind. */
	if (strstr(text, "READONLY") != NULL)
		sp_connection_close(connection);
	return SP_ERR_PROTOCOL;
}

/* A script that the server has forgotten (restart, SCRIPT FLUSH) is sent
 * whole; that makes it known again. */
static enum sp_err load_script(struct sp_store *store,
			       struct sp_connection *connection,
			       const struct trip *trip, size_t index,
			       redisReply **reply)
{
	const struct sp_command *command = &trip->commands[index];
	const char *text = trip->scripts[index]->text;
	struct sp_store_bytes words[SCRIPT_WORDS_MAX];
	struct trip again = { .count = 1, .deadline_ms = trip->deadline_ms };

	memcpy(words, command->words, command->count * sizeof(*words));
	words[0] = (struct sp_store_bytes){ "EVAL", 4 };
	words[1] = (struct sp_store_bytes){ text, strlen(text) };
	again.commands[0] = (struct sp_command){ words, command->count };
	freeReplyObject(*reply);
	return ask_once(store, connection, &again, reply);
}

static enum sp_err settle(struct sp_store *store,
			  struct sp_connection *connection,
			  const struct trip *trip, size_t index,
			  redisReply **reply)
{
	enum sp_err err = SP_OK;

	if (trip->scripts[index] != NULL &&
	    (*reply)->type == REDIS_REPLY_ERROR &&
	    starts((*reply)->str, "NOSCRIPT"))
		err = load_script(store, connection, trip, index, reply);
	if (err == SP_OK && (*reply)->type == REDIS_REPLY_ERROR)
		err = judge_error(connection, (*reply)->str);
	return err;
}

static enum sp_err converse(struct sp_store *store,
			    struct sp_connection *connection,
			    const struct trip *trip, redisReply **replies_out)
{
	enum sp_err err = ask_on(store, connection, trip, replies_out);

	for (size_t i = 0; i < trip->count && err == SP_OK; i++)
		err = settle(store, connection, trip, i, &replies_out[i]);
	for (size_t i = 0; i < trip->count && err != SP_OK; i++) {
		if (replies_out[i] != NULL)
			freeReplyObject(replies_out[i]);
		replies_out[i] = NULL;
	}
	return err;
}

static void note_passed_by(struct sp_store *store)
{
	pthread_mutex_lock(&store->lock);
	store->health.passed_by++;
	pthread_mutex_unlock(&store->lock);
}

static void note_answer(struct sp_store *store, enum sp_err err,
			const char *why)
{
	struct sp_store_health *health = &store->health;
	bool is_up = err == SP_OK;

	pthread_mutex_lock(&store->lock);
	health->questions++;
	if (!is_up) {
		health->failures++;
		snprintf(health->last_error, sizeof(health->last_error), "%s",
			 why);
	}
	if (health->is_up != is_up)
		health->since_ms = sp_clock_mono_ms();
	health->is_up = is_up;
	pthread_mutex_unlock(&store->lock);
}

static enum sp_breaker_outcome outcome_of(enum sp_err err, int64_t given_ms)
{
	if (err == SP_OK)
		return SP_BREAKER_GOOD;
	if (err == SP_ERR_TOO_LONG || err == SP_ERR_NO_MEMORY)
		return SP_BREAKER_UNDECIDED; /* our own doing */
	if (err == SP_ERR_TIMEOUT && given_ms < FAIR_MS)
		return SP_BREAKER_UNDECIDED;
	return SP_BREAKER_BAD;
}

static void tell(struct sp_store *store, enum sp_breaker_event event,
		 enum sp_err err, const char *why, int64_t open_ms)
{
	if (store->is_quiet)
		return;
	if (event == SP_BREAKER_CLOSED)
		sp_log(SP_LOG_INFO, "store: %s answers again after %.1f s",
		       store->dialer.name, (double)open_ms / 1000);
	else if (event == SP_BREAKER_OPENED)
		sp_log(SP_LOG_ERROR,
		       "store: %s is out of order (%s: %s); mail goes on without it, next try in %.1f s",
		       store->dialer.name, sp_err_text(err), why,
		       (double)store->breaker.pause_ms / 1000);
	else if (err != SP_OK && !sp_breaker_is_open(&store->breaker))
		sp_log_limited(&store->failure_limit, SP_LOG_WARNING,
			       "store: %s did not answer a question (%s: %s)",
			       store->dialer.name, sp_err_text(err), why);
}

/* NULL and why not. */
static struct sp_connection *take_connection(struct sp_store *store,
					     enum sp_breaker_pass pass,
					     int64_t deadline_ms,
					     enum sp_err *err_out)
{
	struct sp_connection *connection =
		sp_pool_take(&store->pool, deadline_ms);

	*err_out = connection == NULL ? SP_ERR_TIMEOUT : SP_OK;
	/* Those before us in the line may have found the store dead. */
	if (connection == NULL || pass == SP_BREAKER_PROBE ||
	    !sp_breaker_is_open(&store->breaker))
		return connection;
	sp_pool_give(&store->pool, connection);
	*err_out = SP_ERR_UNAVAILABLE;
	return NULL;
}

static enum sp_err ask(struct sp_store *store, const struct trip *trip,
		       struct sp_store_reply **replies_out)
{
	int64_t given_ms = trip->deadline_ms - sp_clock_mono_ms();
	enum sp_breaker_pass pass = SP_BREAKER_PASS_BY;
	enum sp_breaker_event event;
	struct sp_connection *connection;
	char why[SP_CONNECTION_WHY_SIZE];
	redisReply *replies[SP_STORE_CALLS_MAX] = { NULL };
	int64_t open_ms, begun_us;
	enum sp_err err;

	if (given_ms > 0)
		pass = sp_breaker_enter(&store->breaker, sp_clock_mono_ms());
	if (pass == SP_BREAKER_PASS_BY) {
		note_passed_by(store);
		return given_ms > 0 ? SP_ERR_UNAVAILABLE : SP_ERR_TIMEOUT;
	}
	connection = take_connection(store, pass, trip->deadline_ms, &err);
	if (connection == NULL) {
		sp_breaker_leave(&store->breaker, pass, SP_BREAKER_UNDECIDED,
				 sp_clock_mono_ms(), &open_ms);
		note_passed_by(store);
		return err;
	}
	begun_us = sp_clock_mono_us();
	err = converse(store, connection, trip, replies);
	sp_timing_add(SP_TIMING_STORE, sp_clock_mono_us() - begun_us);
	memcpy(why, connection->why, sizeof(why));
	sp_pool_give(&store->pool, connection);
	event = sp_breaker_leave(&store->breaker, pass,
				 outcome_of(err, given_ms), sp_clock_mono_ms(),
				 &open_ms);
	note_answer(store, err, why);
	tell(store, event, err, why, open_ms);
	for (size_t i = 0; i < trip->count; i++)
		replies_out[i] = (void *)replies[i];
	return err;
}

/* The words of one call, when it runs a script. */
struct script_words {
	char key_count[16];
	struct sp_store_bytes words[SCRIPT_WORDS_MAX];
};

static enum sp_err add_call(struct trip *trip, const struct sp_store_call *call,
			    struct script_words *words)
{
	struct sp_command *command = &trip->commands[trip->count];
	size_t count = WORDS_BEFORE;

	trip->scripts[trip->count++] = call->script;
	*command = (struct sp_command){ call->keys, call->key_count };
	if (call->script == NULL)
		return call->key_count > 0 &&
				       call->key_count <= SP_COMMAND_WORDS_MAX
			       ? SP_OK
			       : SP_ERR_TOO_LONG;
	if (call->key_count + call->arg_count > SCRIPT_WORDS_MAX - WORDS_BEFORE)
		return SP_ERR_TOO_LONG;
	snprintf(words->key_count, sizeof(words->key_count), "%zu",
		 call->key_count);
	words->words[0] = sp_word("EVALSHA");
	words->words[1] = sp_word(call->script->sha1);
	words->words[2] = sp_word(words->key_count);
	for (size_t i = 0; i < call->key_count; i++)
		words->words[count++] = call->keys[i];
	for (size_t i = 0; i < call->arg_count; i++)
		words->words[count++] = call->args[i];
	*command = (struct sp_command){ words->words, count };
	return SP_OK;
}

enum sp_err sp_store_run_all(struct sp_store *store,
			     const struct sp_store_call *calls, size_t count,
			     int64_t deadline_ms,
			     struct sp_store_reply **replies_out)
{
	struct script_words words[SP_STORE_CALLS_MAX];
	struct trip trip = { .deadline_ms = deadline_ms };

	for (size_t i = 0; i < count; i++)
		replies_out[i] = NULL;
	if (count == 0 || count > SP_STORE_CALLS_MAX)
		return SP_ERR_TOO_LONG;
	for (size_t i = 0; i < count; i++) {
		enum sp_err err = add_call(&trip, &calls[i], &words[i]);

		if (err != SP_OK)
			return err;
	}
	return ask(store, &trip, replies_out);
}

enum sp_err sp_store_run(struct sp_store *store,
			 const struct sp_store_call *call, int64_t deadline_ms,
			 struct sp_store_reply **reply_out)
{
	return sp_store_run_all(store, call, 1, deadline_ms, reply_out);
}

enum sp_err sp_store_command(struct sp_store *store,
			     const struct sp_store_bytes *words, size_t count,
			     int64_t deadline_ms,
			     struct sp_store_reply **reply_out)
{
	const struct sp_store_call call = { .keys = words, .key_count = count };

	return sp_store_run_all(store, &call, 1, deadline_ms, reply_out);
}

void sp_store_health(const struct sp_store *store,
		     struct sp_store_health *health_out)
{
	struct sp_store *locked = (struct sp_store *)store;

	pthread_mutex_lock(&locked->lock);
	*health_out = locked->health;
	pthread_mutex_unlock(&locked->lock);
	health_out->is_breaker_open = sp_breaker_is_open(&locked->breaker);
}

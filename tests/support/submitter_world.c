/* submitter_world.c - see submitter_world.h. */
#include "submitter_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/store.h"

struct sp_submitter_answer submitter_world_answer;

static struct sp_store *dial(const char *socket)
{
	const struct sp_redis_config config = {
		.kind = SP_STORE_UNIX,
		.path = socket,
		.user = "",
		.password = "",
		.connections = 8,
		.connect_timeout_ms = 2000,
		.command_timeout_ms = 2000,
		.breaker_failures = 5,
		.breaker_pause_ms = 100,
	};
	struct sp_store *store;

	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	return store;
}

struct sp_store *submitter_world_dial(const struct submitter_world *world)
{
	return dial(world->redis.socket);
}

struct sp_store *submitter_world_dial_nobody(void)
{
	return dial("/nonexistent/redis.sock");
}

int submitter_world_set_up(void **state)
{
	static struct submitter_world world;

	redis_server_start(&world.redis, NULL, NULL);
	world.store = submitter_world_dial(&world);
	*state = &world;
	submitter_world_wipe(&world);
	return 0;
}

int submitter_world_tear_down(void **state)
{
	struct submitter_world *world = *state;

	sp_classes_free(&world->classes);
	sp_submitter_memory_free(&world->memory);
	sp_store_free(&world->store);
	redis_server_clear(&world->redis);
	return 0;
}

void submitter_world_wipe(struct submitter_world *world)
{
	static const char *const none[] = { NULL };
	char reply[64];

	redis_server_tell(&world->redis, "FLUSHALL", reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
	sp_submitter_memory_free(&world->memory);
	assert_int_equal(sp_submitter_memory_new(100, &world->memory), SP_OK);
	world->config = (struct sp_outbound_config){
		.is_enabled = true,
		.mode = SP_MODE_ENFORCE,
		.login_domain = "",
		.terms_ms = { 0, HOUR, DAY, 7 * DAY },
	};
	world->books = (struct sp_submitter_books){
		world->store,
		world->memory,
		&world->config,
	};
	submitter_world_limit(world, none);
}

static void wrong(void *context, const struct sp_stands *stands,
		  const char *error)
{
	(void)context, (void)stands;
	fail_msg("%s", error);
}

void submitter_world_limit(struct submitter_world *world,
			   const char *const *limits)
{
	static const struct sp_stands here = { "f", 1 };
	const struct sp_classes_judge judge = { wrong, NULL };
	struct sp_submitter alice;
	char error[SP_LIMIT_ERROR_SIZE];

	sp_classes_free(&world->classes);
	assert_int_equal(sp_classes_new("", &world->classes), SP_OK);
	for (; *limits != NULL; limits++)
		if (sp_classes_add_limit(world->classes, *limits, &here,
					 error) != SP_OK)
			fail_msg("%s: %s", *limits, error);
	assert_true(sp_classes_settle(world->classes, &judge));
	assert_int_equal(sp_submitter_parse(ALICE, "", &alice), SP_OK);
	world->class = sp_classes_find(world->classes, &alice);
	world->config.classes = world->classes;
}

static void take_word(const char *word, char **rest,
		      struct sp_submitter_question *question)
{
	enum sp_counted counted = sp_counted_by_name(word);

	if (strcmp(word, "happened") == 0)
		question->has_happened = true;
	else if (strcmp(word, "to") == 0)
		question->recipient = strtok_r(NULL, " ", rest);
	else if (strcmp(word, "from") == 0)
		question->network = strtok_r(NULL, " ", rest);
	else if (strcmp(word, "in") == 0)
		question->country = strtok_r(NULL, " ", rest);
	else if (strcmp(word, "by") == 0)
		question->asn = strtok_r(NULL, " ", rest);
	else if (counted < SP_COUNTED_DISTINCT)
		question->adds[counted] =
			(uint32_t)atoi(strtok_r(NULL, " ", rest));
	else
		fail_msg("what is \"%s\"?", word);
}

void submitter_world_read(char *text, struct sp_submitter_question *question)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		take_word(word, &rest, question);
}

const char *submitter_world_words(const struct sp_submitter_answer *answer,
				  char text_out[WORLD_TEXT_SIZE])
{
	snprintf(text_out, WORLD_TEXT_SIZE, "%s%s%s",
		 sp_submitter_state_name(answer->standing.state),
		 answer->is_new ? " new" : "",
		 answer->is_counted ? "" : " refused");
	return text_out;
}

const char *submitter_world_ask(struct submitter_world *world, int64_t now_ms,
				const char *what)
{
	static char words[WORLD_TEXT_SIZE];
	struct sp_submitter_question question = {
		.submitter = ALICE,
		.class = world->class,
		.now_ms = now_ms,
	};
	char text[256];
	enum sp_err err;

	snprintf(text, sizeof(text), "%s", what);
	submitter_world_read(text, &question);
	err = sp_submitter_ask(&world->books, &question,
			       sp_clock_mono_ms() + 5000,
			       &submitter_world_answer);
	assert_int_equal(err != SP_OK, submitter_world_answer.is_from_memory);
	return submitter_world_words(&submitter_world_answer, words);
}

const char *submitter_world_field(struct submitter_world *world,
				  const char *name)
{
	static char value[1024];
	const char *const texts[] = { "HGET", "sp:out:{" ALICE "}", name };
	struct sp_store_bytes words[3];
	struct sp_store_reply *reply;

	for (size_t i = 0; i < 3; i++)
		words[i] =
			(struct sp_store_bytes){ texts[i], strlen(texts[i]) };
	assert_int_equal(sp_store_command(world->store, words, 3,
					  sp_clock_mono_ms() + 5000, &reply),
			 SP_OK);
	snprintf(value, sizeof(value), "%s", sp_store_reply_text(reply, 0));
	sp_store_reply_free(&reply);
	return value;
}

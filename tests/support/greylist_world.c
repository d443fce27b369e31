/* greylist_world.c - see greylist_world.h. */
#include "greylist_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sallyport/clock.h"
#include "sallyport/store.h"

const struct sp_greylist_config greylist_usual = {
	.delay_ms = 90 * SECOND,
	.retry_window_ms = 2 * DAY,
	.remember_ms = 36 * DAY,
	.known_after = 5,
};

static struct sp_redis_config redis_config(const struct greylist_world *world)
{
	return (struct sp_redis_config){
		.kind = SP_STORE_UNIX,
		.path = world->redis.socket,
		.user = "",
		.password = "",
		.connections = 8,
		.connect_timeout_ms = 2000,
		.command_timeout_ms = 2000,
		.breaker_failures = 5,
		.breaker_pause_ms = 1000,
	};
}

int greylist_world_set_up(void **state)
{
	static struct greylist_world world;
	struct sp_redis_config config;

	redis_server_start(&world.redis, NULL, NULL);
	config = redis_config(&world);
	*state = &world;
	return sp_store_new(&config, &world.store) == SP_OK ? 0 : -1;
}

int greylist_world_tear_down(void **state)
{
	struct greylist_world *world = *state;

	sp_store_free(&world->store);
	redis_server_clear(&world->redis);
	return 0;
}

void greylist_world_wipe(struct greylist_world *world)
{
	char reply[64];

	redis_server_tell(&world->redis, "FLUSHALL", reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}

struct sp_greylist_answer greylist_world_ask(
	struct sp_store *store, const struct sp_greylist_config *config,
	struct sp_greylist_question question)
{
	struct sp_greylist_answer answer;

	if (question.identity == NULL)
		question.identity = "net:192.0.2.0/24";
	if (question.sender == NULL)
		question.sender = "a@example.org";
	if (question.recipient == NULL)
		question.recipient = "b@here.test";
	if (question.network == NULL)
		question.network = "net:192.0.2.0/24";
	if (question.client == NULL)
		question.client = "192.0.2.7";
	assert_int_equal(sp_greylist_ask(store, config, &question,
					 sp_clock_mono_ms() + 5000, &answer),
			 SP_OK);
	return answer;
}

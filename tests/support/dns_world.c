#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/log.h"

static const struct test_dns_row rows[] = {
	{ "mx.example.org", "A", "192.0.2.7", 0, 0 },
	{ "mx.example.org", "AAAA", "2001:db8::7", 0, 0 },
	{ "two.example.org", "A", "192.0.2.1", 0, 0 },
	{ "two.example.org", "A", "192.0.2.2", 0, 0 },
	{ "example.org", "MX", "20 mx2.example.org", 0, 0 },
	{ "example.org", "MX", "10 mx.example.org", 0, 0 },
	{ "null.example.org", "MX", "0 .", 0, 0 },
	{ "text.example.org", "TXT", "v=spf1 -all", 0, 0 },
	{ "long.example.org", "TXT", "fill:2000", 0, 0 },
	{ "huge.example.org", "TXT", "fill:16383", 0, 0 },
	{ "bigger.example.org", "TXT", "fill:16384", 0, 0 },
	{ "biggest.example.org", "TXT", "fill:60000", 0, 0 },
	{ "cut.example.org", "A", "192.0.2.9", 0, TEST_DNS_TRUNCATED },
	{ "7.2.0.192.in-addr.arpa", "PTR", "MX.example.org", 0, 0 },
	{ "8.2.0.192.in-addr.arpa", "PTR", "evil\\.mx.example.org", 0, 0 },
	{ "9.2.0.192.in-addr.arpa", "PTR", "a b.example.org", 0, 0 },
	{ "9.2.0.192.in-addr.arpa", "PTR", "good.example.org", 0, 0 },
	{ "7.0.0.10.in-addr.arpa", "PTR", "inside.example.org", 0, 0 },
	{ "alias.example.org", "CNAME", "alias2.example.org", 0, 0 },
	{ "alias2.example.org", "CNAME", "mx.example.org", 0, 0 },
	{ "dangling.example.org", "CNAME", "nowhere.example.org", 0, 0 },
	{ "loop.example.org", "CNAME", "pool.example.org", 0, 0 },
	{ "pool.example.org", "CNAME", "loop.example.org", 0, 0 },
	{ "self.example.org", "CNAME", "self.example.org", 0, 0 },
	{ "short.example.org", "A", "hex:c00002", 0, 0 },
	{ "*.wild.example.org", "A", "127.0.0.2", 0, 0 },
	{ "reserved.test", "A", "192.0.2.3", 0, 0 },
	{ "servfail.example.org", "ANY", NULL, 0, TEST_DNS_SERVFAIL },
	{ "refused.example.org", "ANY", NULL, 0, TEST_DNS_REFUSED },
	{ "*.silent.example.org", "ANY", NULL, 0, TEST_DNS_SILENT },
	{ "silent.example.org", "ANY", NULL, 0, TEST_DNS_SILENT },
	{ "forged.example.org", "A", "192.0.2.66", 0, TEST_DNS_WRONG_ID },
	{ "garbage.example.org", "A", "192.0.2.66", 0, TEST_DNS_GARBAGE },
	{ "slow.example.org", "A", "192.0.2.4", 300, 0 },
	{ "*.slow.example.org", "A", "192.0.2.4", 100, 0 },
	{ "50.2.0.192.in-addr.arpa", "PTR", "fifty.example.org", 50, 0 },
	{ "fifty.example.org", "A", "192.0.2.50", 50, 0 },
	{ NULL, NULL, NULL, 0, 0 },
};

void world_open(struct world *world)
{
	assert_int_equal(sp_dns_new(&world->config, &world->dns), SP_OK);
	world->batch = sp_dns_batch_new(world->dns);
}

void world_close(struct world *world)
{
	sp_dns_batch_free(&world->batch);
	sp_dns_free(&world->dns);
}

int world_set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct sp_log_options log = { .level = SP_LOG_DEBUG,
				      .sink = SP_LOG_FILE };
	int fd;

	strcpy(world->log, "/tmp/sallyport-dns-XXXXXX");
	fd = mkstemp(world->log);
	close(fd);
	log.file = world->log;
	sp_log_configure(&log);
	world->server = test_dns_start(rows);
	world->config = (struct sp_dns_config){
		.max_in_flight = 4096,
		.cache_size_bytes = 16 * 1024 * 1024,
		.timeout_ms = 1000,
		.system_file = "/nonexistent/resolv.conf",
	};
	sp_list_new(SP_LIST_SERVERS, &world->config.servers);
	sp_list_add(world->config.servers, test_dns_address(world->server), "",
		    0);
	world_open(world);
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	struct world *world = *state;

	world_close(world);
	test_dns_stop(world->server);
	sp_list_free(&world->config.servers);
	unlink(world->log);
	free(world);
	return 0;
}

/* How often `text` stands in the log. */
unsigned world_said(const struct world *world, const char *text)
{
	FILE *file = fopen(world->log, "r");
	unsigned count = 0;
	char line[1024];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

void world_nap_ms(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

unsigned world_ask(struct sp_dns_batch *batch, const char *text,
		   enum sp_dns_type type)
{
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = type,
					    .groups = WORLD_GROUP };

	sp_dns_name_domain(text, strlen(text), &name);
	return sp_dns_ask(batch, &question);
}

const struct sp_dns_answer *world_look_up(struct world *world, const char *text,
					  enum sp_dns_type type)
{
	unsigned number = world_ask(world->batch, text, type);

	sp_dns_wait(world->batch, WORLD_GROUP, sp_clock_mono_ms() + 10000);
	return sp_dns_answer_get(world->batch, number);
}

struct sp_dns_health world_health(const struct world *world)
{
	struct sp_dns_health health;

	sp_dns_health(world->dns, &health);
	return health;
}

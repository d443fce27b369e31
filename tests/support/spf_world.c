#include "spf_world.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

static void *need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

void spf_world_init(struct spf_world *world)
{
	sp_arena_init(&world->arena, (size_t)256 << 20);
	world->count = 0;
}

void spf_world_clear(struct spf_world *world)
{
	sp_arena_clear(&world->arena);
	world->count = 0;
}

bool spf_world_type(const char *word, enum sp_dns_type *type_out)
{
	static const struct {
		const char *word;
		enum sp_dns_type type;
	} types[] = {
		{ "A", SP_DNS_A },     { "AAAA", SP_DNS_AAAA },
		{ "MX", SP_DNS_MX },   { "PTR", SP_DNS_PTR },
		{ "TXT", SP_DNS_TXT }, { "CNAME", SP_DNS_CNAME },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(word, types[i].word) == 0) {
			*type_out = types[i].type;
			return true;
		}
	return false;
}

static struct spf_world_fact *add(struct spf_world *world, const char *name)
{
	char *own = need(sp_arena_text(&world->arena, name));
	struct spf_world_fact *fact = &world->facts[world->count];

	if (world->count++ == SPF_WORLD_RECORDS_MAX)
		abort();
	sp_text_lower(own);
	*fact = (struct spf_world_fact){ .name = own };
	return fact;
}

bool spf_world_add(struct spf_world *world, const char *name,
		   enum sp_dns_type type, const char *value, size_t length)
{
	struct sp_dns_record *record;
	struct spf_world_fact *fact = add(world, name);
	struct sp_dns_name target;

	fact->type = type;
	record = &fact->record;
	record->text = need(sp_arena_copy(&world->arena, value, length));
	record->length = length;
	if (type == SP_DNS_A || type == SP_DNS_AAAA)
		return sp_ip_parse(record->text, &record->ip) == SP_OK;
	if (type == SP_DNS_TXT)
		return true;
	/* Wider than src/dns is: it drops such names of RFC 7208's suite as no
	 * host can have. */
	(void)sp_dns_name_expanded(value, length, &target);
	record->text = need(sp_arena_text(&world->arena, target.text));
	record->length = strlen(target.text);
	return true;
}

void spf_world_add_silent(struct spf_world *world, const char *name)
{
	add(world, name)->is_silent = true;
}

static void read_line(struct spf_world *world, char *line)
{
	char *rest = NULL;
	const char *name = strtok_r(line, " ", &rest);
	const char *word = strtok_r(NULL, " ", &rest);
	enum sp_dns_type type;

	if (name == NULL || word == NULL)
		abort();
	if (strcmp(word, "silent") == 0)
		spf_world_add_silent(world, name);
	else if (!spf_world_type(word, &type) ||
		 !spf_world_add(world, name, type, rest, strlen(rest)))
		abort();
}

void spf_world_read(struct spf_world *world, const char *lines)
{
	char *own = need(sp_arena_text(&world->arena, lines));
	char *rest = NULL;

	for (char *line = strtok_r(own, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		read_line(world, line);
}

static const struct sp_dns_answer *answer_to(
	struct spf_world *world, const struct sp_spf_question *question)
{
	struct sp_dns_answer *answer =
		need(sp_arena_alloc(&world->arena, sizeof(*answer)));
	struct sp_dns_record *records = need(sp_arena_alloc(
		&world->arena, SP_DNS_RECORDS_MAX * sizeof(*records)));
	bool is_known = false, is_silent = false;

	for (size_t i = 0; i < world->count; i++) {
		const struct spf_world_fact *fact = &world->facts[i];

		if (strcmp(fact->name, question->name->text) != 0)
			continue;
		is_known = true;
		is_silent = is_silent || fact->is_silent;
		if (fact->is_silent || fact->type != question->type)
			continue;
		if (answer->count < SP_DNS_RECORDS_MAX)
			records[answer->count++] = fact->record;
		else
			answer->dropped++;
	}
	answer->records = records;
	answer->alias = "";
	answer->status = answer->count > 0 ? SP_DNS_FOUND
			 : is_silent	   ? SP_DNS_TIMEOUT
			 : is_known	   ? SP_DNS_NODATA
					   : SP_DNS_NXDOMAIN;
	return answer;
}

/* Which of the `count` open questions is answered next. */
static size_t choose(unsigned order, uint32_t *state, size_t count)
{
	if (order == 0)
		return 0;
	if (order == 1)
		return count - 1;
	*state = *state * 1664525 + 1013904223;
	return (*state >> 16) % count;
}

struct sp_spf *spf_world_evaluate(struct spf_world *world,
				  const struct sp_spf_request *request,
				  unsigned order)
{
	struct sp_spf *spf = sp_spf_new(request);
	struct sp_spf_question open[SP_SPF_QUESTIONS_MAX], question;
	uint32_t state = order;
	size_t count = 0;

	for (;;) {
		size_t chosen;

		while (sp_spf_next(spf, &question))
			open[count++] = question;
		if (count == 0)
			break;
		chosen = choose(order, &state, count);
		question = open[chosen];
		memmove(&open[chosen], &open[chosen + 1],
			(count - chosen - 1) * sizeof(open[0]));
		count--;
		sp_spf_answer(spf, question.number,
			      answer_to(world, &question));
	}
	if (!sp_spf_is_done(spf))
		abort();
	return spf;
}

bool spf_world_is_same(const struct sp_spf *one, const struct sp_spf *other)
{
	const struct sp_spf_outcome *a = sp_spf_outcome_get(one);
	const struct sp_spf_outcome *b = sp_spf_outcome_get(other);

	return a->result == b->result && strcmp(a->term, b->term) == 0 &&
	       strcmp(a->reason, b->reason) == 0 &&
	       strcmp(sp_spf_explanation_get(one),
		      sp_spf_explanation_get(other)) == 0 &&
	       a->lookups == b->lookups && a->voids == b->voids &&
	       a->questions == b->questions && a->passes_ip4 == b->passes_ip4 &&
	       a->passes_ip6 == b->passes_ip6 &&
	       a->passes_world == b->passes_world;
}

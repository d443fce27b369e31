#include "spf_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/arena.h"

enum {
	LINES_MAX = 64,
	RECORDS_MAX = 12,
	SIZE_MAX_BYTES = 32768
};

struct line {
	const char *text;
	size_t length;
};

static struct sp_arena arena;
static struct line lines[LINES_MAX];
static size_t line_count;

void spf_lines_require(bool is_true)
{
	if (!is_true)
		abort();
}

bool spf_lines_read(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes, *end = text;

	if (size > SIZE_MAX_BYTES)
		return false;
	sp_arena_init(&arena, (size_t)64 << 20);
	for (line_count = 0; end != NULL && line_count < LINES_MAX;) {
		size_t length;

		end = size > 0 ? memchr(text, '\n', size) : NULL;
		length = end != NULL ? (size_t)(end - text) : size;
		/* A copy of its own, for its ends to be guarded. */
		lines[line_count].text = sp_arena_copy(&arena, text, length);
		spf_lines_require(lines[line_count].text != NULL);
		lines[line_count++].length = length;
		text += length + 1;
		size -= end != NULL ? length + 1 : length;
	}
	return true;
}

void spf_lines_clear(void)
{
	sp_arena_clear(&arena);
}

/* The line that a name gets, whenever it is asked for. */
static size_t choose(const struct sp_spf_question *question)
{
	uint32_t hash = (uint32_t)question->type;

	for (const char *c = question->name->text; *c != '\0'; c++)
		hash = hash * 31 + (unsigned char)*c;
	return hash % line_count;
}

static void fill(struct sp_dns_record *record, struct line line,
		 enum sp_dns_type type)
{
	struct sp_dns_name name;

	record->text = line.text;
	record->length = line.length;
	if (type == SP_DNS_TXT)
		return;
	(void)sp_dns_name_domain(line.text, line.length, &name);
	record->text = sp_arena_text(&arena, name.text);
	record->length = strlen(name.text);
	if (type == SP_DNS_A)
		record->ip = (struct sp_ip){ SP_IP_4, { 192, 0, 2 } };
	else if (type == SP_DNS_AAAA)
		record->ip = (struct sp_ip){ SP_IP_6, { 0x20, 1, 0xd, 0xb8 } };
	if (line.length > 0)
		record->ip.bytes[3] = (uint8_t)line.text[0];
}

/* "" is no such name, "!" a failure, "&..." that line and some behind it. */
static const struct sp_dns_answer *answer_to(
	const struct sp_spf_question *asked)
{
	struct sp_dns_answer *answer = sp_arena_alloc(&arena, sizeof(*answer));
	struct sp_dns_record *records =
		sp_arena_alloc(&arena, RECORDS_MAX * sizeof(*records));
	size_t chosen = choose(asked);
	struct line line = lines[chosen];

	spf_lines_require(answer != NULL && records != NULL &&
			  asked->name->text[0] != '\0');
	answer->alias = "";
	answer->status = SP_DNS_NXDOMAIN;
	if (line.length == 0)
		return answer;
	answer->status = line.text[0] == '!' ? SP_DNS_FAILED : SP_DNS_FOUND;
	if (answer->status == SP_DNS_FAILED)
		return answer;
	answer->count = 1;
	if (line.text[0] == '&') {
		answer->count = 1 + line.length % RECORDS_MAX;
		line.text++;
		line.length--;
	}
	for (size_t i = 0; i < answer->count; i++)
		fill(&records[i],
		     i == 0 ? line : lines[(chosen + i) % line_count],
		     asked->type);
	answer->records = records;
	return answer;
}

static void check_text(const char *text)
{
	spf_lines_require(strlen(text) < SP_SPF_EXPLANATION_SIZE);
	for (; *text != '\0'; text++)
		spf_lines_require(*text >= ' ' && *text <= '~');
}

static void check(const struct sp_spf *spf)
{
	const struct sp_spf_outcome *outcome = sp_spf_outcome_get(spf);

	spf_lines_require(sp_spf_is_done(spf));
	spf_lines_require(outcome->result > SP_SPF_PENDING &&
			  outcome->result <= SP_SPF_PERMERROR);
	spf_lines_require(outcome->lookups <= SP_SPF_LOOKUPS_MAX);
	spf_lines_require(outcome->voids <= SP_SPF_VOIDS_MAX + 1);
	spf_lines_require(outcome->questions <= SP_SPF_NEEDED_MAX);
	check_text(outcome->term);
	check_text(outcome->reason);
	check_text(sp_spf_explanation_get(spf));
}

/* The sender's length says of which family the client is. */
static struct sp_spf *begin(enum sp_spf_engine engine)
{
	struct sp_spf_request request = {
		.engine = engine,
		.client = { SP_IP_4, { 192, 0, 2, 'v' } },
		.sender = lines[0].text,
		.helo = lines[line_count > 1].text,
		.receiver = "here.test",
	};

	if (lines[0].length % 2 == 0)
		request.client =
			(struct sp_ip){ SP_IP_6,
					{ 0x20, 1, 0xd, 'v', [15] = 1 } };
	return sp_spf_new(&request);
}

struct sp_spf *spf_lines_evaluate(enum sp_spf_engine engine, bool is_last_first)
{
	struct sp_spf_question open[SP_SPF_QUESTIONS_MAX], question;
	struct sp_spf *spf = begin(engine);
	size_t used = 0, asked = 0;

	for (;;) {
		for (; sp_spf_next(spf, &question); asked++)
			open[used++] = question;
		spf_lines_require(asked <= SP_SPF_QUESTIONS_MAX);
		if (used == 0)
			break;
		if (!is_last_first) {
			question = open[0];
			memmove(open, open + 1, --used * sizeof(open[0]));
		} else {
			question = open[--used];
		}
		sp_spf_answer(spf, question.number, answer_to(&question));
	}
	check(spf);
	return spf;
}

static void print(const struct sp_spf *spf)
{
	const struct sp_spf_outcome *outcome = sp_spf_outcome_get(spf);

	fprintf(stderr, "%s of %s by '%s' (%s), %u lookups, %u in vain: %s\n",
		sp_spf_result_text(outcome->result), outcome->domain,
		outcome->term, outcome->reason, outcome->lookups,
		outcome->voids, sp_spf_explanation_get(spf));
}

void spf_lines_require_same(const struct sp_spf *one,
			    const struct sp_spf *other)
{
	const struct sp_spf_outcome *a = sp_spf_outcome_get(one);
	const struct sp_spf_outcome *b = sp_spf_outcome_get(other);

	if (a->result == b->result && strcmp(a->domain, b->domain) == 0 &&
	    strcmp(a->term, b->term) == 0 &&
	    a->passes_world == b->passes_world &&
	    strcmp(sp_spf_explanation_get(one),
		   sp_spf_explanation_get(other)) == 0)
		return;
	print(one);
	print(other);
	abort();
}

/* A DNS of lines, of which every name gets some: whatever domains publish, there is a result within the bounds,
 * and it is the same in every order of answers. The first line is the sender,
 * the second the HELO name. */
#include "sallyport/spf.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/arena.h"

enum {
	LINES_MAX = 64,
	SIZE_MAX_BYTES = 32768
};

struct line {
	const char *text;
	size_t length;
};

static struct sp_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static size_t split(const char *text, size_t size, struct line *lines)
{
	size_t count = 0;

	while (count < LINES_MAX) {
		const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
		size_t length = end != NULL ? (size_t)(end - text) : size;

		/* A copy of its own, for its ends to be guarded. */
		lines[count].text = sp_arena_copy(&arena, text, length);
		require(lines[count].text != NULL);
		lines[count++].length = length;
		if (end == NULL)
			break;
		text = end + 1;
		size -= length + 1;
	}
	return count;
}

/* The line that a name gets, whenever it is asked for. */
static const struct line *choose(const struct line *lines, size_t count,
				 const struct sp_spf_question *question)
{
	uint32_t hash = (uint32_t)question->type;

	for (const char *c = question->name->text; *c != '\0'; c++)
		hash = hash * 31 + (unsigned char)*c;
	return &lines[hash % count];
}

static void fill(struct sp_dns_record *record, const struct line *line,
		 enum sp_dns_type type)
{
	struct sp_dns_name name;

	record->text = line->text;
	record->length = line->length;
	if (type == SP_DNS_TXT)
		return;
	(void)sp_dns_name_domain(line->text, line->length, &name);
	record->text = sp_arena_text(&arena, name.text);
	record->length = strlen(name.text);
	if (type == SP_DNS_A)
		record->ip = (struct sp_ip){ SP_IP_4, { 192, 0, 2 } };
	else if (type == SP_DNS_AAAA)
		record->ip = (struct sp_ip){ SP_IP_6, { 0x20, 1, 0xd, 0xb8 } };
	if (line->length > 0)
		record->ip.bytes[3] = (uint8_t)line->text[0];
}

static const struct sp_dns_answer *answer_to(
	const struct line *lines, size_t count,
	const struct sp_spf_question *asked)
{
	struct sp_dns_answer *answer = sp_arena_alloc(&arena, sizeof(*answer));
	const struct line *line = choose(lines, count, asked);
	struct sp_dns_record *records;

	require(answer != NULL && asked->name->text[0] != '\0');
	answer->alias = "";
	answer->status = SP_DNS_NXDOMAIN;
	if (line->length == 0)
		return answer;
	answer->status = line->text[0] == '!' ? SP_DNS_FAILED : SP_DNS_FOUND;
	answer->count = answer->status == SP_DNS_FOUND
				? 1 + (line->text[0] & 3) % count
				: 0;
	records = sp_arena_alloc(&arena, 4 * sizeof(*records));
	require(records != NULL);
	for (size_t i = 0; i < answer->count; i++)
		fill(&records[i],
		     i == 0 ? line
			    : &lines[(size_t)(line - lines + (long)i) % count],
		     asked->type);
	answer->records = records;
	return answer;
}

static struct sp_spf *evaluate(const struct line *lines, size_t count,
			       bool is_last_first)
{
	struct sp_spf_request request = {
		.client = { SP_IP_4, { 192, 0, 2, 65 } },
		.sender = lines[0].text,
		.helo = lines[count > 1].text,
		.receiver = "here.test",
	};
	struct sp_spf *spf = sp_spf_new(&request);
	struct sp_spf_question open[SP_SPF_QUESTIONS_MAX], question;
	size_t used = 0, asked = 0;

	for (;;) {
		for (; sp_spf_next(spf, &question); asked++)
			open[used++] = question;
		require(asked <= SP_SPF_QUESTIONS_MAX);
		if (used == 0)
			break;
		if (!is_last_first) {
			question = open[0];
			memmove(open, open + 1, --used * sizeof(open[0]));
		} else {
			question = open[--used];
		}
		sp_spf_answer(spf, question.number,
			      answer_to(lines, count, &question));
	}
	require(sp_spf_is_done(spf));
	return spf;
}

static void check_text(const char *text, size_t size)
{
	require(strlen(text) < size);
	for (; *text != '\0'; text++)
		require(*text >= ' ' && *text <= '~');
}

static void check(const struct sp_spf_outcome *outcome)
{
	require(outcome->result > SP_SPF_PENDING &&
		outcome->result <= SP_SPF_PERMERROR);
	require(outcome->lookups <= SP_SPF_LOOKUPS_MAX);
	require(outcome->voids <= SP_SPF_VOIDS_MAX + 1);
	require(outcome->questions <= SP_SPF_NEEDED_MAX);
	check_text(outcome->term, SP_SPF_EXPLANATION_SIZE);
	check_text(outcome->reason, SP_SPF_EXPLANATION_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct line lines[LINES_MAX];
	struct sp_spf *one, *other;
	size_t count;

	if (size > SIZE_MAX_BYTES)
		return 0;
	sp_arena_init(&arena, (size_t)64 << 20);
	count = split((const char *)bytes, size, lines);
	one = evaluate(lines, count, false);
	other = evaluate(lines, count, true);
	check(sp_spf_outcome_get(one));
	check_text(sp_spf_explanation_get(one), SP_SPF_EXPLANATION_SIZE);
	require(sp_spf_outcome_get(one)->result ==
		sp_spf_outcome_get(other)->result);
	require(strcmp(sp_spf_explanation_get(one),
		       sp_spf_explanation_get(other)) == 0);
	sp_spf_free(&one);
	sp_spf_free(&other);
	sp_arena_clear(&arena);
	return 0;
}

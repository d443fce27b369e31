#include "event.h"

#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "hide.h"
#include "sallyport/config.h"
#include "sallyport/event_store.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

enum {
	WORDS_SIZE = 2048,
	COUNTS_SIZE = 8192,
	COUNTS_MAX = 128,
	NAME_SIZE = 48
};

struct sp_event_paper {
	struct sp_event events[SP_EVENT_BATCH];
	char words[SP_EVENT_BATCH][WORDS_SIZE];
	char counts[COUNTS_SIZE];
	struct sp_record record; /* the one that is written, without names */
	char json[SP_EVENT_BATCH][SP_RECORD_JSON_SIZE];
};

/* Names, each with how often it came. */
struct tally {
	size_t count;
	struct {
		char name[NAME_SIZE];
		unsigned number;
	} rows[COUNTS_MAX];
};

static void add_to(struct tally *tally, const char *kind, const char *name)
{
	char bytes[NAME_SIZE];
	struct sp_text text;
	size_t i;

	if (!name)
		return;
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_text_add(&text, kind);
	sp_text_add(&text, name);
	for (i = 0; i < tally->count; i++)
		if (strcmp(tally->rows[i].name, bytes) == 0)
			break;
	if (i == COUNTS_MAX)
		return;
	if (i == tally->count) {
		tally->count++;
		memcpy(tally->rows[i].name, bytes, sizeof(bytes));
		tally->rows[i].number = 0;
	}
	tally->rows[i].number++;
}

/* In which of the spans it came back. */
static const char *wait_name(int64_t waited_ms)
{
	static const struct {
		int64_t sec;
		const char *name;
	} rows[] = {
		{ 120, "120" },	    { 300, "300" },   { 600, "600" },
		{ 1800, "1800" },   { 3600, "3600" }, { 14400, "14400" },
		{ 86400, "86400" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (waited_ms <= rows[i].sec * 1000)
			return rows[i].name;
	return "more";
}

static void count_degraded(struct tally *tally, unsigned degraded)
{
	static const struct {
		unsigned bit;
		const char *name;
	} rows[] = {
		{ SP_DEGRADED_STORE, "store" },
		{ SP_DEGRADED_TIME, "time" },
		{ SP_DEGRADED_DNS, "dns" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (degraded & rows[i].bit)
			add_to(tally, "degraded/", rows[i].name);
}

static void count_one(struct tally *tally, const struct sp_record *record)
{
	add_to(tally, "mails", "");
	add_to(tally, "verdict/", sp_outcome_name(record->outcome));
	if (record->would != SP_OUTCOME_ACCEPT)
		add_to(tally, "would/", sp_outcome_name(record->would));
	for (size_t i = 0; i < record->finding_count; i++)
		add_to(tally, "finding/", record->findings[i].name);
	add_to(tally, "greylist/", record->greylist);
	if (record->waited_ms > 0)
		add_to(tally, "waited/", wait_name(record->waited_ms));
	count_degraded(tally, record->degraded);
}

static void write_counts(const struct tally *tally, struct sp_text *text)
{
	for (size_t i = 0; i < tally->count; i++) {
		/* A half one would be read as another. */
		if (text->size - text->length < NAME_SIZE + 16)
			return;
		sp_text_add(text, i > 0 ? " " : "");
		sp_text_add(text, tally->rows[i].name);
		sp_text_add(text, " ");
		sp_text_add_number(text, tally->rows[i].number);
	}
}

static void write_words(const struct sp_record *record, struct sp_text *words)
{
	sp_event_word(words, "id/", record->id);
	sp_event_word(words, "queue/", record->queue_id);
	sp_event_word(words, "verdict/", sp_outcome_name(record->outcome));
	if (record->would != SP_OUTCOME_ACCEPT)
		sp_event_word(words, "would/", sp_outcome_name(record->would));
	sp_event_word(words, "client/", record->client);
	sp_event_word(words, "from/", record->sender_domain);
	sp_event_word(words, "greylist/", record->greylist);
	sp_event_word(words, "submitter/", record->submitter);
	for (size_t i = 0; i < record->finding_count; i++)
		sp_event_word(words, "finding/", record->findings[i].name);
}

static void write_event(const struct sp_service *service,
			const struct sp_entry *entry,
			struct sp_event_paper *paper, size_t index)
{
	const struct sp_record *record = &entry->record;
	struct sp_text words;

	if (service->config->privacy.hashes_local_parts) {
		paper->record = entry->record;
		sp_record_hide(&paper->record, service->secret);
		record = &paper->record;
	}
	sp_text_init(&words, paper->words[index], sizeof(paper->words[index]));
	write_words(record, &words);
	sp_record_json(record, paper->json[index]);
	paper->events[index] = (struct sp_event){
		.words = paper->words[index],
		.json = paper->json[index],
		.facts = entry->facts,
	};
}

struct sp_event_paper *sp_event_paper_new(const struct sp_service *service,
					  struct sp_entry *const *entries,
					  size_t count,
					  struct sp_event_batch *batch_out)
{
	const struct sp_record_config *config = &service->config->record;
	struct sp_event_paper *paper = malloc(sizeof(*paper));
	struct tally tally = { .count = 0 };
	struct sp_text counts;

	if (!paper)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		count_one(&tally, &entries[i]->record);
		if (config->events > 0)
			write_event(service, entries[i], paper, i);
	}
	sp_text_init(&counts, paper->counts, sizeof(paper->counts));
	write_counts(&tally, &counts);
	*batch_out = (struct sp_event_batch){
		.count = config->events > 0 ? count : 0,
		.events = paper->events,
		.counts = paper->counts,
		.now_ms = entries[count - 1]->record.at_ms,
		.most = config->events,
		.keep_ms = config->keep_ms,
	};
	return paper;
}

void sp_event_paper_free(struct sp_event_paper **paper)
{
	free(*paper);
	*paper = NULL;
}

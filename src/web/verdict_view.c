#include "verdict_view.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/event_store.h"
#include "sallyport/service.h"
#include "sallyport/text.h"
#include "sallyport/what_if.h"

enum {
	WAIT_MS = 250,
	PAGE = 50,
	SEARCH_SIZE = 128
};

/* The query's words, those that most mails lack first. */
static const struct {
	const char *argument;
	const char *kind; /* of an event's words */
} words[] = {
	{ "id", "id/" },
	{ "queue", "queue/" },
	{ "client", "client/" },
	{ "submitter", "submitter/" },
	{ "from", "from/" },
	{ "finding", "finding/" },
	{ "greylist", "greylist/" },
	{ "would", "would/" },
	{ "verdict", "verdict/" },
};

enum {
	WORDS = sizeof(words) / sizeof(*words)
};

/* Room for what the filter points to. */
struct question {
	char words[SP_EVENT_FILTER_WORDS][SP_EVENT_WORD_SIZE];
	char search[SEARCH_SIZE];
	struct sp_event_filter filter;
};

/* False: more is asked of one event than can be. */
static bool read_words(const struct sp_web_call *call,
		       struct question *question)
{
	size_t count = 0;

	for (size_t i = 0; i < WORDS; i++) {
		const char *value =
			sp_http_argument(call->request, words[i].argument);
		struct sp_text text;

		if (value == NULL || *value == '\0')
			continue;
		if (count == SP_EVENT_FILTER_WORDS)
			return false;
		sp_text_init(&text, question->words[count],
			     sizeof(question->words[count]));
		sp_event_word(&text, words[i].kind, value);
		question->filter.words[count] = question->words[count];
		count++;
	}
	return true;
}

static void read_rest(const struct sp_web_call *call, struct question *question)
{
	const char *search = sp_http_argument(call->request, "search");
	const char *since = sp_http_argument(call->request, "since_ms");

	if (search != NULL && *search != '\0') {
		sp_text_copy(question->search, sizeof(question->search),
			     search);
		sp_text_lower(question->search);
		question->filter.text = question->search;
	}
	question->filter.before = sp_http_argument(call->request, "before");
	question->filter.since_ms =
		since != NULL ? strtoll(since, NULL, 10) : 0;
	question->filter.limit = PAGE;
}

static json_t *event_of(const struct sp_event_view *view)
{
	json_t *event = json_loads(view->json, 0, NULL);

	return event != NULL ? event : json_object();
}

/* A place is "MILLISECONDS-NUMBER": nothing else reaches Redis as one. */
static bool is_place(const char *before)
{
	return before == NULL ||
	       (strlen(before) < SP_EVENT_PLACE_SIZE &&
		before[strspn(before, "0123456789-")] == '\0');
}

void sp_view_verdicts(const struct sp_web_call *call)
{
	struct question question = { .filter = { .limit = PAGE } };
	struct sp_event_page page;
	json_t *array;
	enum sp_err err;

	read_rest(call, &question);
	if (!read_words(call, &question) || !is_place(question.filter.before)) {
		sp_reply_error(call->reply, 400,
			       "four words at most, and before as it was told");
		return;
	}
	err = sp_event_read(call->service->store, &question.filter,
			    sp_clock_mono_ms() + WAIT_MS, &page);
	if (err != SP_OK) {
		sp_reply_error(call->reply, 503, "Redis does not answer");
		return;
	}
	array = json_array();
	for (size_t i = 0; i < page.count; i++)
		json_array_append_new(array, event_of(&page.events[i]));
	sp_reply_json(
		call->reply, 200,
		json_pack("{s:o, s:s}", "events", array, "next", page.next));
	sp_event_page_clear(&page);
}

/* By the configuration of now. */
static json_t *story_of(const struct sp_web_call *call,
			const struct sp_event_view *view)
{
	json_t *event = event_of(view);
	json_t *what_if = sp_what_if(view->facts, call->service->config);

	json_object_set_new(event, "what_if", what_if ? what_if : json_null());
	return event;
}

void sp_view_verdict(const struct sp_web_call *call)
{
	const char *id = sp_http_argument(call->request, "id");
	char word[SP_EVENT_WORD_SIZE];
	struct sp_text text;
	struct sp_event_filter filter = {
		.words = { word },
		.limit = 1,
		.has_facts = true,
	};
	struct sp_event_page page;

	if (id == NULL || *id == '\0') {
		sp_reply_error(call->reply, 400, "expected an id");
		return;
	}
	sp_text_init(&text, word, sizeof(word));
	sp_event_word(&text, "id/", id);
	if (sp_event_read(call->service->store, &filter,
			  sp_clock_mono_ms() + WAIT_MS, &page) != SP_OK) {
		sp_reply_error(call->reply, 503, "Redis does not answer");
		return;
	}
	if (page.count == 0)
		sp_reply_error(call->reply, 404,
			       "no verdict of that id is kept any more");
	else
		sp_reply_json(call->reply, 200,
			      story_of(call, &page.events[0]));
	sp_event_page_clear(&page);
}

/* sallyport user list: page by page, so that any number of submitters takes no
 * more memory than one page. */
#include "user.h"

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "sallyport/text.h"

enum {
	DEFAULT_LIMIT = 50,
	PAGE = 100
};

/* One list on its way out. */
struct listing {
	const struct sp_user_task *task;
	int64_t left; /* so many may still be shown */
	int64_t shown;
	int64_t now_ms; /* of the first page */
	json_t *notes;	/* what sp_user_print_notes wants to know; NULL: nobody
			   has answered yet */
	int exit_code;
};

/* A part of it: one of the index's orders. */
struct part {
	const char *sorting; /* "state", "last", "share" */
	const char *state;   /* for "state": this one only; "ok": any */
	bool is_ok_only;     /* the others were listed before */
};

static bool is_wanted(const struct part *part, const json_t *user)
{
	const char *state = sp_user_text(user, "state");

	return part->is_ok_only ? strcmp(state, "ok") == 0
				: strcmp(part->state, "ok") == 0 ||
					  strcmp(part->state, state) == 0;
}

/* Of the whole that the pages make, before them; nothing when it is not there. */
static void print_member(const json_t *answer, const char *name)
{
	const json_t *value = json_object_get(answer, name);

	if (value == NULL)
		return;
	printf("  \"%s\": ", name);
	json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	fputs(",\n", stdout);
}

static void begin(struct listing *listing, const json_t *answer)
{
	if (listing->notes != NULL)
		return;
	listing->notes = json_pack(
		"{s:O?, s:O?}", "enabled", json_object_get(answer, "enabled"),
		"enforced", json_object_get(answer, "enforced"));
	listing->now_ms = sp_user_number(answer, "now_ms");
	if (!listing->task->ctl->is_json)
		return;
	fputs("{\n", stdout);
	print_member(answer, "now");
	print_member(answer, "now_ms");
	print_member(answer, "enabled");
	print_member(answer, "enforced");
	print_member(answer, "source");
	print_member(answer, "error");
	print_member(answer, "code");
	fputs("  \"users\": [", stdout);
}

static void print_one(struct listing *listing, const json_t *user)
{
	if (listing->task->ctl->is_json) {
		fputs(listing->shown > 0 ? ",\n    " : "\n    ", stdout);
		json_dumpf(user, stdout,
			   JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6) |
				   JSON_ENSURE_ASCII);
	} else {
		if (listing->shown == 0)
			sp_user_print_heading();
		sp_user_print_row(user, listing->now_ms);
	}
	listing->shown++;
	listing->left--;
}

static void print_page(struct listing *listing, const struct part *part,
		       const json_t *answer)
{
	const json_t *user;
	size_t i;

	begin(listing, answer);
	json_array_foreach(json_object_get(answer, "users"), i, user)
	{
		if (listing->left > 0 && is_wanted(part, user))
			print_one(listing, user);
	}
}

/* Returns how many there are on all pages; 0 when it cannot be asked. */
static int64_t list_part(struct listing *listing, const struct part *part)
{
	int64_t offset = 0, total = 0;

	do {
		int64_t count = listing->left < PAGE && !part->is_ok_only
					? listing->left
					: PAGE;
		char bytes[96];
		struct sp_text question;
		json_t *answer;

		sp_text_init(&question, bytes, sizeof(bytes));
		sp_text_addf(&question, "users %s %s %lld %lld", part->sorting,
			     part->state, (long long)offset, (long long)count);
		listing->exit_code = sp_user_ask(listing->task, bytes, &answer);
		if (answer == NULL)
			return 0;
		total = sp_user_number(answer, "total");
		print_page(listing, part, answer);
		json_decref(answer);
		offset += count;
	} while (listing->exit_code == SP_EXIT_FINE && listing->left > 0 &&
		 offset < total);
	return total;
}

/* Everybody that was ever counted. */
static int64_t ask_total(struct listing *listing)
{
	int64_t total = 0;
	json_t *answer;

	listing->exit_code =
		sp_user_ask(listing->task, "users last ok 0 0", &answer);
	if (answer != NULL)
		total = sp_user_number(answer, "total");
	json_decref(answer);
	return total;
}

static void finish(const struct listing *listing, int64_t total)
{
	if (total < listing->shown)
		total = listing->shown;
	if (listing->task->ctl->is_json) {
		if (listing->notes != NULL)
			printf("%s],\n  \"shown\": %lld,\n  \"total\": %lld\n"
			       "}\n",
			       listing->shown > 0 ? "\n  " : "",
			       (long long)listing->shown, (long long)total);
		return;
	}
	if (listing->exit_code != SP_EXIT_FINE) {
		if (listing->notes != NULL)
			printf("%lld that this machine remembers\n",
			       (long long)listing->shown);
		return;
	}
	if (total > listing->shown)
		printf("%lld of %lld; %lld were left out (--all lists them)\n",
		       (long long)listing->shown, (long long)total,
		       (long long)(total - listing->shown));
	else if (listing->shown == 0)
		puts("nobody");
	sp_user_print_notes(listing->notes);
}

/* Those that are not ok, or of one state. Returns how many there are. */
static int64_t list_states(struct listing *listing)
{
	const char *state = listing->task->state;
	const struct part part = {
		.sorting = "state",
		.state = state == NULL ? "ok" : state,
	};

	return list_part(listing, &part);
}

/* The others. Returns how many there are, with the first ones. */
static int64_t list_others(struct listing *listing)
{
	const struct part part = {
		.sorting = listing->task->is_all ? "last" : "share",
		.state = "ok",
		.is_ok_only = true,
	};
	int64_t total = list_part(listing, &part);

	if (listing->task->is_all || listing->exit_code != SP_EXIT_FINE)
		return total;
	return ask_total(listing);
}

int sp_user_list(const struct sp_user_task *task)
{
	struct listing listing = {
		.task = task,
		.left = task->is_all	   ? INT64_MAX
			: task->limit >= 0 ? task->limit
					   : DEFAULT_LIMIT,
		.exit_code = SP_EXIT_FINE,
	};
	bool wants_ok = task->state == NULL || strcmp(task->state, "ok") == 0;
	bool wants_others = task->state == NULL || !wants_ok;
	int64_t total = 0;

	if (wants_others)
		total = list_states(&listing);
	if (wants_ok && listing.exit_code == SP_EXIT_FINE)
		total = listing.left > 0 ? list_others(&listing)
					 : ask_total(&listing);
	finish(&listing, total);
	json_decref(listing.notes);
	return listing.exit_code;
}

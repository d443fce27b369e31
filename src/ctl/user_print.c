/* What the daemon says of submitters, for people. */
#include "user.h"

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "sallyport/text.h"

enum {
	CELL_SIZE = 32,
	LABEL_WIDTH = 12
};

/* --- pieces --------------------------------------------------------------- */

const char *sp_user_text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

int64_t sp_user_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_safe(const json_t *object, const char *key)
{
	sp_output_safe(stdout, sp_user_text(object, key));
}

static void print_label(const char *label)
{
	printf("%-*s", LABEL_WIDTH, label);
}

/* "2026-11-22 03:10:05 UTC" */
static void print_time(const json_t *object, const char *key)
{
	const char *at = sp_user_text(object, key);

	if (strlen(at) < 20)
		fputs("never", stdout);
	else
		printf("%.10s %.8s UTC", at, at + 11);
}

static void print_ago(const json_t *object, const char *key, int64_t now_ms)
{
	char bytes[64], span[SP_SPAN_SIZE];
	struct sp_text name;
	int64_t ms;

	sp_text_init(&name, bytes, sizeof(bytes));
	sp_text_addf(&name, "%s_ms", key);
	ms = sp_user_number(object, bytes);
	print_time(object, key);
	if (ms > 0)
		printf(" (%s ago)", sp_output_span(now_ms - ms, span));
}

static void print_stands(const json_t *object)
{
	if (!json_is_string(json_object_get(object, "file"))) {
		fputs("the default", stdout);
		return;
	}
	print_safe(object, "file");
	printf(":%lld", (long long)sp_user_number(object, "line"));
}

void sp_user_print_notes(const json_t *answer)
{
	if (json_is_false(json_object_get(answer, "enabled")))
		puts("Note: outbound.enabled is false: nobody is counted, held "
		     "or refused.");
	else if (json_is_false(json_object_get(answer, "enforced")))
		puts("Note: outbound.mode is observe: nothing is held or "
		     "refused, only written to the log.");
}

/* --- the list ------------------------------------------------------------- */

static const char row_format[] =
	"%-6s  %-8s  %-8s  %-11s  %-11s  %-11s  %-11s  %-9s  ";

void sp_user_print_heading(void)
{
	printf(row_format, "STATE", "SINCE", "LEFT", "MAILS 1H", "RCPTS 1H",
	       "MAILS 1D", "RCPTS 1D", "LAST MAIL");
	puts("SUBMITTER");
}

/* "12/200"; "-" where nothing is counted, or there is no limit. */
static const char *cell(const json_t *window, const char *counted,
			char cell_out[CELL_SIZE])
{
	const json_t *object = json_object_get(window, counted);
	const json_t *count = json_object_get(object, "count");
	const json_t *most = json_object_get(object, "most");
	struct sp_text text;

	sp_text_init(&text, cell_out, CELL_SIZE);
	if (json_is_integer(count))
		sp_text_add_number(&text, json_integer_value(count));
	else
		sp_text_add(&text, "-");
	if (json_is_integer(most)) {
		sp_text_add(&text, "/");
		sp_text_add_number(&text, json_integer_value(most));
	}
	return cell_out;
}

/* A span since then; "-" when there was none. */
static const char *age(const json_t *user, const char *key, int64_t now_ms,
		       char span_out[SP_SPAN_SIZE])
{
	int64_t ms = sp_user_number(user, key);

	return ms > 0 ? sp_output_span(now_ms - ms, span_out) : "-";
}

void sp_user_print_row(const json_t *user, int64_t now_ms)
{
	const json_t *hour = json_object_get(user, "hour");
	const json_t *day = json_object_get(user, "day");
	char spans[3][SP_SPAN_SIZE], cells[4][CELL_SIZE];
	int64_t left_ms = sp_user_number(user, "left_ms");

	printf(row_format, sp_user_text(user, "state"),
	       age(user, "since_ms", now_ms, spans[0]),
	       left_ms > 0 ? sp_output_span(left_ms, spans[1]) : "-",
	       cell(hour, "messages", cells[0]),
	       cell(hour, "recipients", cells[1]),
	       cell(day, "messages", cells[2]),
	       cell(day, "recipients", cells[3]),
	       age(user, "last_mail_ms", now_ms, spans[2]));
	print_safe(user, "submitter");
	putchar('\n');
}

/* --- one submitter -------------------------------------------------------- */

void sp_user_print_standing(const json_t *standing, int64_t now_ms)
{
	int64_t until_ms = sp_user_number(standing, "until_ms");
	char span[SP_SPAN_SIZE];

	print_safe(standing, "state");
	if (strcmp(sp_user_text(standing, "state"), "ok") == 0) {
		putchar('\n');
		return;
	}
	fputs(" since ", stdout);
	print_ago(standing, "since", now_ms);
	fputs(", until ", stdout);
	print_time(standing, "until");
	if (until_ms > now_ms)
		printf(" (%s left)", sp_output_span(until_ms - now_ms, span));
	fputs(": ", stdout);
	print_safe(standing, "why");
	puts(json_is_true(json_object_get(standing, "observed"))
		     ? " (only observed)"
		     : "");
}

static void print_before(const json_t *before, int64_t now_ms)
{
	print_label("before");
	if (!json_is_object(before)) {
		puts("it was never anything but ok");
		return;
	}
	print_safe(before, "state");
	fputs(" since ", stdout);
	print_time(before, "since");
	fputs(": ", stdout);
	print_safe(before, "why");
	fputs(json_is_true(json_object_get(before, "released"))
		      ? "; released by hand "
		      : "; its term was over ",
	      stdout);
	print_ago(before, "ended", now_ms);
	putchar('\n');
}

static void print_reason(const json_t *reason)
{
	if (!json_is_object(reason)) {
		puts(" (no statement names it)");
		return;
	}
	fputs(" (", stdout);
	print_safe(reason, "by");
	putchar(' ');
	print_safe(reason, "whom");
	fputs(", ", stdout);
	print_stands(reason);
	puts(")");
}

static void print_limit(const json_t *limit)
{
	const json_t *usual = json_object_get(limit, "usual");
	double share = json_real_value(json_object_get(limit, "share"));
	char number[CELL_SIZE] = "-";
	struct sp_text text;

	if (json_is_integer(usual)) {
		sp_text_init(&text, number, sizeof(number));
		sp_text_add_number(&text, json_integer_value(usual));
	}
	printf("  %-36s %8lld %6.0f%% %8s   ", sp_user_text(limit, "limit"),
	       (long long)sp_user_number(limit, "count"), 100 * share, number);
	print_stands(limit);
	putchar('\n');
}

static void print_limits(const json_t *user)
{
	const json_t *limits = json_object_get(user, "limits");
	const json_t *limit;
	size_t i;

	if (json_array_size(limits) == 0) {
		puts("limits      none");
		return;
	}
	printf("  %-36s %8s %7s %8s   %s\n", "LIMIT", "NOW", "SHARE", "30 DAYS",
	       "STATED");
	json_array_foreach(limits, i, limit)
	{
		print_limit(limit);
	}
}

static void print_places(const json_t *user, const char *kind, int64_t now_ms)
{
	const json_t *place;
	bool has_any = false;
	size_t i;

	json_array_foreach(json_object_get(user, "places"), i, place)
	{
		char span[SP_SPAN_SIZE];

		if (strcmp(sp_user_text(place, "kind"), kind) != 0)
			continue;
		if (!has_any)
			print_label(strcmp(kind, "asns") == 0 ? "providers"
							      : kind);
		fputs(has_any ? ", " : "", stdout);
		fputs(strcmp(kind, "asns") == 0 ? "AS" : "", stdout);
		print_safe(place, "place");
		printf(" (%s ago)",
		       sp_output_span(now_ms - sp_user_number(place, "last_ms"),
				      span));
		has_any = true;
	}
	if (has_any)
		putchar('\n');
}

static void print_day(const json_t *user, const char *label, const char *window)
{
	const json_t *object = json_object_get(user, window);
	char cells[2][CELL_SIZE];

	print_label(label);
	printf("mails %s, recipients %s\n", cell(object, "messages", cells[0]),
	       cell(object, "recipients", cells[1]));
}

void sp_user_print_whole(const json_t *answer)
{
	const json_t *user = json_object_get(answer, "user");
	int64_t now_ms = sp_user_number(answer, "now_ms");

	print_label("submitter");
	print_safe(user, "submitter");
	putchar('\n');
	print_label("state");
	sp_user_print_standing(user, now_ms);
	print_before(json_object_get(user, "before"), now_ms);
	print_label("first mail");
	print_ago(user, "first_mail", now_ms);
	putchar('\n');
	print_label("last mail");
	print_ago(user, "last_mail", now_ms);
	putchar('\n');
	print_day(user, "last hour", "hour");
	print_day(user, "last day", "day");
	print_label("class");
	print_safe(user, "class");
	print_reason(json_object_get(user, "class_reason"));
	print_limits(user);
	print_places(user, "networks", now_ms);
	print_places(user, "countries", now_ms);
	print_places(user, "asns", now_ms);
	sp_user_print_advice(answer, user, sp_user_text(user, "state"));
	sp_user_print_notes(answer);
}

/* --- what to do ----------------------------------------------------------- */

static const char held_mail[] =
	"  Postfix:  postqueue -p            held mail bears a \"!\"\n"
	"            postsuper -H QUEUE-ID   deliver one\n"
	"            postsuper -d QUEUE-ID   delete one\n"
	"  Sendmail: sendmail -bp -qQ        held mail and why\n"
	"            sendmail -Q -qQ -qIID   let one go; then sendmail -qIID\n";

static void print_culprit(const json_t *user)
{
	const char *kind = sp_user_text(user, "kind");

	puts(strcmp(kind, "user") == 0
		     ? "  Find the program that this user runs (a web site?) "
		       "before it is released."
	     : strcmp(kind, "network") == 0
		     ? "  Ask who runs that relay before it is released."
		     : "  Have its password changed, and end its sessions, "
		       "before it is released.");
}

/* As a word that a shell takes as it is. A submitter's key has no quotes, but
 * whoever chose the login may have hoped for somebody to paste it. */
static void print_word(const json_t *user)
{
	const char *word = sp_user_text(user, "submitter");
	bool is_plain = word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789@.:-_/%+=")] == '\0';

	fputs(is_plain ? "" : "'", stdout);
	sp_output_safe(stdout, word);
	fputs(is_plain ? "" : "'", stdout);
}

static void print_release(const json_t *user)
{
	fputs("  sallyport user release ", stdout);
	print_word(user);
	putchar('\n');
}

void sp_user_print_advice(const json_t *answer, const json_t *user,
			  const char *state)
{
	bool is_refused =
		strcmp(sp_user_text(answer, "locked_reply"), "refuse") == 0;

	if (strcmp(state, "locked") == 0) {
		printf("What becomes of its mail: it is not taken (%s). What "
		       "is in the queue already stays there.\n",
		       is_refused ? "5xx, for good"
				  : "4xx: its program tries again later");
		print_culprit(user);
		print_release(user);
	} else if (strcmp(state, "hold") == 0) {
		puts("What becomes of its mail: it is kept in the mail "
		     "server's queue, also after a release.");
		print_culprit(user);
		print_release(user);
		fputs(held_mail, stdout);
	} else if (strcmp(state, "watch") == 0) {
		puts("What becomes of its mail: it goes out. To stop it:");
		fputs("  sallyport user lock ", stdout);
		print_word(user);
		puts(" --reason \"...\"");
	} else if (strcmp(state, "released") == 0) {
		puts("Its counts begin anew. Mail that was held stays in the "
		     "mail server's queue until you let it go:");
		fputs(held_mail, stdout);
	}
}

/* --- limits --------------------------------------------------------------- */

static void print_class(const json_t *class, const json_t *reason)
{
	const json_t *limits = json_object_get(class, "limits");
	const json_t *limit;
	size_t i;

	fputs("class ", stdout);
	print_safe(class, "name");
	if (reason != NULL)
		print_reason(reason);
	else
		putchar('\n');
	if (json_array_size(limits) == 0)
		puts("  no limits");
	json_array_foreach(limits, i, limit)
	{
		printf("  %-36s ", sp_user_text(limit, "limit"));
		print_stands(limit);
		putchar('\n');
	}
}

void sp_user_print_limits(const json_t *answer)
{
	const json_t *reason = json_object_get(answer, "class_reason");
	const json_t *class;
	size_t i;

	if (json_object_get(answer, "submitter") != NULL) {
		print_safe(answer, "submitter");
		fputs(": ", stdout);
	}
	json_array_foreach(json_object_get(answer, "classes"), i, class)
	{
		print_class(class, reason);
	}
}

void sp_user_print_unusual(const json_t *answer)
{
	const json_t *unusual = json_object_get(answer, "unusual");
	char span[SP_SPAN_SIZE];

	if (!json_is_object(unusual)) {
		puts("What is unusual leads to nothing (outbound.unusual: "
		     "off).");
		return;
	}
	printf("What is unusual leads to %s: more than %g times its own "
	       "maximum of 30 days, and above %lld mails or recipients in an "
	       "hour, %lld in a day, %lld networks or %lld countries in a "
	       "day; once it is known for %s.\n",
	       sp_user_text(unusual, "leads_to"),
	       json_real_value(json_object_get(unusual, "factor")),
	       (long long)sp_user_number(unusual, "hour"),
	       (long long)sp_user_number(unusual, "day"),
	       (long long)sp_user_number(unusual, "networks"),
	       (long long)sp_user_number(unusual, "countries"),
	       sp_output_span(sp_user_number(unusual, "after_ms"), span));
}

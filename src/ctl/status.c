/* sallyport status: what the daemon says of itself. */
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "output.h"
#include "sallyport/config.h"

static const char help[] =
	"Usage: sallyport status [--config FILE] [--json]\n"
	"\n"
	"Show what the daemon is doing: how long it has run, connections, mails\n"
	"and verdicts, and how its store (Redis), its resolver, each DNS list\n"
	"and the databases of countries and providers are.\n"
	"\n"
	"Exit codes: 0 all is well; 1 the daemon runs, but its store or resolver\n"
	"is out of order, a database cannot be read, or the last reload failed; 2 used wrongly; 3 the daemon cannot be\n"
	"reached; 4 the configuration has errors.\n";

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void print_line(const char *label, const char *value)
{
	printf("%-12s ", label);
	sp_output_safe(stdout, value);
	putchar('\n');
}

static void print_head(const json_t *status)
{
	char span[SP_SPAN_SIZE];

	fputs("sallyportd ", stdout);
	sp_output_safe(stdout, text(status, "version"));
	printf(", pid %lld, up %s, mode ", number(status, "pid"),
	       sp_output_span(number(status, "uptime_sec") * 1000, span));
	sp_output_safe(stdout, text(status, "mode"));
	putchar('\n');
	print_line("config", text(status, "config")[0] ? text(status, "config")
						       : "(defaults)");
	print_line("listens on", text(status, "listen"));
}

static void print_greetings(const json_t *greetings)
{
	printf("%-12s %lld held now, %lld in all, %lld for less or not at "
	       "all; %lld talked early, %lld hung up\n",
	       "greetings", number(greetings, "held_now"),
	       number(greetings, "held"), number(greetings, "held_for_less"),
	       number(greetings, "talkers"), number(greetings, "hang_ups"));
}

static void print_mta(const json_t *status)
{
	const json_t *mta = json_object_get(status, "mta");
	json_t *macros = json_object_get(mta, "macros");
	const json_t *last = json_object_get(mta, "last_mail_sec");
	const json_t *sock = json_object_get(status, "sock_diag");
	json_t *state;
	const char *name, *comma = "; MISSING macros: ";
	char span[SP_SPAN_SIZE];

	if (json_is_integer(last))
		printf("%-12s last mail %s ago", "mta",
		       sp_output_span(json_integer_value(last) * 1000, span));
	else
		printf("%-12s no mail since the start", "mta");
	json_object_foreach(macros, name, state)
	{
		if (strcmp(json_string_value(state), "missing") != 0)
			continue;
		printf("%s%s", comma, name);
		comma = ", ";
	}
	putchar('\n');
	if (!is_true(sock, "is_usable"))
		print_line("sock_diag", text(sock, "text"));
}

static void print_mails(const json_t *status)
{
	const json_t *verdicts = json_object_get(status, "verdicts");
	const json_t *would = json_object_get(status, "would");

	printf("%-12s %lld open, %lld in all\n", "connections",
	       number(status, "connections"),
	       number(status, "connections_total"));
	printf("%-12s %lld open, %lld in all\n", "mails",
	       number(status, "mails_open"), number(status, "mails_total"));
	printf("%-12s %lld accepted, %lld held, %lld deferred, %lld refused, "
	       "%lld mixed, %lld aborted\n",
	       "verdicts", number(verdicts, "accept"), number(verdicts, "hold"),
	       number(verdicts, "defer"), number(verdicts, "reject"),
	       number(verdicts, "mixed"), number(verdicts, "aborted"));
	printf("%-12s %lld held, %lld deferred, %lld refused, were it "
	       "enforced\n",
	       "observed", number(would, "hold"), number(would, "defer"),
	       number(would, "reject"));
	printf("%-12s %lld mails with a question unanswered\n", "degraded",
	       number(status, "degraded_total"));
	printf("%-12s %lld verdicts kept in Redis, %lld not\n", "events",
	       number(json_object_get(status, "events"), "kept"),
	       number(json_object_get(status, "events"), "dropped"));
}

static const char *store_state(const json_t *store)
{
	if (is_true(store, "is_breaker_open"))
		return "out of order, left alone for a while";
	if (is_true(store, "is_up"))
		return "up";
	return number(store, "questions") == 0 ? "not asked yet"
					       : "does not answer";
}

static void print_store(const json_t *store)
{
	fputs("store        ", stdout);
	sp_output_safe(stdout, text(store, "kind"));
	printf(", %s; %lld questions, %lld failures, %lld passed by\n",
	       store_state(store), number(store, "questions"),
	       number(store, "failures"), number(store, "passed_by"));
	if (text(store, "last_error")[0])
		print_line("  last error", text(store, "last_error"));
	if (json_object_get(store, "embedded_pid"))
		printf("%-12s pid %lld, started again %lld times\n", "  redis",
		       number(store, "embedded_pid"),
		       number(store, "embedded_restarts"));
}

static void print_dns(const json_t *dns)
{
	if (!json_object_get(dns, "servers"))
		return;
	print_line("dns", text(dns, "servers")[0]
				  ? text(dns, "servers")
				  : "no server: nothing is looked up");
	printf("%-12s %s; %lld questions, %lld from the cache, %lld sent, "
	       "%lld failed, %lld timed out, %lld not asked\n",
	       "",
	       is_true(dns, "is_dead") ? "DOES NOT ANSWER, or with errors only"
				       : "answers",
	       number(dns, "asked"), number(dns, "cached"), number(dns, "sent"),
	       number(dns, "failed"), number(dns, "timeouts"),
	       number(dns, "not_asked"));
}

static void print_lists(const json_t *lists)
{
	const json_t *list;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		printf("  %-9s  ", text(list, "state"));
		sp_output_safe(stdout, text(list, "zone"));
		printf(": %lld questions, %lld hits, %lld errors, %.0f ms",
		       number(list, "questions"), number(list, "hits"),
		       number(list, "errors"),
		       json_real_value(json_object_get(list, "latency_ms")));
		if (text(list, "reason")[0]) {
			fputs("; ", stdout);
			sp_output_safe(stdout, text(list, "reason"));
		}
		puts(strcmp(text(list, "state"), "unknown") == 0
			     ? "; counts once its test entries are answered"
			     : "");
	}
}

static void print_database(const json_t *place)
{
	time_t built = (time_t)number(place, "built_sec");
	char day[32] = "";
	struct tm utc;

	if (built > 0 && gmtime_r(&built, &utc))
		(void)strftime(day, sizeof(day), ", made on %Y-%m-%d", &utc);
	printf("%-12s ", "");
	sp_output_safe(stdout, text(place, "type"));
	puts(day);
}

static void print_places(const json_t *places)
{
	const json_t *place;
	size_t i;

	json_array_foreach(places, i, place)
	{
		print_line("places", text(place, "path"));
		if (is_true(place, "is_open"))
			print_database(place);
		if (text(place, "trouble")[0])
			print_line("  FAILED", text(place, "trouble"));
	}
}

static void print_notices(const json_t *notices)
{
	if (!is_true(notices, "program") && !is_true(notices, "mail"))
		return;
	printf("%-12s %lld told, %lld failed, %lld dropped, %lld waiting\n",
	       "notices", number(notices, "good"), number(notices, "failed"),
	       number(notices, "dropped"), number(notices, "waiting"));
	if (text(notices, "last_error")[0])
		print_line("  last error", text(notices, "last_error"));
}

static void print_reloads(const json_t *status)
{
	printf("%-12s %lld\n", "reloads", number(status, "reloads"));
	if (text(status, "reload_error")[0])
		print_line("  FAILED", text(status, "reload_error"));
}

static bool has_trouble(const json_t *places)
{
	const json_t *place;
	size_t i;

	json_array_foreach(places, i, place)
	{
		if (text(place, "trouble")[0])
			return true;
	}
	return false;
}

static int judge(const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	bool is_store_bad =
		is_true(store, "is_breaker_open") ||
		(!is_true(store, "is_up") && number(store, "failures") > 0);

	return is_store_bad ||
			       is_true(json_object_get(status, "dns"),
				       "is_dead") ||
			       has_trouble(json_object_get(status, "places")) ||
			       text(status, "reload_error")[0]
		       ? SP_EXIT_NO
		       : SP_EXIT_FINE;
}

static int show(const struct sp_ctl *ctl)
{
	const char *path = ctl->config->control;
	json_t *status;
	enum sp_err err = sp_ask(path, "status", &status);
	int exit_code;

	if (err != SP_OK)
		return sp_ctl_fail(SP_EXIT_UNREACHABLE,
				   "no daemon answers at %s: %s", path,
				   sp_ask_why(err));
	exit_code = judge(status);
	if (ctl->is_json) {
		sp_output_json(status);
		return exit_code;
	}
	print_head(status);
	print_mta(status);
	print_greetings(json_object_get(status, "greetings"));
	print_mails(status);
	print_store(json_object_get(status, "store"));
	print_dns(json_object_get(status, "dns"));
	print_lists(json_object_get(status, "address_lists"));
	print_lists(json_object_get(status, "domain_lists"));
	print_places(json_object_get(status, "places"));
	print_notices(json_object_get(status, "notices"));
	print_reloads(status);
	json_decref(status);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { SP_COMMON_OPTIONS, { 0 } };
	int option, exit_code;

	do {
		option = sp_ctl_option(ctl, &sp_command_status, argc, argv,
				       options);
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
	} while (option != SP_OPTION_END);
	if (optind < argc)
		return sp_ctl_usage(argv[0], "no arguments are expected");
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE ? show(ctl) : exit_code;
}

const struct sp_command sp_command_status = {
	.name = "status",
	.summary = "what the daemon is doing, and how its store is",
	.help = help,
	.run = run,
};

/* sallyport greylist: what greylisting remembers, and changing it. */
#include "greylist.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "sallyport/config.h"
#include "sallyport/identity.h"
#include "sallyport/ip.h"
#include "sallyport/sender.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

enum {
	DEFAULT_LIMIT = 100,
	LIMIT_MAX = 100000000
};

static const char help[] =
	"Usage: sallyport greylist list [FILTERS] [--limit N]\n"
	"       sallyport greylist show IDENTITY [SENDER RECIPIENT]\n"
	"       sallyport greylist release IDENTITY SENDER RECIPIENT\n"
	"       sallyport greylist release FILTERS --all\n"
	"       sallyport greylist forget IDENTITY [SENDER RECIPIENT]\n"
	"       sallyport greylist forget FILTERS --all\n"
	"\n"
	"list     what greylisting remembers, the latest first\n"
	"show     everything about an identity, or about one triplet\n"
	"release  let the next try of a triplet pass at once\n"
	"forget   a triplet, or an identity with all of its triplets: the next\n"
	"         try is a first one\n"
	"\n"
	"IDENTITY is as the list shows it (domain:a.example, net:192.0.2.0/24), a\n"
	"domain (a.example), or an address, which stands for its network.\n"
	"SENDER and RECIPIENT are addresses; \"\" or <> is the null sender.\n"
	"\n"
	"Filters:\n"
	"  --client IP          an address or a network\n"
	"  --sender TEXT        a part of the sender\n"
	"  --recipient TEXT     a part of the recipient\n"
	"  --state STATE        waiting, ready, passed, released or expired;\n"
	"                       of an identity: learning or known\n"
	"  --limit N            list so many at most (100; 0 = all)\n"
	"  --all                release or forget everything that the filters\n"
	"                       match; at least one filter must be given\n"
	"\n"
	"Redis is asked directly, as the configuration says (`store: embedded`: on\n"
	"its socket under state-dir), so the user must be allowed to open it.\n"
	"\n"
	"Exit codes: 0 fine; 1 nothing matches; 2 used wrongly; 3 Redis cannot be\n"
	"reached; 4 the configuration has errors.\n";

/* One run of the command. */
struct task {
	const struct sp_ctl *ctl;
	const char *command; /* "sallyport greylist", for messages */
	struct sp_store *store;
	struct sp_greylist_filter filter;
	bool has_filter;
	bool is_all;
	/* The arguments behind the verb. */
	int argument_count;
	char identity[SP_IDENTITY_SIZE];
	char sender[SP_ADDRESS_SIZE];
	char recipient[SP_ADDRESS_SIZE];
};

static int fail_store(const struct task *task, enum sp_err err)
{
	struct sp_store_health health;

	sp_store_health(task->store, &health);
	return sp_ctl_fail(SP_EXIT_UNREACHABLE, "Redis: %s%s%s",
			   sp_err_text(err), health.last_error[0] ? ": " : "",
			   health.last_error);
}

static const struct sp_greylist_config *greylist_config(const struct task *task)
{
	return &task->ctl->config->greylist;
}

/* Narrow the filter to the arguments, and collect. SP_ERR_NOT_FOUND: nothing
 * is there. */
static enum sp_err collect(struct task *task, struct sp_grey_rows *rows)
{
	struct sp_greylist_filter filter = task->filter;
	enum sp_err err;

	*rows = (struct sp_grey_rows){ 0 };
	filter.limit = 0; /* sorting comes first */
	if (task->argument_count > 0)
		rows->identity = task->identity;
	if (task->argument_count > 1) {
		rows->sender = task->sender;
		rows->recipient = task->recipient;
	}
	err = sp_grey_collect(task->store, task->ctl->config, &filter, rows);
	if (err == SP_OK && rows->count == 0)
		err = SP_ERR_NOT_FOUND;
	if (err != SP_OK && err != SP_ERR_NOT_FOUND)
		sp_grey_clear(rows);
	return err;
}

static int list(struct task *task)
{
	size_t limit = task->filter.limit;
	struct sp_grey_rows rows;
	enum sp_err err;

	if (task->argument_count > 0)
		return sp_ctl_usage(task->command,
				    "list takes filters (--client ...) only");
	err = collect(task, &rows);
	if (err != SP_OK && err != SP_ERR_NOT_FOUND)
		return fail_store(task, err);
	if (task->ctl->is_json)
		sp_grey_print_json(&rows, limit, greylist_config(task),
				   task->filter.now_ms);
	else if (rows.count > 0)
		sp_grey_print_table(&rows, limit, greylist_config(task),
				    task->filter.now_ms);
	else
		puts("nothing");
	if (!task->ctl->is_json && limit > 0 && rows.count > limit)
		printf("%zu of %zu; --limit 0 shows all\n", limit, rows.count);
	sp_grey_clear(&rows);
	return err == SP_OK ? SP_EXIT_FINE : SP_EXIT_NO;
}

static int fail_not_found(const struct task *task)
{
	if (task->ctl->is_json)
		sp_output_json(json_pack("{s:s}", "error", "nothing matches"));
	return sp_ctl_fail(SP_EXIT_NO, "nothing matches");
}

static int show(struct task *task)
{
	struct sp_grey_rows rows;
	enum sp_err err;

	if (task->argument_count != 1 && task->argument_count != 3)
		return sp_ctl_usage(task->command,
				    "show takes IDENTITY [SENDER RECIPIENT]");
	err = collect(task, &rows);
	if (err == SP_ERR_NOT_FOUND)
		return fail_not_found(task);
	if (err != SP_OK)
		return fail_store(task, err);
	if (task->ctl->is_json)
		sp_grey_print_json(&rows, 0, greylist_config(task),
				   task->filter.now_ms);
	else
		sp_grey_print_all(&rows, greylist_config(task),
				  task->filter.now_ms);
	sp_grey_clear(&rows);
	return SP_EXIT_FINE;
}

/* What release and forget do with one entry; *changed counts. */
typedef enum sp_err (*change_fn)(struct task *task, const char *identity,
				 const char *sender, const char *recipient,
				 uint32_t *changed);

static enum sp_err release_one(struct task *task, const char *identity,
			       const char *sender, const char *recipient,
			       uint32_t *changed)
{
	enum sp_err err = sp_greylist_release(task->store, identity, sender,
					      recipient, task->filter.now_ms);

	*changed += err == SP_OK;
	return err;
}

static enum sp_err forget_one(struct task *task, const char *identity,
			      const char *sender, const char *recipient,
			      uint32_t *changed)
{
	uint32_t forgotten = 0;
	enum sp_err err = sp_greylist_forget(task->store, identity, sender,
					     recipient, &forgotten);

	*changed += forgotten;
	return err == SP_OK && forgotten == 0 ? SP_ERR_NOT_FOUND : err;
}

/* Everything that the filters match. What went meanwhile is no error. */
static enum sp_err change_all(struct task *task, change_fn change,
			      uint32_t *changed)
{
	struct sp_grey_rows rows;
	enum sp_err err = collect(task, &rows);

	for (size_t i = 0; i < rows.count && err == SP_OK; i++) {
		const struct sp_grey_row *row = rows.rows[i];
		bool is_identity = sp_grey_is_identity(row);

		if (is_identity && change == release_one)
			continue;
		err = change(task, row->identity,
			     is_identity ? NULL : row->sender,
			     is_identity ? NULL : row->recipient, changed);
		if (err == SP_ERR_NOT_FOUND)
			err = SP_OK;
	}
	sp_grey_clear(&rows);
	return err;
}

static int finish_change(struct task *task, const char *word, enum sp_err err,
			 uint32_t changed)
{
	if (err == SP_ERR_NOT_FOUND || (err == SP_OK && changed == 0))
		return fail_not_found(task);
	if (err != SP_OK)
		return fail_store(task, err);
	if (task->ctl->is_json)
		sp_output_json(json_pack("{s:I}", word, (json_int_t)changed));
	else
		printf("%s: %u\n", word, (unsigned)changed);
	return SP_EXIT_FINE;
}

/* The guard before everything that a filter matches is changed. */
static const char *what_keeps_all_back(const struct task *task)
{
	if (task->argument_count > 0)
		return task->has_filter || task->is_all
			       ? "either a triplet or filters, not both"
			       : NULL;
	if (!task->has_filter)
		return "which? a triplet, or filters with --all";
	if (!task->is_all)
		return "add --all to change everything that the filters match "
		       "(list shows it)";
	return NULL;
}

static int release(struct task *task)
{
	const char *wrong = what_keeps_all_back(task);
	uint32_t changed = 0;
	enum sp_err err;

	if (!wrong && task->argument_count != 0 && task->argument_count != 3)
		wrong = "release takes IDENTITY SENDER RECIPIENT";
	if (wrong)
		return sp_ctl_usage(task->command, "%s", wrong);
	err = task->is_all ? change_all(task, release_one, &changed)
			   : release_one(task, task->identity, task->sender,
					 task->recipient, &changed);
	return finish_change(task, "released", err, changed);
}

static int forget(struct task *task)
{
	const char *wrong = what_keeps_all_back(task);
	bool is_triplet = task->argument_count == 3;
	uint32_t changed = 0;
	enum sp_err err;

	if (!wrong && task->argument_count == 2)
		wrong = "forget takes IDENTITY [SENDER RECIPIENT]";
	if (wrong)
		return sp_ctl_usage(task->command, "%s", wrong);
	err = task->is_all ? change_all(task, forget_one, &changed)
			   : forget_one(task, task->identity,
					is_triplet ? task->sender : NULL,
					is_triplet ? task->recipient : NULL,
					&changed);
	return finish_change(task, "forgotten", err, changed);
}

static const struct verb {
	const char *name;
	int (*run)(struct task *task);
} verbs[] = {
	{ "list", list },
	{ "show", show },
	{ "release", release },
	{ "forget", forget },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* "net:..." and "domain:..." as they are; an address as the network that it
 * counts in; a name as the domain. */
static void take_identity(struct task *task, const char *given)
{
	struct sp_text text;
	struct sp_ip ip;

	if (sp_ip_parse(given, &ip) == SP_OK) {
		sp_identity_of_network(&ip, greylist_config(task),
				       task->identity);
		return;
	}
	if (sp_identity_of_domain(given, task->identity) == SP_OK)
		return;
	sp_text_init(&text, task->identity, sizeof(task->identity));
	sp_text_add(&text, given);
	sp_text_lower(task->identity);
}

/* As the daemon keys them: one that cannot be read counts as it stands. */
static void take_unreadable(const char *given, char key_out[SP_ADDRESS_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, key_out, SP_ADDRESS_SIZE);
	sp_text_add(&text, given);
	sp_text_lower(key_out);
}

static void take_arguments(struct task *task, char **arguments)
{
	struct sp_address address;

	if (task->argument_count > 0)
		take_identity(task, arguments[0]);
	if (task->argument_count > 1) {
		sp_address_parse(arguments[1], &address);
		sp_sender_fold(&address, task->sender);
		if (address.kind == SP_ADDRESS_BAD)
			take_unreadable(arguments[1], task->sender);
	}
	if (task->argument_count > 2) {
		sp_address_parse(arguments[2], &address);
		sp_address_key(&address, task->recipient);
		if (address.kind == SP_ADDRESS_BAD)
			take_unreadable(arguments[2], task->recipient);
	}
}

static bool is_state(const char *text)
{
	static const char *const states[] = { "waiting",  "ready",   "passed",
					      "released", "expired", "learning",
					      "known" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], text) == 0)
			return true;
	return false;
}

static bool is_client(const char *text)
{
	struct sp_network network;

	return sp_network_parse(text, &network) == SP_OK;
}

/* One option of the table below; what is wrong with it, or NULL. */
static const char *take_option(struct task *task, int option)
{
	long number;

	task->has_filter = task->has_filter || strchr("isrt", option) != NULL;
	switch (option) {
	case 'i':
		task->filter.client = optarg;
		return is_client(optarg)
			       ? NULL
			       : "--client takes an address or a network";
	case 's':
		task->filter.sender = optarg;
		return NULL;
	case 'r':
		task->filter.recipient = optarg;
		return NULL;
	case 't':
		task->filter.state = optarg;
		return is_state(optarg) ? NULL
					: "--state takes waiting, ready, "
					  "passed, released, expired, "
					  "learning or known";
	case 'n':
		if (!sp_ctl_parse_number(optarg, 0, LIMIT_MAX, &number))
			return "--limit takes a number";
		task->filter.limit = (uint32_t)number;
		return NULL;
	default:
		task->is_all = true;
		return NULL;
	}
}

static int run_verb(struct task *task, const struct verb *verb,
		    char **arguments)
{
	int exit_code;

	if (sp_store_new(&task->ctl->config->redis, &task->store) != SP_OK)
		return sp_ctl_fail(SP_EXIT_UNREACHABLE,
				   "the store cannot be set up");
	task->filter.now_ms = sp_ctl_now_ms(task->ctl);
	take_arguments(task, arguments);
	exit_code = verb->run(task);
	sp_store_free(&task->store);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "client", required_argument, NULL, 'i' },
		{ "sender", required_argument, NULL, 's' },
		{ "recipient", required_argument, NULL, 'r' },
		{ "state", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'n' },
		{ "all", no_argument, NULL, 'a' },
		{ 0 },
	};
	struct task task = { .ctl = ctl,
			     .command = argv[0],
			     .filter.limit = DEFAULT_LIMIT };
	const struct verb *verb = NULL;
	const char *wrong = NULL;
	int option, exit_code;

	while (!wrong &&
	       (option = sp_ctl_option(ctl, &sp_command_greylist, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		wrong = take_option(&task, option);
	}
	if (!wrong && optind < argc)
		verb = find_verb(argv[optind]);
	if (!wrong && !verb)
		wrong = "list, show, release or forget?";
	task.argument_count = argc - optind - 1;
	if (!wrong && task.argument_count > 3)
		wrong = "too many arguments";
	if (wrong)
		return sp_ctl_usage(argv[0], "%s", wrong);
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE
		       ? run_verb(&task, verb, argv + optind + 1)
		       : exit_code;
}

const struct sp_command sp_command_greylist = {
	.name = "greylist",
	.summary = "what greylisting remembers; release or forget it",
	.help = help,
	.run = run,
};

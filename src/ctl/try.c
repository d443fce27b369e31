/* sallyport try: one SMTP session to the running daemon, as an MTA plays it. */
#include "try.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/text.h"

enum {
	ARENA_BYTES = 64 * 1024 * 1024,
	/* The daemon keeps a record after it has answered the MTA. */
	VERDICT_WAIT_MS = 1000,
	VERDICT_STEP_US = 10000,
	WHY_SIZE = 256
};

static const char help[] =
	"Usage: sallyport try --client IP --from SENDER --rcpt RECIPIENT ...\n"
	"                     [OPTIONS] [FILE|-]\n"
	"\n"
	"Play one SMTP session with one mail to the running daemon, as Postfix\n"
	"would, and show what the MTA is told at each stage, what is done to the\n"
	"headers, and what was found, with the reasons and the score.\n"
	"\n"
	"  --client IP         the client's address\n"
	"  --name NAME         the client's name by DNS; none without it\n"
	"  --port N            the client's port (41000); 0 plays Postfix's\n"
	"                      sendmail command\n"
	"  --helo NAME         what it says in HELO (its name, or [its address]);\n"
	"                      its own greeting is never held back\n"
	"  --from SENDER       envelope sender; \"\" or <> is the null sender\n"
	"  --rcpt RECIPIENT    envelope recipient; may be given many times\n"
	"  --login USER        as if authenticated\n"
	"  --macro NAME=VALUE  another macro, or another value for one\n"
	"  --socket ADDRESS    the daemon's milter socket (configuration: listen)\n"
	"  --timeout SECONDS   for each answer (30)\n"
	"  --config FILE  --json  --help\n"
	"\n"
	"FILE is a message, its lines ending in LF or CR LF; \"-\" is standard\n"
	"input. Without one a tiny message is made. When every recipient is\n"
	"refused no message is sent.\n"
	"\n"
	"An answer \"-\" means that the daemon is not asked there, or has decided\n"
	"already.\n"
	"\n"
	"Exit codes: 0 accepted for at least one recipient; 1 deferred or refused\n"
	"for all, or discarded; 2 used wrongly; 3 the daemon cannot be reached or\n"
	"broke off; 4 the configuration has errors.\n";

static FILE *make_message(const struct sp_try_options *options, int64_t now_ms)
{
	FILE *file = tmpfile();
	time_t now = (time_t)(now_ms / 1000);
	struct tm broken;
	char date[64] = "";

	if (!file)
		return NULL;
	if (gmtime_r(&now, &broken))
		(void)strftime(date, sizeof(date),
			       "%a, %d %b %Y %H:%M:%S +0000", &broken);
	fprintf(file,
		"From: %s\nTo: %s\nSubject: a try\nDate: %s\n"
		"Message-ID: <%lld.try@sallyport.invalid>\n\n"
		"This message was made by sallyport try.\n",
		options->sender, options->recipients[0], date,
		(long long)now_ms);
	rewind(file);
	return file;
}

static FILE *open_message(const struct sp_try_options *options, int64_t now_ms)
{
	if (!options->file)
		return make_message(options, now_ms);
	if (strcmp(options->file, "-") == 0)
		return stdin;
	return fopen(options->file, "re");
}

/* Ask for the record of mail `id`; NULL with the reason in `why`. */
static json_t *ask_verdict(const char *control, const char *id,
			   char why[WHY_SIZE])
{
	int64_t deadline_ms = sp_clock_mono_ms() + VERDICT_WAIT_MS;
	struct sp_text text;
	char question[64];

	sp_text_init(&text, why, WHY_SIZE);
	if (id[0] == '\0') {
		sp_text_add(&text, "the daemon named no id");
		return NULL;
	}
	snprintf(question, sizeof(question), "verdict %s", id);
	for (;;) {
		json_t *answer;
		enum sp_err err = sp_ask(control, question, &answer);
		const char *error;

		if (err != SP_OK) {
			sp_text_addf(&text, "control socket %s: %s", control,
				     sp_ask_why(err));
			return NULL;
		}
		error = json_string_value(json_object_get(answer, "error"));
		if (!error)
			return answer;
		if (sp_clock_mono_ms() > deadline_ms) {
			sp_text_add_safe(&text, error, strlen(error), NULL);
			json_decref(answer);
			return NULL;
		}
		json_decref(answer);
		(void)usleep(VERDICT_STEP_US);
	}
}

static int exit_code_of(enum sp_try_outcome outcome)
{
	if (outcome == SP_TRY_ACCEPTED)
		return SP_EXIT_FINE;
	return outcome == SP_TRY_BROKEN ? SP_EXIT_UNREACHABLE : SP_EXIT_NO;
}

/* The session, then its story. */
static int play_and_tell(const struct sp_ctl *ctl,
			 const struct sp_try_options *options,
			 struct sp_mta *mta, FILE *file, struct sp_arena *arena)
{
	struct sp_try_result result;
	struct sp_mta_changes changes;
	char why[WHY_SIZE];
	json_t *verdict;

	sp_try_play(mta, options, file, arena, &result);
	changes = *result.changes;
	result.changes = &changes;
	/* The record of a mail without an accepted recipient is written when
	 * the session gives it up: at the latest now. */
	(void)sp_mta_flush(mta);
	verdict = ask_verdict(ctl->config->control, result.id, why);
	if (ctl->is_json)
		sp_try_report_json(options, &result, verdict, why);
	else
		sp_try_report(options, &result, verdict, why);
	json_decref(verdict);
	return exit_code_of(result.outcome);
}

static int try_message(const struct sp_ctl *ctl,
		       const struct sp_try_options *options,
		       struct sp_arena *arena)
{
	struct sp_mta_options dial = { .address = options->socket
							  ? options->socket
							  : ctl->config->listen,
				       .timeout_ms = options->timeout_ms };
	FILE *file = open_message(options, sp_ctl_now_ms(ctl));
	struct sp_mta *mta;
	enum sp_err err;
	int exit_code;

	if (!file)
		return sp_ctl_fail(SP_EXIT_USAGE, "%s: %s",
				   options->file ? options->file : "tmpfile",
				   strerror(errno));
	err = sp_mta_open(&dial, &mta);
	if (err == SP_OK)
		exit_code = play_and_tell(ctl, options, mta, file, arena);
	else
		exit_code =
			sp_ctl_fail(SP_EXIT_UNREACHABLE,
				    "no daemon answers at %s: %s", dial.address,
				    err == SP_ERR_SYSTEM ? strerror(errno)
							 : sp_err_text(err));
	sp_mta_close(&mta);
	if (file != stdin)
		(void)fclose(file);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	struct sp_try_options options;
	struct sp_arena arena;
	int exit_code;

	sp_arena_init(&arena, ARENA_BYTES);
	if (sp_try_parse(ctl, argc, argv, &arena, &options) == SP_OPTION_END) {
		exit_code = sp_ctl_load_config(ctl);
		if (exit_code == SP_EXIT_FINE)
			exit_code = try_message(ctl, &options, &arena);
	} else {
		exit_code = ctl->exit_code;
	}
	sp_arena_clear(&arena);
	return exit_code;
}

const struct sp_command sp_command_try = {
	.name = "try",
	.summary = "play one SMTP session to the daemon and show its verdict",
	.help = help,
	.run = run,
};

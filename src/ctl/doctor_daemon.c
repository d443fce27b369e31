/* The daemon, what its MTA tells it, the kernel, and Redis. */
#include "doctor.h"

#include <string.h>

#include "ask.h"
#include "output.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/sock.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

enum {
	REDIS_WAIT_MS = 3000,
	LATELY_SEC = 24 * 3600
};

static const struct sp_doctor_subject subject_daemon = { "daemon", NULL };
static const struct sp_doctor_subject subject_mail = { "mail", NULL };
static const struct sp_doctor_subject subject_macros = { "macros", NULL };
static const struct sp_doctor_subject subject_kernel = { "sock_diag", NULL };
static const struct sp_doctor_subject subject_redis = { "redis", NULL };

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void look_at_daemon(struct sp_doctor *doctor, const json_t *status)
{
	if (text(status, "reload_error")[0]) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject_daemon,
			      "the last reload failed: %s",
			      text(status, "reload_error"));
		sp_doctor_advise(doctor, "mend the configuration (sallyportd "
					 "-t), then reload");
		return;
	}
	sp_doctor_say(doctor, SP_DOCTOR_OK, subject_daemon,
		      "sallyportd %s runs, mode %s, listens on %s",
		      text(status, "version"), text(status, "mode"),
		      text(status, "listen"));
}

static void look_at_mail(struct sp_doctor *doctor, const json_t *mta)
{
	const json_t *last = json_object_get(mta, "last_mail_sec");
	char span[SP_SPAN_SIZE];

	if (json_is_integer(last) && json_integer_value(last) <= LATELY_SEC) {
		sp_doctor_say(
			doctor, SP_DOCTOR_OK, subject_mail,
			"the MTA sent the last one %s ago",
			sp_output_span(json_integer_value(last) * 1000, span));
		return;
	}
	sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject_mail,
		      "the MTA has sent none %s",
		      json_is_integer(last) ? "for a day"
					    : "since the daemon's start");
	sp_doctor_advise(doctor,
			 "is it told to ask us (smtpd_milters, "
			 "INPUT_MAIL_FILTER), and may it open %s?",
			 doctor->ctl->config->listen);
}

static void look_at_macros(struct sp_doctor *doctor, const json_t *mta)
{
	json_t *macros = json_object_get(mta, "macros");
	char missing[256];
	struct sp_text list;
	bool is_early = false;
	json_t *state;
	const char *name;

	sp_text_init(&list, missing, sizeof(missing));
	json_object_foreach(macros, name, state)
	{
		const char *said = json_string_value(state);

		if (said && strcmp(said, "missing") == 0)
			sp_text_addf(&list, "%s%s", missing[0] ? ", " : "",
				     name);
		if (said && strcmp(said, "not yet") == 0)
			is_early = true;
	}
	if (missing[0]) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject_macros,
			      "the MTA does not send %s", missing);
		sp_doctor_advise(doctor,
				 "checks that need them say nothing; add them "
				 "to the MTA's milter_connect_macros, "
				 "milter_rcpt_macros, "
				 "milter_end_of_data_macros "
				 "(confMILTER_MACROS_...)");
	} else if (is_early) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject_macros,
			      "no whole mail was seen yet");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject_macros,
			      "the MTA sends all that are needed");
	}
}

static void tell_kernel(struct sp_doctor *doctor, bool is_usable,
			const char *words)
{
	sp_doctor_say(doctor, is_usable ? SP_DOCTOR_OK : SP_DOCTOR_WARNING,
		      subject_kernel, "%s", words);
	if (!is_usable)
		sp_doctor_advise(doctor,
				 "without it clients that talk too early, and "
				 "the users behind local connections, are not "
				 "recognised");
}

/* The daemon may be allowed less than we are, so its own word counts. */
static void look_at_kernel(struct sp_doctor *doctor, const json_t *status)
{
	const json_t *told = json_object_get(status, "sock_diag");
	enum sp_sock_use use;
	int error;

	if (told) {
		tell_kernel(doctor,
			    json_is_true(json_object_get(told, "is_usable")),
			    text(told, "text"));
		return;
	}
	use = sp_sock_probe(&error);
	tell_kernel(doctor, use == SP_SOCK_WORKS, sp_sock_use_text(use));
}

static bool answers_ping(struct sp_store *store)
{
	const struct sp_store_bytes ping = { "PING", 4 };
	struct sp_store_reply *reply;
	enum sp_err err = sp_store_command(
		store, &ping, 1, sp_clock_mono_ms() + REDIS_WAIT_MS, &reply);

	if (err == SP_OK)
		sp_store_reply_free(&reply);
	return err == SP_OK;
}

static void look_at_redis(struct sp_doctor *doctor, bool has_daemon)
{
	const struct sp_redis_config *config = &doctor->ctl->config->redis;
	struct sp_store *store;
	struct sp_store_health health;

	if (config->kind == SP_STORE_EMBEDDED && !has_daemon) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject_redis,
			      "it is the daemon's own, and does not run "
			      "without it");
		return;
	}
	if (sp_store_new(config, &store) != SP_OK) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject_redis,
			      "the store cannot be set up");
		return;
	}
	if (answers_ping(store)) {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject_redis,
			      "it answers");
	} else {
		sp_store_health(store, &health);
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject_redis,
			      "it does not answer: %s", health.last_error);
		sp_doctor_advise(doctor,
				 "mail is let in without greylisting and "
				 "limits hold for this machine only until it "
				 "does; see `store` in the configuration");
	}
	sp_store_free(&store);
}

void sp_doctor_daemon(struct sp_doctor *doctor)
{
	const char *path = doctor->ctl->config->control;
	json_t *status;
	enum sp_err err = sp_ask(path, "status", &status);

	if (err == SP_OK) {
		look_at_daemon(doctor, status);
		look_at_mail(doctor, json_object_get(status, "mta"));
		look_at_macros(doctor, json_object_get(status, "mta"));
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject_daemon,
			      "none answers at %s: %s", path, sp_ask_why(err));
		sp_doctor_advise(doctor,
				 "start it (systemctl start sallyport), or say "
				 "by --config which one is meant");
	}
	look_at_kernel(doctor, status);
	look_at_redis(doctor, err == SP_OK);
	json_decref(status);
}

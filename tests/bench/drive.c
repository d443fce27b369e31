#include "drive.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mix.h"
#include "plan.h"
#include "sallyport/clock.h"

/* A session on its way. */
struct drive {
	struct driver *driver;
	struct sp_mta *mta;
	struct plan_session plan;
	uint64_t number;
	int64_t waited_us; /* in the mail that is open */
	int64_t paused_us; /* by ourselves */
	uint64_t pauses;
	char login[64];
	char message_id
		[64]; /* of the mail that is open; or a retry would it be */
};

static void choose(const struct drive_options *options, uint64_t number,
		   struct plan_session *plan_out)
{
	if (options->mix)
		mix_session(options->mix, number, plan_out);
	else if (options->is_unseen)
		plan_unseen(number, plan_out);
	else
		plan_session(number, plan_out);
}

/* The SMTP client is far away, or slow. Spread evenly from nothing to twice the
 * pause, the same in every run, so that sessions do not march in step. */
static enum sp_err pause_session(struct drive *drive)
{
	uint64_t pause_us = drive->driver->options->pause_ms * UINT64_C(2000);
	int64_t begun_us = sp_clock_mono_us();
	struct timespec wait;
	enum sp_err err;

	if (pause_us == 0)
		return SP_OK;
	err = sp_mta_flush(drive->mta);
	pause_us = (drive->number * 3 + ++drive->pauses) *
		   UINT64_C(2654435761) % pause_us;
	wait.tv_sec = (time_t)(pause_us / 1000000);
	wait.tv_nsec = (long)(pause_us % 1000000 * 1000);
	(void)nanosleep(&wait, NULL);
	drive->paused_us += sp_clock_mono_us() - begun_us;
	return err;
}

static void set_macros(struct sp_mta *mta, const struct plan_session *plan)
{
	static const char *const fixed[][2] = {
		{ "j", "mx.here.example" },	   { "{daemon_name}", "smtpd" },
		{ "{daemon_addr}", "192.0.2.25" }, { "v", "Postfix 3.7.11" },
		{ "{mail_mailer}", "smtp" },	   { "{rcpt_mailer}", "smtp" },
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		(void)sp_mta_set_macro(mta, fixed[i][0], fixed[i][1]);
	(void)sp_mta_set_macro(mta, "_", plan->client_address);
}

static enum sp_err greet(struct drive *drive)
{
	const struct plan_session *plan = &drive->plan;
	struct sp_mta_reply reply;
	enum sp_err err;

	set_macros(drive->mta, plan);
	err = sp_mta_connect(drive->mta, &plan->client, &reply);
	if (err == SP_OK)
		err = pause_session(drive);
	if (err == SP_OK)
		err = sp_mta_helo(drive->mta, plan->helo, &reply);
	if (err == SP_OK)
		err = pause_session(drive);
	return err;
}

static void note_latency(struct drive *drive, enum latency_stage stage,
			 int64_t begun_us)
{
	int64_t us = sp_clock_mono_us() - begun_us;

	drive->waited_us += us;
	latencies_add(&drive->driver->latencies, stage, us);
}

static void note_answer(struct drive_tally *tally,
			const struct sp_mta_reply *reply)
{
	if (reply->answer == SP_MTA_TEMPFAIL)
		tally->deferred++;
	else if (sp_mta_is_refusal(reply))
		tally->refused++;
	else
		tally->accepted++;
}

static void note_changes(struct driver *driver,
			 const struct sp_mta_changes *changes)
{
	const struct drive_options *options = driver->options;
	struct drive_tally *tally = &driver->tally;

	tally->headers += changes->total;
	for (size_t i = 0; i < changes->count; i++) {
		const struct sp_mta_change *change = &changes->list[i];

		tally->held += change->kind == SP_MTA_QUARANTINE;
		if (strcmp(change->name, "X-Sallyport-Verdict") == 0)
			tally->would_defer +=
				strstr(change->value, "would=defer") != NULL;
		if (strcmp(change->name, "X-Sallyport-Degraded") == 0)
			tally->degraded++;
		for (size_t s = 0; s < options->sought_count; s++)
			tally->found[s] +=
				strcasecmp(change->name,
					   options->sought[s].header) == 0 &&
				strstr(change->value, options->sought[s].text);
	}
}

static size_t choose_headers(struct drive *drive, uint32_t mail,
			     struct plan_header *headers)
{
	size_t count =
		plan_headers(&drive->plan, drive->number + mail, headers);

	if (drive->driver->options->logins == 0)
		return count;
	snprintf(drive->message_id, sizeof drive->message_id,
		 " <%llu.%u@laptop.example>", (unsigned long long)drive->number,
		 mail);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(headers[i].name, "Message-ID") == 0)
			headers[i].value = drive->message_id;
		if (strcmp(headers[i].name, "From") == 0)
			headers[i].value = drive->login;
	}
	return count;
}

/* What mail `mail` of the session is. `headers` and `recipient` are room for
 * what is not in files. */
static struct plan_mail choose_mail(struct drive *drive, uint32_t mail,
				    struct plan_header *headers,
				    char *recipient)
{
	const struct drive_options *options = drive->driver->options;

	if (options->mix)
		return *mix_mail(options->mix, drive->number, mail);
	plan_recipient(&drive->plan, mail, recipient);
	return (struct plan_mail){
		.sender = drive->plan.sender,
		.recipient = recipient,
		.headers = headers,
		.header_count = choose_headers(drive, mail, headers),
		.body = options->body,
		.body_size = options->body_size,
	};
}

/* The first as the plan has it, the others beside it. */
static enum sp_err send_recipients(struct drive *drive, const char *first,
				   struct sp_mta_reply *reply_out)
{
	char name[112];
	enum sp_err err = sp_mta_rcpt(drive->mta, first, NULL, reply_out);

	note_answer(&drive->driver->tally, reply_out);
	for (uint32_t i = 1;
	     i < drive->driver->options->recipients && err == SP_OK; i++) {
		snprintf(name, sizeof name, "<r%u.%s", i, first + 1);
		err = sp_mta_rcpt(drive->mta, name, NULL, reply_out);
		note_answer(&drive->driver->tally, reply_out);
	}
	return err;
}

static enum sp_err send_envelope(struct drive *drive,
				 const struct plan_mail *mail,
				 struct sp_mta_reply *reply_out)
{
	static const char *const parameters[] = { "SIZE=4096", NULL };
	int64_t begun_us = sp_clock_mono_us();
	enum sp_err err =
		sp_mta_mail(drive->mta, mail->sender, parameters, reply_out);

	if (err == SP_OK && sp_mta_is_refusal(reply_out))
		note_answer(&drive->driver->tally, reply_out);
	else if (err == SP_OK)
		err = send_recipients(drive, mail->recipient, reply_out);
	if (err == SP_OK)
		note_latency(drive, LATENCY_RCPT, begun_us);
	return err;
}

static enum sp_err send_message(struct drive *drive,
				const struct plan_mail *mail)
{
	struct sp_mta_reply reply;
	int64_t begun_us;
	/* Postfix knows the queue id from the first good recipient on. */
	enum sp_err err = sp_mta_set_macro(drive->mta, "i", "4XyZ1b2c3d4");

	if (err == SP_OK)
		err = pause_session(drive);
	begun_us = sp_clock_mono_us();
	if (err == SP_OK)
		err = sp_mta_data(drive->mta, &reply);
	for (size_t i = 0; i < mail->header_count && err == SP_OK; i++)
		err = sp_mta_header(drive->mta, mail->headers[i].name,
				    mail->headers[i].value, &reply);
	if (err == SP_OK)
		err = sp_mta_eoh(drive->mta, &reply);
	if (err == SP_OK)
		err = sp_mta_body(drive->mta, mail->body, mail->body_size,
				  &reply);
	if (err == SP_OK)
		err = sp_mta_eom(drive->mta, &reply);
	if (err == SP_OK)
		err = sp_mta_set_macro(drive->mta, "i", NULL);
	if (err != SP_OK)
		return err;
	note_latency(drive, LATENCY_EOM, begun_us);
	drive->driver->tally.is_signed += mail->is_signed;
	drive->driver->tally.is_own += drive->plan.is_own;
	drive->driver->tally.kept_off += sp_mta_is_refusal(&reply);
	note_changes(drive->driver, sp_mta_changes(drive->mta));
	return SP_OK;
}

static enum sp_err send_mail(struct drive *drive, uint32_t number)
{
	struct plan_header headers[PLAN_HEADERS_MAX];
	char recipient[96];
	const struct plan_mail mail =
		choose_mail(drive, number, headers, recipient);
	struct sp_mta_reply reply;
	enum sp_err err;

	drive->waited_us = 0;
	err = send_envelope(drive, &mail, &reply);
	if (err != SP_OK)
		return err;
	if (drive->driver->options->only_envelope || sp_mta_is_refusal(&reply))
		err = sp_mta_abort(drive->mta);
	else
		err = send_message(drive, &mail);
	if (err != SP_OK)
		return err;
	drive->driver->tally.mails++;
	latencies_add(&drive->driver->latencies, LATENCY_MAIL,
		      drive->waited_us);
	return SP_OK;
}

static void log_in(struct drive *drive)
{
	const uint32_t logins = drive->driver->options->logins;

	if (logins == 0)
		return;
	snprintf(drive->login, sizeof drive->login, "user%u@here.example",
		 (unsigned)(drive->number % logins));
	(void)sp_mta_set_macro(drive->mta, "{auth_authen}", drive->login);
}

static enum sp_err open_session(const struct drive_options *options,
				struct sp_mta **mta_out)
{
	const struct sp_mta_options dial = { .address = options->address,
					     .timeout_ms = 20000 };

	return sp_mta_open(&dial, mta_out);
}

void drive_session(struct driver *driver, uint64_t number, int64_t begun_us)
{
	struct drive drive = { .driver = driver, .number = number };
	enum sp_err err = open_session(driver->options, &drive.mta);

	if (err == SP_OK) {
		note_latency(&drive, LATENCY_OPEN, begun_us);
		driver->tally.agreement = *sp_mta_agreement(drive.mta);
		choose(driver->options, number, &drive.plan);
		err = greet(&drive);
		log_in(&drive);
	}
	for (uint32_t mail = 0;
	     mail < driver->options->mails_per_session && err == SP_OK; mail++)
		err = send_mail(&drive, mail);
	if (err == SP_OK)
		latencies_add(&driver->latencies, LATENCY_SESSION,
			      sp_clock_mono_us() - begun_us - drive.paused_us);
	sp_mta_close(&drive.mta);
	if (err != SP_OK) {
		driver->tally.errors++;
		driver->tally.last_error = err;
	}
}

struct sp_mta *drive_half_session(const struct drive_options *options,
				  uint64_t number)
{
	struct driver driver = { .options = options };
	struct drive drive = { .driver = &driver, .number = number };
	struct plan_header headers[PLAN_HEADERS_MAX];
	char recipient[96];
	struct sp_mta_reply reply;
	enum sp_err err = open_session(options, &drive.mta);

	choose(options, number, &drive.plan);
	if (err == SP_OK)
		err = greet(&drive);
	if (err == SP_OK)
		err = sp_mta_mail(
			drive.mta,
			choose_mail(&drive, 0, headers, recipient).sender, NULL,
			&reply);
	if (err == SP_OK)
		err = sp_mta_flush(drive.mta);
	if (err != SP_OK)
		sp_mta_close(&drive.mta);
	return drive.mta;
}

/*
 * doctor.h - `sallyport doctor`: what its parts share.
 *
 * doctor.c reads the command line and says in which order is looked;
 * doctor_own.c finds out who this host is; doctor_daemon.c asks the daemon and
 * Redis; doctor_relay.c the MTA, by SMTP (smtp.c); doctor_lists.c the DNS lists;
 * doctor_names.c DNS about names and addresses; doctor_domain.c DNS about a
 * domain; doctor_report.c tells.
 *
 * Each part only adds lines; none depends on what another one has found, but
 * for the names and addresses of this host.
 *
 * Bounds:   each wait has its own end; with a resolver that was found to be
 *           silent nothing is waited for any more.
 */
#ifndef SP_CTL_DOCTOR_H
#define SP_CTL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "sallyport/dns.h"
#include "sallyport/domain.h"
#include "sallyport/ip.h"

/* In the order of badness. */
enum sp_doctor_result {
	SP_DOCTOR_OK,
	SP_DOCTOR_UNKNOWN,
	SP_DOCTOR_WARNING,
	SP_DOCTOR_BAD
};

enum {
	SP_DOCTOR_ADDRESSES_MAX = 8,
	SP_DOCTOR_SELECTORS_MAX = 8,
	SP_DOCTOR_GROUP = 1 /* of every question */
};

struct sp_suffixes;

struct sp_doctor {
	struct sp_ctl *ctl;
	struct sp_dns *dns;	      /* NULL: could not be started */
	struct sp_suffixes *suffixes; /* NULL: none */
	/* As the command line has it. */
	const char *domain_given, *helo_given; /* NULL: not */
	const char *selectors[SP_DOCTOR_SELECTORS_MAX];
	size_t selector_count;
	uint16_t smtp_port;
	bool leaves_mta_alone;
	bool has_given_addresses;
	/* Found out by sp_doctor_own. */
	struct sp_ip addresses[SP_DOCTOR_ADDRESSES_MAX];
	size_t address_count;
	char helo[SP_DOMAIN_SIZE];   /* "" = not known */
	char domain[SP_DOMAIN_SIZE]; /* "" = not known */
	/* ... and by sp_doctor_mta: what the MTA calls itself. */
	char mta_name[SP_DOMAIN_SIZE];
	bool is_dns_silent;
	int64_t end_ms; /* monotonic: nothing is waited for after it */
	/* The report. */
	json_t *lines;
	enum sp_doctor_result worst;
};

/* ------------------------------------------------------------------ report */

/* Add a line: what was looked at (`about` may be NULL), and what was found.
 * Texts of strangers may be in it; they are made safe when printed. */
struct sp_doctor_subject {
	const char *what, *about;
};
void sp_doctor_say(struct sp_doctor *doctor, enum sp_doctor_result result,
		   struct sp_doctor_subject subject, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What to do about the line before. */
void sp_doctor_advise(struct sp_doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Print all lines; returns the exit code. */
int sp_doctor_report(const struct sp_doctor *doctor);

/* --------------------------------------------------------------------- DNS */

/* A question of the doctor's; its number in the batch. What is no name is
 * answered with NOT_ASKED. */
unsigned sp_doctor_ask(struct sp_dns_batch *batch, const char *name,
		       enum sp_dns_type type);
/* The same for the PTR of `ip`. */
unsigned sp_doctor_ask_ptr(struct sp_dns_batch *batch, const struct sp_ip *ip);

/* `ms` from now (monotonic), or the end of the examination. */
int64_t sp_doctor_deadline(const struct sp_doctor *doctor, int64_t ms);

/* Wait for all of `batch`, a bounded time; with a silent resolver not at all. */
void sp_doctor_wait(const struct sp_doctor *doctor, struct sp_dns_batch *batch);

/* Whether `answer` has `ip`. */
bool sp_doctor_has_ip(const struct sp_dns_answer *answer,
		      const struct sp_ip *ip);

/* What this host's address is among the doctor's; false when it is there
 * already, private though not asked for, or one too many. */
bool sp_doctor_add_address(struct sp_doctor *doctor, const struct sp_ip *ip);

/* ------------------------------------------------------------------- parts */

/* In this order: whoever comes later may need what was found before. */
void sp_doctor_daemon(struct sp_doctor *doctor);
void sp_doctor_mta(struct sp_doctor *doctor); /* its name */
void sp_doctor_own(struct sp_doctor *doctor); /* resolver, names, addresses */
void sp_doctor_relay(struct sp_doctor *doctor);
void sp_doctor_names(struct sp_doctor *doctor); /* PTR, HELO */
void sp_doctor_lists(struct sp_doctor *doctor);
void sp_doctor_domain(struct sp_doctor *doctor); /* MX, SPF, DKIM, DMARC */

#endif

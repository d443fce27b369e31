/*
 * Does the MTA relay for strangers? It is asked as one would ask: up to RCPT for
 * a recipient elsewhere, then RSET. No mail comes of it, for DATA is never said.
 *
 * Whom we ask is this very machine: loopback, and those of its outer addresses
 * that are its own. What it says to itself need not be what it says to others;
 * so an answer to somebody whom access.trusted-networks has is worth little, and
 * is told as that.
 */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/list.h"
#include "sallyport/sock.h"
#include "sallyport/text.h"
#include "smtp.h"

enum {
	SESSION_MS = 15000,
	SENDERS = 3
};

/* Where mail must not go (RFC 2606), and where it says so itself (null MX). */
#define ELSEWHERE "sallyport-doctor@example.org"

enum answer {
	REFUSED,
	DEFERRED, /* or nothing that says yes or no */
	ACCEPTED
};

struct inquiry {
	enum answer answer;
	struct sp_smtp_reply reply; /* that says so */
	char sender[SP_DOMAIN_SIZE + 16];
};

static enum answer answer_of(int code)
{
	if (code / 100 == 2)
		return ACCEPTED;
	/* 530: TLS or a login first, which says nothing of strangers' mail. */
	return code / 100 == 5 && code != 530 ? REFUSED : DEFERRED;
}

/* One transaction. */
static enum sp_err ask_from(struct sp_smtp *smtp, const char *sender,
			    struct inquiry *inquiry)
{
	struct sp_smtp_reply reply;
	char line[512];
	enum sp_err err;

	snprintf(line, sizeof(line), "MAIL FROM:<%s>", sender);
	err = sp_smtp_say(smtp, line, &reply);
	if (err == SP_OK && reply.code / 100 == 2)
		err = sp_smtp_say(smtp, "RCPT TO:<" ELSEWHERE ">", &reply);
	if (err != SP_OK)
		return err;
	if (!inquiry->reply.code || answer_of(reply.code) > inquiry->answer) {
		inquiry->answer = answer_of(reply.code);
		inquiry->reply = reply;
		sp_text_copy(inquiry->sender, sizeof(inquiry->sender), sender);
	}
	return sp_smtp_say(smtp, "RSET", &reply);
}

static enum sp_err greet(struct sp_smtp *smtp, const struct sp_ip *own,
			 struct sp_smtp_reply *reply_out)
{
	char address[SP_IP_TEXT_SIZE], line[128];

	snprintf(line, sizeof(line), "EHLO [%s%s]",
		 own->family == SP_IP_6 ? "IPv6:" : "",
		 sp_ip_format(own, address));
	return sp_smtp_say(smtp, line, reply_out);
}

/* All of a session; what is open is closed by the caller. */
static enum sp_err converse(struct sp_doctor *doctor, struct sp_smtp *smtp,
			    const struct sp_smtp_ends *ends,
			    struct inquiry *inquiry)
{
	char own[SP_DOMAIN_SIZE + 16];
	const char *senders[SENDERS] = { "", "sallyport-doctor@example.com",
					 own };
	enum sp_err err =
		sp_smtp_open(smtp, ends, sp_doctor_deadline(doctor, SESSION_MS),
			     &inquiry->reply);
	struct sp_smtp_reply bye;

	if (err != SP_OK || inquiry->reply.code / 100 != 2)
		return err;
	err = greet(smtp, &ends->own, &inquiry->reply);
	if (err != SP_OK || inquiry->reply.code / 100 != 2)
		return err;
	inquiry->reply.code = 0;
	/* Who trusts his own domain in MAIL FROM relays for all who say it. */
	snprintf(own, sizeof(own), "postmaster@%s", doctor->domain);
	for (size_t i = 0; i < SENDERS && err == SP_OK; i++)
		if (senders[i] != own || doctor->domain[0])
			err = ask_from(smtp, senders[i], inquiry);
	if (err == SP_OK)
		(void)sp_smtp_say(smtp, "QUIT", &bye);
	return err;
}

static void tell_acceptance(struct sp_doctor *doctor, const struct sp_ip *ip,
			    struct sp_doctor_subject subject,
			    const struct inquiry *inquiry)
{
	bool is_loopback = strcmp(subject.about, "127.0.0.1") == 0;

	if (!sp_list_find_ip(doctor->ctl->config->access.trusted_networks,
			     ip)) {
		sp_doctor_say(
			doctor, SP_DOCTOR_BAD, subject,
			"IT RELAYS: %s may send from <%s> to <%s> without "
			"a login, and is not in access.trusted-networks",
			subject.about, inquiry->sender, ELSEWHERE);
		sp_doctor_advise(doctor,
				 "if strangers may too, the server is an open "
				 "relay: see mynetworks and "
				 "smtpd_relay_restrictions (Postfix), "
				 "/etc/mail/access and FEATURE(`...relay...') "
				 "(Sendmail). If only this address may, add it "
				 "to access.trusted-networks");
		return;
	}
	sp_doctor_say(doctor, is_loopback ? SP_DOCTOR_OK : SP_DOCTOR_UNKNOWN,
		      subject,
		      "it relays for %s, which is trusted: that says nothing "
		      "of strangers",
		      subject.about);
	if (!is_loopback)
		sp_doctor_advise(doctor,
				 "to know about strangers, ask from a machine "
				 "elsewhere that is yours");
}

static void tell(struct sp_doctor *doctor, const struct sp_ip *ip,
		 struct sp_doctor_subject subject,
		 const struct inquiry *inquiry)
{
	switch (inquiry->answer) {
	case ACCEPTED:
		tell_acceptance(doctor, ip, subject, inquiry);
		break;
	case REFUSED:
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
			      "it does not relay: %d %s", inquiry->reply.code,
			      inquiry->reply.text);
		break;
	case DEFERRED:
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "it says neither yes nor no: %d %s",
			      inquiry->reply.code, inquiry->reply.text);
		break;
	}
}

static void ask_at(struct sp_doctor *doctor, const struct sp_ip *ip)
{
	char address[SP_IP_TEXT_SIZE];
	struct sp_doctor_subject subject = { "relay",
					     sp_ip_format(ip, address) };
	/* A greeting or an EHLO that is refused says nothing either. */
	struct inquiry inquiry = { .answer = DEFERRED };
	struct sp_smtp smtp = { .fd = -1 };
	enum sp_err err = converse(doctor, &smtp,
				   &(struct sp_smtp_ends){
					   .own = *ip,
					   .peer = *ip,
					   .port = doctor->smtp_port,
				   },
				   &inquiry);

	if (err == SP_OK || inquiry.answer == ACCEPTED)
		tell(doctor, ip, subject, &inquiry);
	else
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "port %u could not be asked: %s",
			      doctor->smtp_port,
			      err == SP_ERR_SYSTEM ? strerror(errno)
						   : sp_err_text(err));
	sp_smtp_close(&smtp);
}

static void loopback(struct sp_ip *ip_out)
{
	(void)sp_ip_parse("127.0.0.1", ip_out);
}

void sp_doctor_mta(struct sp_doctor *doctor)
{
	struct sp_smtp smtp = { .fd = -1 };
	struct sp_smtp_reply reply;
	struct sp_smtp_ends ends = { .port = doctor->smtp_port };
	char name[SP_DOMAIN_SIZE];

	if (doctor->leaves_mta_alone)
		return;
	loopback(&ends.peer);
	if (sp_smtp_open(&smtp, &ends, sp_doctor_deadline(doctor, SESSION_MS),
			 &reply) == SP_OK &&
	    reply.code == 220) {
		/* RFC 5321 section 4.2: its name is the first word. */
		sp_text_copy(name, sizeof(name), reply.text);
		name[strcspn(name, " ")] = '\0';
		(void)sp_domain_normalise(name, doctor->mta_name);
		(void)sp_smtp_say(&smtp, "QUIT", &reply);
	}
	sp_smtp_close(&smtp);
}

void sp_doctor_relay(struct sp_doctor *doctor)
{
	struct sp_ip ip;

	if (doctor->leaves_mta_alone)
		return;
	loopback(&ip);
	ask_at(doctor, &ip);
	for (size_t i = 0; i < doctor->address_count; i++) {
		char address[SP_IP_TEXT_SIZE];

		if (sp_ip_equals(&doctor->addresses[i], &ip))
			continue;
		if (sp_sock_is_own(&doctor->addresses[i])) {
			ask_at(doctor, &doctor->addresses[i]);
			continue;
		}
		sp_doctor_say(
			doctor, SP_DOCTOR_UNKNOWN,
			(struct sp_doctor_subject){
				"relay",
				sp_ip_format(&doctor->addresses[i], address) },
			"not an address of this machine: not asked");
	}
}

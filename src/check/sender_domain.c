/*
 * Can mail to the sender be delivered? A bounce of ours would have to go there.
 * MX is asked at MAIL; its follow-up asks for the addresses of the hosts, or of
 * the domain itself when it has no MX (RFC 5321 section 5.1).
 */
#include "sallyport/check.h"

#include <string.h>

#include "lookup.h"
#include "questions.h"
#include "sallyport/session.h"

static bool is_null_mx(const struct sp_dns_answer *mx)
{
	return mx->count == 1 && mx->records[0].length == 0;
}

/* On this thread or another: writes the lookup and asks, no more. */
static void on_mx(struct sp_dns_batch *batch,
		  const struct sp_dns_answer *answer, void *context)
{
	struct sp_session *session = context;
	struct sp_sender_lookup *lookup = &session->mail.sender_lookup;
	const char *domain = session->mail.sender_domain;
	struct sp_dns_name name;

	if (answer->status == SP_DNS_NODATA) {
		(void)sp_dns_name_domain(domain, strlen(domain), &name);
		lookup->a = sp_lookup_ask(batch, &name, SP_DNS_A, 0);
		lookup->aaaa = sp_lookup_ask(batch, &name, SP_DNS_AAAA, 0);
		return;
	}
	if (answer->status != SP_DNS_FOUND || is_null_mx(answer))
		return;
	for (size_t i = 0; i < answer->count && i < SP_MX_HOSTS_MAX; i++) {
		const struct sp_dns_record *record = &answer->records[i];

		(void)sp_dns_name_domain(record->text, record->length, &name);
		lookup->hosts[i] = sp_lookup_ask(batch, &name, SP_DNS_A, 0);
		lookup->host_count++;
	}
}

void sp_sender_domain_ask(struct sp_session *session,
			  const struct sp_dns_name *name)
{
	struct sp_dns_question question = {
		.name = name,
		.type = SP_DNS_MX,
		.groups = SP_GROUP_SENDER,
		.follow = on_mx,
		.context = session,
	};

	session->mail.sender_lookup.is_asked = true;
	session->mail.sender_lookup.mx =
		(uint8_t)sp_dns_ask(sp_lookup_of_mail(session), &question);
}

/* Whether addresses are known and all of them are private. A host that has
 * none, or was not answered for, is given the benefit of the doubt. */
static bool leads_to_private(const struct sp_mail *mail)
{
	const struct sp_sender_lookup *lookup = &mail->sender_lookup;
	bool has_address = false;

	for (unsigned host = 0; host < lookup->host_count; host++) {
		const struct sp_dns_answer *answer =
			sp_dns_answer_get(mail->batch, lookup->hosts[host]);

		if (answer->status != SP_DNS_FOUND)
			return false;
		for (size_t i = 0; i < answer->count; i++) {
			if (!sp_ip_is_private(&answer->records[i].ip))
				return false;
			has_address = true;
		}
	}
	return has_address;
}

static void judge_without_mx(const struct sp_mail *mail,
			     struct sp_sender_domain_fact *fact)
{
	const struct sp_dns_answer *a =
		sp_dns_answer_get(mail->batch, mail->sender_lookup.a);
	const struct sp_dns_answer *aaaa =
		sp_dns_answer_get(mail->batch, mail->sender_lookup.aaaa);

	if (a->status == SP_DNS_FOUND || aaaa->status == SP_DNS_FOUND) {
		fact->state = SP_FACT_KNOWN;
		fact->kind = SP_SENDER_DOMAIN_FINE;
	} else if (sp_dns_is_absent(a->status) &&
		   sp_dns_is_absent(aaaa->status)) {
		fact->state = SP_FACT_KNOWN;
		fact->kind = SP_SENDER_DOMAIN_NO_HOST;
	}
}

static void judge(const struct sp_mail *mail,
		  struct sp_sender_domain_fact *fact)
{
	const struct sp_dns_answer *mx =
		sp_dns_answer_get(mail->batch, mail->sender_lookup.mx);

	if (sp_dns_is_unknown(mx->status))
		return;
	if (mx->status == SP_DNS_NODATA) {
		judge_without_mx(mail, fact);
		return;
	}
	fact->state = SP_FACT_KNOWN;
	if (mx->status == SP_DNS_NXDOMAIN)
		fact->kind = SP_SENDER_DOMAIN_ABSENT;
	else if (is_null_mx(mx))
		fact->kind = SP_SENDER_DOMAIN_NULL_MX;
	else if (leads_to_private(mail))
		fact->kind = SP_SENDER_DOMAIN_PRIVATE_MX;
}

void sp_sender_domain_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_sender_domain_fact *fact = &mail->sender_domain_fact;

	if (!mail->sender_lookup.is_asked || fact->state == SP_FACT_KNOWN)
		return;
	*fact = (struct sp_sender_domain_fact){ .state = SP_FACT_UNKNOWN };
	if (sp_lookup_wait(session, mail->batch, SP_GROUP_SENDER, deadline_ms))
		judge(mail, fact);
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
}

#include "lookup.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

/* As many lists as there can be are all asked about every name. */
_Static_assert(1 + SP_RDNS_NAMES_MAX +
			       SP_DNSBL_MAX_ZONES *
				       (1 + SP_RHSBL_RDNS_NAMES_MAX) <=
		       SP_DNS_QUESTIONS_MAX,
	       "a batch holds what is asked of a connection");
_Static_assert(3 + SP_MX_HOSTS_MAX + SP_DNSBL_MAX_ZONES * 2 <=
		       SP_DNS_QUESTIONS_MAX,
	       "a batch holds what is asked of a mail");
_Static_assert(2 + SP_DNSBL_MAX_ZONES + SP_SPF_QUESTIONS_MAX <=
		       SP_DNS_QUESTIONS_MAX,
	       "a batch holds what is asked of a HELO name");
_Static_assert((int)SP_SPF_QUESTIONS_MAX <= SP_DNS_QUESTIONS_MAX,
	       "a batch holds what SPF asks of a sender");
_Static_assert(SP_DKIM_QUESTIONS_MAX + SP_DMARC_QUESTIONS_MAX <=
		       SP_DNS_QUESTIONS_MAX,
	       "a batch holds what is asked of an author");
/* The lookups of session.h keep numbers in one byte. */
_Static_assert(SP_DNS_NO_QUESTION <= UINT8_MAX, "a number fits");

static struct sp_dns_batch *batch_of(const struct sp_session *session,
				     struct sp_dns_batch **batch)
{
	if (!*batch && session->service->dns)
		*batch = sp_dns_batch_new(session->service->dns);
	return *batch;
}

struct sp_dns_batch *sp_lookup_of_connection(struct sp_session *session)
{
	return batch_of(session, &session->connection.batch);
}

struct sp_dns_batch *sp_lookup_of_helo(struct sp_session *session)
{
	return batch_of(session, &session->connection.helo_batch);
}

struct sp_dns_batch *sp_lookup_of_mail(struct sp_session *session)
{
	return batch_of(session, &session->mail.batch);
}

struct sp_dns_batch *sp_lookup_of_spf(struct sp_session *session)
{
	return batch_of(session, &session->mail.spf_batch);
}

struct sp_dns_batch *sp_lookup_of_author(struct sp_session *session)
{
	return batch_of(session, &session->mail.author_batch);
}

uint8_t sp_lookup_ask(struct sp_dns_batch *batch,
		      const struct sp_dns_name *name, enum sp_dns_type type,
		      uint32_t groups)
{
	return (uint8_t)sp_dns_ask(batch, &(struct sp_dns_question){
						  .name = name,
						  .type = type,
						  .groups = groups,
					  });
}

bool sp_lookup_wait(struct sp_session *session, struct sp_dns_batch *batch,
		    uint32_t groups, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	int64_t begun_us = sp_clock_mono_us();
	int64_t budget_us = session->service->config->budget.dns_ms * 1000;
	int64_t until_ms = (begun_us + budget_us - mail->dns_waited_us) / 1000;
	bool is_there;

	if (deadline_ms > until_ms)
		deadline_ms = until_ms;
	is_there = sp_dns_wait(batch, groups, deadline_ms);
	/* Only what we waited counts: a client may take its time between RCPT
	 * and its message, of which more is asked. */
	mail->dns_waited_us += sp_clock_mono_us() - begun_us;
	return is_there;
}

void sp_lookup_note_unknown(struct sp_session *session)
{
	session->mail.degraded |= SP_DEGRADED_DNS;
}

bool sp_lookup_has_address(const struct sp_dns_answer *answer,
			   const struct sp_ip *ip)
{
	if (answer->status != SP_DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer->count; i++)
		if (sp_ip_equals(&answer->records[i].ip, ip))
			return true;
	return false;
}

enum sp_dns_type sp_lookup_type_of(const struct sp_ip *ip)
{
	return ip->family == SP_IP_4 ? SP_DNS_A : SP_DNS_AAAA;
}

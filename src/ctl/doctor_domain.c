/* What a domain says of its mail: MX, SPF, DKIM, DMARC. */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/from.h"
#include "sallyport/spf.h"
#include "sallyport/text.h"

enum {
	MX_MAX = 10,
	DMARC_ROUNDS = 2, /* of questions */
	WAIT_MS = 8000
};

static bool is_unknown(struct sp_doctor *doctor,
		       struct sp_doctor_subject subject,
		       const struct sp_dns_answer *answer)
{
	if (!sp_dns_is_unknown(answer->status))
		return false;
	sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject, "DNS does not say");
	return true;
}

/* ---------------------------------------------------------------------- MX */

/* The domain's mail hosts and their addresses. */
struct mail_hosts {
	struct sp_dns_batch *batch;
	const struct sp_dns_answer *mx;
	unsigned a[MX_MAX], aaaa[MX_MAX];
	size_t count;
	const char *nowhere; /* one without an address; NULL: none */
	bool leads_here;
};

static void ask_hosts(const struct sp_doctor *doctor, struct mail_hosts *hosts)
{
	for (size_t i = 0; i < hosts->mx->count && i < MX_MAX; i++) {
		const char *name = hosts->mx->records[i].text;

		hosts->a[i] = sp_doctor_ask(hosts->batch, name, SP_DNS_A);
		hosts->aaaa[i] = sp_doctor_ask(hosts->batch, name, SP_DNS_AAAA);
		hosts->count++;
	}
	sp_doctor_wait(doctor, hosts->batch);
}

static void judge_hosts(const struct sp_doctor *doctor,
			struct mail_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct sp_dns_answer *a =
			sp_dns_answer_get(hosts->batch, hosts->a[i]);
		const struct sp_dns_answer *aaaa =
			sp_dns_answer_get(hosts->batch, hosts->aaaa[i]);

		if (sp_dns_is_absent(a->status) &&
		    sp_dns_is_absent(aaaa->status))
			hosts->nowhere = hosts->mx->records[i].text;
		for (size_t j = 0; j < doctor->address_count; j++)
			if (sp_doctor_has_ip(a, &doctor->addresses[j]) ||
			    sp_doctor_has_ip(aaaa, &doctor->addresses[j]))
				hosts->leads_here = true;
	}
}

static void tell_hosts(struct sp_doctor *doctor,
		       struct sp_doctor_subject subject,
		       const struct mail_hosts *hosts)
{
	if (hosts->nowhere) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "%s has no address", hosts->nowhere);
		sp_doctor_advise(doctor, "publish one, or take it off the MX");
	} else if (hosts->leads_here) {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
			      "mail for it comes here");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "mail for it goes to %s, which is not this host",
			      hosts->mx->records[0].text);
		sp_doctor_advise(doctor, "fine, if another machine takes its "
					 "mail; or tell --address");
	}
}

static void look_at_mx(struct sp_doctor *doctor)
{
	struct sp_doctor_subject subject = { "MX", doctor->domain };
	struct mail_hosts hosts = { .batch = sp_dns_batch_new(doctor->dns) };
	unsigned number = sp_doctor_ask(hosts.batch, doctor->domain, SP_DNS_MX);

	sp_doctor_wait(doctor, hosts.batch);
	hosts.mx = sp_dns_answer_get(hosts.batch, number);
	if (sp_dns_is_absent(hosts.mx->status) || hosts.mx->count == 0) {
		if (!is_unknown(doctor, subject, hosts.mx)) {
			sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
				      "it has none");
			sp_doctor_advise(doctor,
					 "without one bounces and answers find "
					 "no way back: publish \"%s. MX 10 "
					 "%s.\"",
					 doctor->domain,
					 doctor->helo[0] ? doctor->helo
							 : "HOST");
		}
	} else if (hosts.mx->records[0].length == 0) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "it says that it takes no mail (RFC 7505)");
		sp_doctor_advise(doctor, "a domain that sends should take "
					 "answers and bounces");
	} else {
		ask_hosts(doctor, &hosts);
		judge_hosts(doctor, &hosts);
		tell_hosts(doctor, subject, &hosts);
	}
	sp_dns_batch_free(&hosts.batch);
}

/* --------------------------------------------------------------------- SPF */

static void tell_spf(struct sp_doctor *doctor, const struct sp_ip *ip,
		     const struct sp_spf_outcome *outcome)
{
	char address[SP_IP_TEXT_SIZE];
	struct sp_doctor_subject subject = { "SPF for",
					     sp_ip_format(ip, address) };
	const char *mechanism = ip->family == SP_IP_4 ? "ip4" : "ip6";

	switch (outcome->result) {
	case SP_SPF_PASS:
		if (outcome->passes_world) {
			sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
				      "%s lets the whole world send (%s)",
				      doctor->domain, outcome->term);
			sp_doctor_advise(doctor,
					 "name your own addresses, then -all");
			return;
		}
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
			      "pass, by %s of %s", outcome->term,
			      doctor->domain);
		return;
	case SP_SPF_PENDING:
	case SP_SPF_TEMPERROR:
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "DNS does not say");
		return;
	case SP_SPF_NONE:
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "%s has no SPF record", doctor->domain);
		sp_doctor_advise(doctor, "publish \"v=spf1 %s:%s -all\"",
				 mechanism, address);
		return;
	case SP_SPF_PERMERROR:
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "the record cannot be evaluated: %s",
			      outcome->reason);
		sp_doctor_advise(doctor, "mend it: as it is it counts as none");
		return;
	case SP_SPF_NEUTRAL:
	case SP_SPF_FAIL:
	case SP_SPF_SOFTFAIL:
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "%s%s%s: %s does not let this host send",
			      sp_spf_result_text(outcome->result),
			      outcome->term[0] ? ", by " : "", outcome->term,
			      doctor->domain);
		sp_doctor_advise(doctor, "add %s:%s to its record", mechanism,
				 address);
		return;
	}
}

static void look_at_spf(struct sp_doctor *doctor, const struct sp_ip *ip)
{
	static const struct sp_spf_groups groups = { SP_DOCTOR_GROUP, 2 };
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	char sender[SP_SPF_SENDER_SIZE];
	struct sp_spf *spf;

	snprintf(sender, sizeof(sender), "postmaster@%s", doctor->domain);
	spf = sp_spf_new(&(struct sp_spf_request){
		.engine = SP_SPF_BUILTIN,
		.identity = SP_SPF_MAILFROM,
		.client = *ip,
		.helo = doctor->helo,
		.sender = sender,
		.receiver = doctor->helo,
		.time_sec = sp_ctl_now_ms(doctor->ctl) / 1000,
	});
	sp_spf_run(spf, batch, &groups);
	(void)sp_dns_wait(batch, SP_DOCTOR_GROUP,
			  sp_doctor_deadline(
				  doctor, doctor->is_dns_silent ? 0 : WAIT_MS));
	/* What is still on its way must not change what is looked at. */
	if (!sp_spf_is_done(spf)) {
		static const struct sp_spf_outcome pending = {
			.result = SP_SPF_PENDING,
		};

		tell_spf(doctor, ip, &pending);
	} else {
		tell_spf(doctor, ip, sp_spf_outcome_get(spf));
	}
	sp_dns_batch_free(&batch);
	sp_spf_free(&spf);
}

/* -------------------------------------------------------------------- DKIM */

static void tell_key(struct sp_doctor *doctor, struct sp_doctor_subject subject,
		     const struct sp_dkim_published *key)
{
	if (key->problem == SP_DKIM_TEMPERROR) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "DNS does not say");
	} else if (key->problem != SP_DKIM_NONE) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject, "%s",
			      key->reason);
		sp_doctor_advise(doctor, "publish the public key of the one "
					 "that signs");
	} else if (key->is_testing) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "an %s key of %u bits, for testing only",
			      key->type, key->bits);
		sp_doctor_advise(doctor, "signatures by it count as none: take "
					 "t=y off when you are done");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
			      "an %s key of %u bits", key->type, key->bits);
	}
}

static void look_at_key(struct sp_doctor *doctor, const char *selector)
{
	struct sp_doctor_subject subject = { "DKIM key", selector };
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	char name[2 * SP_DOMAIN_SIZE];
	struct sp_dkim_published key;
	unsigned number;

	snprintf(name, sizeof(name), "%s._domainkey.%s", selector,
		 doctor->domain);
	number = sp_doctor_ask(batch, name, SP_DNS_TXT);
	sp_doctor_wait(doctor, batch);
	sp_dkim_published_read(sp_dns_answer_get(batch, number), &key);
	tell_key(doctor, subject, &key);
	sp_dns_batch_free(&batch);
}

static void look_at_keys(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "DKIM key", NULL };

	for (size_t i = 0; i < doctor->selector_count; i++)
		look_at_key(doctor, doctor->selectors[i]);
	if (doctor->selector_count > 0)
		return;
	sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
		      "DNS does not tell which there are");
	sp_doctor_advise(doctor, "say yours: --selector NAME (s= of the "
				 "DKIM-Signature of mail that you send)");
}

/* ------------------------------------------------------------------- DMARC */

/* For sp_dmarc_answer_of: asked once each, PENDING until it is there. */
static const struct sp_dns_answer *answer_of(void *context,
					     const struct sp_dns_name *name,
					     enum sp_dns_type type)
{
	struct sp_dns_batch *batch = context;

	return sp_dns_answer_get(batch, sp_doctor_ask(batch, name->text, type));
}

static void evaluate(struct sp_doctor *doctor, struct sp_dmarc_outcome *outcome)
{
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	char value[SP_DOMAIN_SIZE + 16];
	struct sp_from from;
	const struct sp_dmarc_question question = {
		.from = &from,
		.suffixes = doctor->suffixes,
		.method = doctor->suffixes ? doctor->ctl->config->dmarc.method
					   : SP_ORGANISATION_TREE_WALK,
	};

	snprintf(value, sizeof(value), "postmaster@%s", doctor->domain);
	sp_from_init(&from);
	sp_from_add_field(&from, value, strlen(value));
	for (unsigned i = 0; i < DMARC_ROUNDS; i++) {
		sp_dmarc_evaluate(&question, answer_of, batch, outcome);
		sp_doctor_wait(doctor, batch);
	}
	sp_dmarc_evaluate(&question, answer_of, batch, outcome);
	sp_dns_batch_free(&batch);
}

static void tell_policy(struct sp_doctor *doctor,
			struct sp_doctor_subject subject,
			const struct sp_dmarc_outcome *outcome)
{
	const char *policy = sp_dmarc_policy_text(outcome->published);

	if (outcome->published == SP_DMARC_POLICY_NONE) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "p=none: forged mail is let pass (%s)",
			      outcome->policy_domain);
		sp_doctor_advise(doctor, "when your own mail passes "
					 "everywhere, go on to p=quarantine "
					 "and p=reject");
	} else if (outcome->record.is_testing) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "p=%s, but only testing (t=y)", policy);
		sp_doctor_advise(doctor, "take t=y off when you are done");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject, "p=%s (%s)",
			      policy, outcome->policy_domain);
	}
}

static void look_at_dmarc(struct sp_doctor *doctor)
{
	struct sp_doctor_subject subject = { "DMARC", doctor->domain };
	struct sp_dmarc_outcome outcome;

	evaluate(doctor, &outcome);
	switch (outcome.result) {
	case SP_DMARC_PASS:
	case SP_DMARC_FAIL: /* nobody was proven: a policy was found */
		tell_policy(doctor, subject, &outcome);
		return;
	case SP_DMARC_TEMPERROR:
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "DNS does not say");
		return;
	case SP_DMARC_NONE:
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "it has no DMARC record");
		sp_doctor_advise(doctor,
				 "publish \"_dmarc.%s. TXT v=DMARC1; p=none; "
				 "rua=mailto:...\" and read the reports",
				 doctor->domain);
		return;
	case SP_DMARC_PERMERROR:
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject, "%s",
			      outcome.reason);
		sp_doctor_advise(doctor, "mend the record");
		return;
	}
}

void sp_doctor_domain(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "domain", NULL };

	if (!doctor->domain[0]) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "not looked at: which is it?");
		sp_doctor_advise(doctor, "sallyport doctor DOMAIN");
		return;
	}
	look_at_mx(doctor);
	for (size_t i = 0; i < doctor->address_count; i++)
		look_at_spf(doctor, &doctor->addresses[i]);
	look_at_keys(doctor);
	look_at_dmarc(doctor);
}

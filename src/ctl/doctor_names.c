/* The names of this host's addresses, and the addresses of its name. */
#include "doctor.h"

#include <string.h>

#include "sallyport/generic_name.h"

enum {
	NAMES_MAX = 4, /* of one address that are followed */
	REASON_SIZE = 128
};

/* One address, its names, and their addresses. */
struct reverse {
	const struct sp_ip *ip;
	struct sp_doctor_subject subject;
	struct sp_dns_batch *batch;
	const struct sp_dns_answer *ptr;
	unsigned a[NAMES_MAX];
	size_t count;
};

static void ask_names(const struct sp_doctor *doctor, struct reverse *reverse)
{
	unsigned number = sp_doctor_ask_ptr(reverse->batch, reverse->ip);

	sp_doctor_wait(doctor, reverse->batch);
	reverse->ptr = sp_dns_answer_get(reverse->batch, number);
	if (reverse->ptr->status != SP_DNS_FOUND)
		return;
	for (size_t i = 0; i < reverse->ptr->count && i < NAMES_MAX; i++)
		reverse->a[reverse->count++] = sp_doctor_ask(
			reverse->batch, reverse->ptr->records[i].text,
			reverse->ip->family == SP_IP_4 ? SP_DNS_A
						       : SP_DNS_AAAA);
	sp_doctor_wait(doctor, reverse->batch);
}

/* The first name that leads back, and whether any might; NULL for none. */
static const char *confirmed_name(const struct reverse *reverse,
				  bool *is_unknown_out)
{
	*is_unknown_out = false;
	for (size_t i = 0; i < reverse->count; i++) {
		const struct sp_dns_answer *answer =
			sp_dns_answer_get(reverse->batch, reverse->a[i]);

		if (sp_doctor_has_ip(answer, reverse->ip))
			return reverse->ptr->records[i].text;
		if (sp_dns_is_unknown(answer->status))
			*is_unknown_out = true;
	}
	return NULL;
}

static bool has_name(const struct reverse *reverse, const char *name)
{
	for (size_t i = 0; i < reverse->count; i++)
		if (strcmp(reverse->ptr->records[i].text, name) == 0)
			return true;
	return false;
}

static void tell_confirmed(struct sp_doctor *doctor,
			   const struct reverse *reverse, const char *name)
{
	struct sp_generic_name generic;
	char reason[REASON_SIZE];

	sp_generic_name_judge(name, reverse->ip, &generic);
	if (generic.kind != SP_GENERIC_NO) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, reverse->subject,
			      "%s looks like a customer's line: %s", name,
			      sp_generic_name_reason(&generic, reason,
						     sizeof(reason)));
		sp_doctor_advise(doctor, "many servers distrust such names: "
					 "have your provider set your own");
		return;
	}
	sp_doctor_say(doctor, SP_DOCTOR_OK, reverse->subject,
		      "%s, which leads back", name);
}

static void judge_reverse(struct sp_doctor *doctor,
			  const struct reverse *reverse)
{
	bool is_unknown;
	const char *name = confirmed_name(reverse, &is_unknown);

	if (name) {
		tell_confirmed(doctor, reverse, name);
	} else if (sp_dns_is_unknown(reverse->ptr->status) || is_unknown) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, reverse->subject,
			      "DNS does not say");
	} else if (sp_dns_is_absent(reverse->ptr->status) ||
		   reverse->count == 0) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, reverse->subject,
			      "the address has no name");
		sp_doctor_advise(doctor,
				 "have your provider set its PTR record to %s; "
				 "large sites refuse mail without one",
				 doctor->helo[0] ? doctor->helo
						 : "the MTA's host name");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, reverse->subject,
			      "%s does not lead back to the address",
			      reverse->ptr->records[0].text);
		sp_doctor_advise(doctor,
				 "give that name an %s record with the "
				 "address, or have the PTR record changed",
				 reverse->ip->family == SP_IP_4 ? "A" : "AAAA");
	}
}

static void judge_helo(struct sp_doctor *doctor, const struct reverse *reverse,
		       const struct sp_dns_answer *answer)
{
	struct sp_doctor_subject subject = { "HELO name for",
					     reverse->subject.about };

	if (sp_dns_is_unknown(answer->status)) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "DNS does not say where %s leads", doctor->helo);
	} else if (!sp_doctor_has_ip(answer, reverse->ip)) {
		sp_doctor_say(doctor,
			      sp_dns_is_absent(answer->status)
				      ? SP_DOCTOR_BAD
				      : SP_DOCTOR_WARNING,
			      subject, "%s %s", doctor->helo,
			      sp_dns_is_absent(answer->status)
				      ? "has no such address"
				      : "leads to other addresses only");
		sp_doctor_advise(doctor,
				 "publish this address for the name, or have "
				 "the MTA say a name that leads here "
				 "(myhostname, confDOMAIN_NAME)");
	} else if (reverse->count > 0 && !has_name(reverse, doctor->helo)) {
		sp_doctor_say(doctor, SP_DOCTOR_WARNING, subject,
			      "%s is not the name of the address, %s",
			      doctor->helo, reverse->ptr->records[0].text);
		sp_doctor_advise(doctor, "best is one name for both");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject, "%s leads here",
			      doctor->helo);
	}
}

static void look_at(struct sp_doctor *doctor, const struct sp_ip *ip)
{
	char address[SP_IP_TEXT_SIZE];
	struct reverse reverse = {
		.ip = ip,
		.subject = { "PTR", sp_ip_format(ip, address) },
		.batch = sp_dns_batch_new(doctor->dns),
	};
	unsigned helo =
		sp_doctor_ask(reverse.batch, doctor->helo,
			      ip->family == SP_IP_4 ? SP_DNS_A : SP_DNS_AAAA);

	ask_names(doctor, &reverse);
	judge_reverse(doctor, &reverse);
	if (doctor->helo[0])
		judge_helo(doctor, &reverse,
			   sp_dns_answer_get(reverse.batch, helo));
	sp_dns_batch_free(&reverse.batch);
}

void sp_doctor_names(struct sp_doctor *doctor)
{
	for (size_t i = 0; i < doctor->address_count; i++)
		look_at(doctor, &doctor->addresses[i]);
}

/* Who this host is for the others: its resolver's health, names, addresses. */
#include "doctor.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/list.h"
#include "sallyport/organisation.h"
#include "sallyport/text.h"

enum {
	WAIT_MS = 6000 /* a little more than one question may take */
};

unsigned sp_doctor_ask(struct sp_dns_batch *batch, const char *name,
		       enum sp_dns_type type)
{
	struct sp_dns_name asked;

	(void)sp_dns_name_domain(name, strlen(name), &asked);
	return sp_dns_ask(batch, &(struct sp_dns_question){
					 .name = &asked,
					 .type = type,
					 .groups = SP_DOCTOR_GROUP,
				 });
}

unsigned sp_doctor_ask_ptr(struct sp_dns_batch *batch, const struct sp_ip *ip)
{
	struct sp_dns_name asked;

	(void)sp_dns_name_reverse(ip, NULL, &asked);
	return sp_dns_ask(batch, &(struct sp_dns_question){
					 .name = &asked,
					 .type = SP_DNS_PTR,
					 .groups = SP_DOCTOR_GROUP,
				 });
}

int64_t sp_doctor_deadline(const struct sp_doctor *doctor, int64_t ms)
{
	int64_t deadline_ms = sp_clock_mono_ms() + ms;

	return deadline_ms < doctor->end_ms ? deadline_ms : doctor->end_ms;
}

void sp_doctor_wait(const struct sp_doctor *doctor, struct sp_dns_batch *batch)
{
	(void)sp_dns_wait(batch, SP_DOCTOR_GROUP,
			  sp_doctor_deadline(
				  doctor, doctor->is_dns_silent ? 0 : WAIT_MS));
}

bool sp_doctor_has_ip(const struct sp_dns_answer *answer,
		      const struct sp_ip *ip)
{
	if (answer->status != SP_DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer->count; i++)
		if (sp_ip_equals(&answer->records[i].ip, ip))
			return true;
	return false;
}

bool sp_doctor_add_address(struct sp_doctor *doctor, const struct sp_ip *ip)
{
	if (doctor->address_count == SP_DOCTOR_ADDRESSES_MAX ||
	    (!doctor->has_given_addresses && sp_ip_is_private(ip)))
		return false;
	for (size_t i = 0; i < doctor->address_count; i++)
		if (sp_ip_equals(&doctor->addresses[i], ip))
			return false;
	doctor->addresses[doctor->address_count++] = *ip;
	return true;
}

/* The name that nobody may have: any answer will do. */
static void look_at_resolver(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "resolver", NULL };
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	unsigned number = sp_doctor_ask(batch, "sp-doctor.invalid", SP_DNS_A);
	enum sp_dns_status status;
	struct sp_dns_health health;

	sp_doctor_wait(doctor, batch);
	status = sp_dns_answer_get(batch, number)->status;
	sp_dns_health(doctor->dns, &health);
	doctor->is_dns_silent = sp_dns_is_unknown(status);
	if (!health.servers[0]) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "the system names none");
		sp_doctor_advise(doctor, "set dns.server, or %s",
				 doctor->ctl->config->dns.system_file);
	} else if (doctor->is_dns_silent) {
		sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
			      "%s does not answer (%s)", health.servers,
			      status == SP_DNS_PENDING
				      ? "timeout"
				      : sp_dns_status_text(status));
		sp_doctor_advise(doctor,
				 "what follows could mostly not be found out; "
				 "is it up, and may this host ask it?");
	} else {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject, "%s answers",
			      health.servers);
	}
	sp_dns_batch_free(&batch);
}

static void add_configured(struct sp_doctor *doctor)
{
	const struct sp_list *own = doctor->ctl->config->helo.own_addresses;

	for (size_t i = 0; i < sp_list_count(own); i++) {
		struct sp_network network;
		const char *text = sp_list_get(own, i)->text;

		if (sp_network_parse(text, &network) == SP_OK &&
		    network.prefix ==
			    (network.base.family == SP_IP_4 ? 32U : 128U))
			(void)sp_doctor_add_address(doctor, &network.base);
	}
}

static void add_interfaces(struct sp_doctor *doctor)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		struct sp_ip ip;

		sp_ip_from_sockaddr(one->ifa_addr, &ip, NULL);
		if (ip.family != SP_IP_NONE && one->ifa_flags & IFF_UP)
			(void)sp_doctor_add_address(doctor, &ip);
	}
	freeifaddrs(all);
}

static void add_answer(struct sp_doctor *doctor,
		       const struct sp_dns_answer *answer)
{
	for (size_t i = 0; answer->status == SP_DNS_FOUND && i < answer->count;
	     i++)
		(void)sp_doctor_add_address(doctor, &answer->records[i].ip);
}

static void add_addresses_of_name(struct sp_doctor *doctor)
{
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	unsigned a = sp_doctor_ask(batch, doctor->helo, SP_DNS_A);
	unsigned aaaa = sp_doctor_ask(batch, doctor->helo, SP_DNS_AAAA);

	sp_doctor_wait(doctor, batch);
	add_answer(doctor, sp_dns_answer_get(batch, a));
	add_answer(doctor, sp_dns_answer_get(batch, aaaa));
	sp_dns_batch_free(&batch);
}

static void find_addresses(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "addresses", NULL };
	char bytes[512], address[SP_IP_TEXT_SIZE];
	struct sp_text list;

	if (!doctor->has_given_addresses) {
		add_configured(doctor);
		add_interfaces(doctor);
		if (doctor->helo[0])
			add_addresses_of_name(doctor);
	}
	sp_text_init(&list, bytes, sizeof(bytes));
	for (size_t i = 0; i < doctor->address_count; i++)
		sp_text_addf(&list, "%s%s", i > 0 ? ", " : "",
			     sp_ip_format(&doctor->addresses[i], address));
	if (doctor->address_count > 0) {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject, "%s", bytes);
		return;
	}
	sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
		      "none that others could see was found");
	sp_doctor_advise(doctor,
			 "behind NAT, tell the outer one: --address, or "
			 "helo.own-addresses");
}

static const char *find_helo(struct sp_doctor *doctor,
			     char name_out[SP_DOMAIN_SIZE])
{
	name_out[0] = '\0';
	if (doctor->helo_given) {
		sp_text_copy(name_out, SP_DOMAIN_SIZE, doctor->helo_given);
		return "--helo";
	}
	if (doctor->ctl->config->hostname[0]) {
		sp_text_copy(name_out, SP_DOMAIN_SIZE,
			     doctor->ctl->config->hostname);
		return "hostname, in the configuration";
	}
	if (doctor->mta_name[0]) {
		sp_text_copy(name_out, SP_DOMAIN_SIZE, doctor->mta_name);
		return "what the MTA calls itself";
	}
	if (gethostname(name_out, SP_DOMAIN_SIZE - 1) == 0)
		name_out[SP_DOMAIN_SIZE - 1] = '\0';
	return "the system's host name";
}

static void find_names(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "host name", NULL };
	char name[SP_DOMAIN_SIZE];
	const char *source = find_helo(doctor, name);

	if (sp_domain_kind(name) == SP_DOMAIN_QUALIFIED &&
	    sp_domain_normalise(name, doctor->helo) == SP_OK) {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject, "%s (%s)",
			      doctor->helo, source);
	} else {
		/* The MTA's may be another one, where the system's is short. */
		sp_doctor_say(doctor,
			      doctor->mta_name[0] ? SP_DOCTOR_BAD
						  : SP_DOCTOR_UNKNOWN,
			      subject, "\"%s\" is no full host name (%s)", name,
			      source);
		sp_doctor_advise(doctor,
				 "the MTA must say one in HELO: myhostname "
				 "(Postfix), confDOMAIN_NAME (Sendmail); or "
				 "tell it: --helo");
	}
	if (doctor->domain_given)
		(void)sp_domain_normalise(doctor->domain_given, doctor->domain);
	else if (doctor->suffixes && doctor->helo[0])
		(void)sp_organisation_of(doctor->suffixes, doctor->helo,
					 doctor->domain);
}

void sp_doctor_own(struct sp_doctor *doctor)
{
	find_names(doctor);
	look_at_resolver(doctor);
	find_addresses(doctor);
}

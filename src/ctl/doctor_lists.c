/*
 * Each DNS list: does it answer us, and does it have us?
 *
 * A list that refuses our resolver is found by its test points (RFC 5782
 * section 5): what every list must list, and what none may.
 */
#include "doctor.h"

#include <string.h>

#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/text.h"

enum {
	NAMES_SIZE = 256
};

/* All lists of one kind. */
struct lists {
	const struct sp_dnsbl_rules *rules;
	bool is_domain;
	uint32_t well; /* bit i: zone i passed its test */
};

static void read_answer(struct sp_dns_batch *batch, unsigned number,
			struct sp_dnsbl_answer *answer_out)
{
	const struct sp_dns_answer *answer = sp_dns_answer_get(batch, number);

	memset(answer_out, 0, sizeof(*answer_out));
	if (sp_dns_is_absent(answer->status))
		answer_out->state = SP_DNSBL_ABSENT;
	else if (answer->status == SP_DNS_FOUND)
		answer_out->state = SP_DNSBL_FOUND;
	else
		answer_out->state = SP_DNSBL_FAILED;
	for (size_t i = 0;
	     i < answer->count && answer_out->count < SP_DNSBL_MAX_ADDRESSES;
	     i++) {
		const uint8_t *octets = answer->records[i].ip.bytes;

		if (answer->records[i].ip.family == SP_IP_4)
			answer_out->addresses[answer_out->count++] =
				(uint32_t)octets[0] << 24 |
				(uint32_t)octets[1] << 16 |
				(uint32_t)octets[2] << 8 | octets[3];
	}
}

static void tell_error(struct sp_doctor *doctor,
		       struct sp_doctor_subject subject,
		       enum sp_dnsbl_error error)
{
	bool is_silent = error == SP_DNSBL_SILENT;

	if (is_silent && doctor->is_dns_silent) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "not asked: there is no resolver");
		return;
	}
	sp_doctor_say(doctor, is_silent ? SP_DOCTOR_WARNING : SP_DOCTOR_BAD,
		      subject, "%s; it counts for nothing",
		      sp_dnsbl_error_text(error));
	sp_doctor_advise(doctor,
			 is_silent
				 ? "if it stays so, take it off dnsbl.lists or "
				   "dnsbl.domain-lists"
				 : "ask it by a resolver of your own, not a "
				   "public one (dns.server, or "
				   "dns.recursive), register with its "
				   "operator, or take it off the "
				   "configuration");
}

/* Both test points; true when the list is to be believed. */
static bool judge_points(struct sp_doctor *doctor,
			 struct sp_doctor_subject subject, const char *zone,
			 const struct sp_dnsbl_answer points[2])
{
	bool is_listed, is_unlisted_listed;
	enum sp_dnsbl_error error =
		sp_dnsbl_answer_judge(zone, &points[0], &is_listed);

	if (error == SP_DNSBL_FINE)
		error = sp_dnsbl_answer_judge(zone, &points[1],
					      &is_unlisted_listed);
	else
		is_unlisted_listed = false;
	if (error != SP_DNSBL_FINE) {
		tell_error(doctor, subject, error);
		return false;
	}
	if (is_listed && !is_unlisted_listed) {
		sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
			      "it answers, and as it should");
		return true;
	}
	sp_doctor_say(doctor, SP_DOCTOR_BAD, subject,
		      "%s; it counts for nothing",
		      is_listed ? "it lists everything"
				: "it does not list what every list must");
	sp_doctor_advise(doctor, "it may be closed: take it off the "
				 "configuration");
	return false;
}

static void test_zones(struct sp_doctor *doctor, struct lists *lists)
{
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	unsigned asked[SP_DNSBL_MAX_ZONES][2];

	for (size_t zone = 0; zone < lists->rules->zone_count; zone++) {
		struct sp_dnsbl_points points;

		sp_dnsbl_test_points(lists->rules->zones[zone],
				     lists->is_domain ? SP_DNSBL_DOMAIN
						      : SP_DNSBL_IPV4,
				     &points);
		asked[zone][0] = sp_doctor_ask(batch, points.listed, SP_DNS_A);
		asked[zone][1] =
			sp_doctor_ask(batch, points.unlisted, SP_DNS_A);
	}
	sp_doctor_wait(doctor, batch);
	for (size_t zone = 0; zone < lists->rules->zone_count; zone++) {
		const char *name = lists->rules->zones[zone];
		char shown[SP_DOMAIN_SIZE];
		struct sp_dnsbl_answer points[2];

		read_answer(batch, asked[zone][0], &points[0]);
		read_answer(batch, asked[zone][1], &points[1]);
		if (judge_points(
			    doctor,
			    (struct sp_doctor_subject){
				    "list", sp_dnsbl_zone_show(name, shown) },
			    name, points))
			lists->well |= UINT32_C(1) << zone;
	}
	sp_dns_batch_free(&batch);
}

/* Who is looked for: one address, or one name. */
struct sought {
	const char *text;
	const struct sp_ip *ip; /* NULL: a name */
};

static bool question(const struct sought *sought, const char *zone,
		     char name_out[SP_DOMAIN_SIZE])
{
	return (sought->ip ? sp_dnsbl_question(sought->ip, zone, name_out)
			   : sp_dnsbl_domain_question(sought->text, zone,
						      name_out)) == SP_OK;
}

/* What the list says of the entry, for its owner (RFC 5782 section 2.1). */
static void advise_listed(struct sp_doctor *doctor, const char *name)
{
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	unsigned number = sp_doctor_ask(batch, name, SP_DNS_TXT);
	const struct sp_dns_answer *answer;

	sp_doctor_wait(doctor, batch);
	answer = sp_dns_answer_get(batch, number);
	sp_doctor_advise(
		doctor,
		"stop what brought it there (sallyport user list), then have "
		"it removed by the list's operator%s%s",
		answer->count > 0 ? ", who says: " : "",
		answer->count > 0 ? answer->records[0].text : "");
	sp_dns_batch_free(&batch);
}

/* The rules of `zone` that hit; the sum of their weights. */
static double sum_hits(const struct sp_dnsbl_rules *rules, uint64_t hits,
		       size_t zone, struct sp_text *names)
{
	double sum = 0;

	for (size_t i = 0; i < rules->rule_count; i++) {
		if (rules->rules[i].zone != zone || !(hits >> i & 1))
			continue;
		sp_text_addf(names, "%s%s", names->length > 0 ? ", " : "",
			     rules->rules[i].name);
		sum += rules->rules[i].weight;
	}
	return sum;
}

/* Listed by rules that sum up to `weight`: negative is praise, and zero is what
 * an operator only wants to see. */
static enum sp_doctor_result tell_hit(struct sp_doctor *doctor,
				      const struct sought *sought,
				      const char *zone, const char *names,
				      double weight)
{
	struct sp_doctor_subject subject = {
		weight < 0 ? "praise of" : "listing of",
		sought->text,
	};
	enum sp_doctor_result result = SP_DOCTOR_OK;
	char shown[SP_DOMAIN_SIZE];

	if (weight >= 0)
		result = weight > 0 ? SP_DOCTOR_BAD : SP_DOCTOR_WARNING;
	sp_doctor_say(doctor, result, subject, "%s has it (%s)",
		      sp_dnsbl_zone_show(zone, shown), names);
	return result;
}

/* True when it is listed somewhere where nobody wants to be. */
static bool tell_hits(struct sp_doctor *doctor, const struct lists *lists,
		      const struct sought *sought,
		      const struct sp_dnsbl_fact *fact)
{
	bool is_bad = false;

	for (size_t zone = 0; zone < lists->rules->zone_count; zone++) {
		char names[NAMES_SIZE], name[SP_DOMAIN_SIZE];
		const char *zone_name = lists->rules->zones[zone];
		struct sp_text text;
		double weight;

		sp_text_init(&text, names, sizeof(names));
		weight = sum_hits(lists->rules, fact->hits, zone, &text);
		if (!names[0] || !question(sought, zone_name, name) ||
		    tell_hit(doctor, sought, zone_name, names, weight) ==
			    SP_DOCTOR_OK)
			continue;
		is_bad = true;
		advise_listed(doctor, name);
	}
	return is_bad;
}

static void look_for(struct sp_doctor *doctor, const struct lists *lists,
		     const struct sought *sought)
{
	struct sp_dnsbl_answer answers[SP_DNSBL_MAX_ZONES];
	struct sp_dns_batch *batch = sp_dns_batch_new(doctor->dns);
	struct sp_doctor_subject subject = { "listing of", sought->text };
	unsigned numbers[SP_DNSBL_MAX_ZONES];
	struct sp_dnsbl_fact fact;
	char name[SP_DOMAIN_SIZE];

	for (size_t zone = 0; zone < lists->rules->zone_count; zone++)
		numbers[zone] =
			question(sought, lists->rules->zones[zone], name)
				? sp_doctor_ask(batch, name, SP_DNS_A)
				: SP_DNS_NO_QUESTION;
	sp_doctor_wait(doctor, batch);
	for (size_t zone = 0; zone < lists->rules->zone_count; zone++)
		read_answer(batch, numbers[zone], &answers[zone]);
	sp_dnsbl_judge(lists->rules, answers, lists->well, &fact);
	if (!tell_hits(doctor, lists, sought, &fact)) {
		if (fact.answered_in & lists->well)
			sp_doctor_say(doctor, SP_DOCTOR_OK, subject,
				      "on no block list that answers");
		else
			sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
				      "no list could be asked");
	}
	sp_dns_batch_free(&batch);
}

static void look_for_addresses(struct sp_doctor *doctor)
{
	struct lists lists = { doctor->ctl->config->dnsbl.addresses, false, 0 };
	char address[SP_IP_TEXT_SIZE];

	if (lists.rules->zone_count == 0)
		return;
	test_zones(doctor, &lists);
	for (size_t i = 0; i < doctor->address_count; i++)
		look_for(doctor, &lists,
			 &(struct sought){
				 sp_ip_format(&doctor->addresses[i], address),
				 &doctor->addresses[i] });
}

static void look_for_names(struct sp_doctor *doctor)
{
	struct lists lists = { doctor->ctl->config->dnsbl.domains, true, 0 };

	if (lists.rules->zone_count == 0)
		return;
	test_zones(doctor, &lists);
	if (doctor->domain[0])
		look_for(doctor, &lists,
			 &(struct sought){ doctor->domain, NULL });
	if (doctor->helo[0] && strcmp(doctor->helo, doctor->domain) != 0)
		look_for(doctor, &lists,
			 &(struct sought){ doctor->helo, NULL });
}

void sp_doctor_lists(struct sp_doctor *doctor)
{
	static const struct sp_doctor_subject subject = { "lists", NULL };

	if (!doctor->ctl->config->dnsbl.is_enabled) {
		sp_doctor_say(doctor, SP_DOCTOR_UNKNOWN, subject,
			      "none is asked: dnsbl.enabled is false");
		return;
	}
	look_for_addresses(doctor);
	look_for_names(doctor);
}

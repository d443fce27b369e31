/*
 * libspf2.c - the same evaluation by libspf2, behind our parser and our limits.
 *
 * libspf2 asks and waits for each answer. Here it is run over the answers that
 * are there; at the first that is missing it is told that DNS fails, which ends
 * it at once, and is run again with the next answer. What it sees of strangers'
 * texts are addresses, and names of hosts where it compares them: see rewrite.h.
 * Its records are ours, so are the limits, and what a fail is explained by.
 */
#include "evaluation.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>

#include "rewrite.h"

enum {
	LOOKUPS_UNLIMITED = 1 << 20, /* we count them; it counts wrong */
	REFERENCE_SIZE = 64
};

/* One run. */
struct run {
	struct sp_spf *spf;
	enum sp_spf_step stopped;	    /* NO: it went to its end */
	const struct sp_spf_entry *checked; /* of this role, read last */
	/* Of the checked record `cut` only the terms before `end` count. */
	const struct sp_spf_entry *cut;
	size_t end;
	/* Of the mx term that is looked at: */
	size_t hosts_left;
	bool has_host;
};

struct verdict {
	enum sp_spf_result result;
	bool is_match; /* by a term, not by the end of the record */
};

/* ----------------------------------------------------------------- answers */

/* What ends a run is told by `stopped`; libspf2 only has to stop. */
static SPF_dns_stat_t end_run(struct run *run, enum sp_spf_step step)
{
	run->stopped = step;
	return TRY_AGAIN;
}

static SPF_dns_stat_t status_of(struct run *run, enum sp_spf_step step)
{
	if (step == SP_SPF_NO)
		return HOST_NOT_FOUND;
	return step == SP_SPF_YES ? NETDB_SUCCESS : end_run(run, step);
}

/* Room for one more record of `size` bytes. */
static void *add_record(SPF_dns_rr_t *rr, size_t size)
{
	if (size < sizeof(SPF_dns_rr_data_t))
		size = sizeof(SPF_dns_rr_data_t);
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, size) != SPF_E_SUCCESS)
		abort();
	return rr->rr[rr->num_rr++];
}

static void add_text(SPF_dns_rr_t *rr, const char *text)
{
	strcpy(add_record(rr, strlen(text) + 1), text);
}

static void add_address(SPF_dns_rr_t *rr, const struct sp_ip *ip)
{
	memcpy(add_record(rr, 0), ip->bytes, ip->family == SP_IP_6 ? 16 : 4);
}

static void add_addresses(SPF_dns_rr_t *rr, const struct sp_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		add_address(rr, &answer->records[i].ip);
}

/* ----------------------------------------------------------------- records */

/* A record that is come to, as check_host would. */
static void visit(struct run *run, const struct sp_spf_entry *entry,
		  enum sp_spf_role role)
{
	struct sp_spf_walk *walk = &run->spf->walk;
	struct sp_spf_entry *own = run->spf->entries[entry->number];

	if (role == SP_SPF_CHECKED) {
		run->checked = entry;
		walk->failed = entry->record;
		walk->failed_domain = &entry->name;
	}
	if (role != SP_SPF_OTHER && !own->is_summed) {
		own->is_summed = true;
		sp_spf_sum(walk, own->record);
	}
}

static SPF_dns_stat_t give_record(struct run *run, SPF_dns_rr_t *rr,
				  const struct sp_spf_reference *reference)
{
	const struct sp_spf_entry *entry = run->spf->entries[reference->entry];
	bool is_cut = entry == run->cut && reference->role == SP_SPF_CHECKED;
	char bytes[SP_SPF_REWRITTEN_SIZE];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	if (sp_spf_rewrite(run->spf, reference, is_cut ? run->end : SIZE_MAX,
			   &text) == SP_SPF_WAIT)
		return end_run(run, SP_SPF_WAIT);
	if (text.is_cut)
		abort(); /* a piece is shorter */
	add_text(rr, bytes);
	return NETDB_SUCCESS;
}

/* The role of what a record of `role` refers to by `term`; NULL: redirect. */
static enum sp_spf_role role_behind(enum sp_spf_role role,
				    const struct sp_spf_term *term)
{
	if (term == NULL)
		return role;
	return role != SP_SPF_OTHER && term->qualifier == SP_SPF_PASS
		       ? SP_SPF_GRANTS
		       : SP_SPF_OTHER;
}

static SPF_dns_stat_t give_other(struct run *run, SPF_dns_rr_t *rr,
				 const struct sp_dns_name *name,
				 enum sp_spf_role role)
{
	struct sp_spf_reference record = { .referent = SP_SPF_RECORD,
					   .role = role };
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_find(run->spf, name, &entry);

	if (step == SP_SPF_NO)
		run->spf->walk.reason = sp_spf_no_record;
	if (step != SP_SPF_YES)
		return status_of(run, step);
	visit(run, entry, role);
	record.entry = entry->number;
	return give_record(run, rr, &record);
}

/* ------------------------------------------------------------------- terms */

static SPF_dns_stat_t give_a(struct run *run, SPF_dns_rr_t *rr,
			     const struct sp_dns_name *name,
			     const struct sp_spf_term *term)
{
	struct sp_spf *spf = run->spf;
	struct sp_spf_entry *entry;
	enum sp_spf_step step =
		sp_spf_ask(spf, name, sp_spf_address_type(spf), &entry);

	if (step == SP_SPF_NO)
		return status_of(run, sp_spf_count_void(spf));
	if (step != SP_SPF_YES)
		return status_of(run, step);
	if (sp_spf_prefix_of(spf, term) > 0)
		add_addresses(rr, entry->answer);
	else if (entry->answer->count > 0)
		add_address(rr, &spf->macros.client);
	return NETDB_SUCCESS;
}

static SPF_dns_stat_t give_exists(struct run *run, SPF_dns_rr_t *rr,
				  const struct sp_dns_name *name)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_ask(run->spf, name, SP_DNS_A, &entry);

	if (step == SP_SPF_NO)
		return status_of(run, sp_spf_count_void(run->spf));
	if (step == SP_SPF_YES)
		add_address(rr, &(struct sp_ip){ SP_IP_4, { 127, 0, 0, 2 } });
	return status_of(run, step);
}

/* The names of an answer; is_any: any address will do for them. */
static void add_hosts(SPF_dns_rr_t *rr, const struct sp_spf_entry *entry,
		      bool is_any)
{
	struct sp_spf_reference host = {
		.referent = is_any ? SP_SPF_ANY_HOST : SP_SPF_HOST,
		.entry = entry->number,
	};
	const struct sp_dns_answer *answer = entry->answer;
	bool is_ptr = entry->type == SP_DNS_PTR;
	char bytes[REFERENCE_SIZE + SP_DOMAIN_SIZE];

	for (size_t i = 0; i < answer->count; i++) {
		const struct sp_dns_record *record = &answer->records[i];
		struct sp_dns_name name;
		struct sp_text text;

		if ((is_ptr && i == SP_SPF_PTR_MAX) ||
		    sp_dns_name_expanded(record->text, record->length, &name) !=
			    SP_OK)
			continue;
		host.index = (unsigned)i;
		sp_text_init(&text, bytes, sizeof(bytes));
		/* libspf2 compares the names of a PTR. */
		sp_spf_reference_write(&host, is_ptr ? name.text : "", &text);
		add_text(rr, bytes);
	}
}

static SPF_dns_stat_t give_mx(struct run *run, SPF_dns_rr_t *rr,
			      const struct sp_dns_name *name,
			      const struct sp_spf_term *term)
{
	struct sp_spf *spf = run->spf;
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_ask(spf, name, SP_DNS_MX, &entry);

	if (step == SP_SPF_NO)
		return status_of(run, sp_spf_count_void(spf));
	if (step == SP_SPF_YES)
		step = sp_spf_count_exchanges(spf, entry->answer);
	if (step != SP_SPF_YES)
		return status_of(run, step);
	add_hosts(rr, entry, sp_spf_prefix_of(spf, term) == 0);
	run->hosts_left = (size_t)rr->num_rr;
	run->has_host = false;
	if (run->hosts_left == 0)
		return status_of(run, sp_spf_count_void(spf));
	return NETDB_SUCCESS;
}

/* The client's names. An error is no match (RFC 7208 section 5.5). */
static enum sp_spf_step ask_names(struct sp_spf *spf,
				  struct sp_spf_entry **entry_out)
{
	struct sp_dns_name reverse;
	enum sp_spf_step step;

	(void)sp_dns_name_reverse(&spf->macros.client, NULL, &reverse);
	step = sp_spf_ask(spf, &reverse, SP_DNS_PTR, entry_out);
	if (step == SP_SPF_NO)
		return sp_spf_count_void(spf);
	return step == SP_SPF_TEMP ? SP_SPF_NO : step;
}

/* Of a ptr whose names cannot be what it wants. */
static SPF_dns_stat_t give_no_name(struct run *run)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step = ask_names(run->spf, &entry);

	return status_of(run, step == SP_SPF_YES ? SP_SPF_NO : step);
}

/* libspf2 asks for what a term refers to. */
static SPF_dns_stat_t give_target(struct run *run, SPF_dns_rr_t *rr,
				  const struct sp_spf_reference *reference)
{
	struct sp_spf *spf = run->spf;
	const struct sp_spf_entry *entry = spf->entries[reference->entry];
	const struct sp_spf_record *record = entry->record;
	const struct sp_spf_term *term =
		reference->index < record->count
			? &record->terms[reference->index]
			: NULL;
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (!sp_spf_count_lookup(spf))
		return end_run(run, SP_SPF_PERM);
	step = sp_spf_target(spf, &entry->name,
			     term != NULL ? term->domain : record->redirect,
			     &name);
	if (step != SP_SPF_YES) {
		spf->walk.reason = sp_spf_no_record;
		return status_of(run, step);
	}
	if (term == NULL || term->kind == SP_SPF_INCLUDE)
		return give_other(run, rr, &name,
				  role_behind(reference->role, term));
	if (term->kind == SP_SPF_A)
		return give_a(run, rr, &name, term);
	if (term->kind == SP_SPF_MX)
		return give_mx(run, rr, &name, term);
	if (term->kind == SP_SPF_EXISTS)
		return give_exists(run, rr, &name);
	return give_no_name(run);
}

/* ------------------------------------------------------------------- hosts */

static SPF_dns_stat_t give_names(struct run *run, SPF_dns_rr_t *rr)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step;

	if (!sp_spf_count_lookup(run->spf))
		return end_run(run, SP_SPF_PERM);
	step = ask_names(run->spf, &entry);
	if (step == SP_SPF_YES)
		add_hosts(rr, entry, false);
	return status_of(run, step);
}

/* Of an exchange: an mx is in vain when none of its exchanges has any. */
static SPF_dns_stat_t note_exchange(struct run *run, enum sp_spf_step step)
{
	run->hosts_left--;
	run->has_host = run->has_host || step == SP_SPF_YES;
	if (step == SP_SPF_NO && run->hosts_left == 0 && !run->has_host)
		step = sp_spf_count_void(run->spf);
	return status_of(run, step);
}

static SPF_dns_stat_t give_host(struct run *run, SPF_dns_rr_t *rr,
				const struct sp_spf_reference *reference)
{
	struct sp_spf *spf = run->spf;
	const struct sp_spf_entry *names = spf->entries[reference->entry];
	const struct sp_dns_record *record =
		&names->answer->records[reference->index];
	struct sp_spf_entry *entry;
	struct sp_dns_name name;
	enum sp_spf_step step;

	(void)sp_dns_name_expanded(record->text, record->length, &name);
	step = sp_spf_ask(spf, &name, sp_spf_address_type(spf), &entry);
	if (step == SP_SPF_WAIT)
		sp_spf_ask_names_ahead(spf, names);
	if (step == SP_SPF_YES && reference->referent == SP_SPF_HOST)
		add_addresses(rr, entry->answer);
	else if (step == SP_SPF_YES && entry->answer->count > 0)
		add_address(rr, &spf->macros.client);
	if (names->type == SP_DNS_MX)
		return note_exchange(run, step);
	return step == SP_SPF_TEMP ? HOST_NOT_FOUND : status_of(run, step);
}

/* --------------------------------------------------------------------- run */

static SPF_dns_stat_t give(struct run *run, SPF_dns_rr_t *rr, const char *name)
{
	struct sp_spf_reference reference;

	/* Nobody publishes this type any more (RFC 7208 section 3.1). */
	if (rr->rr_type == ns_t_spf)
		return NO_DATA;
	if (rr->rr_type == ns_t_ptr)
		return give_names(run, rr);
	if (!sp_spf_reference_read(name, &reference))
		return end_run(run, SP_SPF_PERM); /* it asks for nothing else */
	switch (reference.referent) {
	case SP_SPF_RECORD:
		return give_record(run, rr, &reference);
	case SP_SPF_TARGET:
		return give_target(run, rr, &reference);
	case SP_SPF_HOST:
	case SP_SPF_ANY_HOST:
		break;
	}
	return give_host(run, rr, &reference);
}

/* libspf2's resolver. */
static SPF_dns_rr_t *look_up(SPF_dns_server_t *server, const char *name,
			     ns_type type, int should_cache)
{
	struct run *run = server->hook;
	SPF_dns_rr_t *rr =
		SPF_dns_rr_new_init(server, name, type, 0, TRY_AGAIN);

	(void)should_cache;
	if (rr == NULL)
		abort();
	if (run->stopped == SP_SPF_NO)
		rr->herrno = give(run, rr, name);
	return rr;
}

static enum sp_spf_result result_of(const struct run *run,
				    SPF_response_t *response)
{
	switch (run->stopped) {
	case SP_SPF_WAIT:
		return SP_SPF_PENDING;
	case SP_SPF_TEMP:
		return SP_SPF_TEMPERROR;
	case SP_SPF_PERM:
		return SP_SPF_PERMERROR;
	default:
		break;
	}
	switch (SPF_response_result(response)) {
	case SPF_RESULT_PASS:
		return SP_SPF_PASS;
	case SPF_RESULT_FAIL:
		return SP_SPF_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return SP_SPF_SOFTFAIL;
	case SPF_RESULT_NEUTRAL:
		return SP_SPF_NEUTRAL;
	default:
		break;
	}
	if (run->spf->walk.reason == NULL)
		run->spf->walk.reason =
			SPF_strerror(SPF_response_errcode(response));
	return SP_SPF_PERMERROR;
}

static void set_client(SPF_request_t *request, const struct sp_ip *client)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (client->family == SP_IP_6) {
		memcpy(&ipv6, client->bytes, sizeof(ipv6));
		(void)SPF_request_set_ipv6(request, ipv6);
	} else {
		memcpy(&ipv4, client->bytes, sizeof(ipv4));
		(void)SPF_request_set_ipv4(request, ipv4);
	}
}

/* Whose record is `checked`; the name is one that it asks us for. */
static SPF_request_t *new_request(SPF_server_t *server, const struct run *run,
				  const struct sp_spf_entry *checked)
{
	struct sp_spf_reference record = { .referent = SP_SPF_RECORD,
					   .role = SP_SPF_CHECKED,
					   .entry = checked->number };
	SPF_request_t *request = SPF_request_new(server);
	char sender[REFERENCE_SIZE];
	struct sp_text text;

	sp_text_init(&text, sender, sizeof(sender));
	sp_text_add(&text, "postmaster@");
	sp_spf_reference_write(&record, "", &text);
	if (request == NULL || SPF_request_set_env_from(request, sender) != 0)
		abort();
	set_client(request, &run->spf->macros.client);
	return request;
}

static struct verdict evaluate(struct run *run,
			       const struct sp_spf_entry *checked)
{
	SPF_dns_server_t resolver = { .lookup = look_up,
				      .name = "sallyport",
				      .hook = run };
	SPF_server_t *server = SPF_server_new_dns(&resolver, 0);
	SPF_response_t *response = NULL;
	struct verdict verdict;
	SPF_request_t *request;

	if (server == NULL)
		abort();
	(void)SPF_server_set_max_dns_mech(server, LOOKUPS_UNLIMITED);
	request = new_request(server, run, checked);
	visit(run, checked, SP_SPF_CHECKED);
	(void)SPF_request_query_mailfrom(request, &response);
	if (response == NULL)
		abort();
	verdict = (struct verdict){
		.result = result_of(run, response),
		.is_match = SPF_response_reason(response) == SPF_REASON_MECH,
	};
	SPF_response_free(response);
	SPF_request_free(request);
	SPF_server_free(server);
	return verdict;
}

/* libspf2 does not say which term matched: it is the last of the fewest that
 * are enough. All answers are there. */
static struct sp_spf_slice find_term(struct sp_spf *spf,
				     const struct sp_spf_entry *first,
				     const struct sp_spf_entry *last)
{
	struct sp_spf_walk walk = spf->walk;
	size_t low = 0, high = last->record->count;

	while (high - low > 1) {
		struct run run = { .spf = spf,
				   .cut = last,
				   .end = (low + high) / 2 };

		spf->walk = (struct sp_spf_walk){ 0 };
		if (evaluate(&run, first).is_match)
			high = run.end;
		else
			low = run.end;
	}
	spf->walk = walk;
	if (high == 0)
		return (struct sp_spf_slice){ NULL, 0 };
	return last->record->terms[high - 1].text;
}

/* Side by side, what the records that are there would ask. */
static void look_ahead(struct sp_spf *spf, const struct run *run,
		       const struct sp_spf_entry *first)
{
	spf->walk.lookups = 0;
	sp_spf_look_ahead(spf, &first->name, first->record, 0);
	sp_spf_explain_ahead(spf, &run->checked->name, run->checked->record);
}

enum sp_spf_result sp_spf_walk_libspf2(struct sp_spf *spf)
{
	struct run run = { .spf = spf };
	struct sp_spf_entry *first;
	enum sp_spf_step step = sp_spf_find(spf, &spf->domain, &first);
	struct verdict verdict;

	if (step == SP_SPF_NO)
		return SP_SPF_NONE;
	if (step != SP_SPF_YES)
		return sp_spf_error_of(step);
	verdict = evaluate(&run, first);
	if (verdict.result == SP_SPF_PENDING)
		look_ahead(spf, &run, first);
	else if (run.stopped == SP_SPF_NO && verdict.is_match)
		spf->walk.term = find_term(spf, first, run.checked);
	return verdict.result;
}

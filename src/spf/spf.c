#include "sallyport/spf.h"

#include <stdlib.h>
#include <string.h>

#include "evaluation.h"

enum {
	/* Longer ones are nobody's: an address has 320 characters at most. */
	SENDER_MAX = 500,
	WORLD_IP4 = 1 << 24
};

static const uint64_t WORLD_IP6 = UINT64_C(1) << 48; /* /64s of a /16 */

const char *sp_spf_result_text(enum sp_spf_result result)
{
	static const char *const texts[] = {
		[SP_SPF_PENDING] = "pending",
		[SP_SPF_NONE] = "none",
		[SP_SPF_NEUTRAL] = "neutral",
		[SP_SPF_PASS] = "pass",
		[SP_SPF_FAIL] = "fail",
		[SP_SPF_SOFTFAIL] = "softfail",
		[SP_SPF_TEMPERROR] = "temperror",
		[SP_SPF_PERMERROR] = "permerror",
	};

	if ((size_t)result >= sizeof(texts) / sizeof(texts[0]))
		return "unknown";
	return texts[result];
}

/* -------------------------------------------------------------------- walk */

/* Whose record is walked. */
struct host {
	bool is_checked; /* the domain in question, or what it redirects to */
	bool grants;	 /* a pass here is a pass of the whole */
};

static enum sp_spf_result check_host(struct sp_spf *spf,
				     const struct sp_dns_name *domain,
				     struct host host);

enum sp_spf_result sp_spf_error_of(enum sp_spf_step step)
{
	if (step == SP_SPF_WAIT)
		return SP_SPF_PENDING;
	return step == SP_SPF_TEMP ? SP_SPF_TEMPERROR : SP_SPF_PERMERROR;
}

/* Check another domain in the course of this one's check. */
static enum sp_spf_result check_other(struct sp_spf *spf,
				      const struct sp_dns_name *domain,
				      struct sp_spf_slice spec,
				      struct host host)
{
	enum sp_spf_result result = SP_SPF_NONE;
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (!sp_spf_count_lookup(spf))
		return SP_SPF_PERMERROR;
	step = sp_spf_target(spf, domain, spec, &name);
	if (step == SP_SPF_WAIT)
		return SP_SPF_PENDING;
	if (step == SP_SPF_YES)
		result = check_host(spf, &name, host);
	if (result != SP_SPF_NONE)
		return result;
	spf->walk.reason = sp_spf_no_record;
	return SP_SPF_PERMERROR;
}

static enum sp_spf_step match_include(struct sp_spf *spf,
				      const struct sp_dns_name *domain,
				      const struct sp_spf_term *term,
				      bool grants)
{
	struct host host = {
		.grants = grants && term->qualifier == SP_SPF_PASS,
	};

	switch (check_other(spf, domain, term->domain, host)) {
	case SP_SPF_PASS:
		return SP_SPF_YES;
	case SP_SPF_PENDING:
		return SP_SPF_WAIT;
	case SP_SPF_TEMPERROR:
		return SP_SPF_TEMP;
	case SP_SPF_PERMERROR:
		return SP_SPF_PERM;
	default:
		return SP_SPF_NO;
	}
}

static enum sp_spf_result matched(struct sp_spf *spf,
				  const struct sp_spf_entry *entry,
				  const struct sp_spf_term *term,
				  struct host host)
{
	if (host.is_checked) {
		spf->walk.term = term->text;
		spf->walk.failed = entry->record;
		spf->walk.failed_domain = &entry->name;
	}
	return term->qualifier;
}

static enum sp_spf_result walk_terms(struct sp_spf *spf,
				     const struct sp_spf_entry *entry,
				     struct host host)
{
	const struct sp_spf_record *record = entry->record;

	for (size_t i = 0; i < record->count; i++) {
		const struct sp_spf_term *term = &record->terms[i];
		enum sp_spf_step step =
			term->kind == SP_SPF_INCLUDE
				? match_include(spf, &entry->name, term,
						host.grants)
				: sp_spf_match(spf, &entry->name, term);

		if (step == SP_SPF_WAIT)
			sp_spf_look_ahead(spf, &entry->name, record, i + 1);
		if (step == SP_SPF_WAIT && host.is_checked)
			sp_spf_explain_ahead(spf, &entry->name, record);
		if (step == SP_SPF_YES)
			return matched(spf, entry, term, host);
		if (step != SP_SPF_NO)
			return sp_spf_error_of(step);
	}
	if (record->redirect.length == 0)
		return SP_SPF_NEUTRAL;
	return check_other(spf, &entry->name, record->redirect, host);
}

/* RFC 7208 section 4. */
static enum sp_spf_result check_host(struct sp_spf *spf,
				     const struct sp_dns_name *domain,
				     struct host host)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_find(spf, domain, &entry);

	if (step == SP_SPF_NO)
		return SP_SPF_NONE;
	if (step != SP_SPF_YES)
		return sp_spf_error_of(step);
	if (host.grants && !entry->is_summed) {
		entry->is_summed = true;
		sp_spf_sum(&spf->walk, entry->record);
	}
	return walk_terms(spf, entry, host);
}

/* ----------------------------------------------------------------- outcome */

static void conclude(struct sp_spf *spf, enum sp_spf_result result)
{
	const struct sp_spf_walk *walk = &spf->walk;
	struct sp_spf_outcome *outcome = &spf->outcome;
	bool is_error =
		result == SP_SPF_TEMPERROR || result == SP_SPF_PERMERROR;

	if (walk->term.length > 0)
		outcome->term = sp_spf_safe(&spf->kept, walk->term.text,
					    walk->term.length);
	if (is_error && walk->reason != NULL)
		outcome->reason = sp_spf_safe(&spf->kept, walk->reason,
					      strlen(walk->reason));
	if (result == SP_SPF_PASS) {
		outcome->passes_ip4 = walk->ip4;
		outcome->passes_ip6 = walk->ip6;
		outcome->passes_world = walk->is_world ||
					walk->ip4 > WORLD_IP4 ||
					walk->ip6 > WORLD_IP6;
	}
	outcome->lookups = walk->lookups;
	outcome->voids = walk->voids;
	outcome->questions = spf->needed;
	outcome->result = result;
	atomic_store(&spf->is_done, true);
}

static bool is_of_this_host(const struct sp_ip *client)
{
	static const struct sp_ip loopback = { SP_IP_6, { [15] = 1 } };

	return (client->family == SP_IP_4 && client->bytes[0] == 127) ||
	       sp_ip_equals(client, &loopback);
}

static enum sp_spf_result evaluate(struct sp_spf *spf)
{
	if (spf->domain.text[0] == '\0')
		return SP_SPF_NONE;
	if (spf->engine == SP_SPF_LIBSPF2 &&
	    !is_of_this_host(&spf->macros.client))
		return sp_spf_walk_libspf2(spf);
	return check_host(spf, &spf->domain, (struct host){ true, true });
}

static void walk(struct sp_spf *spf)
{
	enum sp_spf_result result;

	spf->walk = (struct sp_spf_walk){ 0 };
	for (unsigned i = 0; i < spf->count; i++)
		spf->entries[i]->is_summed = false;
	result = evaluate(spf);
	if (result != SP_SPF_PENDING)
		conclude(spf, result);
}

/* The result first: nobody waits for what is said of it. */
static void advance(struct sp_spf *spf)
{
	const char *explanation = "";

	if (!sp_spf_is_done(spf))
		walk(spf);
	if (!sp_spf_is_done(spf) || (spf->outcome.result == SP_SPF_FAIL &&
				     !sp_spf_explain(spf, &explanation)))
		return;
	atomic_store(&spf->explanation, explanation);
	spf->is_explained = true;
}

/* What is still asked has its entry. */
static void give_back(struct sp_spf *spf)
{
	if (!spf->is_explained || spf->open > 0)
		return;
	sp_arena_clear(&spf->arena);
	spf->entries = NULL;
}

/* ---------------------------------------------------------------- interface */

static const char *copy(struct sp_spf *spf, const char *text, size_t length)
{
	const char *copied = sp_arena_copy(
		&spf->arena, text, length < SENDER_MAX ? length : SENDER_MAX);

	if (copied == NULL)
		abort();
	return copied;
}

/* "postmaster" stands in for a local part that is missing. */
static void take_sender(struct sp_spf *spf, const char *sender,
			const char *helo)
{
	struct sp_spf_macros *macros = &spf->macros;
	const char *at = strrchr(sender, '@');
	const char *domain = at != NULL ? at + 1 : sender;
	const char *local = "postmaster";
	size_t length = sizeof("postmaster") - 1;
	char bytes[SENDER_MAX + 1];
	struct sp_text text;

	if (sender[0] == '\0')
		domain = helo;
	if (at != NULL && at > sender) {
		local = sender;
		length = (size_t)(at - sender);
	}
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_text_add_bytes(&text, local, length);
	sp_text_add(&text, "@");
	sp_text_add(&text, domain);
	macros->local = copy(spf, local, length);
	macros->sender_domain = copy(spf, domain, strlen(domain));
	macros->sender = copy(spf, bytes, text.length);
	/* RFC 7208 section 4.3: what is no host name has no record. */
	if (text.is_cut ||
	    sp_dns_name_domain(domain, strlen(domain), &spf->domain) != SP_OK ||
	    strchr(spf->domain.text, '.') == NULL)
		spf->domain.text[0] = '\0';
}

static void take_client(struct sp_spf *spf, const struct sp_ip *client)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sp_ip *own = &spf->macros.client;

	*own = *client;
	if (client->family == SP_IP_NONE)
		spf->domain.text[0] = '\0';
	if (client->family != SP_IP_6 ||
	    memcmp(client->bytes, mapped, sizeof(mapped)) != 0)
		return;
	*own = (struct sp_ip){ .family = SP_IP_4 };
	memcpy(own->bytes, client->bytes + sizeof(mapped), 4);
}

struct sp_spf *sp_spf_new(const struct sp_spf_request *request)
{
	struct sp_spf *spf = calloc(1, sizeof(*spf));
	bool is_helo = request->identity == SP_SPF_HELO;

	if (spf == NULL)
		abort();
	spf->engine = request->engine;
	sp_arena_init(&spf->arena, SP_SPF_BYTES_MAX);
	sp_arena_init(&spf->kept, SP_SPF_BYTES_MAX);
	spf->entries = sp_arena_alloc(
		&spf->arena, SP_SPF_QUESTIONS_MAX * sizeof(*spf->entries));
	if (spf->entries == NULL)
		abort();
	spf->macros.helo = copy(spf, request->helo, strlen(request->helo));
	spf->macros.receiver =
		copy(spf, request->receiver, strlen(request->receiver));
	spf->macros.time_sec = request->time_sec;
	take_sender(spf, is_helo ? "" : request->sender, request->helo);
	take_client(spf, &request->client);
	spf->outcome = (struct sp_spf_outcome){
		.domain = spf->domain.text,
		.term = "",
		.reason = "",
	};
	atomic_init(&spf->is_done, false);
	atomic_init(&spf->explanation, "");
	advance(spf);
	give_back(spf);
	return spf;
}

void sp_spf_free(struct sp_spf **spf)
{
	if (*spf == NULL)
		return;
	sp_arena_clear(&(*spf)->arena);
	sp_arena_clear(&(*spf)->kept);
	free(*spf);
	*spf = NULL;
}

bool sp_spf_next(struct sp_spf *spf, struct sp_spf_question *question_out)
{
	const struct sp_spf_entry *entry;

	if (spf->is_explained || spf->taken == spf->count)
		return false;
	entry = spf->entries[spf->taken++];
	spf->open++;
	*question_out = (struct sp_spf_question){
		.number = entry->number,
		.name = &entry->name,
		.type = entry->type,
	};
	return true;
}

void sp_spf_answer(struct sp_spf *spf, unsigned number,
		   const struct sp_dns_answer *answer)
{
	if (spf->entries == NULL || number >= spf->taken ||
	    spf->entries[number]->answer != NULL ||
	    answer->status == SP_DNS_PENDING)
		return;
	spf->entries[number]->answer = answer;
	spf->open--;
	if (!spf->is_explained)
		advance(spf);
	give_back(spf);
}

const struct sp_spf_outcome *sp_spf_outcome_get(const struct sp_spf *spf)
{
	return &spf->outcome;
}

bool sp_spf_is_done(const struct sp_spf *spf)
{
	return atomic_load(&spf->is_done);
}

const char *sp_spf_explanation_get(const struct sp_spf *spf)
{
	return atomic_load(&spf->explanation);
}

#include "sallyport/dkim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "claim.h"
#include "fields.h"
#include "key.h"
#include "verify.h"

enum {
	CLAIMS_BYTES_MAX = 2 * 1024 * 1024 /* 256 of 4 KB of h=, and the rest */
};

static const char signature_name[] = "DKIM-Signature";

/* One DKIM-Signature field. */
struct entry {
	struct entry *next;
	struct sp_dkim_field *field; /* NULL: not kept */
	struct sp_dkim_claim claim;
	unsigned question; /* SP_DKIM_QUESTIONS_MAX: none */
	unsigned body;	   /* the form that it covers */
	bool is_header_good;
	int rank; /* lower ones are evaluated first */
};

struct question {
	struct sp_dns_name name;
	bool is_taken;
	struct sp_dkim_key *key; /* NULL: no answer yet */
};

struct sp_dkim {
	int64_t now_sec;
	struct sp_dkim_fields fields;
	struct sp_arena arena; /* entries, questions, keys */
	struct entry *first;
	struct entry *last;
	unsigned seen;	   /* DKIM-Signature fields */
	bool has_too_long; /* one of them is not shown to the library */
	struct question *questions; /* NULL before the first */
	unsigned question_count;
	unsigned taken;
	/* Since sp_dkim_end_headers. */
	struct entry *chosen[SP_DKIM_SIGNATURES_MAX];
	size_t chosen_count;
	struct sp_dkim_verify *verify; /* NULL: nothing to verify */
	/* The forms of the body that are signed; NULL behind them, and where
	 * there is no memory. */
	struct sp_dkim_body *bodies[SP_DKIM_SIGNATURES_MAX];
	struct sp_dkim_form forms[SP_DKIM_SIGNATURES_MAX];
	unsigned body_count;
};

const char *sp_dkim_result_text(enum sp_dkim_result result)
{
	static const char *const texts[] = {
		[SP_DKIM_NONE] = "none",
		[SP_DKIM_PASS] = "pass",
		[SP_DKIM_FAIL] = "fail",
		[SP_DKIM_POLICY] = "policy",
		[SP_DKIM_NEUTRAL] = "neutral",
		[SP_DKIM_TEMPERROR] = "temperror",
		[SP_DKIM_PERMERROR] = "permerror",
	};

	if ((size_t)result >= sizeof(texts) / sizeof(texts[0]))
		return "none";
	return texts[result];
}

struct sp_dkim *sp_dkim_new(int64_t now_sec)
{
	struct sp_dkim *dkim = calloc(1, sizeof(*dkim));

	if (dkim == NULL)
		abort();
	dkim->now_sec = now_sec;
	sp_dkim_fields_init(&dkim->fields);
	sp_arena_init(&dkim->arena, CLAIMS_BYTES_MAX);
	return dkim;
}

static void free_bodies(struct sp_dkim *dkim)
{
	for (unsigned i = 0; i < dkim->body_count; i++)
		sp_dkim_body_free(&dkim->bodies[i]);
}

void sp_dkim_free(struct sp_dkim **dkim)
{
	if (*dkim == NULL)
		return;
	sp_dkim_verify_free(&(*dkim)->verify);
	free_bodies(*dkim);
	sp_dkim_fields_clear(&(*dkim)->fields);
	sp_arena_clear(&(*dkim)->arena);
	free(*dkim);
	*dkim = NULL;
}

/* --------------------------------------------------------------- questions */

static unsigned find_question(const struct sp_dkim *dkim, const char *name)
{
	unsigned number = 0;

	while (number < dkim->question_count &&
	       strcmp(dkim->questions[number].name.text, name) != 0)
		number++;
	return number < dkim->question_count ? number : SP_DKIM_QUESTIONS_MAX;
}

static unsigned add_question(struct sp_dkim *dkim,
			     const struct sp_dns_name *name)
{
	if (dkim->questions == NULL)
		dkim->questions = sp_arena_alloc(
			&dkim->arena,
			SP_DKIM_QUESTIONS_MAX * sizeof(struct question));
	if (dkim->questions == NULL ||
	    dkim->question_count >= SP_DKIM_QUESTIONS_MAX)
		return SP_DKIM_QUESTIONS_MAX;
	dkim->questions[dkim->question_count].name = *name;
	return dkim->question_count++;
}

/* True when it is one that was not there before. */
static bool ask(struct sp_dkim *dkim, struct entry *entry)
{
	unsigned before = dkim->question_count;

	if (entry->question == SP_DKIM_QUESTIONS_MAX)
		entry->question =
			find_question(dkim, entry->claim.key_name.text);
	if (entry->question == SP_DKIM_QUESTIONS_MAX)
		entry->question = add_question(dkim, &entry->claim.key_name);
	return dkim->question_count > before;
}

bool sp_dkim_next_key(struct sp_dkim *dkim,
		      struct sp_dkim_key_question *question_out)
{
	if (dkim->taken >= dkim->question_count)
		return false;
	question_out->number = dkim->taken;
	question_out->name = &dkim->questions[dkim->taken].name;
	dkim->taken++;
	return true;
}

void sp_dkim_key(struct sp_dkim *dkim, unsigned number,
		 const struct sp_dns_answer *answer)
{
	struct question *question;

	if (number >= dkim->question_count)
		return;
	question = &dkim->questions[number];
	if (question->key != NULL)
		return;
	question->key = sp_arena_alloc(&dkim->arena, sizeof(*question->key));
	if (question->key != NULL)
		sp_dkim_key_read(answer, question->key);
}

/* ------------------------------------------------------------------ header */

static struct entry *add_entry(struct sp_dkim *dkim)
{
	struct entry *entry = NULL;

	if (dkim->seen <= SP_DKIM_SEEN_MAX)
		entry = sp_arena_alloc(&dkim->arena, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->question = SP_DKIM_QUESTIONS_MAX;
	sp_dkim_claim_init(&entry->claim);
	if (dkim->last != NULL)
		dkim->last->next = entry;
	else
		dkim->first = entry;
	dkim->last = entry;
	return entry;
}

static void read_entry(struct sp_dkim *dkim, struct entry *entry)
{
	const char *value = sp_dkim_field_value(entry->field);
	struct sp_dkim_claim_text text = {
		.value = value,
		.length = strlen(value),
		.now_sec = dkim->now_sec,
	};

	if (entry->field->length <= SP_DKIM_SIGNATURE_BYTES_MAX) {
		sp_dkim_claim_read(&text, &dkim->arena, &entry->claim);
		return;
	}
	dkim->has_too_long = true;
	sp_dkim_claim_end(&entry->claim, SP_DKIM_PERMERROR,
			  "the signature is too long");
}

/* Which ones will be evaluated is known with the author only, but the first
 * ones are likely to be: their keys are asked for now. */
static bool note_signature(struct sp_dkim *dkim, struct sp_dkim_field *field)
{
	struct entry *entry;

	dkim->seen++;
	entry = add_entry(dkim);
	if (entry == NULL)
		return false;
	entry->field = field;
	if (field != NULL)
		read_entry(dkim, entry);
	return field != NULL && entry->claim.told.result == SP_DKIM_NONE &&
	       dkim->question_count < SP_DKIM_SIGNATURES_MAX &&
	       ask(dkim, entry);
}

static bool is_signature(const char *name)
{
	size_t length = sizeof(signature_name) - 1;

	return strncasecmp(name, signature_name, length) == 0 &&
	       name[length + strspn(name + length, " ")] == '\0';
}

bool sp_dkim_header(struct sp_dkim *dkim, const char *name, const char *value)
{
	struct sp_dkim_field *field =
		sp_dkim_fields_add(&dkim->fields, name, value);

	return is_signature(name) && note_signature(dkim, field);
}

/* ------------------------------------------------------------------ choose */

enum {
	OF_AUTHOR,
	OF_RELATIVE,
	OF_OTHER,
	NOT_EVALUATED
};

static int rank_of(const struct sp_dkim_claim *claim, const char *author)
{
	const char *domain = claim->told.domain;

	if (claim->told.result != SP_DKIM_NONE)
		return NOT_EVALUATED;
	if (strcmp(domain, author) == 0)
		return OF_AUTHOR;
	return claim->told.is_authors ? OF_RELATIVE : OF_OTHER;
}

static void rank_all(struct sp_dkim *dkim, const char *author)
{
	for (struct entry *entry = dkim->first; entry != NULL;
	     entry = entry->next) {
		const char *domain = entry->claim.told.domain;

		entry->claim.told.is_authors =
			author[0] != '\0' && domain[0] != '\0' &&
			(sp_domain_is_within(domain, author) ||
			 sp_domain_is_within(author, domain));
		entry->rank = rank_of(&entry->claim, author);
	}
}

static void choose(struct sp_dkim *dkim)
{
	for (int rank = OF_AUTHOR; rank <= NOT_EVALUATED; rank++)
		for (struct entry *entry = dkim->first;
		     entry != NULL &&
		     dkim->chosen_count < SP_DKIM_SIGNATURES_MAX;
		     entry = entry->next)
			if (entry->rank == rank)
				dkim->chosen[dkim->chosen_count++] = entry;
}

/* A header beyond the bounds cannot be verified: what is left out of it might
 * be signed. */
static void give_up_header(struct sp_dkim *dkim)
{
	for (struct entry *entry = dkim->first; entry != NULL;
	     entry = entry->next)
		if (entry->claim.told.result == SP_DKIM_NONE)
			sp_dkim_claim_end(&entry->claim, SP_DKIM_PERMERROR,
					  "the header is too large");
}

/* ------------------------------------------------------------------ verify */

static const struct sp_dkim_key *key_of(const struct sp_dkim *dkim,
					const struct entry *entry)
{
	if (entry->question == SP_DKIM_QUESTIONS_MAX)
		return NULL;
	return dkim->questions[entry->question].key;
}

/* Without a key nothing is known yet; with one that is of no use, all. */
static bool is_open(const struct sp_dkim *dkim, struct entry *entry)
{
	const struct sp_dkim_key *key = key_of(dkim, entry);

	if (entry->claim.told.result == SP_DKIM_NONE && key != NULL)
		sp_dkim_claim_judge_key(&entry->claim, key);
	return entry->claim.told.result == SP_DKIM_NONE;
}

static bool signs_signatures(const char *fields)
{
	size_t length = sizeof(signature_name) - 1;

	for (; fields != NULL; fields = strchr(fields, ':')) {
		fields += fields[0] == ':';
		if (strncasecmp(fields, signature_name, length) == 0 &&
		    (fields[length] == ':' || fields[length] == '\0'))
			return true;
	}
	return false;
}

static bool choose_fields(struct sp_dkim *dkim)
{
	const char *lists[SP_DKIM_SIGNATURES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < dkim->chosen_count; i++) {
		struct entry *entry = dkim->chosen[i];

		if (!is_open(dkim, entry))
			continue;
		if (dkim->has_too_long &&
		    signs_signatures(entry->claim.fields)) {
			sp_dkim_claim_end(&entry->claim, SP_DKIM_PERMERROR,
					  "it may sign a signature that is "
					  "too long");
			continue;
		}
		lists[count++] = entry->claim.fields;
		entry->field->is_chosen = true;
	}
	return count > 0 && sp_dkim_fields_choose(&dkim->fields, lists, count);
}

/* Those whose keys are there. */
static void verify_headers(struct sp_dkim *dkim)
{
	for (size_t i = 0; dkim->verify != NULL && i < dkim->chosen_count;
	     i++) {
		struct entry *entry = dkim->chosen[i];
		const struct sp_dkim_key *key = key_of(dkim, entry);

		if (is_open(dkim, entry) && key != NULL &&
		    !entry->is_header_good)
			entry->is_header_good = sp_dkim_verify_header(
				dkim->verify, entry->field, key, &entry->claim);
	}
}

/* Signatures mostly cover the body in one form: it is hashed once. */
static unsigned want_body(struct sp_dkim *dkim, struct sp_dkim_form form)
{
	unsigned body = 0;

	while (body < dkim->body_count &&
	       !sp_dkim_form_is_same(dkim->forms[body], form))
		body++;
	if (body == dkim->body_count) {
		dkim->forms[body] = form;
		dkim->bodies[body] = sp_dkim_body_new(form);
		dkim->body_count++;
	}
	return body;
}

bool sp_dkim_end_headers(struct sp_dkim *dkim, const char *author_domain)
{
	char author[SP_DOMAIN_SIZE];
	bool has_asked = false;

	if (dkim->seen == 0)
		return false;
	if (dkim->fields.is_over)
		give_up_header(dkim);
	(void)sp_domain_normalise(author_domain, author);
	rank_all(dkim, author);
	choose(dkim);
	for (size_t i = 0; i < dkim->chosen_count; i++)
		if (dkim->chosen[i]->claim.told.result == SP_DKIM_NONE)
			has_asked |= ask(dkim, dkim->chosen[i]);
	if (!choose_fields(dkim))
		return has_asked;
	dkim->verify = sp_dkim_verify_new(&dkim->fields);
	verify_headers(dkim);
	for (size_t i = 0; dkim->verify != NULL && i < dkim->chosen_count; i++)
		if (is_open(dkim, dkim->chosen[i]))
			dkim->chosen[i]->body =
				want_body(dkim, dkim->chosen[i]->claim.form);
	return has_asked;
}

/* -------------------------------------------------------------------- body */

bool sp_dkim_wants_body(const struct sp_dkim *dkim)
{
	for (unsigned i = 0; i < dkim->body_count; i++)
		if (dkim->bodies[i] != NULL &&
		    sp_dkim_body_wants(dkim->bodies[i]))
			return true;
	return false;
}

void sp_dkim_body(struct sp_dkim *dkim, const unsigned char *bytes,
		  size_t length)
{
	for (unsigned i = 0; i < dkim->body_count; i++)
		if (dkim->bodies[i] != NULL)
			sp_dkim_body_add(dkim->bodies[i], bytes, length);
}

/* --------------------------------------------------------------------- end */

struct hash {
	bool is_whole; /* of all that is to be covered */
	unsigned char bytes[SP_DKIM_HASH_BYTES];
};

static void end_bodies(struct sp_dkim *dkim,
		       struct hash hashes[SP_DKIM_SIGNATURES_MAX])
{
	for (unsigned i = 0; i < dkim->body_count; i++)
		hashes[i].is_whole =
			dkim->bodies[i] != NULL &&
			sp_dkim_body_end(dkim->bodies[i], hashes[i].bytes);
}

static void conclude(struct sp_dkim_claim *claim, const struct hash *hash)
{
	if (!hash->is_whole && claim->form.limit >= 0)
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "l= is more than the body has");
	else if (!hash->is_whole)
		sp_dkim_claim_end(claim, SP_DKIM_TEMPERROR,
				  "it could not be verified");
	else if (memcmp(hash->bytes, claim->body_hash, SP_DKIM_HASH_BYTES) != 0)
		sp_dkim_claim_end(claim, SP_DKIM_FAIL, "the body has changed");
	else
		sp_dkim_claim_end(claim, SP_DKIM_PASS, "");
}

void sp_dkim_end(struct sp_dkim *dkim)
{
	struct hash hashes[SP_DKIM_SIGNATURES_MAX];

	verify_headers(dkim);
	end_bodies(dkim, hashes);
	for (size_t i = 0; i < dkim->chosen_count; i++) {
		struct entry *entry = dkim->chosen[i];

		if (!is_open(dkim, entry))
			continue;
		if (entry->is_header_good)
			conclude(&entry->claim, &hashes[entry->body]);
		else if (key_of(dkim, entry) == NULL)
			sp_dkim_claim_end(&entry->claim, SP_DKIM_TEMPERROR,
					  "no answer for the key");
		else
			sp_dkim_claim_end(&entry->claim, SP_DKIM_TEMPERROR,
					  "it could not be verified");
	}
	sp_dkim_verify_free(&dkim->verify);
	free_bodies(dkim);
}

size_t sp_dkim_count(const struct sp_dkim *dkim)
{
	return dkim->chosen_count;
}

const struct sp_dkim_signature *sp_dkim_get(const struct sp_dkim *dkim,
					    size_t index)
{
	return index < dkim->chosen_count ? &dkim->chosen[index]->claim.told
					  : NULL;
}

unsigned sp_dkim_ignored(const struct sp_dkim *dkim)
{
	return dkim->seen - (unsigned)dkim->chosen_count;
}

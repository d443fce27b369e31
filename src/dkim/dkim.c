#include "sallyport/dkim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "claim.h"
#include "fields.h"
#include "key.h"
#include "verify.h"

enum {
	CHUNK_BYTES = 65536,
	CLAIMS_BYTES_MAX = 2 * 1024 * 1024 /* 256 of 4 KB of h=, and the rest */
};

static const char signature_name[] = "DKIM-Signature";

/* One DKIM-Signature field. */
struct entry {
	struct entry *next;
	struct sp_dkim_field *field; /* NULL: not kept */
	struct sp_dkim_claim claim;
	unsigned question; /* SP_DKIM_QUESTIONS_MAX: none */
	int rank;	   /* lower ones are evaluated first */
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
	unsigned char last_bytes[2];   /* of the body */
	bool keeps_words;	       /* the library does, of a relaxed body */
	size_t word_bytes;	       /* without white space, at its end */
	bool is_word_too_long;
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

void sp_dkim_free(struct sp_dkim **dkim)
{
	if (*dkim == NULL)
		return;
	sp_dkim_verify_free(&(*dkim)->verify);
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

/* The key's answer, if there is one, may have ended it. */
static bool is_open(struct sp_dkim *dkim, struct entry *entry)
{
	const struct sp_dkim_key *key = NULL;

	if (entry->claim.told.result != SP_DKIM_NONE)
		return false;
	if (entry->question < SP_DKIM_QUESTIONS_MAX)
		key = dkim->questions[entry->question].key;
	if (key != NULL)
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
		dkim->keeps_words |= entry->claim.relaxes_body;
		lists[count++] = entry->claim.fields;
		entry->field->is_chosen = true;
	}
	return count > 0 && sp_dkim_fields_choose(&dkim->fields, lists, count);
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
	if (choose_fields(dkim))
		dkim->verify = sp_dkim_verify_new(&dkim->fields);
	return has_asked;
}

/* -------------------------------------------------------------------- body */

bool sp_dkim_wants_body(const struct sp_dkim *dkim)
{
	return dkim->verify != NULL && !dkim->is_word_too_long &&
	       sp_dkim_verify_wants_body(dkim->verify);
}

static bool ends_word(const unsigned char *bytes, size_t at)
{
	return bytes[at] == ' ' || bytes[at] == '\t' ||
	       (bytes[at] == '\n' && at > 0 && bytes[at - 1] == '\r');
}

/*
 * libopendkim keeps a word of a relaxed body until white space follows. Counted
 * from the end: the last white space is seldom far from there. So what may be
 * between two of them is up to a chunk more than the bound.
 */
static void measure_words(struct sp_dkim *dkim, const unsigned char *bytes,
			  size_t length)
{
	size_t tail = 0;

	while (tail < length && !ends_word(bytes, length - 1 - tail))
		tail++;
	dkim->word_bytes = tail < length ? tail : dkim->word_bytes + length;
	dkim->is_word_too_long =
		dkim->keeps_words && dkim->word_bytes > SP_DKIM_WORD_BYTES_MAX;
}

void sp_dkim_body(struct sp_dkim *dkim, const unsigned char *bytes,
		  size_t length)
{
	while (length > 0 && sp_dkim_wants_body(dkim)) {
		size_t size = length < CHUNK_BYTES ? length : CHUNK_BYTES;

		measure_words(dkim, bytes, size);
		sp_dkim_verify_body(dkim->verify, bytes, size);
		dkim->last_bytes[0] =
			size > 1 ? bytes[size - 2] : dkim->last_bytes[1];
		dkim->last_bytes[1] = bytes[size - 1];
		bytes += size;
		length -= size;
	}
}

/* RFC 6376 section 3.4: a body that is not empty ends with CRLF. */
static void end_line(struct sp_dkim *dkim)
{
	static const unsigned char crlf[] = "\r\n";
	bool has_cr = dkim->last_bytes[1] == '\r';

	if (dkim->last_bytes[1] == '\0' ||
	    memcmp(dkim->last_bytes, crlf, 2) == 0)
		return;
	if (has_cr)
		sp_dkim_verify_body(dkim->verify, crlf + 1, 1);
	else
		sp_dkim_verify_body(dkim->verify, crlf, 2);
}

/* --------------------------------------------------------------------- end */

static void verify(struct sp_dkim *dkim)
{
	struct sp_dkim_candidate candidates[SP_DKIM_SIGNATURES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < dkim->chosen_count; i++) {
		struct entry *entry = dkim->chosen[i];

		if (!is_open(dkim, entry) ||
		    entry->question == SP_DKIM_QUESTIONS_MAX ||
		    dkim->questions[entry->question].key == NULL)
			continue;
		candidates[count++] = (struct sp_dkim_candidate){
			.claim = &entry->claim,
			.field = entry->field,
			.key = dkim->questions[entry->question].key,
		};
	}
	if (count == 0 || dkim->verify == NULL || dkim->is_word_too_long)
		return;
	end_line(dkim);
	sp_dkim_verify_end(dkim->verify, candidates, count);
}

/* Whatever has no result by now. */
static void end_rest(struct sp_dkim *dkim)
{
	for (size_t i = 0; i < dkim->chosen_count; i++) {
		struct sp_dkim_claim *claim = &dkim->chosen[i]->claim;
		unsigned question = dkim->chosen[i]->question;

		if (claim->told.result != SP_DKIM_NONE)
			continue;
		if (dkim->is_word_too_long)
			sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
					  "a line of the body is too long");
		else if (question == SP_DKIM_QUESTIONS_MAX ||
			 dkim->questions[question].key == NULL)
			sp_dkim_claim_end(claim, SP_DKIM_TEMPERROR,
					  "no answer for the key");
		else
			sp_dkim_claim_end(claim, SP_DKIM_TEMPERROR,
					  "it could not be verified");
	}
}

void sp_dkim_end(struct sp_dkim *dkim)
{
	verify(dkim);
	end_rest(dkim);
	sp_dkim_verify_free(&dkim->verify);
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

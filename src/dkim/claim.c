#include "claim.h"

#include <string.h>
#include <strings.h>

#include "base64.h"
#include "sallyport/text.h"
#include "tags.h"

enum {
	HASH_START = 8,
	TIME_DIGITS = 12,
	LENGTH_DIGITS = 18,
	/* libopendkim keeps 4096 bytes of h= and 256 of i=, and forgets the
	 * rest without a word. */
	FIELDS_BYTES_MAX = 4000,
	IDENTITY_MAX = 250,
	/* 2001-09-09: nobody signed before 2004. See verify.h for why there
	 * must be a bound. */
	TIME_LEAST_SEC = 1000000000
};

/* What is read of one field. */
struct reading {
	struct sp_dkim_tags tags;
	struct sp_arena *arena;
	int64_t now_sec;
};

/* Each step says whether the next one makes sense. */
typedef bool step(const struct reading *reading, struct sp_dkim_claim *claim);

void sp_dkim_claim_end(struct sp_dkim_claim *claim, enum sp_dkim_result result,
		       const char *reason)
{
	claim->told.result = result;
	claim->told.reason = reason;
}

static bool refuse(struct sp_dkim_claim *claim, enum sp_dkim_result result,
		   const char *reason)
{
	sp_dkim_claim_end(claim, result, reason);
	return false;
}

static bool is_malformed(struct sp_dkim_claim *claim, const char *reason)
{
	return refuse(claim, SP_DKIM_PERMERROR, reason);
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static const struct sp_dkim_tag *find(const struct reading *reading,
				      const char *name)
{
	return sp_dkim_tags_find(&reading->tags, name);
}

/* ----------------------------------------------------------- what it shows */

/* Also of a signature that is no good. */
static const char *read_name(const struct reading *reading,
			     const char *tag_name)
{
	const struct sp_dkim_tag *tag = find(reading, tag_name);
	struct sp_dns_name name;

	/* A dot at the end is taken in DNS, not here. */
	if (tag == NULL || tag->length == 0 ||
	    tag->value[tag->length - 1] == '.' ||
	    sp_dns_name_domain(tag->value, tag->length, &name) != SP_OK)
		return "";
	return or_empty(sp_arena_text(reading->arena, name.text));
}

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

static const char *read_hash_start(const struct reading *reading)
{
	const struct sp_dkim_tag *tag = find(reading, "b");
	char start[HASH_START];
	size_t used = 0;

	if (tag == NULL)
		return "";
	for (size_t i = 0; i < tag->length && used < HASH_START; i++)
		if (is_base64(tag->value[i]))
			start[used++] = tag->value[i];
	return or_empty(sp_arena_copy(reading->arena, start, used));
}

static const char *known_algorithm(const struct sp_dkim_tag *tag)
{
	static const char *const known[] = { "rsa-sha256", "ed25519-sha256",
					     "rsa-sha1" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (sp_dkim_tag_is(tag, known[i]))
			return known[i];
	return "";
}

static void show(const struct reading *reading, struct sp_dkim_signature *told)
{
	told->domain = read_name(reading, "d");
	told->selector = read_name(reading, "s");
	told->algorithm = known_algorithm(find(reading, "a"));
	told->hash_start = read_hash_start(reading);
	told->is_partial = find(reading, "l") != NULL;
}

/* ------------------------------------------------------------------- steps */

static bool check_version(const struct reading *reading,
			  struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "v");

	if (tag == NULL)
		return is_malformed(claim, "there is no v=");
	if (!sp_dkim_tag_is(tag, "1"))
		return is_malformed(claim, "the version is unknown");
	return true;
}

static bool check_presence(const struct reading *reading,
			   struct sp_dkim_claim *claim)
{
	static const struct {
		const char *name;
		const char *reason;
	} needed[] = {
		{ "a", "there is no a=" },   { "b", "there is no b=" },
		{ "bh", "there is no bh=" }, { "d", "there is no d=" },
		{ "h", "there is no h=" },   { "s", "there is no s=" },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const struct sp_dkim_tag *tag = find(reading, needed[i].name);

		if (tag == NULL || tag->length == 0)
			return is_malformed(claim, needed[i].reason);
	}
	return true;
}

static bool check_algorithm(const struct reading *reading,
			    struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "a");

	if (sp_dkim_tag_is(tag, "rsa-sha1"))
		return refuse(claim, SP_DKIM_PERMERROR,
			      "rsa-sha1 proves nothing any more (RFC 8301)");
	if (claim->told.algorithm[0] == '\0')
		return refuse(claim, SP_DKIM_NEUTRAL,
			      "the algorithm is unknown");
	claim->type = sp_dkim_tag_is(tag, "ed25519-sha256") ? SP_DKIM_ED25519
							    : SP_DKIM_RSA;
	return true;
}

static bool is_canonical_form(const char *text, size_t length)
{
	struct sp_dkim_tag part = { .value = text, .length = length };

	return sp_dkim_tag_is(&part, "simple") ||
	       sp_dkim_tag_is(&part, "relaxed");
}

static bool check_canonical_form(const struct reading *reading,
				 struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "c");
	const char *slash, *body;
	size_t header;

	if (tag == NULL)
		return true;
	slash = memchr(tag->value, '/', tag->length);
	body = slash != NULL ? slash + 1 : "simple";
	header = slash != NULL ? (size_t)(slash - tag->value) : tag->length;
	if (is_canonical_form(tag->value, header) &&
	    is_canonical_form(body, slash != NULL ? tag->length - header - 1
						  : strlen(body))) {
		claim->form.is_relaxed = body[0] == 'r' || body[0] == 'R';
		return true;
	}
	return refuse(claim, SP_DKIM_NEUTRAL,
		      "the canonicalization is unknown");
}

static bool check_query(const struct reading *reading,
			struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "q");

	if (tag == NULL || sp_dkim_tag_lists(tag, "dns/txt"))
		return true;
	return refuse(claim, SP_DKIM_NEUTRAL, "the query method is unknown");
}

/*
 * Where libopendkim takes the value of b= out of the field, it looks for "b="
 * only: it misses one with a space before the '=', and finds one in "xb=". Both
 * may be, and nobody writes them.
 */
static bool check_spelling(const struct reading *reading,
			   struct sp_dkim_claim *claim)
{
	for (size_t i = 0; i < reading->tags.count; i++) {
		const struct sp_dkim_tag *tag = &reading->tags.tags[i];
		bool ends_with_b = tag->name[tag->name_length - 1] == 'b';
		bool is_found =
			ends_with_b && tag->name[tag->name_length] == '=';
		bool is_b = ends_with_b && tag->name_length == 1;

		if (is_found != is_b)
			return refuse(claim, SP_DKIM_NEUTRAL,
				      "b= is written in an unusual way");
	}
	return true;
}

static bool check_names(const struct reading *reading,
			struct sp_dkim_claim *claim)
{
	const char *parts[] = { claim->told.selector, "_domainkey",
				claim->told.domain };

	(void)reading;
	if (claim->told.domain[0] == '\0')
		return is_malformed(claim, "d= is no domain name");
	if (claim->told.selector[0] == '\0')
		return is_malformed(claim, "s= is no selector");
	if (sp_dns_name_join(parts, 3, &claim->key_name) != SP_OK)
		return is_malformed(claim, "the key's name is too long");
	return true;
}

/* ---------------------------------------------------------------- identity */

/* RFC 6376 section 2.11; the result is printable ASCII. */
static bool decode(const struct sp_dkim_tag *tag, char *text_out)
{
	size_t used = 0;

	for (size_t i = 0; i < tag->length; i++) {
		char c = tag->value[i];

		if (sp_dkim_is_space(c))
			continue;
		if (c == '=') {
			int high, low;

			if (tag->length - i < 3)
				return false;
			high = sp_hex_digit(tag->value[i + 1]);
			low = sp_hex_digit(tag->value[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c < ' ' || c > '~')
			return false;
		text_out[used++] = c;
	}
	text_out[used] = '\0';
	return true;
}

static bool check_identity(const struct reading *reading,
			   struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "i");
	char identity[SP_DOMAIN_SIZE + 1] = "@";
	struct sp_dns_name name;
	const char *at;

	if (tag == NULL)
		strcpy(identity + 1, claim->told.domain);
	else if (tag->length > IDENTITY_MAX || !decode(tag, identity))
		return is_malformed(claim, "i= is no identity");
	at = strrchr(identity, '@');
	if (at == NULL ||
	    sp_dns_name_domain(at + 1, strlen(at + 1), &name) != SP_OK)
		return is_malformed(claim, "i= is no identity");
	if (!sp_domain_is_within(name.text, claim->told.domain))
		return is_malformed(claim, "i= is outside of d=");
	claim->is_of_subdomain = strcmp(name.text, claim->told.domain) != 0;
	claim->told.identity =
		or_empty(sp_arena_text(reading->arena, identity));
	return true;
}

/* ------------------------------------------------------- fields and length */

static size_t without_space(const struct sp_dkim_tag *tag, char *text_out)
{
	size_t used = 0;

	for (size_t i = 0; i < tag->length; i++)
		if (!sp_dkim_is_space(tag->value[i]))
			text_out[used++] = tag->value[i];
	text_out[used] = '\0';
	return used;
}

static size_t count_names(const char *fields)
{
	size_t count = 1;

	for (; *fields != '\0'; fields++)
		count += *fields == ':';
	return count;
}

static bool check_fields(const struct reading *reading,
			 struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "h");
	char fields[FIELDS_BYTES_MAX + 1];
	size_t length;

	if (tag->length > FIELDS_BYTES_MAX)
		return is_malformed(claim, "h= is too long");
	length = without_space(tag, fields);
	claim->field_count = count_names(fields);
	if (claim->field_count > SP_DKIM_SIGNED_FIELDS_MAX)
		return is_malformed(claim, "h= has too many names");
	if (!sp_dkim_tag_lists(tag, "from"))
		return is_malformed(claim, "From is not signed");
	claim->fields = or_empty(sp_arena_copy(reading->arena, fields, length));
	return true;
}

static bool check_length(const struct reading *reading,
			 struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "l");

	claim->form.limit = -1;
	if (tag == NULL ||
	    sp_dkim_tag_number(tag, LENGTH_DIGITS, &claim->form.limit))
		return true;
	return is_malformed(claim, "l= is no number");
}

static bool check_body_hash(const struct reading *reading,
			    struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *tag = find(reading, "bh");
	size_t length;

	if (sp_dkim_base64_decode(tag->value, tag->length, claim->body_hash,
				  sizeof(claim->body_hash), &length) &&
	    length == sizeof(claim->body_hash))
		return true;
	return is_malformed(claim, "bh= is no hash");
}

/* -------------------------------------------------------------------- time */

static bool check_times(const struct reading *reading,
			struct sp_dkim_claim *claim)
{
	const struct sp_dkim_tag *signed_at = find(reading, "t");
	const struct sp_dkim_tag *expires = find(reading, "x");
	int64_t from = 0, to = INT64_MAX;

	if (signed_at != NULL &&
	    !sp_dkim_tag_number(signed_at, TIME_DIGITS, &from))
		return is_malformed(claim, "t= is no time");
	if (expires != NULL && !sp_dkim_tag_number(expires, TIME_DIGITS, &to))
		return is_malformed(claim, "x= is no time");
	if (signed_at != NULL && from < TIME_LEAST_SEC)
		return is_malformed(claim, "t= is before there was DKIM");
	if (from >= to)
		return is_malformed(claim, "x= is not after t=");
	if (reading->now_sec >= to &&
	    reading->now_sec - to >= SP_DKIM_DRIFT_SEC)
		return refuse(claim, SP_DKIM_PERMERROR,
			      "the signature has expired");
	if (from > reading->now_sec &&
	    from - reading->now_sec > SP_DKIM_DRIFT_SEC)
		return refuse(claim, SP_DKIM_PERMERROR,
			      "the signature is of the future");
	return true;
}

void sp_dkim_claim_init(struct sp_dkim_claim *claim)
{
	*claim = (struct sp_dkim_claim){
		.told = { .reason = "",
			  .domain = "",
			  .selector = "",
			  .identity = "",
			  .algorithm = "",
			  .hash_start = "" },
		.fields = "",
	};
}

void sp_dkim_claim_read(const struct sp_dkim_claim_text *text,
			struct sp_arena *arena, struct sp_dkim_claim *claim_out)
{
	static step *const steps[] = {
		check_version,	 check_presence,       check_names,
		check_fields,	 check_identity,       check_algorithm,
		check_length,	 check_canonical_form, check_query,
		check_body_hash, check_times,	       check_spelling,
	};
	struct reading reading = { .arena = arena, .now_sec = text->now_sec };
	const char *problem;

	sp_dkim_claim_init(claim_out);
	problem = sp_dkim_tags_read(text->value, text->length, &reading.tags);
	show(&reading, &claim_out->told);
	if (problem != NULL)
		sp_dkim_claim_end(claim_out, SP_DKIM_PERMERROR, problem);
	for (size_t i = 0;
	     problem == NULL && i < sizeof(steps) / sizeof(*steps); i++)
		if (!steps[i](&reading, claim_out))
			return;
}

void sp_dkim_claim_judge_key(struct sp_dkim_claim *claim,
			     const struct sp_dkim_key *key)
{
	claim->told.key_bits = key->bits;
	claim->told.is_testing = key->is_testing;
	if (key->problem != SP_DKIM_NONE && key->problem != SP_DKIM_POLICY)
		sp_dkim_claim_end(claim, key->problem, key->reason);
	else if (key->type != claim->type)
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "the key is of another type");
	else if (!key->takes_sha256)
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "the key is not for this hash");
	else if (key->is_for_one && claim->is_of_subdomain)
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "the key is not for subdomains");
	else if (key->problem == SP_DKIM_POLICY)
		sp_dkim_claim_end(claim, key->problem, key->reason);
}

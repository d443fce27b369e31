#include "sallyport/sender.h"

#include <stdbool.h>
#include <string.h>

#include "sallyport/text.h"
#include "verp.h"

enum {
	TAG_MAX = 32
};

/* What is still to be read of a local part in lower case. */
struct field {
	const char *text;
	size_t length;
};

/* Take what stands before the next '='; false when there is none. */
static bool take_field(const char **rest, struct field *field_out)
{
	const char *equals = strchr(*rest, '=');

	if (equals == NULL)
		return false;
	*field_out = (struct field){ *rest, (size_t)(equals - *rest) };
	*rest = equals + 1;
	return true;
}

static bool take_prefix(const char **rest, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*rest, prefix, length) != 0)
		return false;
	*rest += length;
	return true;
}

/* Letters and digits, at least one digit: no user's name must be taken for a
 * tag. */
static bool is_tag(const struct field *field)
{
	bool has_digit = false;

	for (size_t i = 0; i < field->length; i++) {
		char c = field->text[i];
		bool is_digit = c >= '0' && c <= '9';

		if (!is_digit && !(c >= 'a' && c <= 'z'))
			return false;
		has_digit = has_digit || is_digit;
	}
	return has_digit && field->length <= TAG_MAX;
}

/* The local part behind a BATV tag, or `local` itself without one. */
static const char *behind_batv(const char *local)
{
	const char *rest = local;
	struct field tag;
	bool is_double = take_prefix(&rest, "btv1==");

	if (!is_double && !take_prefix(&rest, "prvs=") &&
	    !take_prefix(&rest, "msprvs1="))
		return local;
	if (!take_field(&rest, &tag) || !is_tag(&tag))
		return local;
	if (is_double && !take_prefix(&rest, "="))
		return local;
	return rest[0] != '\0' ? rest : local;
}

/* Only the first separator of an SRS address may be other than '='. */
static bool take_separator(const char **rest)
{
	return take_prefix(rest, "=") || take_prefix(rest, "+") ||
	       take_prefix(rest, "-");
}

/* "hash=tt=": what changes each day. */
static bool take_hash_and_time(const char **rest)
{
	struct field hash;
	struct field time;

	return take_field(rest, &hash) && take_field(rest, &time) &&
	       hash.length > 0 && time.length > 0;
}

static void add_field(struct sp_text *key, const struct field *field)
{
	sp_text_add_bytes(key, field->text, field->length);
	sp_text_add(key, "=");
}

/* "domain=user", which SRS rewrote. */
static bool take_original(const char **rest, struct field *domain_out)
{
	return take_field(rest, domain_out) && domain_out->length > 0 &&
	       (*rest)[0] != '\0';
}

static bool fold_srs0(const char *local, struct sp_text *key)
{
	const char *rest = local;
	struct field domain;

	if (!take_prefix(&rest, "srs0") || !take_separator(&rest) ||
	    !take_hash_and_time(&rest) || !take_original(&rest, &domain))
		return false;
	sp_text_add(key, "srs0=");
	add_field(key, &domain);
	sp_verp_fold(behind_batv(rest), key);
	return true;
}

static bool fold_srs1(const char *local, struct sp_text *key)
{
	const char *rest = local;
	struct field hash;
	struct field forwarder;
	struct field domain;

	if (!take_prefix(&rest, "srs1") || !take_separator(&rest) ||
	    !take_field(&rest, &hash) || !take_field(&rest, &forwarder) ||
	    !take_separator(&rest) || !take_hash_and_time(&rest) ||
	    !take_original(&rest, &domain))
		return false;
	sp_text_add(key, "srs1=");
	add_field(key, &forwarder);
	add_field(key, &domain);
	sp_verp_fold(behind_batv(rest), key);
	return true;
}

/* Exchange Online's: "box+SRS=hash=tt=domain=user", "bounces+SRS=hash=tt". */
static bool fold_plus_srs(const char *local, struct sp_text *key)
{
	const char *mark = strstr(local, "+srs=");
	struct field mailbox;
	struct field hash;
	struct field domain;
	const char *rest;

	if (mark == NULL || mark == local)
		return false;
	mailbox = (struct field){ local, (size_t)(mark - local) };
	rest = mark + strlen("+srs=");
	if (!take_field(&rest, &hash) || hash.length == 0)
		return false;
	sp_text_add_bytes(key, mailbox.text, mailbox.length);
	sp_text_add(key, "+srs");
	/* What is left is the time alone, or the time and the original. */
	if (take_field(&rest, &hash) && take_original(&rest, &domain)) {
		sp_text_add(key, "=");
		add_field(key, &domain);
		sp_verp_fold(behind_batv(rest), key);
	}
	return true;
}

void sp_sender_fold(const struct sp_address *sender,
		    char key_out[SP_ADDRESS_SIZE])
{
	char lower[SP_LOCAL_SIZE];
	const char *local;
	struct sp_text key;

	sp_text_init(&key, key_out, SP_ADDRESS_SIZE);
	if (sender->kind != SP_ADDRESS_FULL && sender->kind != SP_ADDRESS_LOCAL)
		return;
	memcpy(lower, sender->local, sizeof(lower));
	sp_text_lower(lower);
	local = behind_batv(lower);
	if (!fold_srs0(local, &key) && !fold_srs1(local, &key) &&
	    !fold_plus_srs(local, &key))
		sp_verp_fold(local, &key);
	if (sender->kind == SP_ADDRESS_FULL) {
		sp_text_add(&key, "@");
		sp_text_add(&key, sender->domain);
	}
}

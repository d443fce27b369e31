#include "sallyport/submitter.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

#define LOGIN	"sasl:"
#define USER	"uid:"
#define NETWORK "net:"
#define UNKNOWN "unknown"

enum {
	/* Of a longer login so much is kept; with its hash it fits. */
	SHOWN_MAX = 128,
	HASH_DIGITS = 32,
	DIGITS_OF_UID = 10
};

static void clear(struct sp_submitter *submitter)
{
	*submitter = (struct sp_submitter){ .kind = SP_SUBMITTER_NONE };
}

static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte < 0x7f && !strchr("%{}\"'\\`~", byte);
}

/* Login and domain as one, letter by letter. */
struct reader {
	const char *login, *glue, *domain;
};

static char next_byte(struct reader *reader)
{
	const char **part = *reader->login != '\0'  ? &reader->login
			    : *reader->glue != '\0' ? &reader->glue
						    : &reader->domain;

	return **part == '\0' ? '\0' : *(*part)++;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* False when it is longer than what is shown. Never cuts an escape in half. */
static bool write_login(struct reader reader, char text_out[SHOWN_MAX + 1])
{
	struct sp_text text;
	char byte;

	sp_text_init(&text, text_out, SHOWN_MAX + 1);
	while ((byte = lower(next_byte(&reader))) != '\0') {
		size_t need = is_plain((unsigned char)byte) ? 1 : 3;

		if (text.length + need > SHOWN_MAX)
			return false;
		if (need == 1)
			sp_text_add_bytes(&text, &byte, 1);
		else
			sp_text_addf(&text, "%%%02X", (unsigned char)byte);
	}
	return true;
}

/* Of the whole, as it is compared; the parts are of any length. */
static void hash_login(struct reader reader, char text_out[SP_HASH_TEXT_SIZE])
{
	size_t length = strlen(reader.login) + strlen(reader.glue) +
			strlen(reader.domain);
	char *whole = malloc(length + 1);
	struct sp_hash hash;

	if (whole == NULL)
		abort();
	for (size_t i = 0; i < length; i++)
		whole[i] = lower(next_byte(&reader));
	sp_hash_make(NULL, whole, length, &hash);
	free(whole);
	sp_hash_text(&hash, text_out);
}

enum sp_err sp_submitter_of_login(const char *login, const char *domain,
				  struct sp_submitter *submitter_out)
{
	bool adds = *domain != '\0' && strchr(login, '@') == NULL;
	const struct reader reader = { login, adds ? "@" : "",
				       adds ? domain : "" };
	char shown[SHOWN_MAX + 1], digits[SP_HASH_TEXT_SIZE];
	struct sp_text key;
	bool is_whole;

	clear(submitter_out);
	if (*login == '\0')
		return SP_ERR_SYNTAX;
	submitter_out->kind = SP_SUBMITTER_LOGIN;
	is_whole = write_login(reader, shown);
	sp_text_init(&key, submitter_out->key, sizeof(submitter_out->key));
	sp_text_addf(&key, LOGIN "%s", shown);
	if (!is_whole) {
		hash_login(reader, digits);
		sp_text_addf(&key, "~%s", digits);
	}
	return SP_OK;
}

void sp_submitter_of_user(uint32_t uid, struct sp_submitter *submitter_out)
{
	struct sp_text key;

	clear(submitter_out);
	submitter_out->kind = SP_SUBMITTER_USER;
	submitter_out->uid = uid;
	sp_text_init(&key, submitter_out->key, sizeof(submitter_out->key));
	sp_text_add(&key, USER);
	if (uid == SP_UID_UNKNOWN)
		sp_text_add(&key, UNKNOWN);
	else
		sp_text_addf(&key, "%" PRIu32, uid);
}

static void take_network(const struct sp_network *network,
			 struct sp_submitter *submitter_out)
{
	unsigned bits = network->base.family == SP_IP_4 ? 32 : 128;
	char shown[SP_NETWORK_TEXT_SIZE];
	struct sp_text key;

	clear(submitter_out);
	submitter_out->kind = SP_SUBMITTER_NETWORK;
	submitter_out->network = *network;
	sp_text_init(&key, submitter_out->key, sizeof(submitter_out->key));
	sp_text_add(&key, NETWORK);
	sp_text_add(&key, network->prefix == bits
				  ? sp_ip_format(&network->base, shown)
				  : sp_network_format(network, shown));
}

enum sp_err sp_submitter_of_client(const struct sp_ip *client, unsigned prefix,
				   struct sp_submitter *submitter_out)
{
	struct sp_network network;

	clear(submitter_out);
	if (client->family == SP_IP_NONE)
		return SP_ERR_SYNTAX;
	sp_network_around(client, prefix, &network);
	take_network(&network, submitter_out);
	return SP_OK;
}

static enum sp_err parse_user(const char *digits,
			      struct sp_submitter *submitter_out)
{
	size_t length = strlen(digits);
	uint64_t uid;

	if (sp_text_equals(digits, UNKNOWN)) {
		sp_submitter_of_user(SP_UID_UNKNOWN, submitter_out);
		return SP_OK;
	}
	if (length == 0 || length > DIGITS_OF_UID ||
	    strspn(digits, "0123456789") != length)
		return SP_ERR_SYNTAX;
	uid = strtoull(digits, NULL, 10);
	if (uid > UINT32_MAX)
		return SP_ERR_RANGE;
	sp_submitter_of_user((uint32_t)uid, submitter_out);
	return SP_OK;
}

static enum sp_err parse_network(const char *text,
				 struct sp_submitter *submitter_out)
{
	struct sp_network network;
	enum sp_err err = sp_network_parse(text, &network);

	if (err == SP_OK)
		take_network(&network, submitter_out);
	return err;
}

/* The login of a key: what was escaped is what it was. */
static enum sp_err unescape(const char *key, char login_out[SP_SUBMITTER_SIZE])
{
	size_t done = 0;

	for (; *key != '\0'; key++) {
		char byte = *key;

		if (byte == '%') {
			int high = sp_hex_digit_any(key[1]);
			int low = high < 0 ? -1 : sp_hex_digit_any(key[2]);

			if (low < 0 || high + low == 0)
				return SP_ERR_SYNTAX;
			byte = (char)(16 * high + low);
			key += 2;
		}
		if (done + 1 >= SP_SUBMITTER_SIZE)
			return SP_ERR_SYNTAX;
		login_out[done++] = byte;
	}
	login_out[done] = '\0';
	return SP_OK;
}

/* One that was cut names its login by the hash: taken as it stands. */
static bool is_cut_key(const char *login)
{
	const char *mark = strrchr(login, '~');

	return mark != NULL && strlen(mark + 1) == HASH_DIGITS &&
	       strspn(mark + 1, "0123456789abcdef") == HASH_DIGITS &&
	       mark - login <= SHOWN_MAX && mark - login > SHOWN_MAX - 3;
}

static enum sp_err parse_login(const char *text,
			       struct sp_submitter *submitter_out)
{
	char login[SP_SUBMITTER_SIZE];
	struct sp_text key;
	enum sp_err err;

	if (!is_cut_key(text)) {
		err = unescape(text, login);
		return err == SP_OK
			       ? sp_submitter_of_login(login, "", submitter_out)
			       : err;
	}
	clear(submitter_out);
	submitter_out->kind = SP_SUBMITTER_LOGIN;
	sp_text_init(&key, submitter_out->key, sizeof(submitter_out->key));
	sp_text_addf(&key, LOGIN "%s", text);
	return SP_OK;
}

enum sp_err sp_submitter_parse(const char *text, const char *domain,
			       struct sp_submitter *submitter_out)
{
	enum sp_err err;

	clear(submitter_out);
	if (sp_text_starts(text, LOGIN))
		return parse_login(text + strlen(LOGIN), submitter_out);
	if (sp_text_starts(text, USER))
		return parse_user(text + strlen(USER), submitter_out);
	if (sp_text_starts(text, NETWORK))
		return parse_network(text + strlen(NETWORK), submitter_out);
	err = parse_network(text, submitter_out);
	if (err != SP_ERR_SYNTAX)
		return err;
	return sp_submitter_of_login(text, domain, submitter_out);
}

const char *sp_submitter_domain(const struct sp_submitter *submitter)
{
	const char *at = strrchr(submitter->key, '@');

	if (submitter->kind != SP_SUBMITTER_LOGIN || at == NULL ||
	    is_cut_key(submitter->key + strlen(LOGIN)))
		return NULL;
	return at + 1;
}

const char *sp_submitter_mask(const char *submitter_key,
			      const struct sp_hash_key *secret,
			      char mask_out[SP_SUBMITTER_MASK_SIZE])
{
	char digits[SP_HASH_TEXT_SIZE];
	struct sp_hash hash;
	struct sp_text mask;

	sp_hash_make(secret, submitter_key, strlen(submitter_key), &hash);
	sp_hash_text(&hash, digits);
	sp_text_init(&mask, mask_out, SP_SUBMITTER_MASK_SIZE);
	sp_text_add_bytes(&mask, submitter_key, strcspn(submitter_key, ":"));
	sp_text_addf(&mask, ":%.16s", digits);
	return mask_out;
}

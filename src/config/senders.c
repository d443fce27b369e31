#include "sallyport/senders.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "report.h"
#include "sallyport/domain.h"
#include "sallyport/list.h"
#include "sallyport/submitter.h"
#include "sallyport/text.h"

enum {
	PAIR_SIZE = 512, /* what an entry of a list may be */
	LOCAL_SIZE = 256
};

struct address {
	char local[LOCAL_SIZE]; /* "": everybody in that domain */
	char domain[SP_DOMAIN_SIZE];
};

/* Each pair of a submitter's key and an address, in small letters, is an entry,
 * and each key is one, too. */
struct sp_senders {
	const char *login_domain;
	struct sp_list *pairs;
};

enum sp_err sp_senders_new(const char *login_domain,
			   struct sp_senders **senders_out)
{
	struct sp_senders *senders = calloc(1, sizeof(*senders));

	*senders_out = NULL;
	if (senders == NULL)
		return SP_ERR_NO_MEMORY;
	senders->login_domain = login_domain;
	if (sp_list_new(SP_LIST_RULES, &senders->pairs) != SP_OK) {
		free(senders);
		return SP_ERR_NO_MEMORY;
	}
	*senders_out = senders;
	return SP_OK;
}

void sp_senders_free(struct sp_senders **senders)
{
	if (*senders == NULL)
		return;
	sp_list_free(&(*senders)->pairs);
	free(*senders);
	*senders = NULL;
}

/* "sasl:alice@example.org info@example.org"; false: too long. */
static bool write_pair(const char *submitter, const char *local,
		       const char *domain, char pair_out[PAIR_SIZE])
{
	struct sp_text pair;

	sp_text_init(&pair, pair_out, PAIR_SIZE);
	sp_text_add(&pair, submitter);
	sp_text_add(&pair, " ");
	sp_text_add(&pair, local);
	sp_text_add(&pair, "@");
	sp_text_add(&pair, domain);
	sp_text_lower(pair_out);
	return !pair.is_cut;
}

/* "info@example.org", "@example.org", "info": taken apart. A colon behind it is
 * what some other mail servers write. */
static bool read_address(const char *text, const char *login_domain,
			 struct address *address_out)
{
	char copy[PAIR_SIZE];
	size_t length = strlen(text);
	const char *domain = login_domain;
	char *at;

	if (length > 0 && text[length - 1] == ':')
		length--;
	/* Tables of patterns begin so, and mean something else. */
	if (length == 0 || length >= sizeof(copy) || *text == '/')
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	at = strrchr(copy, '@');
	if (at != NULL) {
		domain = at + 1;
		*at = '\0';
	} else if (*login_domain == '\0') {
		return false;
	}
	sp_text_copy(address_out->local, sizeof(address_out->local), copy);
	return strlen(copy) < sizeof(address_out->local) &&
	       sp_domain_normalise(domain, address_out->domain) == SP_OK;
}

static enum sp_err read_owner(const char *text, const char *login_domain,
			      struct sp_submitter *owner_out)
{
	if (sp_text_starts(text, "uid:") || sp_text_starts(text, "sasl:"))
		return sp_submitter_parse(text, login_domain, owner_out);
	return sp_submitter_of_login(text, login_domain, owner_out);
}

static enum sp_err refuse(char *error_out, const char *text)
{
	char quote[SP_QUOTE_SIZE];

	return sp_limit_refuse(error_out, SP_ERR_SYNTAX,
			       "expected an address or @DOMAIN, and the logins "
			       "that own it, such as \"info@example.org "
			       "alice@example.org\", found %s",
			       sp_quote(text, quote));
}

static enum sp_err keep(struct sp_senders *senders, const char *pair,
			const struct sp_stands *stands, char *error_out)
{
	enum sp_err err =
		sp_list_add(senders->pairs, pair, stands->file, stands->line);

	return err == SP_OK
		       ? SP_OK
		       : sp_limit_refuse(error_out, err, "there is no memory");
}

enum sp_err sp_senders_add(struct sp_senders *senders, const char *text,
			   const struct sp_stands *stands,
			   char error_out[SP_LIMIT_ERROR_SIZE])
{
	size_t length = strcspn(text, " \t");
	const char *login = text + length + strspn(text + length, " \t");
	char word[PAIR_SIZE], pair[PAIR_SIZE];
	struct address address;
	struct sp_submitter owner;
	enum sp_err err;

	if (*login == '\0' || length >= sizeof(word))
		return refuse(error_out, text);
	memcpy(word, text, length);
	word[length] = '\0';
	if (!read_address(word, senders->login_domain, &address) ||
	    read_owner(login, senders->login_domain, &owner) != SP_OK)
		return refuse(error_out, text);
	if (!write_pair(owner.key, address.local, address.domain, pair))
		return sp_limit_refuse(error_out, SP_ERR_TOO_LONG,
				       "expected a shorter address and login");
	err = keep(senders, pair, stands, error_out);
	return err == SP_OK ? keep(senders, owner.key, stands, error_out) : err;
}

bool sp_senders_know(const struct sp_senders *senders, const char *submitter)
{
	return senders != NULL &&
	       sp_list_find_same(senders->pairs, submitter) != NULL;
}

static bool has_pair(const struct sp_senders *senders, const char *submitter,
		     const char *local, const char *domain)
{
	char pair[PAIR_SIZE];

	return write_pair(submitter, local, domain, pair) &&
	       sp_list_find_same(senders->pairs, pair) != NULL;
}

bool sp_senders_may(const struct sp_senders *senders, const char *submitter,
		    const char *local, const char *domain)
{
	char base[LOCAL_SIZE];

	if (!sp_senders_know(senders, submitter))
		return false;
	if (has_pair(senders, submitter, "", domain))
		return true;
	if (local == NULL || *local == '\0')
		return false;
	if (has_pair(senders, submitter, local, domain))
		return true;
	sp_text_copy(base, sizeof(base), local);
	base[strcspn(base, "+")] = '\0';
	return base[0] != '\0' && has_pair(senders, submitter, base, domain);
}

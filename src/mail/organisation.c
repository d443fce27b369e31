#include "sallyport/organisation.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

#define DEBIAN_LIST "/usr/share/publicsuffix/public_suffix_list.dafsa"

struct sp_suffixes {
	psl_ctx_t *list;
	char *path; /* NULL: built-in */
};

enum sp_err sp_suffixes_new(const char *path, struct sp_suffixes **suffixes_out)
{
	struct sp_suffixes *suffixes = calloc(1, sizeof(*suffixes));

	if (suffixes == NULL)
		abort();
	*suffixes_out = NULL;
	if (path == NULL)
		path = DEBIAN_LIST;
	suffixes->list = psl_load_file(path);
	if (suffixes->list != NULL) {
		suffixes->path = strdup(path);
		if (suffixes->path == NULL)
			abort();
	} else {
		suffixes->list = (psl_ctx_t *)psl_builtin();
	}
	if (suffixes->list == NULL) {
		sp_suffixes_free(&suffixes);
		return SP_ERR_UNAVAILABLE;
	}
	*suffixes_out = suffixes;
	return SP_OK;
}

void sp_suffixes_free(struct sp_suffixes **suffixes)
{
	if (*suffixes == NULL)
		return;
	psl_free((*suffixes)->list); /* leaves the built-in one alone */
	free((*suffixes)->path);
	free(*suffixes);
	*suffixes = NULL;
}

const char *sp_suffixes_source(const struct sp_suffixes *suffixes)
{
	return suffixes->path != NULL ? suffixes->path : "built-in";
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text > 0x7f)
			return false;
	}
	return true;
}

/* libpsl folds no case itself, and "2.1" would be the organisation of the
 * address 192.0.2.1: what it gets must be a name. */
static bool fold_ascii(const char *name, char folded_out[SP_DOMAIN_SIZE])
{
	return sp_domain_kind(name) == SP_DOMAIN_QUALIFIED &&
	       sp_domain_normalise(name, folded_out) == SP_OK;
}

static bool fold_utf8(const char *name, char folded_out[SP_DOMAIN_SIZE])
{
	char *folded = NULL;
	size_t length;
	bool is_name;

	/* Before the library sees it, for it has no bound. */
	if (strnlen(name, SP_DOMAIN_SIZE) >= SP_DOMAIN_SIZE)
		return false;
	if (psl_str_to_utf8lower(name, "utf-8", NULL, &folded) != PSL_SUCCESS)
		return false;
	length = strlen(folded);
	is_name = length > 0 && length < SP_DOMAIN_SIZE && folded[0] != '.' &&
		  folded[length - 1] != '.' && strstr(folded, "..") == NULL;
	if (is_name)
		memcpy(folded_out, folded, length + 1);
	psl_free_string(folded);
	return is_name;
}

enum sp_err sp_organisation_of(const struct sp_suffixes *suffixes,
			       const char *name,
			       char domain_out[SP_DOMAIN_SIZE])
{
	char folded[SP_DOMAIN_SIZE];
	const char *domain;

	domain_out[0] = '\0';
	if (!(is_ascii(name) ? fold_ascii(name, folded)
			     : fold_utf8(name, folded)))
		return SP_ERR_NOT_FOUND;
	domain = psl_registrable_domain(suffixes->list, folded);
	if (domain == NULL)
		return SP_ERR_NOT_FOUND;
	memcpy(domain_out, domain, strlen(domain) + 1);
	return SP_OK;
}

bool sp_organisation_is_same(const struct sp_suffixes *suffixes, const char *a,
			     const char *b)
{
	char of_a[SP_DOMAIN_SIZE];
	char of_b[SP_DOMAIN_SIZE];

	if (a[0] == '\0')
		return false;
	if (sp_text_equals(a, b))
		return true;
	return sp_organisation_of(suffixes, a, of_a) == SP_OK &&
	       sp_organisation_of(suffixes, b, of_b) == SP_OK &&
	       strcmp(of_a, of_b) == 0;
}

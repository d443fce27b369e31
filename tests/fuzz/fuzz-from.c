/* From: fields, a NUL between them: whatever is in them, a verdict that is in
 * agreement with what was found. */
#include "sallyport/from.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_domain(const struct sp_from_domain *domain)
{
	char again[SP_DOMAIN_SIZE];

	require(domain->name[0] != '\0');
	for (const char *c = domain->name; *c != '\0'; c++)
		require((unsigned char)*c > ' ' && *c != 0x7f && *c != '@' &&
			*c != '<' && !(*c >= 'A' && *c <= 'Z'));
	switch (domain->kind) {
	case SP_FROM_DOMAIN_NAME:
		require(sp_domain_normalise(domain->name, again) == SP_OK);
		require(strcmp(domain->name, again) == 0);
		break;
	case SP_FROM_DOMAIN_IDN:
		require(domain->name[0] != '.');
		break;
	case SP_FROM_DOMAIN_LITERAL:
		require(domain->name[0] == '[');
		break;
	default:
		abort();
	}
}

static void check_author(const struct sp_from *from)
{
	bool is_one = sp_from_judge(from) == SP_FROM_OK_ONE;

	require((sp_from_author(from) != NULL) == is_one);
	if (is_one)
		require(from->field_count == 1 && from->mailbox_count == 1 &&
			from->domain_count == 1 && !from->has_more_domains &&
			!from->has_group && from->reason == SP_FROM_READ);
}

static void check(const struct sp_from *from)
{
	require(from->domain_count <= SP_FROM_DOMAINS_MAX);
	require(from->domain_count <= from->mailbox_count);
	for (unsigned i = 0; i < from->domain_count; i++) {
		check_domain(&from->domains[i]);
		for (unsigned j = 0; j < i; j++)
			require(strcmp(from->domains[i].name,
				       from->domains[j].name) != 0);
	}
	require(from->mailboxes_kept <= SP_FROM_MAILBOXES_MAX);
	require(from->mailboxes_kept <= from->mailbox_count);
	for (unsigned i = 0; i < from->mailboxes_kept; i++) {
		require(from->mailboxes[i].domain < from->domain_count);
		require(strlen(from->mailboxes[i].local) < SP_LOCAL_SIZE);
	}
	if (from->shown.kind != SP_FROM_DOMAIN_NONE)
		check_domain(&from->shown);
	require(sp_from_verdict_text(sp_from_judge(from))[0] != '\0');
	require(sp_from_reason_text(from->reason)[0] != '\0');
	check_author(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *at = (const char *)bytes;
	size_t left = size;
	struct sp_from from;

	sp_from_init(&from);
	for (;;) {
		const char *nul = left > 0 ? memchr(at, '\0', left) : NULL;
		size_t length = nul != NULL ? (size_t)(nul - at) : left;
		/* A copy of its own, for its ends to be guarded. */
		char *value = malloc(length > 0 ? length : 1);

		require(value != NULL);
		if (length > 0)
			memcpy(value, at, length);
		sp_from_add_field(&from, value, length);
		free(value);
		check(&from);
		if (nul == NULL)
			return 0;
		at = nul + 1;
		left -= length + 1;
	}
}

/* An envelope path, whatever is in it: read, keyed and folded within bounds. */
#include "sallyport/address.h"
#include "sallyport/sender.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_parts(const struct sp_address *address)
{
	if (address->kind == SP_ADDRESS_FULL)
		require(address->local[0] != '\0' &&
			address->domain[0] != '\0');
	else
		require(address->domain[0] == '\0');
	if (address->kind == SP_ADDRESS_NULL || address->kind == SP_ADDRESS_BAD)
		require(address->local[0] == '\0');
	for (const char *c = address->local; *c != '\0'; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *path = calloc(1, size + 1);
	char key[SP_ADDRESS_SIZE];
	char folded[SP_ADDRESS_SIZE];
	struct sp_address address;

	require(path != NULL);
	memcpy(path, bytes, size);
	sp_address_parse(path, &address);
	check_parts(&address);
	sp_address_key(&address, key);
	sp_sender_fold(&address, folded);
	/* Folding only ever takes away. */
	require(strlen(folded) <= strlen(key));
	require((folded[0] == '\0') == (key[0] == '\0'));
	free(path);
	return 0;
}

/* A file that says to be a database: whatever is in it, a place or none, and
 * what a place says has the form of one. */
#include "sallyport/geo.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "database.h"
#include "sallyport/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_place(const struct sp_place *place)
{
	size_t letters = strspn(place->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t digits = strspn(place->asn, "0123456789");

	require(letters == strlen(place->country) &&
		(letters == 0 || letters == 2));
	require(digits == strlen(place->asn) && place->asn[0] != '0');
}

static void look_up(const char *path, enum sp_geo_kind kind)
{
	char reason[SP_GEO_REASON_SIZE] = "";
	struct sp_geo_database *database =
		sp_geo_database_open(path, kind, reason);

	require((database == NULL) == (reason[0] != '\0'));
	for (unsigned i = 0; database != NULL && i < 32; i++) {
		const struct sp_ip client = {
			.family = i % 2 == 0 ? SP_IP_4 : SP_IP_6,
			.bytes = { (uint8_t)(i * 37), (uint8_t)i, 2, 1 },
		};
		struct sp_place place = { .country = "" };

		sp_geo_database_find(database, &client, &place);
		check_place(&place);
	}
	sp_geo_database_unref(&database);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz-geo", MFD_CLOEXEC);
	char path[64];

	require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	look_up(path, SP_GEO_COUNTRY);
	look_up(path, SP_GEO_ASN);
	(void)close(fd);
	return 0;
}

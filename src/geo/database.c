#include "database.h"

#include <inttypes.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "entry.h"
#include "sallyport/ip.h"
#include "sallyport/text.h"
#include "value.h"

#define MARKER "\xab\xcd\xefMaxMind.com"

enum {
	MARKER_BYTES = sizeof(MARKER) - 1,
	METADATA_MAX_BYTES = 128 * 1024, /* of the format */
	SEPARATOR_BYTES = 16,
	NODES_TRIED = 100000
};

struct sp_geo_database {
	atomic_uint references;
	enum sp_geo_kind kind;
	MMDB_s mmdb; /* only read, whatever its functions' prototypes say */
	struct sp_geo_section section;
	struct stat status; /* of the file that it was read from */
	char type[SP_GEO_TYPE_SIZE];
	int64_t built_sec;
};

/* What we ask of its metadata before the library does. */
struct metadata {
	uint64_t node_count, record_bits, ip_version, built_sec;
	struct sp_geo_section section;
	struct sp_geo_value root;
};

/* The last marker counts. */
static bool find_metadata(const struct sp_geo_copy *copy,
			  struct sp_geo_section *section_out)
{
	size_t least = copy->size > METADATA_MAX_BYTES
			       ? copy->size - METADATA_MAX_BYTES
			       : 0;

	for (size_t at = copy->size; at >= least + MARKER_BYTES; at--) {
		const unsigned char *begin = copy->bytes + at - MARKER_BYTES;

		if (memcmp(begin, MARKER, MARKER_BYTES) == 0) {
			*section_out = (struct sp_geo_section){
				copy->bytes + at,
				copy->size - at,
			};
			return true;
		}
	}
	return false;
}

static uint64_t metadata_number(const struct metadata *metadata,
				const char *key)
{
	struct sp_geo_value value;
	uint64_t number = 0;

	if (!sp_geo_value_find(&metadata->section, &metadata->root, key,
			       &value) ||
	    !sp_geo_value_number(&metadata->section, &value, &number))
		return 0;
	return number;
}

/* What is there of other types, the library loses memory over. */
static bool holds_texts(const struct metadata *metadata, const char *key)
{
	struct sp_geo_value value;

	return !sp_geo_value_find(&metadata->section, &metadata->root, key,
				  &value) ||
	       sp_geo_value_holds_texts(&metadata->section, &value);
}

/*
 * The library takes the size of the search tree modulo 2^32 (before 1.9), and
 * walks through metadata as value.h says. Both end here.
 */
static bool vet(const struct sp_geo_copy *copy, struct metadata *metadata_out,
		char *reason_out)
{
	struct metadata metadata = { .node_count = 0 };

	if (!find_metadata(copy, &metadata.section))
		return sp_geo_refuse(reason_out,
				     "has no metadata: is it a MaxMind "
				     "database (.mmdb), unpacked, and whole?");
	if (!sp_geo_value_is_sound(&metadata.section, 0) ||
	    !sp_geo_value_read(&metadata.section, 0, &metadata.root) ||
	    !holds_texts(&metadata, "languages") ||
	    !holds_texts(&metadata, "description"))
		return sp_geo_refuse(reason_out,
				     "has metadata that cannot be read: is it "
				     "whole?");
	metadata.node_count = metadata_number(&metadata, "node_count");
	metadata.record_bits = metadata_number(&metadata, "record_size");
	metadata.ip_version = metadata_number(&metadata, "ip_version");
	metadata.built_sec = metadata_number(&metadata, "build_epoch");
	if (metadata.node_count == 0 || metadata.node_count > UINT32_MAX ||
	    (metadata.record_bits != 24 && metadata.record_bits != 28 &&
	     metadata.record_bits != 32) ||
	    (metadata.ip_version != 4 && metadata.ip_version != 6))
		return sp_geo_refuse(reason_out,
				     "has a search tree of another kind than "
				     "version 2 of the format");
	if (metadata.node_count * (metadata.record_bits / 4) + SEPARATOR_BYTES >
	    (size_t)(metadata.section.bytes - copy->bytes))
		return sp_geo_refuse(reason_out,
				     "is shorter than its metadata says: is it "
				     "whole?");
	*metadata_out = metadata;
	return true;
}

static void keep_metadata(struct sp_geo_database *database,
			  const struct metadata *metadata)
{
	struct sp_geo_value type;
	struct sp_text text;

	database->built_sec = metadata->built_sec < INT32_MAX * INT64_C(1000)
				      ? (int64_t)metadata->built_sec
				      : 0;
	sp_text_init(&text, database->type, sizeof(database->type));
	if (sp_geo_value_find(&metadata->section, &metadata->root,
			      "database_type", &type) &&
	    type.type == SP_GEO_STRING)
		sp_text_add_safe(
			&text, (const char *)metadata->section.bytes + type.at,
			type.size, NULL);
}

static bool read_record(const struct sp_geo_database *database,
			uint64_t record_type, const MMDB_entry_s *entry,
			struct sp_place *place)
{
	return record_type == MMDB_RECORD_TYPE_DATA &&
	       sp_geo_entry_read(&database->section, entry->offset,
				 database->kind, place);
}

/* A country database in the place of one of providers would count nothing, and
 * nobody would ever know. */
static bool says_what_it_should(const struct sp_geo_database *database,
				char *reason_out)
{
	uint32_t count = database->mmdb.metadata.node_count;
	struct sp_place place;

	for (uint32_t i = 0; i < count && i < NODES_TRIED; i++) {
		MMDB_search_node_s node;

		if (MMDB_read_node(&database->mmdb, i, &node) != MMDB_SUCCESS)
			break;
		if (read_record(database, node.left_record_type,
				&node.left_record_entry, &place) ||
		    read_record(database, node.right_record_type,
				&node.right_record_entry, &place))
			return true;
	}
	return sp_geo_refuse(
		reason_out,
		"names no %s that we could read (it calls itself "
		"%s)",
		database->kind == SP_GEO_COUNTRY ? "country" : "ASN",
		database->type[0] != '\0' ? database->type : "nothing");
}

static bool open_copy(struct sp_geo_database *database,
		      const struct sp_geo_copy *copy, char *reason_out)
{
	struct metadata metadata;
	int status;

	if (!vet(copy, &metadata, reason_out))
		return false;
	keep_metadata(database, &metadata);
	status = MMDB_open(copy->name, MMDB_MODE_MMAP, &database->mmdb);
	if (status != MMDB_SUCCESS) {
		/* Not to be closed: there is nothing. */
		database->mmdb.file_content = NULL;
		return sp_geo_refuse(reason_out, "cannot be used: %s",
				     MMDB_strerror(status));
	}
	database->section = (struct sp_geo_section){
		database->mmdb.data_section,
		database->mmdb.data_section_size,
	};
	return says_what_it_should(database, reason_out);
}

struct sp_geo_database *sp_geo_database_open(
	const char *path, enum sp_geo_kind kind,
	char reason_out[SP_GEO_REASON_SIZE])
{
	struct sp_geo_database *database = calloc(1, sizeof(*database));
	struct sp_geo_copy copy;

	if (database == NULL) {
		sp_geo_refuse(reason_out, "cannot be read: no memory");
		return NULL;
	}
	atomic_init(&database->references, 1);
	database->kind = kind;
	if (!sp_geo_copy_make(path, &copy, reason_out) ||
	    !open_copy(database, &copy, reason_out))
		sp_geo_database_unref(&database);
	else
		database->status = copy.status;
	/* The library's mapping keeps the bytes. */
	sp_geo_copy_clear(&copy);
	return database;
}

struct sp_geo_database *sp_geo_database_ref(struct sp_geo_database *database)
{
	if (database != NULL)
		atomic_fetch_add(&database->references, 1);
	return database;
}

void sp_geo_database_unref(struct sp_geo_database **database)
{
	struct sp_geo_database *old = *database;

	*database = NULL;
	if (old == NULL || atomic_fetch_sub(&old->references, 1) != 1)
		return;
	if (old->mmdb.file_content != NULL)
		MMDB_close(&old->mmdb);
	free(old);
}

bool sp_geo_database_is_of(const struct sp_geo_database *database,
			   const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 &&
	       sp_geo_is_same_file(&database->status, &status);
}

void sp_geo_database_find(struct sp_geo_database *database,
			  const struct sp_ip *client, struct sp_place *place)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool is_four = client->family == SP_IP_4;
	const struct sockaddr *address =
		is_four ? (const struct sockaddr *)&four
			: (const struct sockaddr *)&six;
	MMDB_lookup_result_s result;
	int status;

	if (client->family == SP_IP_NONE)
		return;
	memcpy(&four.sin_addr, client->bytes, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, client->bytes, sizeof(six.sin6_addr));
	result = MMDB_lookup_sockaddr(&database->mmdb, address, &status);
	if (status == MMDB_SUCCESS && result.found_entry)
		sp_geo_entry_read(&database->section, result.entry.offset,
				  database->kind, place);
}

const char *sp_geo_database_type(const struct sp_geo_database *database)
{
	return database->type;
}

int64_t sp_geo_database_built_sec(const struct sp_geo_database *database)
{
	return database->built_sec;
}

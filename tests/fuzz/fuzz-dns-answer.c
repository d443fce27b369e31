/* The raw data of an answer: the first byte chooses the type, then records,
 * each behind its length in two bytes. */
#include "../../src/dns/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_name(const struct sp_dns_record *record, bool may_be_root)
{
	struct sp_dns_name name;

	require(strlen(record->text) == record->length);
	if (record->length == 0) {
		require(may_be_root);
		return;
	}
	/* What comes out can be asked for, and is what it was. */
	require(sp_dns_name_domain(record->text, record->length, &name) ==
		SP_OK);
	require(strcmp(name.text, record->text) == 0);
}

static void check_record(const struct sp_dns_record *record,
			 enum sp_dns_type type)
{
	require(record->text[record->length] == '\0');
	if (type == SP_DNS_A)
		require(record->ip.family == SP_IP_4);
	else if (type == SP_DNS_AAAA)
		require(record->ip.family == SP_IP_6);
	else if (type != SP_DNS_TXT)
		check_name(record, type == SP_DNS_MX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const enum sp_dns_type types[] = { SP_DNS_A,	SP_DNS_NS,
						  SP_DNS_CNAME, SP_DNS_PTR,
						  SP_DNS_MX,	SP_DNS_TXT,
						  SP_DNS_AAAA };
	static struct sp_dns_reader reader;
	struct sp_dns_answer like = { .status = SP_DNS_FOUND, .alias = "" };
	struct sp_dns_held *held;
	enum sp_dns_type type;
	size_t taken = 0;

	if (size == 0)
		return 0;
	type = types[bytes[0] % (sizeof(types) / sizeof(*types))];
	sp_dns_reader_init(&reader);
	for (size_t at = 1; at + 2 <= size; taken++) {
		size_t length = (size_t)bytes[at] << 8 | bytes[at + 1];
		struct sp_dns_data data;
		uint8_t *copy;

		at += 2;
		if (length > size - at)
			length = size - at;
		/* Of its own, so that a byte too many is seen. */
		copy = malloc(length > 0 ? length : 1);
		memcpy(copy, bytes + at, length);
		data = (struct sp_dns_data){ copy, length };
		sp_dns_reader_take(&reader, type, &data);
		free(copy);
		at += length;
	}
	held = sp_dns_held_new(&reader, &like);
	require(held->answer.count + held->answer.dropped == taken);
	require(held->answer.count <= SP_DNS_RECORDS_MAX);
	for (size_t i = 0; i < held->answer.count; i++)
		check_record(&held->answer.records[i], type);
	free(held);
	return 0;
}

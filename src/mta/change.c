#include "client.h"

#include <string.h>

#include "wire.h"

/* How one kind of modification looks on the wire. */
struct change_form {
	uint8_t letter;
	enum sp_mta_change_kind kind;
	uint32_t action; /* must have been agreed upon */
	bool has_index;
	unsigned least_strings, most_strings;
};

static const struct change_form forms[] = {
	{ REPLY_ADD_HEADER, SP_MTA_ADD_HEADER, ACTION_ADD_HEADERS, false, 2,
	  2 },
	{ REPLY_INSERT_HEADER, SP_MTA_INSERT_HEADER, ACTION_ADD_HEADERS, true,
	  2, 2 },
	{ REPLY_CHANGE_HEADER, SP_MTA_CHANGE_HEADER, ACTION_CHANGE_HEADERS,
	  true, 2, 2 },
	{ REPLY_ADD_RECIPIENT, SP_MTA_ADD_RECIPIENT, ACTION_ADD_RECIPIENT,
	  false, 1, 1 },
	{ REPLY_ADD_RECIPIENT_PAR, SP_MTA_ADD_RECIPIENT,
	  ACTION_ADD_RECIPIENT_PAR, false, 1, 2 },
	{ REPLY_DELETE_RECIPIENT, SP_MTA_DELETE_RECIPIENT,
	  ACTION_DELETE_RECIPIENT, false, 1, 1 },
	{ REPLY_CHANGE_SENDER, SP_MTA_CHANGE_SENDER, ACTION_CHANGE_SENDER,
	  false, 1, 2 },
	{ REPLY_QUARANTINE, SP_MTA_QUARANTINE, ACTION_QUARANTINE, false, 1, 1 },
};

static const struct change_form *form_of(uint8_t letter)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (forms[i].letter == letter)
			return &forms[i];
	return NULL;
}

/* Split `length` bytes into `most` strings; false unless there are `least` to
 * `most` of them, each with its NUL, and nothing else. */
static bool split(const char *data, size_t length,
		  const struct change_form *form, const char *strings_out[2])
{
	unsigned count = 0;

	while (length > 0) {
		const char *end = memchr(data, '\0', length);

		if (!end || count == form->most_strings)
			return false;
		strings_out[count++] = data;
		length -= (size_t)(end - data) + 1;
		data = end + 1;
	}
	return count >= form->least_strings;
}

/* A copy that lives until the next mail; NULL when there is no room. */
static const char *keep(struct sp_mta *mta, const char *string)
{
	size_t size = strlen(string) + 1;
	char *to = mta->change_bytes + mta->change_length;

	if (size > CHANGE_BYTES - mta->change_length)
		return NULL;
	memcpy(to, string, size);
	mta->change_length += size;
	return to;
}

static void add_change(struct sp_mta *mta, struct sp_mta_change change)
{
	struct sp_mta_changes *changes = &mta->changes;

	changes->total++;
	if (changes->count == SP_MTA_CHANGES_MAX)
		return;
	change.name = keep(mta, change.name);
	change.value = keep(mta, change.value);
	if (change.name && change.value)
		changes->list[changes->count++] = change;
}

static enum sp_err note_body(struct sp_mta *mta,
			     const struct sp_link_packet *packet)
{
	if (!(mta->agreed.actions & ACTION_CHANGE_BODY))
		return sp_client_complain(mta, "a change not agreed upon");
	if (!mta->changes.is_body_replaced)
		mta->changes.total++;
	mta->changes.is_body_replaced = true;
	mta->changes.body_bytes += packet->length;
	return SP_OK;
}

enum sp_err sp_client_note_change(struct sp_mta *mta,
				  const struct sp_link_packet *packet)
{
	const struct change_form *form = form_of(packet->letter);
	struct sp_mta_change change = { .index = 0 };
	const char *strings[2] = { "", "" };
	const char *data = packet->data;
	size_t length = packet->length;

	if (packet->letter == REPLY_BODY)
		return note_body(mta, packet);
	if (!form)
		return sp_client_complain(mta, "a reply that there is not");
	if (!(mta->agreed.actions & form->action))
		return sp_client_complain(mta, "a change not agreed upon");
	if (form->has_index) {
		if (length < 4)
			return sp_client_complain(mta, "a change cut short");
		change.index = wire_get32((const uint8_t *)data);
		data += 4;
		length -= 4;
	}
	if (!split(data, length, form, strings))
		return sp_client_complain(mta, "a change that cannot be read");
	change.kind = form->kind;
	change.name = strings[0];
	change.value = strings[1];
	add_change(mta, change);
	return SP_OK;
}

#include "macros.h"

#include <string.h>

/* The slot of a name, made when it is new; SP_MTA_MACROS_MAX when there is
 * none left or the name is too long. */
static size_t slot_of(struct macros *macros, const char *name, size_t length)
{
	char spelled[MACRO_NAME_SIZE];
	size_t i;

	if (length > 2 && name[0] == '{' && name[length - 1] == '}') {
		name++;
		length -= 2;
	}
	if (length == 0 || length > MACRO_NAME_SIZE - 3)
		return SP_MTA_MACROS_MAX;
	if (length == 1) {
		spelled[0] = name[0];
		spelled[1] = '\0';
	} else {
		spelled[0] = '{';
		memcpy(spelled + 1, name, length);
		memcpy(spelled + 1 + length, "}", 2);
	}
	for (i = 0; i < macros->count; i++)
		if (strcmp(macros->macros[i].name, spelled) == 0)
			return i;
	if (i == SP_MTA_MACROS_MAX)
		return i;
	strcpy(macros->macros[i].name, spelled);
	macros->count++;
	return i;
}

enum sp_err sp_macros_set_list(struct macros *macros, enum wire_stage stage,
			       const char *names, size_t length)
{
	struct macro_list list = { .count = 0 };
	size_t start = 0;

	for (size_t i = 0; i <= length; i++) {
		size_t slot;

		if (i < length && names[i] != ' ' && names[i] != ',')
			continue;
		if (i > start) {
			slot = slot_of(macros, names + start, i - start);
			if (slot == SP_MTA_MACROS_MAX ||
			    list.count == MACRO_LIST_MAX)
				return SP_ERR_TOO_LONG;
			list.slots[list.count++] = (uint8_t)slot;
		}
		start = i + 1;
	}
	macros->lists[stage] = list;
	return SP_OK;
}

void sp_macros_init(struct macros *macros)
{
	static const char *const initial[STAGE_COUNT] = {
		[STAGE_CONNECT] = "j {daemon_name} {daemon_addr} v _",
		[STAGE_HELO] = "{tls_version} {cipher} {cipher_bits} "
			       "{cert_subject} {cert_issuer}",
		[STAGE_MAIL] = "i {auth_type} {auth_authen} {auth_author} "
			       "{mail_addr} {mail_host} {mail_mailer}",
		[STAGE_RCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
		[STAGE_DATA] = "i",
		[STAGE_EOM] = "i",
		[STAGE_EOH] = "i",
	};

	macros->count = 0;
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		(void)sp_macros_set_list(macros, (enum wire_stage)stage,
					 initial[stage],
					 strlen(initial[stage]));
}

enum sp_err sp_macros_set(struct macros *macros, const char *name,
			  const char *value)
{
	size_t slot = slot_of(macros, name, strlen(name));

	if (slot == SP_MTA_MACROS_MAX)
		return SP_ERR_TOO_LONG;
	macros->macros[slot].value = value;
	return SP_OK;
}

enum sp_err sp_macros_put(const struct macros *macros, enum wire_stage stage,
			  uint8_t event, struct sp_link *link)
{
	const struct macro_list *list = &macros->lists[stage];
	struct sp_link_piece pieces[1 + 2 * MACRO_LIST_MAX];
	size_t count = 0;

	pieces[count++] = (struct sp_link_piece){ &event, 1 };
	for (size_t i = 0; i < list->count; i++) {
		const struct macro *macro = &macros->macros[list->slots[i]];

		if (!macro->value)
			continue;
		pieces[count++] =
			(struct sp_link_piece){ macro->name,
						strlen(macro->name) + 1 };
		pieces[count++] =
			(struct sp_link_piece){ macro->value,
						strlen(macro->value) + 1 };
	}
	if (count == 1)
		return SP_OK;
	return sp_link_put(link, EVENT_MACRO, pieces, count);
}

#include "sallyport/probe.h"

#include <string.h>

#include "sallyport/config.h"
#include "sallyport/text.h"

bool sp_probe_is_wanted(const struct sp_config *config)
{
	return config->harvest.network > 0 || config->relay.network > 0;
}

/* Postfix ends with "Relay access denied", Sendmail begins with "Relaying
 * denied" (and 8.17 does not show us these). In the middle of a text it may be
 * the recipient who says so. */
static bool says_relay(const char *text)
{
	static const char postfix[] = "Relay access denied";
	size_t length = strlen(text);
	size_t tail = sizeof(postfix) - 1;

	return sp_text_starts(text, "Relaying denied") ||
	       (length >= tail &&
		sp_text_equals(text + length - tail, postfix));
}

/* The text without the codes that some put before it: "550 5.7.1 ". */
static const char *without_codes(const char *text)
{
	size_t codes = strspn(text, "0123456789. ");

	return codes > 0 && text[codes - 1] == ' ' ? text + codes : text;
}

/* 5.1.1 and nothing more. */
static bool is_enhanced_code(const char *text)
{
	static const char digits[] = "0123456789";
	size_t length = 1;

	if (text[0] != '4' && text[0] != '5')
		return false;
	for (int part = 0; part < 2; part++) {
		size_t count = 0;

		if (text[length] == '.')
			count = strspn(text + length + 1, digits);
		if (count < 1 || count > 3)
			return false;
		length += 1 + count;
	}
	return text[length] == '\0';
}

enum sp_refusal sp_refusal_judge(const struct sp_refusal_note *note)
{
	const char *code = note->code ? note->code : "";

	if (!note->mailer || strcmp(note->mailer, "error") != 0)
		return SP_REFUSAL_NONE;
	/* Postfix has "error" also for each recipient that it accepts in a
	 * virtual alias domain; the host is then "5.1.1 User unknown in virtual
	 * alias table", for whom the alias did not exist. */
	if (!is_enhanced_code(code))
		return SP_REFUSAL_NONE;
	/* 4.1.1 is an address that is still being verified. */
	if (strcmp(code, "5.1.1") == 0)
		return SP_REFUSAL_UNKNOWN_USER;
	/* 5.7.1 alone says no more than "policy": a block list, for one. */
	if (note->text && says_relay(without_codes(note->text)))
		return SP_REFUSAL_RELAY;
	return SP_REFUSAL_OTHER;
}

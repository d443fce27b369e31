#include "try.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

enum {
	CLIENT_PORT = 41000,
	TIMEOUT_SEC = 30
};

static const struct option options[] = {
	SP_COMMON_OPTIONS,
	{ "client", required_argument, NULL, 'i' },
	{ "helo", required_argument, NULL, 'e' },
	{ "from", required_argument, NULL, 'f' },
	{ "rcpt", required_argument, NULL, 'r' },
	{ "login", required_argument, NULL, 'l' },
	{ "name", required_argument, NULL, 'n' },
	{ "port", required_argument, NULL, 'p' },
	{ "macro", required_argument, NULL, 'm' },
	{ "socket", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, 't' },
	{ 0 },
};

static void *take(struct sp_arena *arena, size_t size)
{
	void *memory = sp_arena_alloc(arena, size);

	if (!memory)
		abort();
	return memory;
}

/* "<" text ">", unless it has them. */
static const char *in_brackets(struct sp_arena *arena, const char *text)
{
	size_t length = strlen(text);
	char *path;

	if (text[0] == '<')
		return text;
	path = take(arena, length + 3);
	path[0] = '<';
	memcpy(path + 1, text, length);
	memcpy(path + 1 + length, ">", 2);
	return path;
}

/* NAME=VALUE; false when it is not that. */
static bool add_macro(struct sp_arena *arena, struct sp_try_options *try,
		      const char *text)
{
	const char *equals = strchr(text, '=');
	struct sp_try_macro *macro = &try->macros[try->macro_count];

	if (!equals || equals == text)
		return false;
	macro->name = sp_arena_copy(arena, text, (size_t)(equals - text));
	macro->value = equals + 1;
	if (!macro->name)
		abort();
	try->macro_count++;
	return true;
}

/* Options with a number or a form; the message says what was expected. */
static const char *take_formed(struct sp_arena *arena,
			       struct sp_try_options *try, int option)
{
	long number;

	switch (option) {
	case 'i':
		try->client_text = optarg;
		if (sp_ip_parse(optarg, &try->client.ip) != SP_OK)
			return "--client takes an address: 192.0.2.7 or "
			       "2001:db8::7";
		break;
	case 'p':
		if (!sp_ctl_parse_number(optarg, 0, 65535, &number))
			return "--port takes a number from 0 to 65535";
		try->client.port = (uint16_t)number;
		break;
	case 't':
		if (!sp_ctl_parse_number(optarg, 1, 3600, &number))
			return "--timeout takes seconds, 1 to 3600";
		try->timeout_ms = number * 1000;
		break;
	case 'm':
		if (!add_macro(arena, try, optarg))
			return "--macro takes NAME=VALUE";
		break;
	default:
		break;
	}
	return NULL;
}

static void take_text(struct sp_try_options *try, int option)
{
	switch (option) {
	case 'e':
		try->helo = optarg;
		break;
	case 'f':
		try->sender = optarg;
		break;
	case 'r':
		try->recipients[try->recipient_count++] = optarg;
		break;
	case 'l':
		try->login = optarg;
		break;
	case 'n':
		try->name = optarg;
		break;
	case 's':
		try->socket = optarg;
		break;
	default:
		break;
	}
}

static const char *what_is_missing(const struct sp_try_options *try)
{
	if (!try->client_text)
		return "--client is missing: the address of the client";
	if (!try->sender)
		return "--from is missing: the envelope sender, \"\" for none";
	if (try->recipient_count == 0)
		return "--rcpt is missing: the envelope recipient";
	return NULL;
}

/* "[192.0.2.7]" to the MTA, "[IPv6:2001:db8::7]" in a greeting. */
static const char *literal(struct sp_arena *arena,
			   const struct sp_try_options *try, const char *prefix)
{
	enum {
		SIZE = SP_IP_TEXT_SIZE + 8
	};
	char address[SP_IP_TEXT_SIZE];
	char *bytes = take(arena, SIZE);
	struct sp_text text;

	sp_text_init(&text, bytes, SIZE);
	sp_text_addf(&text, "[%s%s]",
		     try->client.ip.family == SP_IP_6 ? prefix : "",
		     sp_ip_format(&try->client.ip, address));
	return bytes;
}

/* What was not said, as Postfix would have it. */
static void complete(struct sp_arena *arena, struct sp_try_options *try)
{
	/* Port 0 is Postfix's sendmail command: paths come bare. */
	bool is_local = try->client.port == 0;

	try->client.name = try->name ? try->name : literal(arena, try, "");
	if (!try->helo)
		try->helo =
			try->name ? try->name : literal(arena, try, "IPv6:");
	if (is_local)
		return;
	try->sender = in_brackets(arena, try->sender);
	for (size_t i = 0; i < try->recipient_count; i++)
		try->recipients[i] = in_brackets(arena, try->recipients[i]);
}

int sp_try_parse(struct sp_ctl *ctl, int argc, char **argv,
		 struct sp_arena *arena, struct sp_try_options *options_out)
{
	struct sp_try_options try = {
		.client.port = CLIENT_PORT,
		.timeout_ms = TIMEOUT_SEC * 1000,
		.recipients = take(arena, (size_t)argc * sizeof(char *)),
		.macros =
			take(arena, (size_t)argc * sizeof(struct sp_try_macro)),
	};
	const char *wrong = NULL;
	int option;

	while (!wrong &&
	       (option = sp_ctl_option(ctl, &sp_command_try, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return option;
		wrong = take_formed(arena, &try, option);
		take_text(&try, option);
	}
	if (!wrong)
		wrong = what_is_missing(&try);
	if (!wrong && argc - optind > 1)
		wrong = "one message at a time";
	if (wrong) {
		ctl->exit_code = sp_ctl_usage(argv[0], "%s", wrong);
		return SP_OPTION_EXIT;
	}
	try.file = argv[optind];
	complete(arena, &try);
	*options_out = try;
	return SP_OPTION_END;
}

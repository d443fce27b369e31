#include "options.h"

#include <assert.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/finding.h"
#include "rows.h"
#include "value.h"

#define AT(field) offsetof(struct sp_config, field)

/* In the order of the manual. */
static const struct sp_option_rows *const groups[] = {
	&sp_option_rows_server,	  &sp_option_rows_client,
	&sp_option_rows_sender,	  &sp_option_rows_judge,
	&sp_option_rows_outbound, &sp_option_rows_notify,
	&sp_option_rows_web,	  &sp_option_rows_record,
};

enum {
	GROUPS = sizeof(groups) / sizeof(*groups)
};

static size_t row_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < GROUPS; i++)
		count += groups[i]->count;
	assert(count + SP_FINDING_COUNT <= SP_OPTIONS_MAX);
	return count;
}

/* NULL behind the last. */
static const struct sp_option *row(size_t index)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (index < groups[i]->count)
			return &groups[i]->rows[index];
		index -= groups[i]->count;
	}
	return NULL;
}

static const struct sp_option_words words[SP_OPTION_TYPES] = {
	[SP_OPTION_BOOL] = { "true|false", "true or false" },
	[SP_OPTION_NUMBER] = { "number", "a whole number" },
	[SP_OPTION_REAL] = { "decimal", "a number such as 2 or 0.5" },
	[SP_OPTION_DURATION] = { "duration",
				 "a duration such as 250ms, 90s, 5m, 2h or "
				 "36d" },
	[SP_OPTION_SIZE] = { "size", "a size such as 64KB, 256MB or 1GB" },
	[SP_OPTION_OCTAL] = { "file mode", "a file mode such as 0660" },
	[SP_OPTION_CHOICE] = { NULL, "one of" },
	[SP_OPTION_WORD] = { "name",
			     "a name of letters, digits, '.', '_' and '-'" },
	[SP_OPTION_PATH] = { "path", "an absolute path" },
	[SP_OPTION_PROGRAM] = { "program",
				"an absolute path, or a program's name" },
	[SP_OPTION_HOSTNAME] = { "host name",
				 "a host name such as mx.example.org" },
	[SP_OPTION_MAILBOX] = { "mail address",
				"an address such as postmaster@example.org, or "
				"a user of this machine" },
	[SP_OPTION_LISTEN] = { "socket", "unix:/PATH, inet:PORT@ADDRESS or "
					 "inet6:PORT@ADDRESS" },
	[SP_OPTION_WEB] = { "web socket", "PORT (on the loopback), "
					  "inet:PORT@ADDRESS or "
					  "inet6:PORT@ADDRESS" },
	[SP_OPTION_STORE] = { "store",
			      "embedded, redis://[USER@]HOST[:PORT]"
			      "[/DATABASE] or unix:/PATH[?db=DATABASE]" },
	[SP_OPTION_SINK] = { "stderr|syslog|file:/PATH",
			     "stderr, syslog or file:/PATH" },
	[SP_OPTION_NETWORKS] = { "network list",
				 "a network such as 192.0.2.0/24, "
				 "2001:db8::/32 or 192.0.2.7" },
	[SP_OPTION_NAMES] = { "name list", "a name such as example.org" },
	[SP_OPTION_ADDRESSES] = { "address list",
				  "user@example.org, user@, example.org or "
				  "<>" },
	[SP_OPTION_RULES] = { "rule list",
			      "defaults, or a rule such as \"NAME: "
			      "ZONE=127.0.0.2*1.5\"" },
	[SP_OPTION_LIMITS] = { "limit list",
			       "a limit such as \"messages: 200/1h hold\"" },
	[SP_OPTION_CLASSES] = { "class list",
				"a statement such as \"students uid: "
				"70000-79999\"" },
	[SP_OPTION_COMMAND] = { "word list",
				"a program's absolute path and its arguments, "
				"as a list" },
	[SP_OPTION_SENDERS] = { "owner list",
				"an address or @DOMAIN, and the logins that "
				"own it, such as \"info@example.org alice, "
				"bob\"" },
	[SP_OPTION_SERVERS] = { "server list",
				"a server such as 192.0.2.1, 192.0.2.1@5353 or "
				"2001:db8::1@53" },
};

const struct sp_option_words *sp_option_words(enum sp_option_type type)
{
	return &words[type];
}

size_t sp_option_count(void)
{
	return row_count() + SP_FINDING_COUNT;
}

/* Findings have a table of their own, so a new one needs no row here. */
static void make_weight(enum sp_finding_id id, struct sp_option *option_out)
{
	const struct sp_finding_kind *kind = sp_finding_kind(id);
	struct sp_text text;

	*option_out = (struct sp_option){
		.type = SP_OPTION_REAL,
		.offset = AT(score.weights) + id * sizeof(double),
		.least = "-100",
		.most = "100",
		.unit = "points",
		.help = kind->meaning,
	};
	sp_text_init(&text, option_out->name, sizeof(option_out->name));
	sp_text_addf(&text, "weights.%s", kind->name);
	assert(!text.is_cut);
	sp_text_init(&text, option_out->initial, sizeof(option_out->initial));
	sp_value_write_real(&text, kind->weight);
}

void sp_option_get(size_t index, struct sp_option *option_out)
{
	const struct sp_option *found = row(index);

	assert(index < sp_option_count());
	if (found != NULL)
		*option_out = *found;
	else
		make_weight((enum sp_finding_id)(index - row_count()),
			    option_out);
}

size_t sp_option_find(const char *name)
{
	const struct sp_option *found;

	if (strncmp(name, "weights.", 8) == 0)
		return row_count() + (size_t)sp_finding_by_name(name + 8);
	for (size_t i = 0; (found = row(i)) != NULL; i++)
		if (strcmp(found->name, name) == 0)
			return i;
	return sp_option_count();
}

size_t sp_option_find_section(const char *name)
{
	const struct sp_option *found;
	size_t length = strlen(name);

	if (strcmp(name, "weights") == 0)
		return row_count();
	for (size_t i = 0; (found = row(i)) != NULL; i++)
		if (strncmp(found->name, name, length) == 0 &&
		    found->name[length] == '.')
			return i;
	return sp_option_count();
}

#include "sallyport/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/store.h"
#include "walk.h"
#include "word.h"

/* How a value reads. */
enum reading {
	PAIRS,	/* f=1763760000000 n=2 */
	PROBES, /* w=300000 5879200:3:0:0 */
	WORDS,	/* text, fields or members that a person can read */
	COUNTS, /* 27/verdict/reject: 3 */
	EVENTS	/* words, JSON, facts */
};

static const struct row {
	struct sp_schema_kind kind;
	enum reading reading;
} rows[] = {
	{ { "sp:grey:{IDENTITY}", "string" }, PAIRS },
	{ { "sp:grey:{IDENTITY}:SENDER:RCPT", "string" }, PAIRS },
	{ { "sp:out:{SUBMITTER}", "hash" }, WORDS },
	{ { "sp:out:{SUBMITTER}:rcpt", "zset" }, WORDS },
	{ { "sp:sent:{MESSAGE-ID}", "string" }, PAIRS },
	{ { "sp:events:{record}", "stream" }, EVENTS },
	{ { "sp:events:{record}:find", "zset" }, WORDS },
	{ { "sp:count:{record}:minutes:NUMBER", "hash" }, COUNTS },
	{ { "sp:count:{record}:hours:NUMBER", "hash" }, COUNTS },
	{ { "sp:count:{record}:days:NUMBER", "hash" }, COUNTS },
	{ { "sp:index:{out}:last", "zset" }, WORDS },
	{ { "sp:index:{out}:state", "zset" }, WORDS },
	{ { "sp:index:{out}:near:DAY", "zset" }, WORDS },
	{ { "sp:desk:{grey}:waits", "zset" }, WORDS },
	{ { "sp:desk:{grey}:honest", "zset" }, WORDS },
	{ { "sp:desk:{grey}:who", "zset" }, WORDS },
	{ { "sp:desk:{grey}:of:IDENTITY", "hash" }, WORDS },
	{ { "sp:desk:{grey}:day:DAY", "hash" }, WORDS },
	{ { "sp:expect:{RCPT}", "string" }, WORDS },
	{ { "sp:probe:{NETWORK}", "string" }, PROBES },
};

enum {
	KINDS = sizeof(rows) / sizeof(rows[0]),
	PROBLEM_SIZE = 160
};
_Static_assert((int)KINDS <= (int)SP_SCHEMA_KINDS_MAX, "room for all kinds");

const struct sp_schema_kind *sp_schema_kind(size_t index)
{
	return index < KINDS ? &rows[index].kind : NULL;
}

static bool is_capital(char c)
{
	return (c >= 'A' && c <= 'Z') || c == '-';
}

/* How much of `key` the placeholder `name` may stand for. */
static size_t span_of(const char *name, size_t length, const char *key,
		      char next)
{
	static const char digits[] = "0123456789";

	if ((length == 3 && strncmp(name, "DAY", 3) == 0) ||
	    (length == 6 && strncmp(name, "NUMBER", 6) == 0))
		return strspn(key, digits);
	if (next == '\0')
		return strlen(key);
	return strcspn(key, next == '}' ? "}" : ":{}");
}

bool sp_schema_matches(const struct sp_schema_kind *kind, const char *key)
{
	const char *pattern = kind->pattern;

	while (*pattern) {
		size_t length = 0;

		while (is_capital(pattern[length]))
			length++;
		if (length > 0) {
			key += span_of(pattern, length, key, pattern[length]);
			pattern += length;
		} else if (*pattern++ != *key++) {
			return false;
		}
	}
	return *key == '\0';
}

static const struct row *row_of(const char *key)
{
	for (size_t i = 0; i < KINDS; i++)
		if (sp_schema_matches(&rows[i].kind, key))
			return &rows[i];
	return NULL;
}

static bool is_readable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/* "f=1 n=2": each word a letter, '=' and something, or nothing. */
static bool are_pairs(const char *text)
{
	if (!is_readable(text))
		return false;
	for (;;) {
		if (!islower((unsigned char)text[0]) || text[1] != '=')
			return false;
		text += strcspn(text, " ");
		if (*text++ == '\0')
			return true;
	}
}

static bool are_probes(const char *text)
{
	size_t length = strspn(text, "0123456789: w=");

	return strncmp(text, "w=", 2) == 0 && text[length] == '\0';
}

static bool is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static bool is_count(const char *field, const char *value)
{
	size_t digits = strspn(field, "0123456789");

	return digits > 0 && field[digits] == '/' && is_number(value);
}

static bool are_fields(const struct sp_store_reply *reply, enum reading reading)
{
	for (size_t i = 0; i + 1 < sp_store_reply_count(reply); i += 2) {
		const char *field = sp_store_reply_text(reply, i);
		const char *value = sp_store_reply_text(reply, i + 1);

		if (reading == COUNTS
			    ? !is_count(field, value)
			    : !is_readable(field) || !is_readable(value))
			return false;
	}
	return true;
}

static bool are_members(const struct sp_store_reply *reply)
{
	for (size_t i = 0; i < sp_store_reply_count(reply); i++)
		if (!is_readable(sp_store_reply_text(reply, i)))
			return false;
	return true;
}

/* "k", words, "e", JSON, "f", facts. */
static bool is_event(const struct sp_store_reply *fields)
{
	const char *json = sp_store_reply_text(fields, 3);
	const char *facts = sp_store_reply_text(fields, 5);
	size_t length = strlen(json);

	return sp_store_reply_count(fields) == 6 &&
	       strcmp(sp_store_reply_text(fields, 0), "k") == 0 &&
	       strcmp(sp_store_reply_text(fields, 2), "e") == 0 &&
	       strcmp(sp_store_reply_text(fields, 4), "f") == 0 &&
	       length >= 2 && json[0] == '{' && json[length - 1] == '}' &&
	       (facts[0] == '\0' || strncmp(facts, "1 ", 2) == 0);
}

static bool are_events(const struct sp_store_reply *reply)
{
	for (size_t i = 0; i < sp_store_reply_count(reply); i++)
		if (!is_event(sp_store_reply_array(
			    sp_store_reply_array(reply, i), 1)))
			return false;
	return true;
}

static bool reads_well(const struct row *row,
		       const struct sp_store_reply *reply)
{
	if (strcmp(row->kind.type, "hash") == 0)
		return are_fields(reply, row->reading);
	if (strcmp(row->kind.type, "zset") == 0)
		return are_members(reply);
	if (row->reading == EVENTS)
		return are_events(reply);
	if (row->reading == PAIRS)
		return are_pairs(sp_store_reply_text(reply, 0));
	if (row->reading == PROBES)
		return are_probes(sp_store_reply_text(reply, 0));
	return is_readable(sp_store_reply_text(reply, 0));
}

/* All of it; of what may be large, the latest hundred. */
static enum sp_err read_value(struct sp_store *store, const struct row *row,
			      struct sp_store_bytes key,
			      struct sp_store_reply **reply_out)
{
	const struct sp_store_bytes get[] = { sp_word("GET"), key };
	const struct sp_store_bytes fields[] = { sp_word("HGETALL"), key };
	const struct sp_store_bytes members[] = { sp_word("ZRANGE"), key,
						  sp_word("-100"),
						  sp_word("-1") };
	const struct sp_store_bytes events[] = {
		sp_word("XREVRANGE"), key,
		sp_word("+"),	      sp_word("-"),
		sp_word("COUNT"),     sp_word("100"),
	};

	if (strcmp(row->kind.type, "hash") == 0)
		return sp_store_command(store, fields, 2, sp_walk_soon(),
					reply_out);
	if (strcmp(row->kind.type, "zset") == 0)
		return sp_store_command(store, members, 4, sp_walk_soon(),
					reply_out);
	if (strcmp(row->kind.type, "stream") == 0)
		return sp_store_command(store, events, 6, sp_walk_soon(),
					reply_out);
	return sp_store_command(store, get, 2, sp_walk_soon(), reply_out);
}

/* The walk, and what it has seen. */
struct inspection {
	const struct sp_schema_task *task;
	struct sp_schema_report *report;
};

static void complain(struct inspection *inspection, const char *key,
		     const char *problem)
{
	inspection->report->problems++;
	inspection->task->found(key, problem, inspection->task->context);
}

static enum sp_err check_value(struct sp_store *store,
			       struct inspection *inspection,
			       const struct row *row, const char *key)
{
	struct sp_store_reply *reply;
	enum sp_err err = read_value(store, row, sp_word(key), &reply);

	if (err != SP_OK)
		return err;
	/* One that has gone meanwhile is no problem. */
	if (sp_store_reply_count(reply) > 0 && !reads_well(row, reply))
		complain(inspection, key,
			 "its value does not read as "
			 "described");
	sp_store_reply_free(&reply);
	return SP_OK;
}

static enum sp_err check_kind(struct sp_store *store,
			      struct inspection *inspection, const char *key,
			      const char *type, int64_t ttl_ms)
{
	const struct row *row = row_of(key);
	char problem[PROBLEM_SIZE];

	if (ttl_ms == -2)
		return SP_OK;
	inspection->report->keys++;
	if (!row) {
		complain(inspection, key, "no such key is described");
		return SP_OK;
	}
	inspection->report->counts[row - rows]++;
	if (ttl_ms < 0)
		complain(inspection, key, "it has no TTL");
	if (strcmp(type, row->kind.type) == 0)
		return check_value(store, inspection, row, key);
	(void)snprintf(problem, sizeof(problem), "it is a %.20s, not a %s",
		       type, row->kind.type);
	complain(inspection, key, problem);
	return SP_OK;
}

static enum sp_err check_key(struct sp_store *store,
			     struct inspection *inspection,
			     struct sp_store_bytes key)
{
	const struct sp_store_bytes type[] = { sp_word("TYPE"), key };
	const struct sp_store_bytes ttl[] = { sp_word("PTTL"), key };
	const struct sp_store_call calls[] = {
		{ .keys = type, .key_count = 2 },
		{ .keys = ttl, .key_count = 2 },
	};
	struct sp_store_reply *replies[2];
	enum sp_err err =
		sp_store_run_all(store, calls, 2, sp_walk_soon(), replies);

	if (err != SP_OK)
		return err;
	err = check_kind(store, inspection, key.bytes,
			 sp_store_reply_text(replies[0], 0),
			 sp_store_reply_number(replies[1], 0));
	for (size_t i = 0; i < 2; i++)
		sp_store_reply_free(&replies[i]);
	return err;
}

static enum sp_err visit(struct sp_store *store,
			 const struct sp_store_bytes *keys, size_t count,
			 bool *go_on_out, void *context)
{
	struct inspection *inspection = context;
	uint64_t most = inspection->task->most;
	enum sp_err err = SP_OK;

	for (size_t i = 0; i < count && err == SP_OK && *go_on_out; i++) {
		err = check_key(store, inspection, keys[i]);
		*go_on_out = most == 0 || inspection->report->keys < most;
	}
	return err;
}

enum sp_err sp_schema_check(struct sp_store *store,
			    const struct sp_schema_task *task,
			    struct sp_schema_report *report_out)
{
	struct inspection inspection = { task, report_out };

	*report_out = (struct sp_schema_report){ .keys = 0 };
	return sp_walk(store, "sp:*",
		       &(struct sp_walker){ visit, &inspection });
}

#include "sallyport/from.h"

#include <string.h>

#include "from_lex.h"

void sp_from_init(struct sp_from *from_out)
{
	memset(from_out, 0, sizeof(*from_out));
}

/* Where it is, or would be next. */
static unsigned find_domain(const struct sp_from *from,
			    const struct sp_from_domain *domain)
{
	unsigned i = 0;

	while (i < from->domain_count &&
	       strcmp(from->domains[i].name, domain->name) != 0)
		i++;
	return i;
}

static bool is_known(const struct sp_from *from,
		     const struct sp_from_domain *domain)
{
	return find_domain(from, domain) < from->domain_count;
}

static void add_domain(struct sp_from *from,
		       const struct sp_from_domain *domain)
{
	from->mailbox_count++;
	if (is_known(from, domain))
		return;
	if (from->domain_count < SP_FROM_DOMAINS_MAX)
		from->domains[from->domain_count++] = *domain;
	else
		from->has_more_domains = true;
}

static void add_mailbox(struct sp_from *from,
			const struct sp_from_phrase *local,
			const struct sp_from_domain *domain)
{
	struct sp_from_mailbox *mailbox =
		&from->mailboxes[from->mailboxes_kept];

	add_domain(from, domain);
	if (from->mailboxes_kept == SP_FROM_MAILBOXES_MAX ||
	    !is_known(from, domain))
		return;
	mailbox->domain = find_domain(from, domain);
	sp_from_write_local(local, mailbox->local);
	from->mailboxes_kept++;
}

/* "@a,@b:" before the local part (RFC 5322 obs-route). */
static bool skip_route(struct sp_from_reader *reader)
{
	struct sp_from_domain domain;

	if (sp_from_next(reader) != '@' && sp_from_next(reader) != ',')
		return true;
	while (sp_from_next(reader) == '@' || sp_from_next(reader) == ',') {
		if (sp_from_next(reader) == ',')
			reader->at++;
		else if (!sp_from_read_domain(reader, &domain))
			return false;
		if (!sp_from_skip_blanks_and_comments(reader))
			return false;
	}
	if (sp_from_next(reader) != ':')
		return sp_from_fail(reader, SP_FROM_BAD_LOCAL);
	reader->at++;
	return true;
}

static bool read_address(struct sp_from_reader *reader,
			 const struct sp_from_phrase *local,
			 struct sp_from_domain *domain_out)
{
	if (!local->is_local)
		return sp_from_fail(reader, SP_FROM_BAD_LOCAL);
	return sp_from_read_domain(reader, domain_out) &&
	       sp_from_skip_blanks_and_comments(reader);
}

/* What is wrong where a '>' should have stood. */
static enum sp_from_reason unclosed(const struct sp_from_reader *reader)
{
	switch (sp_from_next(reader)) {
	case '\0':
		return SP_FROM_OPEN_BRACKET;
	case '@':
		return SP_FROM_SEVERAL_AT;
	default:
		return SP_FROM_BAD_CHARACTER;
	}
}

/* At a '<'. */
static bool read_brackets(struct sp_from_reader *reader,
			  struct sp_from_phrase *local_out,
			  struct sp_from_domain *domain_out)
{
	reader->at++;
	if (!sp_from_skip_blanks_and_comments(reader) || !skip_route(reader) ||
	    !sp_from_read_phrase(reader, local_out))
		return false;
	if (sp_from_next(reader) == '>')
		return sp_from_fail(reader, local_out->is_empty
						    ? SP_FROM_NO_ADDRESS
						    : SP_FROM_NO_DOMAIN);
	if (sp_from_next(reader) != '@')
		return sp_from_fail(reader, unclosed(reader));
	if (!read_address(reader, local_out, domain_out))
		return false;
	if (sp_from_next(reader) != '>')
		return sp_from_fail(reader, unclosed(reader));
	reader->at++;
	return sp_from_skip_blanks_and_comments(reader);
}

static bool is_separator(char c)
{
	return c == '\0' || c == ',' || c == ';';
}

/* Behind an address stands a separator, or the field is open to two
 * readings. */
static bool check_end(struct sp_from_reader *reader, bool is_in_brackets)
{
	char c = sp_from_next(reader);

	if (is_separator(c))
		return true;
	if (c == '<' && !is_in_brackets)
		return sp_from_fail(reader, SP_FROM_ADDRESS_IN_NAME);
	if (c == '@' && !is_in_brackets)
		return sp_from_fail(reader, SP_FROM_SEVERAL_AT);
	return sp_from_fail(reader, SP_FROM_TRAILING);
}

/* Behind a phrase: the mailbox that it begins, or nothing at all (RFC 5322
 * obs-addr-list), up to a separator. */
static bool read_mailbox(struct sp_from_reader *reader,
			 const struct sp_from_phrase *phrase,
			 struct sp_from *from)
{
	struct sp_from_phrase local = *phrase;
	struct sp_from_domain domain;
	char c = sp_from_next(reader);
	bool is_in_brackets = c == '<';

	if (is_separator(c))
		return phrase->is_empty ||
		       sp_from_fail(reader, SP_FROM_NO_DOMAIN);
	if (!is_in_brackets && c != '@')
		return sp_from_fail(reader, SP_FROM_BAD_CHARACTER);
	if (!(is_in_brackets ? read_brackets(reader, &local, &domain)
			     : read_address(reader, phrase, &domain)))
		return false;
	if (!check_end(reader, is_in_brackets))
		return false;
	add_mailbox(from, &local, &domain);
	return true;
}

/* At a ':', behind the group's name. */
static bool open_group(struct sp_from_reader *reader,
		       const struct sp_from_phrase *name, bool *is_in_group)
{
	if (*is_in_group || name->words == 0)
		return sp_from_fail(reader, SP_FROM_BAD_GROUP);
	reader->at++;
	*is_in_group = true;
	return true;
}

/* At a ',', or at a ';', behind which only a ',' may follow. */
static bool pass_separator(struct sp_from_reader *reader, bool *is_in_group)
{
	if (sp_from_next(reader) == ';') {
		if (!*is_in_group)
			return sp_from_fail(reader, SP_FROM_BAD_GROUP);
		*is_in_group = false;
		reader->at++;
		if (!sp_from_skip_blanks_and_comments(reader))
			return false;
		if (reader->at == reader->end)
			return true;
		if (sp_from_next(reader) != ',')
			return sp_from_fail(reader, SP_FROM_TRAILING);
	}
	reader->at++;
	return true;
}

static bool read_list(struct sp_from_reader *reader, struct sp_from *from)
{
	unsigned count_before = from->mailbox_count;
	struct sp_from_phrase phrase;
	bool has_group = false;
	bool is_in_group = false;

	for (;;) {
		if (!sp_from_read_phrase(reader, &phrase))
			return false;
		if (sp_from_next(reader) == ':') {
			if (!open_group(reader, &phrase, &is_in_group))
				return false;
			has_group = true;
			continue;
		}
		if (!read_mailbox(reader, &phrase, from))
			return false;
		if (reader->at == reader->end)
			break;
		if (!pass_separator(reader, &is_in_group))
			return false;
	}
	if (is_in_group)
		return sp_from_fail(reader, SP_FROM_OPEN_GROUP);
	from->has_group = from->has_group || has_group;
	return has_group || from->mailbox_count > count_before ||
	       sp_from_fail(reader, SP_FROM_NO_ADDRESS);
}

static void note_every_domain(struct sp_from *from,
			      struct sp_from_reader reader)
{
	struct sp_from_domain domain;

	while (sp_from_find_domain(&reader, &domain))
		add_domain(from, &domain);
}

/* "joe@home" shows nobody's domain. */
static bool is_shown(const struct sp_from_domain *domain)
{
	return domain->kind != SP_FROM_DOMAIN_NAME ||
	       sp_domain_kind(domain->name) == SP_DOMAIN_QUALIFIED;
}

static void note_shown(struct sp_from *from, struct sp_from_reader reader)
{
	struct sp_from_domain domain;

	if (from->shown.kind != SP_FROM_DOMAIN_NONE || from->has_more_domains)
		return;
	while (sp_from_find_domain(&reader, &domain)) {
		if (is_shown(&domain) && !is_known(from, &domain)) {
			from->shown = domain;
			return;
		}
	}
}

void sp_from_add_field(struct sp_from *from, const char *value, size_t length)
{
	size_t taken = length < SP_FROM_VALUE_MAX ? length : SP_FROM_VALUE_MAX;
	const struct sp_from_reader all = { value, value + taken,
					    SP_FROM_READ };
	struct sp_from_reader reader = all;
	struct sp_from before;

	from->field_count++;
	before = *from;
	if (length > taken)
		reader.reason = SP_FROM_TOO_LONG;
	else if (sp_from_check_bytes(&reader) && read_list(&reader, from)) {
		note_shown(from, all);
		return;
	}
	*from = before;
	note_every_domain(from, all);
	if (from->reason == SP_FROM_READ)
		from->reason = reader.reason;
}

enum sp_from_verdict sp_from_judge(const struct sp_from *from)
{
	if (from->field_count == 0)
		return SP_FROM_NO_FROM;
	if (from->field_count > 1)
		return SP_FROM_SEVERAL_FIELDS;
	if (from->reason != SP_FROM_READ)
		return SP_FROM_UNREADABLE;
	if (from->has_group)
		return from->mailbox_count == 0 ? SP_FROM_EMPTY_GROUP
						: SP_FROM_GROUP;
	return from->mailbox_count == 1 ? SP_FROM_OK_ONE
					: SP_FROM_SEVERAL_AUTHORS;
}

const struct sp_from_domain *sp_from_author(const struct sp_from *from)
{
	return sp_from_judge(from) == SP_FROM_OK_ONE ? &from->domains[0] : NULL;
}

const char *sp_from_verdict_text(enum sp_from_verdict verdict)
{
	static const char *const texts[] = {
		[SP_FROM_NO_FROM] = "no From: field",
		[SP_FROM_OK_ONE] = "one author",
		[SP_FROM_SEVERAL_AUTHORS] = "several authors",
		[SP_FROM_SEVERAL_FIELDS] = "several From: fields",
		[SP_FROM_GROUP] = "a group in From:",
		[SP_FROM_EMPTY_GROUP] = "an empty group in From:",
		[SP_FROM_UNREADABLE] = "an unreadable From: field",
	};

	return texts[verdict];
}

const char *sp_from_reason_text(enum sp_from_reason reason)
{
	static const char *const texts[] = {
		[SP_FROM_READ] = "nothing is wrong",
		[SP_FROM_TOO_LONG] = "it is too long",
		[SP_FROM_CONTROL] = "a control character",
		[SP_FROM_LINE_BREAK] = "a line break that folds nothing",
		[SP_FROM_NO_ADDRESS] = "no address",
		[SP_FROM_NO_DOMAIN] = "words without an address",
		[SP_FROM_BAD_LOCAL] = "no local part before an @",
		[SP_FROM_BAD_DOMAIN] = "no domain behind an @",
		[SP_FROM_ADDRESS_IN_NAME] = "an address in place of a name",
		[SP_FROM_SEVERAL_AT] = "two @ in one address",
		[SP_FROM_TRAILING] = "more behind an address",
		[SP_FROM_BAD_CHARACTER] = "a character out of place",
		[SP_FROM_OPEN_QUOTE] = "quotes that do not close",
		[SP_FROM_OPEN_COMMENT] = "a comment that does not close",
		[SP_FROM_OPEN_BRACKET] = "a bracket that does not close",
		[SP_FROM_OPEN_GROUP] = "a group that does not close",
		[SP_FROM_BAD_GROUP] = "a group where none may be",
		[SP_FROM_TOO_DEEP] = "too many comments in comments",
	};

	return texts[reason];
}

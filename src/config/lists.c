#include "loader.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

/* A wrong file (a picture, say) is wrong in every line. */
enum {
	FILE_ERRORS_MAX = 16,
	ENTRY_SIZE = 1024 /* longer ones are none anywhere */
};

struct filler {
	struct sp_loader *loader;
	const struct sp_option *option;
	struct sp_list *list;
	bool is_good;
	/* Of owners: the address of the line before, and whether this one goes
	 * on with it. */
	const char *address;
	bool is_continued;
	struct sp_place bare; /* it has no owner yet; line 0: it has */
};

static void report_entry(struct filler *filler, const char *text,
			 const struct sp_place *place, enum sp_err err)
{
	const char *name = filler->option->name;
	struct sp_report *report = &filler->loader->report;
	char quote[SP_QUOTE_SIZE];

	filler->is_good = false;
	if (err == SP_ERR_NO_MEMORY)
		sp_report_add(report, place, "%s: there is no memory", name);
	else if (err == SP_ERR_RANGE)
		sp_report_add(report, place,
			      "%s: the prefix of %s is too long, or bits "
			      "behind it are set: expected a network such as "
			      "192.0.2.0/24",
			      name, sp_quote(text, quote));
	else
		sp_report_add(report, place, "%s: expected %s, found %s", name,
			      sp_option_words(filler->option->type)->expected,
			      sp_quote(text, quote));
}

/* False when there is no use in going on. */
static bool add_one(struct filler *filler, const char *text,
		    const struct sp_place *place)
{
	enum sp_err err;

	if (sp_list_count(filler->list) >= SP_LIST_ENTRIES_MAX) {
		sp_report_add(&filler->loader->report, place,
			      "%s: expected at most %d entries",
			      filler->option->name, SP_LIST_ENTRIES_MAX);
		filler->is_good = false;
		return false;
	}
	err = sp_list_add(filler->list, text, place->file, place->line);
	if (err != SP_OK)
		report_entry(filler, text, place, err);
	return err != SP_ERR_NO_MEMORY;
}

/* An address whose owners never came. */
static void report_bare(struct filler *filler)
{
	if (filler->bare.line > 0)
		report_entry(filler, filler->address, &filler->bare,
			     SP_ERR_SYNTAX);
	filler->bare.line = 0;
}

/* "ADDRESS LOGIN, LOGIN" is an entry for each of the logins; in a line that is
 * continued, "LOGIN, LOGIN". */
static bool add_owners(struct filler *filler, const char *text,
		       const struct sp_place *place)
{
	size_t length;

	if (!filler->is_continued) {
		report_bare(filler);
		filler->bare = *place;
		filler->address = text;
		text += strcspn(text, " \t");
	}
	for (;; text += length) {
		char bytes[ENTRY_SIZE];
		struct sp_text entry;

		text += strspn(text, ", \t");
		length = strcspn(text, ", \t");
		if (length == 0)
			break;
		sp_text_init(&entry, bytes, sizeof(bytes));
		sp_text_add_bytes(&entry, filler->address,
				  strcspn(filler->address, " \t"));
		sp_text_add(&entry, " ");
		sp_text_add_bytes(&entry, text, length);
		if (!add_one(filler, bytes, place))
			return false;
		filler->bare.line = 0;
	}
	return true;
}

static bool add_entry(struct filler *filler, const char *text,
		      const struct sp_place *place)
{
	return filler->option->type == SP_OPTION_SENDERS
		       ? add_owners(filler, text, place)
		       : add_one(filler, text, place);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut comment and blanks off; the column of what is left, 0 for nothing. */
static unsigned trim(char **line)
{
	char *start = *line;
	char *end;

	while (is_blank(*start))
		start++;
	end = start;
	/* A # within a word is part of it: local parts may have one. */
	while (*end != '\0' &&
	       !(*end == '#' && (end == start || is_blank(end[-1]))))
		end++;
	while (end > start && is_blank(end[-1]))
		end--;
	*end = '\0';
	if (end == start)
		return 0;
	end = *line;
	*line = start;
	return (unsigned)(start - end) + 1;
}

static void take_lines(struct filler *filler, struct sp_file *content,
		       const char *path)
{
	struct sp_report *report = &filler->loader->report;
	size_t errors_before = report->errors->count;
	struct sp_place place = { .file = path };
	char *line = content->bytes;
	char *end = content->bytes + content->length;

	if (content->length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	while (line < end) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *next = newline == NULL ? end : newline + 1;
		char *entry = line;

		if (newline != NULL)
			*newline = '\0';
		place.line++;
		place.column = 1;
		if (report->errors->count >= errors_before + FILE_ERRORS_MAX) {
			sp_report_add(report, &place,
				      "too many errors: the rest of this file "
				      "was not read");
			return;
		}
		if (strlen(line) !=
		    (size_t)((newline == NULL ? end : newline) - line)) {
			sp_report_add(report, &place,
				      "%s: a zero byte: expected text",
				      filler->option->name);
			filler->is_good = false;
		} else {
			filler->is_continued =
				filler->address != NULL && is_blank(*line);
			place.column = trim(&entry);
			if (place.column > 0 &&
			    !add_entry(filler, entry, &place))
				return;
		}
		line = next;
	}
}

static void take_file(struct filler *filler, const char *name,
		      const struct sp_yaml_node *node)
{
	struct sp_loader *loader = filler->loader;
	const char *path = sp_loader_resolve(loader, name);
	char reason[SP_FILE_REASON_SIZE] = "cannot be read: no memory";
	char quote[SP_QUOTE_SIZE];
	struct sp_file content = { .bytes = NULL };

	if (path == NULL ||
	    sp_file_read(path, SP_LIST_FILE_MAX, &content, reason) != SP_OK) {
		filler->is_good = false;
		sp_report_add(&loader->report, &node->place,
			      "%s: the file %s %s", filler->option->name,
			      sp_quote(path == NULL ? name : path, quote),
			      reason);
		return;
	}
	loader->report.anchor = &node->place;
	take_lines(filler, &content, path);
	report_bare(filler);
	loader->report.anchor = NULL;
	free(content.bytes);
	filler->address = NULL;
	filler->is_continued = false;
}

/* A rule "NAME: ZONE=..." without quotes is a mapping to YAML. */
static bool is_rule(const struct filler *filler,
		    const struct sp_yaml_node *node)
{
	return sp_option_has_names(filler->option->type) &&
	       node->kind == SP_YAML_MAPPING && node->first != NULL &&
	       node->first->next == NULL && node->first->kind == SP_YAML_SCALAR;
}

static bool take_rule(struct filler *filler, const struct sp_yaml_node *node)
{
	char rule[512];
	struct sp_text text;

	sp_text_init(&text, rule, sizeof(rule));
	sp_text_addf(&text, "%s: %s", node->first->key, node->first->text);
	/* What is cut is too long for a rule as well. */
	return add_entry(filler, rule, &node->place);
}

static bool take_item(struct filler *filler, const struct sp_yaml_node *node)
{
	if (node->kind == SP_YAML_REFUSED) {
		filler->is_good = false;
		return true;
	}
	if (is_rule(filler, node))
		return take_rule(filler, node);
	if (node->kind != SP_YAML_SCALAR) {
		filler->is_good = false;
		sp_report_add(&filler->loader->report, &node->place,
			      "%s: expected %s, or file:PATH",
			      filler->option->name,
			      sp_option_words(filler->option->type)->expected);
		return true;
	}
	/* A command's words are nobody's but its own. */
	if (filler->option->type == SP_OPTION_COMMAND ||
	    strncmp(node->text, "file:", 5) != 0)
		return add_entry(filler, node->text, &node->place);
	take_file(filler, node->text + 5, node);
	return true;
}

bool sp_lists_take(struct sp_loader *loader, const struct sp_option *option,
		   const struct sp_yaml_node *node)
{
	struct sp_list **list = sp_snapshot_field(loader->snapshot, option);
	struct filler filler = { .loader = loader,
				 .option = option,
				 .is_good = true };

	/* What is written replaces the default, it does not add to it. */
	sp_list_free(list);
	if (sp_list_new(sp_list_kind_of(option->type), list) != SP_OK) {
		sp_report_add(&loader->report, &node->place,
			      "%s: there is no memory", option->name);
		return false;
	}
	filler.list = *list;
	switch (node->kind) {
	case SP_YAML_SEQUENCE:
		for (node = node->first; node != NULL; node = node->next)
			if (!take_item(&filler, node))
				break;
		break;
	case SP_YAML_NOTHING:
		break;
	default:
		/* One entry needs no dash; keys are no entry. */
		take_item(&filler, node);
	}
	report_bare(&filler);
	return filler.is_good;
}

#include "loader.h"

#include <string.h>

#include "sallyport/text.h"

static const char *kind_words(enum sp_yaml_kind kind)
{
	switch (kind) {
	case SP_YAML_NOTHING:
		return "nothing";
	case SP_YAML_SEQUENCE:
		return "a list";
	case SP_YAML_MAPPING:
		return "keys below it";
	default:
		return "a value";
	}
}

/* "a duration such as 90s", "one of observe, enforce" */
static const char *expected_words(const struct sp_option *option,
				  struct sp_text *words)
{
	const char *choice = option->choices;

	sp_text_add(words, sp_option_words(option->type)->expected);
	if (option->type != SP_OPTION_CHOICE)
		return words->bytes;
	for (const char *glue = " ";; glue = ", ") {
		size_t length = strcspn(choice, "|");

		sp_text_add(words, glue);
		sp_text_add_bytes(words, choice, length);
		if (choice[length] == '\0')
			return words->bytes;
		choice += length + 1;
	}
}

static void report_range(struct sp_loader *loader,
			 const struct sp_option *option,
			 const struct sp_yaml_node *node)
{
	char quote[SP_QUOTE_SIZE];

	sp_report_add(&loader->report, &node->place,
		      "%s: %s is out of range: expected %s to %s", option->name,
		      sp_quote(node->text, quote),
		      option->least[0] != '\0' ? option->least : "less",
		      option->most[0] != '\0' ? option->most : "more");
}

/* A store that cannot be understood may hold a password: never shown. */
static bool is_secret(const struct sp_option *option)
{
	return option->type == SP_OPTION_STORE;
}

static void report_value(struct sp_loader *loader,
			 const struct sp_option *option,
			 const struct sp_yaml_node *node, const char *wrong)
{
	char quote[SP_QUOTE_SIZE];
	char words[256];
	struct sp_text expected;

	sp_text_init(&expected, words, sizeof(words));
	expected_words(option, &expected);
	if (*wrong != '\0')
		sp_report_add(&loader->report, &node->place,
			      "%s: %s: expected %s", option->name, wrong,
			      words);
	else if (node->kind != SP_YAML_SCALAR)
		sp_report_add(&loader->report, &node->place,
			      "%s: expected %s, found %s", option->name, words,
			      kind_words(node->kind));
	else if (is_secret(option))
		sp_report_add(&loader->report, &node->place, "%s: expected %s",
			      option->name, words);
	else
		sp_report_add(&loader->report, &node->place,
			      "%s: expected %s, found %s", option->name, words,
			      sp_quote(node->text, quote));
}

static bool take_value(struct sp_loader *loader, const struct sp_option *option,
		       const struct sp_yaml_node *node)
{
	const char *wrong;
	enum sp_err err;

	if (node->kind != SP_YAML_SCALAR) {
		report_value(loader, option, node, "");
		return false;
	}
	wrong = sp_snapshot_set(loader->snapshot, option, node->text, &err);
	if (wrong == NULL)
		return true;
	if (err == SP_ERR_RANGE && option->least[0] != '\0')
		report_range(loader, option, node);
	else
		report_value(loader, option, node, wrong);
	return false;
}

static bool is_twice(struct sp_loader *loader, const char *name,
		     const struct sp_yaml_node *first,
		     const struct sp_yaml_node *node)
{
	if (first == NULL)
		return false;
	sp_report_add(&loader->report, &node->key_place,
		      "%s is written twice: expected it once, and it stands in "
		      "line %u already",
		      name, first->key_place.line);
	return true;
}

static void take_option(struct sp_loader *loader, size_t index,
			const struct sp_yaml_node *node)
{
	struct sp_option option;
	bool is_good;

	sp_option_get(index, &option);
	if (is_twice(loader, option.name, loader->written[index], node))
		return;
	loader->written[index] = node;
	loader->snapshot->is_set[index] = true;
	if (node->kind == SP_YAML_REFUSED)
		is_good = false;
	else if (sp_option_is_list(option.type))
		is_good = sp_lists_take(loader, &option, node);
	else
		is_good = take_value(loader, &option, node);
	loader->is_wrong[index] = !is_good;
}

static void report_unknown(struct sp_loader *loader, const char *name,
			   const struct sp_yaml_node *node)
{
	const char *nearest = NULL;
	struct sp_option scratch;
	char quote[SP_QUOTE_SIZE];

	/* Nobody reads what is past the last text. */
	if (loader->report.errors->count < SP_CONFIG_ERRORS_MAX)
		nearest = sp_option_nearest(name, &scratch);
	sp_quote(name, quote);
	if (nearest == NULL)
		sp_report_add(&loader->report, &node->key_place,
			      "unknown key %s: expected one that "
			      "sallyport.yaml(5) lists",
			      quote);
	else if (strcmp(nearest, node->key) != 0)
		sp_report_add(&loader->report, &node->key_place,
			      "unknown key %s: did you mean \"%s\"?", quote,
			      nearest);
	else if (strchr(nearest, '.') == NULL)
		sp_report_add(&loader->report, &node->key_place,
			      "unknown key %s: expected \"%s\" in no section",
			      quote, nearest);
	else
		sp_report_add(&loader->report, &node->key_place,
			      "unknown key %s: expected \"%s\" below "
			      "\"%.*s:\"",
			      quote, strchr(nearest, '.') + 1,
			      (int)strcspn(nearest, "."), nearest);
}

static void take_section(struct sp_loader *loader, const char *section,
			 const struct sp_yaml_node *mapping);

static void enter_section(struct sp_loader *loader, const char *name,
			  const struct sp_yaml_node *node)
{
	size_t index = sp_option_find_section(name);

	if (is_twice(loader, name, loader->sections[index], node))
		return;
	loader->sections[index] = node;
	if (node->kind == SP_YAML_MAPPING)
		take_section(loader, name, node);
	else if (node->kind == SP_YAML_SCALAR || node->kind == SP_YAML_SEQUENCE)
		sp_report_add(&loader->report, &node->place,
			      "%s: expected keys below it, found %s", name,
			      kind_words(node->kind));
	/* An empty section has had all of its keys commented out. */
}

/* One level of the file; the sections' own names have no dot, so this goes
 * exactly two levels deep. */
static void take_section(struct sp_loader *loader, const char *section,
			 const struct sp_yaml_node *mapping)
{
	for (const struct sp_yaml_node *node = mapping->first; node != NULL;
	     node = node->next) {
		char bytes[256];
		struct sp_text name;
		size_t index;

		sp_text_init(&name, bytes, sizeof(bytes));
		sp_text_addf(&name, *section == '\0' ? "%s%s" : "%s.%s",
			     section, node->key);
		index = sp_option_find(bytes);
		/* "greylist.delay:" in one word would be a second way. */
		if (strchr(node->key, '.') != NULL)
			report_unknown(loader, bytes, node);
		else if (index < sp_option_count())
			take_option(loader, index, node);
		else if (sp_option_find_section(bytes) < sp_option_count())
			enter_section(loader, bytes, node);
		else
			report_unknown(loader, bytes, node);
	}
}

void sp_loader_take(struct sp_loader *loader, const struct sp_yaml_node *root)
{
	if (root == NULL || root->kind == SP_YAML_NOTHING ||
	    root->kind == SP_YAML_REFUSED)
		return;
	if (root->kind == SP_YAML_MAPPING)
		take_section(loader, "", root);
	else
		sp_report_add(&loader->report, &root->place,
			      "expected keys such as \"mode: observe\", found "
			      "%s",
			      kind_words(root->kind));
}

const char *sp_loader_resolve(struct sp_loader *loader, const char *path)
{
	const char *slash = strrchr(loader->file, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - loader->file) + 1;
	size_t length = strlen(path);
	char *resolved;

	if (*path == '/')
		folder = 0;
	resolved =
		sp_arena_alloc(&loader->snapshot->strings, folder + length + 1);
	if (resolved == NULL)
		return NULL;
	memcpy(resolved, loader->file, folder);
	memcpy(resolved + folder, path, length + 1);
	return resolved;
}

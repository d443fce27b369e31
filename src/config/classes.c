#include "classes.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "report.h"
#include "sallyport/domain.h"
#include "sallyport/submitter.h"
#include "value.h"

enum {
	NAME_MAX_LENGTH = 32,
	NETS_MAX = 10000, /* each mail of a relay looks at all of them */
	TEXT_LIMIT_BYTES = 256 * 1024 * 1024
};

/* One statement on its way in. */
struct adding {
	struct sp_classes *classes;
	struct sp_stands stands;
	uint32_t group;
	char *error;
};

/* A zeroed item more; NULL without memory. */
static void *grow(struct sp_class_array *array)
{
	char *item;

	if (array->count == array->room) {
		size_t room = array->room == 0 ? 16 : 2 * array->room;
		void *items = realloc(array->items, room * array->item_size);

		if (items == NULL)
			return NULL;
		array->items = items;
		array->room = room;
	}
	item = (char *)array->items + array->count++ * array->item_size;
	memset(item, 0, array->item_size);
	return item;
}

static enum sp_err add_group(struct sp_classes *classes, const char *name,
			     const struct sp_stands *stands)
{
	struct sp_class_group *group = calloc(1, sizeof(*group));
	const char *copy = sp_arena_text(&classes->texts, name);

	if (group == NULL || copy == NULL) {
		free(group);
		return SP_ERR_NO_MEMORY;
	}
	group->class.name = copy;
	group->first = *stands;
	classes->groups[classes->group_count++] = group;
	return SP_OK;
}

enum sp_err sp_classes_new(const char *login_domain,
			   struct sp_classes **classes_out)
{
	static const struct sp_stands nowhere = { "", 0 };
	struct sp_classes *classes = calloc(1, sizeof(*classes));

	*classes_out = NULL;
	if (classes == NULL)
		return SP_ERR_NO_MEMORY;
	classes->login_domain = login_domain;
	classes->names.item_size = sizeof(struct sp_class_name);
	classes->ranges.item_size = sizeof(struct sp_class_range);
	classes->nets.item_size = sizeof(struct sp_class_net);
	sp_arena_init(&classes->texts, TEXT_LIMIT_BYTES);
	if (add_group(classes, "default", &nowhere) != SP_OK ||
	    add_group(classes, "relays", &nowhere) != SP_OK)
		sp_classes_free(&classes);
	*classes_out = classes;
	return classes == NULL ? SP_ERR_NO_MEMORY : SP_OK;
}

void sp_classes_free(struct sp_classes **classes)
{
	struct sp_classes *old = *classes;

	if (old == NULL)
		return;
	for (size_t i = 0; i < old->group_count; i++)
		free(old->groups[i]);
	free(old->names.items);
	free(old->ranges.items);
	free(old->nets.items);
	sp_arena_clear(&old->texts);
	free(old);
	*classes = NULL;
}

static enum sp_err refuse_memory(char *error_out)
{
	return sp_limit_refuse(error_out, SP_ERR_NO_MEMORY,
			       "there is no memory");
}

static enum sp_err refuse_statement(char *error_out, const char *text)
{
	char quote[SP_QUOTE_SIZE];

	return sp_limit_refuse(error_out, SP_ERR_SYNTAX,
			       "expected CLASS WHO: WHOM or CLASS LIMIT, such "
			       "as \"students uid: 70000-79999\" or \"students "
			       "messages: 50/1h hold\", found %s",
			       sp_quote(text, quote));
}

/* --- limits --------------------------------------------------------------- */

static enum sp_err take_limit(const struct adding *adding,
			      enum sp_counted counted, const char *value)
{
	struct sp_class_group *group = adding->classes->groups[adding->group];
	struct sp_limit limit;
	enum sp_err err = sp_limit_read(counted, value, &limit, adding->error);

	if (err != SP_OK)
		return err;
	if (group->is_lifted[counted])
		return sp_limit_refuse(adding->error, SP_ERR_EXISTS,
				       "a limit of %s, which \"none\" has "
				       "lifted already",
				       sp_counted_name(counted));
	if (group->class.count == SP_LIMITS_MAX)
		return sp_limit_refuse(adding->error, SP_ERR_TOO_LONG,
				       "expected at most %d limits",
				       SP_LIMITS_MAX);
	limit.stands = adding->stands;
	group->class.limits[group->class.count++] = limit;
	group->is_stated[counted] = true;
	return SP_OK;
}

static enum sp_err lift_limit(const struct adding *adding,
			      enum sp_counted counted)
{
	struct sp_class_group *group = adding->classes->groups[adding->group];

	if (group->is_stated[counted] && !group->is_lifted[counted])
		return sp_limit_refuse(adding->error, SP_ERR_EXISTS,
				       "\"none\" for %s, of which there is a "
				       "limit already",
				       sp_counted_name(counted));
	group->is_stated[counted] = group->is_lifted[counted] = true;
	return SP_OK;
}

enum sp_err sp_classes_add_limit(struct sp_classes *classes, const char *text,
				 const struct sp_stands *stands,
				 char error_out[SP_LIMIT_ERROR_SIZE])
{
	const struct adding adding = { classes, *stands, SP_CLASS_DEFAULT,
				       error_out };
	struct sp_statement statement;
	char quote[SP_QUOTE_SIZE];
	enum sp_counted counted;

	if (sp_statement_read(text, &statement) != SP_OK)
		return sp_limit_refuse(error_out, SP_ERR_SYNTAX,
				       "expected a limit such as \"messages: "
				       "200/1h hold\", found %s",
				       sp_quote(text, quote));
	counted = sp_counted_by_name(statement.name);
	if (counted == SP_COUNTED_KINDS)
		return sp_limit_refuse(
			error_out, SP_ERR_SYNTAX,
			"expected messages, recipients, refused, foreign-from, "
			"bounces, distinct-recipients, networks, countries or "
			"asns, found %s",
			sp_quote(statement.name, quote));
	return take_limit(&adding, counted, statement.value);
}

/* --- members -------------------------------------------------------------- */

static enum sp_err add_name(const struct adding *adding, const char *text)
{
	struct sp_classes *classes = adding->classes;
	const char *copy = sp_arena_text(&classes->texts, text);
	struct sp_class_name *name =
		copy == NULL ? NULL : grow(&classes->names);

	if (name == NULL)
		return refuse_memory(adding->error);
	*name = (struct sp_class_name){ copy, adding->group, adding->stands };
	return SP_OK;
}

static enum sp_err take_login(const struct adding *adding, const char *value)
{
	struct sp_submitter submitter;

	sp_submitter_of_login(value, adding->classes->login_domain, &submitter);
	return add_name(adding, submitter.key);
}

/* A login's key has a ':', so "@example.org" is none. */
static enum sp_err take_domain(const struct adding *adding, const char *value)
{
	char name[SP_DOMAIN_SIZE + 1] = "@";
	char quote[SP_QUOTE_SIZE];

	if (sp_domain_normalise(value, name + 1) != SP_OK)
		return sp_limit_refuse(adding->error, SP_ERR_SYNTAX,
				       "expected a domain such as example.org, "
				       "found %s",
				       sp_quote(value, quote));
	return add_name(adding, name);
}

/* "33" or "70000-79999" */
static bool read_range(const char *value, struct sp_class_range *range_out)
{
	char first[24], last[24];
	size_t length = strcspn(value, "-");
	uint64_t numbers[2];

	if (length >= sizeof(first) || strlen(value) >= sizeof(first))
		return false;
	memcpy(first, value, length);
	first[length] = '\0';
	strcpy(last, value[length] == '-' ? value + length + 1 : first);
	if (sp_value_number(first, &numbers[0]) != SP_OK ||
	    sp_value_number(last, &numbers[1]) != SP_OK ||
	    numbers[1] > UINT32_MAX || numbers[0] > numbers[1])
		return false;
	range_out->first = (uint32_t)numbers[0];
	range_out->last = (uint32_t)numbers[1];
	return true;
}

static enum sp_err take_range(const struct adding *adding, const char *value)
{
	struct sp_class_range read = { .group = adding->group,
				       .stands = adding->stands };
	struct sp_class_range *range;
	char quote[SP_QUOTE_SIZE];

	if (!read_range(value, &read))
		return sp_limit_refuse(adding->error, SP_ERR_SYNTAX,
				       "expected a user's number, or two such "
				       "as 70000-79999, found %s",
				       sp_quote(value, quote));
	range = grow(&adding->classes->ranges);
	if (range == NULL)
		return refuse_memory(adding->error);
	*range = read;
	return SP_OK;
}

static enum sp_err take_net(const struct adding *adding, const char *value)
{
	struct sp_class_net read = { .group = adding->group,
				     .stands = adding->stands };
	struct sp_class_net *net;
	char quote[SP_QUOTE_SIZE];
	enum sp_err err = sp_network_parse(value, &read.network);

	if (err != SP_OK)
		return sp_limit_refuse(adding->error, err,
				       "expected a network such as "
				       "192.0.2.0/24, found %s",
				       sp_quote(value, quote));
	if (adding->classes->nets.count == NETS_MAX)
		return sp_limit_refuse(adding->error, SP_ERR_TOO_LONG,
				       "expected at most %d networks",
				       NETS_MAX);
	net = grow(&adding->classes->nets);
	if (net == NULL)
		return refuse_memory(adding->error);
	*net = read;
	return SP_OK;
}

static const struct member_kind {
	const char *name;
	enum sp_err (*take)(const struct adding *adding, const char *value);
} member_kinds[] = {
	{ "login", take_login },
	{ "domain", take_domain },
	{ "uid", take_range },
	{ "network", take_net },
};

static const struct member_kind *member_kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(member_kinds) / sizeof(*member_kinds);
	     i++)
		if (strcmp(member_kinds[i].name, name) == 0)
			return &member_kinds[i];
	return NULL;
}

/* --- statements ----------------------------------------------------------- */

static bool is_class_name(const char *name)
{
	size_t length = strlen(name);

	return length <= NAME_MAX_LENGTH &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._-") == length;
}

/* The class that has this name, or a new one. */
static enum sp_err find_group(struct adding *adding, const char *name)
{
	struct sp_classes *classes = adding->classes;
	char quote[SP_QUOTE_SIZE];
	uint32_t i = classes->last_group;

	if (!is_class_name(name) || strcmp(name, "default") == 0)
		return sp_limit_refuse(
			adding->error, SP_ERR_SYNTAX,
			"expected a class's name of letters, digits, '.', '_' "
			"and '-', other than \"default\", found %s",
			sp_quote(name, quote));
	if (strcmp(classes->groups[i]->class.name, name) != 0)
		i = SP_CLASS_RELAYS;
	while (i < classes->group_count &&
	       strcmp(classes->groups[i]->class.name, name) != 0)
		i++;
	adding->group = i;
	if (i < classes->group_count) {
		classes->last_group = i;
		return SP_OK;
	}
	if (i == SP_CLASSES_MAX)
		return sp_limit_refuse(adding->error, SP_ERR_TOO_LONG,
				       "expected at most %d classes",
				       SP_CLASSES_MAX - SP_CLASS_OTHERS);
	return add_group(classes, name, &adding->stands) == SP_OK
		       ? SP_OK
		       : refuse_memory(adding->error);
}

static enum sp_err take_statement(const struct adding *adding, const char *key,
				  const char *value)
{
	const struct member_kind *kind = member_kind_of(key);
	enum sp_counted counted = sp_counted_by_name(key);
	char quote[SP_QUOTE_SIZE];
	enum sp_err err;

	if (kind != NULL) {
		err = kind->take(adding, value);
		if (err == SP_OK)
			adding->classes->groups[adding->group]->has_members =
				true;
		return err;
	}
	if (counted == SP_COUNTED_KINDS)
		return sp_limit_refuse(
			adding->error, SP_ERR_SYNTAX,
			"expected login, domain, uid, network, or what is "
			"counted (messages, recipients, refused, foreign-from, "
			"bounces, distinct-recipients, networks, countries, "
			"asns), found %s",
			sp_quote(key, quote));
	return strcmp(value, "none") == 0 ? lift_limit(adding, counted)
					  : take_limit(adding, counted, value);
}

enum sp_err sp_classes_add(struct sp_classes *classes, const char *text,
			   const struct sp_stands *stands,
			   char error_out[SP_LIMIT_ERROR_SIZE])
{
	struct adding adding = { classes, *stands, 0, error_out };
	struct sp_statement statement;
	char *key, *name;
	enum sp_err err;

	if (sp_statement_read(text, &statement) != SP_OK)
		return refuse_statement(error_out, text);
	/* Class and key stand before the colon. */
	name = statement.name;
	key = name + strcspn(name, " \t");
	if (*key == '\0')
		return refuse_statement(error_out, text);
	*key++ = '\0';
	key += strspn(key, " \t");
	err = find_group(&adding, name);
	return err == SP_OK ? take_statement(&adding, key, statement.value)
			    : err;
}

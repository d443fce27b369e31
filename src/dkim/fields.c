#include "fields.h"

#include <string.h>
#include <strings.h>

#include "sallyport/dkim.h"

/* A name that is signed: how often, in the list that has it most. */
struct wanted {
	const char *name;
	size_t length;
	uint32_t hash;
	unsigned count;
	unsigned in_list;
};

struct wish {
	struct wanted *names;
	size_t count;
};

void sp_dkim_fields_init(struct sp_dkim_fields *fields)
{
	*fields = (struct sp_dkim_fields){ 0 };
	/* The fields, and what is needed to choose among them. */
	sp_arena_init(&fields->arena, 2 * SP_DKIM_HEADERS_BYTES_MAX);
}

void sp_dkim_fields_clear(struct sp_dkim_fields *fields)
{
	sp_arena_clear(&fields->arena);
	sp_dkim_fields_init(fields);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t hash(const char *name, size_t length)
{
	uint32_t value = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)lower(name[i])) * 16777619u;
	return value;
}

/* Spaces may stand before the colon (RFC 5322 section 4.5); a name with a tab
 * is none to the library, so it is none here. */
static size_t trimmed(const char *name, size_t length)
{
	while (length > 0 && name[length - 1] == ' ')
		length--;
	return length;
}

/* Copy with CRLF for each LF; returns the end. MTAs hand folded lines on with
 * their LF only. */
static char *copy_lines(char *to, const char *from)
{
	char before = '\0';

	for (; *from != '\0'; from++) {
		if (*from == '\n' && before != '\r')
			*to++ = '\r';
		*to++ = *from;
		before = *from;
	}
	while (before == '\n' || before == '\r') {
		to--;
		before = to[-1];
	}
	*to = '\0';
	return to;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		count++;
		text++;
	}
	return count;
}

static void append(struct sp_dkim_fields *fields, struct sp_dkim_field *field)
{
	field->previous = fields->last;
	if (fields->last != NULL)
		fields->last->next = field;
	else
		fields->first = field;
	fields->last = field;
	fields->count++;
}

static bool has_room(const struct sp_dkim_fields *fields, size_t size)
{
	return !fields->is_over && fields->count < SP_DKIM_FIELDS_MAX &&
	       size <= SP_DKIM_HEADERS_BYTES_MAX - fields->arena.used_bytes;
}

struct sp_dkim_field *sp_dkim_fields_add(struct sp_dkim_fields *fields,
					 const char *name, const char *value)
{
	size_t name_length = strlen(name);
	size_t size = sizeof(struct sp_dkim_field) + name_length + 1 +
		      strlen(value) + count_lines(value) + 1;
	struct sp_dkim_field *field = NULL;
	char *end;

	if (has_room(fields, size))
		field = sp_arena_alloc(&fields->arena, size);
	if (field == NULL) {
		fields->is_over = true;
		return NULL;
	}
	memcpy(field->text, name, name_length);
	field->text[name_length] = ':';
	end = copy_lines(field->text + name_length + 1, value);
	field->length = (size_t)(end - field->text);
	field->name_length = trimmed(name, name_length);
	field->name_hash = hash(name, field->name_length);
	append(fields, field);
	return field;
}

bool sp_dkim_field_is(const struct sp_dkim_field *field, const char *name)
{
	return field->name_length == strlen(name) &&
	       strncasecmp(field->text, name, field->name_length) == 0;
}

const char *sp_dkim_field_value(const struct sp_dkim_field *field)
{
	return strchr(field->text + field->name_length, ':') + 1;
}

/* ------------------------------------------------------------------ choose */

static struct wanted *find(const struct wish *wish, const char *name,
			   size_t length, uint32_t hashed)
{
	for (size_t i = 0; i < wish->count; i++) {
		struct wanted *wanted = &wish->names[i];

		if (wanted->hash == hashed && wanted->length == length &&
		    strncasecmp(wanted->name, name, length) == 0)
			return wanted;
	}
	return NULL;
}

static void want(struct wish *wish, const char *name, size_t length)
{
	uint32_t hashed = hash(name, length);
	struct wanted *wanted = find(wish, name, length, hashed);

	if (wanted == NULL) {
		wanted = &wish->names[wish->count++];
		*wanted = (struct wanted){ name, length, hashed, 0, 0 };
	}
	wanted->in_list++;
	if (wanted->in_list > wanted->count)
		wanted->count = wanted->in_list;
}

static void want_all(struct wish *wish, const char *list)
{
	for (size_t i = 0; i < wish->count; i++)
		wish->names[i].in_list = 0;
	while (*list != '\0') {
		size_t length = strcspn(list, ":");

		if (length > 0)
			want(wish, list, length);
		list += length + (list[length] == ':');
	}
}

static size_t count_names(const char *const *lists, size_t count)
{
	size_t names = count;

	for (size_t i = 0; i < count; i++)
		for (const char *c = lists[i]; *c != '\0'; c++)
			names += *c == ':';
	return names;
}

bool sp_dkim_fields_choose(struct sp_dkim_fields *fields,
			   const char *const *lists, size_t count)
{
	struct wish wish = { 0 };

	wish.names =
		sp_arena_alloc(&fields->arena, count_names(lists, count) *
						       sizeof(struct wanted));
	if (wish.names == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		want_all(&wish, lists[i]);
	for (struct sp_dkim_field *field = fields->last; field != NULL;
	     field = field->previous) {
		struct wanted *wanted =
			find(&wish, field->text, field->name_length,
			     field->name_hash);

		if (wanted == NULL || wanted->count == 0)
			continue;
		wanted->count--;
		field->is_chosen = true;
	}
	return true;
}

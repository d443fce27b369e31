#include "yaml.h"

#include <string.h>
#include <yaml.h>

#include "utf8.h"

enum {
	DEPTH_MAX = 8
};

struct reader {
	yaml_parser_t parser;
	struct sp_file *content;
	const char *file;
	struct sp_arena *arena;
	struct sp_report *report;

	struct sp_yaml_node *root;
	struct sp_yaml_node *open[DEPTH_MAX]; /* from the root inwards */
	struct sp_yaml_node *last[DEPTH_MAX]; /* newest child of each */
	size_t depth;
	const char *key; /* read, its value not yet */
	struct sp_place key_place;
	unsigned documents;
};

static struct sp_place place_of(const struct reader *reader,
				const yaml_mark_t *mark)
{
	return (struct sp_place){ .file = reader->file,
				  .line = (unsigned)mark->line + 1,
				  .column = (unsigned)mark->column + 1 };
}

/*
 * libyaml gives up at the first byte that is no text, and reads ahead: nothing
 * else would be judged. So such bytes are reported before and are '_' to it.
 */
static void replace_bytes(struct reader *reader)
{
	struct sp_place place = { reader->file, 1, 1 };
	struct sp_file *content = reader->content;

	for (size_t at = 0, length; at < content->length; at += length) {
		uint32_t character = 0;
		bool is_control;

		length = sp_utf8_read(content->bytes + at, content->length - at,
				      &character);
		is_control = length > 0 && sp_utf8_is_control(character);
		if (length == 0)
			sp_report_add(reader->report, &place,
				      "a byte that is no UTF-8: expected the "
				      "file in UTF-8");
		if (is_control)
			sp_report_add(reader->report, &place,
				      "a control character (U+%04X): expected "
				      "text",
				      (unsigned)character);
		if (length == 0)
			length = 1;
		if (is_control || character == 0)
			memset(content->bytes + at, '_', length);
		place.column++;
		if (character == '\n') {
			place.line++;
			place.column = 1;
		}
	}
}

static void report_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	struct sp_place place = place_of(reader, &parser->problem_mark);
	/* Counts characters, so it is right only before the first non-ASCII
	 * one; at worst the general text is given. */
	size_t at = parser->problem_mark.index;

	char byte = at < reader->content->length ? reader->content->bytes[at]
						 : '\0';

	if (byte == '\t')
		sp_report_add(reader->report, &place,
			      "a tab: expected spaces (YAML indents with "
			      "spaces only)");
	else if (byte == ':')
		sp_report_add(reader->report, &place,
			      "a colon where a value begins: expected quotes "
			      "around it (\"::1\")");
	else
		sp_report_add(reader->report, &place,
			      "this is not YAML: %s%s%s",
			      parser->context ? parser->context : "",
			      parser->context ? ", " : "",
			      parser->problem ? parser->problem : "?");
}

static void report_failure(struct reader *reader)
{
	struct sp_place place = { .file = reader->file };

	switch (reader->parser.error) {
	case YAML_SCANNER_ERROR:
	case YAML_PARSER_ERROR:
		report_syntax(reader);
		break;
	case YAML_READER_ERROR: /* replace_bytes() has left it nothing */
	default:
		sp_report_add(reader->report, &place, "cannot be read: %s",
			      reader->parser.problem ? reader->parser.problem
						     : "no memory");
	}
}

static struct sp_yaml_node *innermost(const struct reader *reader)
{
	return reader->depth == 0 ? NULL : reader->open[reader->depth - 1];
}

static bool is_key_expected(const struct reader *reader)
{
	const struct sp_yaml_node *parent = innermost(reader);

	return parent != NULL && parent->kind == SP_YAML_MAPPING &&
	       reader->key == NULL;
}

/* A new node where the reader stands; NULL without memory (reported). */
static struct sp_yaml_node *add_node(struct reader *reader,
				     enum sp_yaml_kind kind,
				     const struct sp_place *place)
{
	struct sp_yaml_node *node =
		sp_arena_alloc(reader->arena, sizeof(*node));
	struct sp_yaml_node *parent = innermost(reader);

	if (node == NULL) {
		sp_report_add(reader->report, place,
			      "the file is too large to be read");
		return NULL;
	}
	node->kind = kind;
	node->place = *place;
	node->key = reader->key;
	node->key_place = reader->key_place;
	reader->key = NULL;
	if (parent == NULL)
		reader->root = node;
	else if (parent->first == NULL)
		parent->first = node;
	else
		reader->last[reader->depth - 1]->next = node;
	if (parent != NULL)
		reader->last[reader->depth - 1] = node;
	return node;
}

/* Anchors and tags are said to be wrong, and the value is judged all the same. */
static void refuse_decoration(struct reader *reader,
			      const struct sp_place *place,
			      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		sp_report_add(reader->report, place,
			      "an anchor (&): expected the value itself; "
			      "anchors and aliases are not supported");
	if (tag != NULL)
		sp_report_add(reader->report, place,
			      "a tag (!): expected the value itself; tags are "
			      "not supported");
}

static bool has_control(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

static bool is_nothing(const char *text, bool is_plain)
{
	return is_plain && (*text == '\0' || strcmp(text, "~") == 0 ||
			    strcmp(text, "null") == 0);
}

static bool take_key(struct reader *reader, const struct sp_place *place,
		     const char *text)
{
	reader->key = sp_arena_text(reader->arena, text);
	reader->key_place = *place;
	return reader->key != NULL;
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct sp_place place = place_of(reader, &event->start_mark);
	enum sp_yaml_kind kind =
		is_nothing(text, is_plain) ? SP_YAML_NOTHING : SP_YAML_SCALAR;
	struct sp_yaml_node *node;

	refuse_decoration(reader, &place, event->data.scalar.anchor,
			  event->data.scalar.tag);
	if (has_control(text, length)) {
		sp_report_add(reader->report, &place,
			      "a line break or control character: expected a "
			      "word on one line");
		kind = SP_YAML_REFUSED;
		text = "";
	}
	if (is_key_expected(reader))
		return take_key(reader, &place, text);
	node = add_node(reader, kind, &place);
	if (node == NULL)
		return false;
	node->text = sp_arena_text(reader->arena, text);
	return node->text != NULL;
}

static bool refuse_key(struct reader *reader, const struct sp_place *place)
{
	sp_report_add(reader->report, place,
		      "expected a key such as \"mode\", found something else");
	return false;
}

static bool take_alias(struct reader *reader, const yaml_event_t *event)
{
	struct sp_place place = place_of(reader, &event->start_mark);

	sp_report_add(reader->report, &place,
		      "an alias (*): expected the value itself; anchors and "
		      "aliases are not supported");
	/* As a key it has at least used up the key's place. */
	if (is_key_expected(reader))
		return take_key(reader, &place, "");
	return add_node(reader, SP_YAML_REFUSED, &place) != NULL;
}

static bool begin(struct reader *reader, enum sp_yaml_kind kind,
		  const struct sp_place *place)
{
	struct sp_yaml_node *node;

	if (is_key_expected(reader))
		return refuse_key(reader, place);
	if (reader->depth == DEPTH_MAX) {
		sp_report_add(reader->report, place,
			      "nested more than %d levels deep: expected "
			      "options, at most one section deep",
			      DEPTH_MAX);
		return false;
	}
	node = add_node(reader, kind, place);
	if (node == NULL)
		return false;
	reader->open[reader->depth] = node;
	reader->last[reader->depth] = NULL;
	reader->depth++;
	return true;
}

static bool begin_document(struct reader *reader, const yaml_event_t *event)
{
	struct sp_place place = place_of(reader, &event->start_mark);

	if (++reader->documents == 1)
		return true;
	sp_report_add(reader->report, &place,
		      "a second document begins (---): expected one only");
	return false;
}

/* False ends the reading. */
static bool take_event(struct reader *reader, const yaml_event_t *event)
{
	struct sp_place place = place_of(reader, &event->start_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(reader, event);
	case YAML_SCALAR_EVENT:
		return take_scalar(reader, event);
	case YAML_ALIAS_EVENT:
		return take_alias(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse_decoration(reader, &place,
				  event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		return begin(reader, SP_YAML_SEQUENCE, &place);
	case YAML_MAPPING_START_EVENT:
		refuse_decoration(reader, &place,
				  event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		return begin(reader, SP_YAML_MAPPING, &place);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reader->depth--;
		return true;
	case YAML_STREAM_END_EVENT:
		return false;
	default:
		return true;
	}
}

void sp_yaml_read(struct sp_file *content, const char *file,
		  struct sp_arena *arena, struct sp_report *report,
		  const struct sp_yaml_node **root_out)
{
	struct reader reader = { .content = content,
				 .file = file,
				 .arena = arena,
				 .report = report };
	bool goes_on = true;

	*root_out = NULL;
	if (!yaml_parser_initialize(&reader.parser)) {
		report_failure(&reader);
		return;
	}
	replace_bytes(&reader);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser,
				     (const unsigned char *)content->bytes,
				     content->length);
	while (goes_on) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader.parser, &event)) {
			report_failure(&reader);
			break;
		}
		goes_on = take_event(&reader, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&reader.parser);
	*root_out = reader.root;
}

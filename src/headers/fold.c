#include "fold.h"

#include <string.h>

enum {
	LINE_LENGTH = 76
};

void sp_fold_init(struct sp_fold *fold, struct sp_text *text, const char *name)
{
	*fold = (struct sp_fold){
		.text = text,
		.line = strlen(name) + strlen(": "),
	};
}

void sp_fold_break(struct sp_fold *fold)
{
	sp_text_add(fold->text, "\n\t");
	fold->line = 1;
	fold->is_in_line = false;
}

void sp_fold_mark(struct sp_fold *fold, const char *mark)
{
	sp_text_add(fold->text, mark);
	fold->line += strlen(mark);
}

void sp_fold_word(struct sp_fold *fold, const char *word)
{
	/* A mark may follow. */
	size_t length = strlen(word) + 1;

	if (fold->is_in_line && fold->line + 1 + length > LINE_LENGTH)
		sp_fold_break(fold);
	if (fold->is_in_line)
		sp_fold_mark(fold, " ");
	sp_fold_mark(fold, word);
	fold->is_in_line = true;
}

static bool is_token_character(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

bool sp_fold_is_token(const char *value)
{
	char before = '.';

	if (strlen(value) > SP_FOLD_VALUE_MAX)
		return false;
	for (; *value != '\0'; value++) {
		if (!is_token_character(*value) ||
		    (*value == '.' && before == '.'))
			return false;
		before = *value;
	}
	return before != '.';
}

static void add_quoted(struct sp_text *text, const char *value)
{
	sp_text_add(text, "\"");
	for (size_t i = 0; i < SP_FOLD_VALUE_MAX && value[i] != '\0'; i++) {
		char c = value[i] < ' ' || value[i] > '~' ? '?' : value[i];

		if (c == '"' || c == '\\')
			sp_text_add(text, "\\");
		sp_text_add_bytes(text, &c, 1);
	}
	sp_text_add(text, "\"");
}

void sp_fold_property(struct sp_fold *fold, const char *name, const char *value)
{
	char word[64 + 2 * SP_FOLD_VALUE_MAX];
	struct sp_text text;

	sp_text_init(&text, word, sizeof(word));
	sp_text_add(&text, name);
	if (sp_fold_is_token(value))
		sp_text_add(&text, value);
	else
		add_quoted(&text, value);
	sp_fold_word(fold, word);
}

/* word.c - see word.h. */
#include "word.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/text.h"

struct sp_store_bytes sp_word(const char *text)
{
	return (struct sp_store_bytes){ text, strlen(text) };
}

struct sp_store_bytes sp_word_of_number(char buffer[SP_WORD_SIZE],
					int64_t number)
{
	snprintf(buffer, SP_WORD_SIZE, "%" PRId64, number);
	return sp_word(buffer);
}

struct sp_store_bytes sp_word_of_value(char buffer[SP_WORD_SIZE],
				       const char *text)
{
	struct sp_text out;

	sp_text_init(&out, buffer, SP_WORD_SIZE);
	sp_text_add_safe(&out, text == NULL ? "" : text,
			 text == NULL ? 0 : strnlen(text, SP_WORD_SIZE), " ,=");
	return sp_word(buffer);
}

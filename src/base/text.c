#include "sallyport/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void sp_text_init(struct sp_text *text, char *buffer, size_t size)
{
	*text = (struct sp_text){ .bytes = buffer, .size = size };
	buffer[0] = '\0';
}

/* Once something was cut nothing may follow: it would read as if nothing were
 * missing in between. */
static size_t room(const struct sp_text *text)
{
	return text->is_cut ? 0 : text->size - 1 - text->length;
}

void sp_text_add_bytes(struct sp_text *text, const char *bytes, size_t length)
{
	size_t taken = length;

	if (taken > room(text)) {
		taken = room(text);
		text->is_cut = true;
	}
	if (taken == 0)
		return;
	memcpy(text->bytes + text->length, bytes, taken);
	text->length += taken;
	text->bytes[text->length] = '\0';
}

void sp_text_copy(char *to, size_t size, const char *from)
{
	struct sp_text text;

	sp_text_init(&text, to, size);
	sp_text_add(&text, from ? from : "");
}

void sp_text_add(struct sp_text *text, const char *string)
{
	sp_text_add_bytes(text, string, strlen(string));
}

void sp_text_vaddf(struct sp_text *text, const char *format, va_list args)
{
	size_t free_bytes = room(text);
	char *end = text->bytes + text->length;
	int wanted;

	if (text->is_cut)
		return;
	wanted = vsnprintf(end, free_bytes + 1, format, args);
	if (wanted < 0) {
		*end = '\0';
		text->is_cut = true;
	} else if ((size_t)wanted > free_bytes) {
		text->length += free_bytes;
		text->is_cut = true;
	} else {
		text->length += (size_t)wanted;
	}
}

void sp_text_addf(struct sp_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sp_text_vaddf(text, format, args);
	va_end(args);
}

void sp_text_add_number(struct sp_text *text, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		sp_text_add_bytes(text, "-", 1);
	sp_text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void sp_text_add_points(struct sp_text *text, double points)
{
	double size = fabs(points);
	uint32_t hundredths = size < 99.995 ? (uint32_t)(size * 100 + 0.5) : 0;
	char rest[3] = { '.', (char)('0' + hundredths / 10 % 10),
			 (char)('0' + hundredths % 10) };

	/* Finer, or larger, than what most points are. */
	if (fabs(size * 100 - hundredths) > 1e-6) {
		sp_text_addf(text, "%.4g", points);
		return;
	}
	if (points < 0 && hundredths > 0)
		sp_text_add_bytes(text, "-", 1);
	sp_text_add_number(text, hundredths / 100);
	if (hundredths % 100 != 0)
		sp_text_add_bytes(text, rest, hundredths % 10 != 0 ? 3 : 2);
}

static bool is_plain(char c, const char *also)
{
	if (c < ' ' || c > '~' || c == '\\')
		return false;
	for (; also != NULL && *also != '\0'; also++)
		if (*also == c)
			return false;
	return true;
}

static void add_whole(struct sp_text *text, const char *bytes, size_t length)
{
	if (length > room(text))
		text->is_cut = true;
	else
		sp_text_add_bytes(text, bytes, length);
}

void sp_text_add_safe(struct sp_text *text, const char *bytes, size_t length,
		      const char *also)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length && !text->is_cut;) {
		unsigned byte = (unsigned char)bytes[i];
		char escape[4] = { '\\', 'x', digits[byte >> 4],
				   digits[byte & 15] };
		size_t plain = 0;

		/* Most of it is plain, and goes in one piece. */
		while (i + plain < length && is_plain(bytes[i + plain], also))
			plain++;
		if (plain > 0)
			sp_text_add_bytes(text, &bytes[i], plain);
		else
			add_whole(text, escape, sizeof(escape));
		i += plain > 0 ? plain : 1;
	}
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sp_text_equals(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool sp_text_starts(const char *text, const char *prefix)
{
	while (*prefix != '\0' && lower(*text) == lower(*prefix)) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

void sp_text_lower(char *string)
{
	for (; *string != '\0'; string++)
		*string = lower(*string);
}

int sp_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int sp_hex_digit_any(char c)
{
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : sp_hex_digit(c);
}

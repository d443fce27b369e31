/*
 * What is said of the signatures of mails with made-up keys, for
 * tests/conformance/dkim.
 *
 * Lines of words on stdin; a text is hexadecimal behind a '=':
 *
 *	key NAME TEXT
 *	failed NAME | timeout NAME
 *	mail FILE SECONDS			since 1970
 *	clear
 *
 * For each mail a line on stdout: its signatures with tabs between, each
 * "result d s reason". Each mail is fed in several ways; "differs" when that
 * makes a difference.
 */
#include "sallyport/dkim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim_world.h"

enum {
	LINE_SIZE = 65536,
	MAIL_SIZE = 1 << 20,
	WORDS_MAX = 3
};

static void die(const char *what)
{
	fprintf(stderr, "dkim-eval: %s\n", what);
	exit(1);
}

static unsigned digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	if (at == NULL)
		die("no hexadecimal digit");
	return (unsigned)(at - digits);
}

/* In place. */
static char *decode(char *word, size_t *length_out)
{
	size_t length = (strlen(word) - 1) / 2;

	for (size_t i = 0; i < length; i++)
		word[i] = (char)(digit(word[1 + 2 * i]) * 16 +
				 digit(word[2 + 2 * i]));
	word[length] = '\0';
	*length_out = length;
	return word;
}

static bool is_same(const struct sp_dkim *a, const struct sp_dkim *b)
{
	if (sp_dkim_count(a) != sp_dkim_count(b))
		return false;
	for (size_t i = 0; i < sp_dkim_count(a); i++) {
		const struct sp_dkim_signature *one = sp_dkim_get(a, i);
		const struct sp_dkim_signature *other = sp_dkim_get(b, i);

		if (one->result != other->result ||
		    strcmp(one->reason, other->reason) != 0)
			return false;
	}
	return true;
}

static void print(const struct sp_dkim *dkim)
{
	for (size_t i = 0; i < sp_dkim_count(dkim); i++) {
		const struct sp_dkim_signature *told = sp_dkim_get(dkim, i);

		printf("%s%s d=%s s=%s %s", i > 0 ? "\t" : "",
		       sp_dkim_result_text(told->result), told->domain,
		       told->selector, told->reason);
	}
	printf("\n");
}

static void run_mail(const struct dkim_world *world, const char *path,
		     int64_t now_sec)
{
	static const size_t chunks[] = { 1, 7, 100 };
	static char bytes[MAIL_SIZE];
	struct dkim_world_mail mail = { .bytes = bytes, .now_sec = now_sec };
	FILE *file = fopen(path, "rb");
	struct sp_dkim *dkim;
	bool differs = false;

	if (file == NULL)
		die(path);
	mail.length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	dkim = dkim_world_verify(world, &mail);
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		struct sp_dkim *other;

		mail.chunk = chunks[i];
		mail.is_late = !mail.is_late;
		other = dkim_world_verify(world, &mail);
		differs |= !is_same(dkim, other);
		sp_dkim_free(&other);
	}
	if (differs)
		printf("differs\n");
	else
		print(dkim);
	sp_dkim_free(&dkim);
}

static void run_key(struct dkim_world *world, char *const words[WORDS_MAX])
{
	size_t length;
	const char *text = decode(words[2], &length);

	dkim_world_add(world, words[1], text, length);
}

static void run_line(struct dkim_world *world, char *const words[WORDS_MAX],
		     size_t count)
{
	size_t length;

	if (strcmp(words[0], "clear") == 0)
		dkim_world_clear(world);
	else if (strcmp(words[0], "key") == 0 && count == 3)
		run_key(world, words);
	else if (strcmp(words[0], "failed") == 0 && count == 2)
		dkim_world_set(world, words[1], SP_DNS_FAILED);
	else if (strcmp(words[0], "timeout") == 0 && count == 2)
		dkim_world_set(world, words[1], SP_DNS_TIMEOUT);
	else if (strcmp(words[0], "mail") == 0 && count == 3)
		run_mail(world, decode(words[1], &length), atoll(words[2]));
	else
		die("a line that is none");
}

int main(void)
{
	static char line[LINE_SIZE];
	static struct dkim_world world;

	dkim_world_init(&world);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *words[WORDS_MAX] = { NULL };
		size_t count = 0;
		char *rest = NULL;

		for (char *word = strtok_r(line, " \n", &rest);
		     word != NULL && count < WORDS_MAX;
		     word = strtok_r(NULL, " \n", &rest))
			words[count++] = word;
		if (count > 0)
			run_line(&world, words, count);
	}
	dkim_world_clear(&world);
	return 0;
}

#include "body.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum {
	BUFFER_BYTES = 4096
};

struct sp_dkim_body {
	struct sp_dkim_form form;
	EVP_MD_CTX *hash;
	bool has_failed;
	bool has_text;	    /* anything but ends of lines came */
	bool has_cr;	    /* the last byte; a LF may follow */
	bool has_space;	    /* of a relaxed body, at the end of what came */
	uint64_t line_ends; /* CRLFs that count only if something follows */
	int64_t length;	    /* in canonical form, so far */
	size_t used;
	unsigned char buffer[BUFFER_BYTES];
};

static const unsigned char crlf[] = { '\r', '\n' };

/* ------------------------------------------------------------------ output */

/* Asking libcrypto for an algorithm takes it longer than hashing a kilobyte:
 * once for the process, never given back. */
static EVP_MD *sha256;

static void fetch_once(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

struct sp_dkim_body *sp_dkim_body_new(struct sp_dkim_form form)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sp_dkim_body *body = calloc(1, sizeof(*body));

	if (body == NULL)
		abort();
	pthread_once(&once, fetch_once);
	body->form = form;
	body->hash = EVP_MD_CTX_new();
	if (sha256 == NULL || body->hash == NULL ||
	    EVP_DigestInit_ex2(body->hash, sha256, NULL) != 1)
		sp_dkim_body_free(&body);
	return body;
}

void sp_dkim_body_free(struct sp_dkim_body **body)
{
	if (*body != NULL)
		EVP_MD_CTX_free((*body)->hash);
	free(*body);
	*body = NULL;
}

static void flush(struct sp_dkim_body *body)
{
	if (body->used > 0 &&
	    EVP_DigestUpdate(body->hash, body->buffer, body->used) != 1)
		body->has_failed = true;
	body->used = 0;
}

/* How much of `length` bytes is below the limit. */
static size_t within_limit(const struct sp_dkim_body *body, size_t length)
{
	int64_t left = body->form.limit - body->length;

	if (body->form.limit < 0 || (uint64_t)left >= length)
		return length;
	return (size_t)left;
}

static void put(struct sp_dkim_body *body, const unsigned char *bytes,
		size_t length)
{
	length = within_limit(body, length);
	body->length += (int64_t)length;
	while (length > 0) {
		size_t room = BUFFER_BYTES - body->used;
		size_t size = length < room ? length : room;

		memcpy(body->buffer + body->used, bytes, size);
		body->used += size;
		bytes += size;
		length -= size;
		if (body->used == BUFFER_BYTES)
			flush(body);
	}
}

/* Bytes of a line; what was put off before them counts now. */
static void put_text(struct sp_dkim_body *body, const unsigned char *bytes,
		     size_t length)
{
	for (; body->line_ends > 0 && sp_dkim_body_wants(body);
	     body->line_ends--)
		put(body, crlf, sizeof(crlf));
	if (body->has_space)
		put(body, (const unsigned char *)" ", 1);
	body->has_space = false;
	body->has_text = true;
	put(body, bytes, length);
}

/* ------------------------------------------------------------------- input */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* 0x80 in each byte of `word` that is zero, and in no other. */
static uint64_t zeros(uint64_t word)
{
	return ~(((word & EACH(0x7f)) + EACH(0x7f)) | word | EACH(0x7f));
}

/*
 * How many bytes at the beginning of a relaxed body are the same in canonical
 * form: up to a TAB, a CR, or a second space. A space at their end may be one
 * of several, or the last of its line.
 */
static size_t run_of_text(const unsigned char *bytes, size_t length,
			  bool is_after_space)
{
	uint64_t before = is_after_space ? 0x80 : 0;
	size_t run = 0;

	for (; length - run >= sizeof(uint64_t); run += sizeof(uint64_t)) {
		uint64_t word, spaces, stops;

		memcpy(&word, bytes + run, sizeof(word));
		word = le64toh(word); /* the first byte is the lowest */
		spaces = zeros(word ^ EACH(' '));
		/* TAB and CR differ in this bit only. */
		stops = zeros((word | EACH('\r' ^ '\t')) ^ EACH('\r')) |
			(spaces & (spaces << 8 | before));
		if (stops != 0)
			return run + (size_t)__builtin_ctzll(stops) / 8;
		before = spaces >> 56;
	}
	for (; run < length; run++) {
		bool is_space = bytes[run] == ' ';

		if (bytes[run] == '\t' || bytes[run] == '\r' ||
		    (is_space && before != 0))
			break;
		before = is_space ? 0x80 : 0;
	}
	return run;
}

/* The same for a simple body: anything but CR. */
static size_t run_without_cr(const unsigned char *bytes, size_t length)
{
	const unsigned char *cr = memchr(bytes, '\r', length);

	return cr != NULL ? (size_t)(cr - bytes) : length;
}

/* Returns its length. */
static size_t add_run(struct sp_dkim_body *body, const unsigned char *bytes,
		      size_t length)
{
	size_t run, text;

	if (body->has_cr)
		return 0;
	run = text = body->form.is_relaxed
			     ? run_of_text(bytes, length, body->has_space)
			     : run_without_cr(bytes, length);
	if (body->form.is_relaxed && run > 0 && bytes[run - 1] == ' ')
		text--;
	if (text > 0)
		put_text(body, bytes, text);
	body->has_space |= text < run;
	return run;
}

static void end_line(struct sp_dkim_body *body)
{
	body->line_ends++;
	body->has_space = false;
	body->has_cr = false;
}

/* One byte that ended a run, or the CRLF. Returns how many. */
static size_t add_special(struct sp_dkim_body *body, const unsigned char *bytes,
			  size_t length)
{
	if (body->has_cr && bytes[0] == '\n') {
		end_line(body);
		return 1;
	}
	if (body->has_cr)
		put_text(body, crlf, 1);
	if (length > 1 && memcmp(bytes, crlf, 2) == 0) {
		end_line(body);
		return 2;
	}
	body->has_cr = bytes[0] == '\r';
	if (body->form.is_relaxed && (bytes[0] == ' ' || bytes[0] == '\t'))
		body->has_space = true;
	else if (!body->has_cr)
		put_text(body, bytes, 1);
	return 1;
}

bool sp_dkim_body_wants(const struct sp_dkim_body *body)
{
	return body->form.limit < 0 || body->length < body->form.limit;
}

void sp_dkim_body_add(struct sp_dkim_body *body, const unsigned char *bytes,
		      size_t length)
{
	while (length > 0 && sp_dkim_body_wants(body)) {
		size_t size = add_run(body, bytes, length);

		if (size == 0)
			size = add_special(body, bytes, length);
		bytes += size;
		length -= size;
	}
}

bool sp_dkim_body_end(struct sp_dkim_body *body,
		      unsigned char hash_out[SP_DKIM_HASH_BYTES])
{
	if (body->has_cr)
		put_text(body, crlf, 1);
	body->has_cr = false;
	body->line_ends = 0;
	/* One end of line, whether there were more or none. */
	if (body->has_text || !body->form.is_relaxed)
		put(body, crlf, sizeof(crlf));
	flush(body);
	if (EVP_DigestFinal_ex(body->hash, hash_out, NULL) != 1)
		body->has_failed = true;
	return !body->has_failed && body->length >= body->form.limit;
}

bool sp_dkim_form_is_same(struct sp_dkim_form a, struct sp_dkim_form b)
{
	return a.is_relaxed == b.is_relaxed && a.limit == b.limit;
}

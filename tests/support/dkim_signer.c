#include "dkim_signer.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HASH_BYTES = 32,
	SIGNATURE_BYTES_MAX = 1024,
	BASE64_MAX = 2048,
	FIELDS_MAX = 512
};

struct dkim_signer {
	EVP_PKEY *key;
	bool is_rsa;
	char record[BASE64_MAX];
};

/* Text that grows. */
struct buffer {
	char *bytes;
	size_t length;
	size_t size;
};

struct part {
	const char *at;
	size_t length;
};

static void need(bool is_true)
{
	if (!is_true)
		abort();
}

static void add(struct buffer *buffer, const char *bytes, size_t length)
{
	if (buffer->length + length + 1 > buffer->size) {
		buffer->size = 2 * (buffer->length + length + 1);
		buffer->bytes = realloc(buffer->bytes, buffer->size);
		need(buffer->bytes != NULL);
	}
	if (length > 0)
		memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	buffer->bytes[buffer->length] = '\0';
}

static void add_text(struct buffer *buffer, const char *text)
{
	add(buffer, text, strlen(text));
}

static void add_base64(struct buffer *buffer, const unsigned char *bytes,
		       size_t length)
{
	unsigned char text[BASE64_MAX];

	need(length < BASE64_MAX / 2);
	EVP_EncodeBlock(text, bytes, (int)length);
	add_text(buffer, (const char *)text);
}

/* -------------------------------------------------------------------- keys */

static size_t public_key(const struct dkim_signer *signer,
			 unsigned char bytes[BASE64_MAX])
{
	size_t length = BASE64_MAX;

	if (signer->is_rsa)
		return (size_t)i2d_PUBKEY(signer->key, &bytes);
	need(EVP_PKEY_get_raw_public_key(signer->key, bytes, &length) == 1);
	return length;
}

struct dkim_signer *dkim_signer_new(unsigned rsa_bits)
{
	struct dkim_signer *signer = calloc(1, sizeof(*signer));
	unsigned char bytes[BASE64_MAX];
	struct buffer text = { 0 };

	need(signer != NULL);
	signer->is_rsa = rsa_bits > 0;
	signer->key = signer->is_rsa ? EVP_RSA_gen(rsa_bits)
				     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	need(signer->key != NULL);
	add_base64(&text, bytes, public_key(signer, bytes));
	snprintf(signer->record, sizeof(signer->record), "v=DKIM1; k=%s; p=%s",
		 signer->is_rsa ? "rsa" : "ed25519", text.bytes);
	free(text.bytes);
	return signer;
}

void dkim_signer_free(struct dkim_signer **signer)
{
	EVP_PKEY_free((*signer)->key);
	free(*signer);
	*signer = NULL;
}

const char *dkim_signer_record(const struct dkim_signer *signer)
{
	return signer->record;
}

char *dkim_signer_bare_key(const struct dkim_signer *signer)
{
	unsigned char bytes[BASE64_MAX], *at = bytes;
	struct buffer text = { 0 };

	add_base64(&text, bytes, (size_t)i2d_PublicKey(signer->key, &at));
	return text.bytes;
}

/* -------------------------------------------------------------------- tags */

/* The value of a tag, "" without it. */
static struct part tag(const char *tags, const char *name)
{
	size_t length = strlen(name);

	while (*tags != '\0') {
		tags += strspn(tags, "; \t\r\n");
		if (strncmp(tags, name, length) == 0 && tags[length] == '=')
			return (struct part){ tags + length + 1,
					      strcspn(tags + length + 1, ";") };
		tags += strcspn(tags, ";");
	}
	return (struct part){ "", 0 };
}

static bool contains(struct part part, const char *text)
{
	return memmem(part.at, part.length, text, strlen(text)) != NULL;
}

static bool is_relaxed_header(const char *tags)
{
	return strncmp(tag(tags, "c").at, "relaxed", 7) == 0;
}

static bool is_relaxed_body(const char *tags)
{
	return contains(tag(tags, "c"), "/relaxed");
}

/* ---------------------------------------------------------- canonical form */

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* One space for each run of them, none at the end. */
static void add_squeezed(struct buffer *buffer, struct part text)
{
	bool has_space = false;

	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];

		if (is_space(c)) {
			has_space = true;
			continue;
		}
		if (has_space)
			add(buffer, " ", 1);
		has_space = false;
		add(buffer, &c, 1);
	}
}

static void add_unfolded(struct buffer *buffer, struct part text)
{
	add(buffer, "", 0);
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] != '\r' && text.at[i] != '\n')
			add(buffer, &text.at[i], 1);
}

/* Without the CRLF at its end. */
static void add_field(struct buffer *buffer, struct part field, bool is_relaxed)
{
	const char *colon = memchr(field.at, ':', field.length);
	struct buffer text = { 0 }, value = { 0 };
	size_t name;

	if (!is_relaxed) {
		add(buffer, field.at, field.length);
		return;
	}
	name = (size_t)(colon - field.at);
	while (name > 0 && is_space(field.at[name - 1]))
		name--;
	for (size_t i = 0; i < name; i++) {
		char c = field.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		add(buffer, &c, 1);
	}
	add(buffer, ":", 1);
	add_unfolded(
		&text,
		(struct part){ colon + 1,
			       field.length - 1 - (size_t)(colon - field.at) });
	add(&value, "", 0);
	add_squeezed(&value, (struct part){ text.bytes, text.length });
	add_text(buffer, value.bytes + (value.bytes[0] == ' '));
	free(value.bytes);
	free(text.bytes);
}

/* Lines end with CRLF only: a CR or LF alone is a character. */
static void add_relaxed_body(struct buffer *buffer, struct part body)
{
	const char *stop = body.at + body.length;

	for (const char *line = body.at; line < stop;) {
		const char *cr = line;
		size_t length;

		while (cr < stop &&
		       !(cr[0] == '\r' && cr + 1 < stop && cr[1] == '\n'))
			cr++;
		length = (size_t)(cr - line);
		add_squeezed(buffer, (struct part){ line, length });
		add(buffer, "\r\n", 2);
		line = cr < stop ? cr + 2 : stop;
	}
}

static void hash_body(const char *tags, struct part body,
		      unsigned char hash[HASH_BYTES])
{
	struct buffer text = { 0 };
	struct part limit = tag(tags, "l");
	size_t length;

	add(&text, "", 0);
	if (is_relaxed_body(tags))
		add_relaxed_body(&text, body);
	else
		add(&text, body.at, body.length);
	if (text.length > 0 &&
	    (text.length < 2 ||
	     memcmp(text.bytes + text.length - 2, "\r\n", 2) != 0))
		add_text(&text, "\r\n");
	length = text.length;
	while (length >= 4 &&
	       memcmp(text.bytes + length - 4, "\r\n\r\n", 4) == 0)
		length -= 2;
	if (length == 2 && memcmp(text.bytes, "\r\n", 2) == 0)
		length = 0;
	text.length = length;
	if (length == 0 && !is_relaxed_body(tags))
		add(&text, "\r\n", 2);
	if (limit.length > 0)
		text.length = (size_t)atoll(limit.at);
	need(EVP_Digest(text.bytes, text.length, hash, NULL,
			contains(tag(tags, "a"), "sha1") ? EVP_sha1()
							 : EVP_sha256(),
			NULL) == 1);
	free(text.bytes);
}

/* ------------------------------------------------------------------ fields */

/* Returns the body. */
static struct part split(const struct dkim_order *order,
			 struct part fields[FIELDS_MAX], size_t *count_out)
{
	const char *at = order->mail, *stop = order->mail + order->length;
	size_t count = 0;

	while (at < stop && strncmp(at, "\r\n", 2) != 0) {
		const char *end = at;

		do
			end = strstr(end + (end > at ? 2 : 0), "\r\n");
		while (end != NULL && is_space(end[2]));
		need(end != NULL && count < FIELDS_MAX);
		fields[count++] = (struct part){ at, (size_t)(end - at) };
		at = end + 2;
	}
	*count_out = count;
	at += at < stop ? 2 : 0;
	return (struct part){ at, (size_t)(stop - at) };
}

static bool is_named(struct part field, struct part name)
{
	size_t colon = strcspn(field.at, ":");

	while (colon > 0 && is_space(field.at[colon - 1]))
		colon--;
	return colon == name.length &&
	       strncasecmp(field.at, name.at, name.length) == 0;
}

/* The last one that was not taken yet, of each name. */
static void add_signed_fields(struct buffer *buffer, const char *tags,
			      struct part fields[FIELDS_MAX], size_t count)
{
	struct part names = tag(tags, "h");

	while (names.length > 0) {
		struct part name = { names.at, 0 };

		while (name.length < names.length &&
		       names.at[name.length] != ':')
			name.length++;
		for (size_t i = count; i-- > 0;) {
			if (fields[i].at == NULL || !is_named(fields[i], name))
				continue;
			add_field(buffer, fields[i], is_relaxed_header(tags));
			add(buffer, "\r\n", 2);
			fields[i].at = NULL;
			break;
		}
		if (name.length < names.length)
			name.length++;
		names.at += name.length;
		names.length -= name.length;
	}
}

/* -------------------------------------------------------------------- sign */

static size_t sign(const struct dkim_signer *signer, const char *tags,
		   const struct buffer *text, unsigned char *signature)
{
	const EVP_MD *hash =
		contains(tag(tags, "a"), "sha1") ? EVP_sha1() : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[HASH_BYTES];
	size_t length = SIGNATURE_BYTES_MAX;
	const unsigned char *bytes = (const unsigned char *)text->bytes;
	size_t size = text->length;

	if (!signer->is_rsa) { /* RFC 8463: the hash is signed as a text */
		need(EVP_Digest(bytes, size, digest, NULL, hash, NULL) == 1);
		bytes = digest;
		size = sizeof(digest);
		hash = NULL;
	}
	need(EVP_DigestSignInit(context, NULL, hash, NULL, signer->key) == 1);
	need(EVP_DigestSign(context, signature, &length, bytes, size) == 1);
	EVP_MD_CTX_free(context);
	return length;
}

char *dkim_sign(const struct dkim_signer *signer,
		const struct dkim_order *order, size_t *length_out)
{
	struct part fields[FIELDS_MAX], body;
	unsigned char hash[HASH_BYTES], signature[SIGNATURE_BYTES_MAX];
	struct buffer field = { 0 }, text = { 0 };
	size_t count;

	body = split(order, fields, &count);
	hash_body(order->tags, body, hash);
	add_text(&field, "DKIM-Signature: ");
	add_text(&field, order->tags);
	add_text(&field, ";\r\n\tbh=");
	add_base64(&field, hash,
		   contains(tag(order->tags, "a"), "sha1") ? 20 : HASH_BYTES);
	add_text(&field, "; b=");
	add_signed_fields(&text, order->tags, fields, count);
	add_field(&text, (struct part){ field.bytes, field.length },
		  is_relaxed_header(order->tags));
	add_base64(&field, signature,
		   sign(signer, order->tags, &text, signature));
	free(text.bytes);
	add_text(&field, "\r\n");
	add(&field, order->mail, order->length);
	if (length_out != NULL)
		*length_out = field.length;
	return field.bytes;
}

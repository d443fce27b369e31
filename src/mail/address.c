#include "sallyport/address.h"

#include <stdbool.h>
#include <string.h>

#include "sallyport/ip.h"
#include "sallyport/text.h"
#include "utf8.h"

/* What is still to be read: [at, end). */
struct reader {
	const char *at;
	const char *end;
};

static bool is_at_end(const struct reader *reader)
{
	return reader->at == reader->end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct reader *reader)
{
	while (!is_at_end(reader) && is_blank(reader->at[0]))
		reader->at++;
	while (!is_at_end(reader) && is_blank(reader->end[-1]))
		reader->end--;
}

static bool drop_brackets(struct reader *reader)
{
	if (is_at_end(reader) || reader->at[0] != '<')
		return true;
	if (reader->end - reader->at < 2 || reader->end[-1] != '>')
		return false;
	reader->at++;
	reader->end--;
	return true;
}

/* "@a,@b:" before the mailbox. Colons in an address literal do not end it. */
static bool drop_route(struct reader *reader)
{
	bool is_literal = false;

	if (is_at_end(reader) || reader->at[0] != '@')
		return true;
	for (; !is_at_end(reader); reader->at++) {
		char c = reader->at[0];

		if (c == '[' || c == ']')
			is_literal = c == '[';
		if (c == ':' && !is_literal) {
			reader->at++;
			return !is_at_end(reader);
		}
	}
	return false;
}

static bool is_control(char c)
{
	return (c >= 0 && c < ' ') || c == 0x7f;
}

/* RFC 5322's specials and the space: only quoted may they be in a word. The
 * dot may be anywhere: some networks hand out "a..b" and "a.". */
static bool is_special(char c)
{
	return c == ' ' || strchr("()<>[]:;@\\,\"", c) != NULL;
}

/* A local part, its quotes and backslashes taken off, up to '@' or the end. */
static bool read_local(struct reader *reader, struct sp_text *local)
{
	bool is_quoted = false;

	for (; !is_at_end(reader); reader->at++) {
		char c = reader->at[0];
		bool is_escaped = c == '\\' && reader->end - reader->at > 1;

		if (is_escaped)
			c = *++reader->at;
		if (is_control(c))
			return false;
		if (c == '"' && !is_escaped) {
			is_quoted = !is_quoted;
			continue;
		}
		if (!is_quoted && !is_escaped && c == '@')
			break;
		if (!is_quoted && !is_escaped && is_special(c))
			return false;
		sp_text_add_bytes(local, &c, 1);
	}
	return !is_quoted && !local->is_cut && local->length > 0;
}

/* "[192.0.2.1]" and "[IPv6:2001:db8::1]", written in one way only. */
static bool read_literal(const char *text, size_t length,
			 char domain_out[SP_DOMAIN_SIZE])
{
	char inner[64];
	char address[SP_IP_TEXT_SIZE];
	struct sp_text domain;
	struct sp_ip ip;

	if (length < 2 || length - 2 >= sizeof(inner) ||
	    text[length - 1] != ']')
		return false;
	memcpy(inner, text + 1, length - 2);
	inner[length - 2] = '\0';
	if (sp_ip_parse(inner, &ip) != SP_OK)
		return false;
	sp_text_init(&domain, domain_out, SP_DOMAIN_SIZE);
	sp_text_addf(&domain, "[%s%s]", ip.family == SP_IP_6 ? "ipv6:" : "",
		     sp_ip_format(&ip, address));
	return true;
}

static bool read_domain(const struct reader *reader,
			char domain_out[SP_DOMAIN_SIZE])
{
	char name[SP_DOMAIN_SIZE + 1]; /* room for a trailing dot */
	size_t length = (size_t)(reader->end - reader->at);

	if (length > 0 && reader->at[0] == '[')
		return read_literal(reader->at, length, domain_out);
	if (length >= sizeof(name))
		return false;
	memcpy(name, reader->at, length);
	name[length] = '\0';
	return sp_domain_normalise(name, domain_out) == SP_OK;
}

static enum sp_address_kind read_mailbox(struct reader *reader,
					 struct sp_address *address)
{
	struct sp_text local;

	sp_text_init(&local, address->local, sizeof(address->local));
	if (!drop_route(reader))
		return SP_ADDRESS_BAD;
	if (!read_local(reader, &local) || !sp_mail_is_utf8(address->local))
		return SP_ADDRESS_BAD;
	if (is_at_end(reader))
		return SP_ADDRESS_LOCAL;
	reader->at++; /* the '@' */
	return read_domain(reader, address->domain) ? SP_ADDRESS_FULL
						    : SP_ADDRESS_BAD;
}

void sp_address_parse(const char *path, struct sp_address *address_out)
{
	struct reader reader = { path, path + strlen(path) };

	memset(address_out, 0, sizeof(*address_out));
	address_out->kind = SP_ADDRESS_BAD;
	trim(&reader);
	if (!drop_brackets(&reader))
		return;
	if (is_at_end(&reader)) {
		address_out->kind = SP_ADDRESS_NULL;
		return;
	}
	address_out->kind = read_mailbox(&reader, address_out);
	if (address_out->kind == SP_ADDRESS_BAD) {
		address_out->local[0] = '\0';
		address_out->domain[0] = '\0';
	}
}

void sp_address_key(const struct sp_address *address,
		    char key_out[SP_ADDRESS_SIZE])
{
	struct sp_text key;

	sp_text_init(&key, key_out, SP_ADDRESS_SIZE);
	if (address->kind != SP_ADDRESS_FULL &&
	    address->kind != SP_ADDRESS_LOCAL)
		return;
	sp_text_add(&key, address->local);
	if (address->kind == SP_ADDRESS_FULL) {
		sp_text_add(&key, "@");
		sp_text_add(&key, address->domain);
	}
	sp_text_lower(key_out);
}

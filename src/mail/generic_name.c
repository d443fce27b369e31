#include "sallyport/generic_name.h"

#include <assert.h>
#include <string.h>

#include "generic_spelling.h"
#include "sallyport/domain.h"
#include "sallyport/text.h"

/* How a word is looked for among the runs of letters of a name. */
enum how {
	WHOLE,
	STARTS,
	ENDS,
	WITHIN
};

struct word {
	const char *text;
	enum how how;
	bool is_strong;
};

/* Words for a customer's line. A strong one needs a number beside it, a weak
 * one the last octet of the address: servers are called host209 too. */
static const struct word line_words[] = {
	{ "dsl", WITHIN, true },	{ "dhcp", WITHIN, true },
	{ "dyn", STARTS, true },	{ "dyn", ENDS, true },
	{ "dial", STARTS, true },	{ "dialup", WITHIN, true },
	{ "dip", WHOLE, true },		{ "ppp", STARTS, true },
	{ "pptp", STARTS, true },	{ "cable", WITHIN, true },
	{ "broadband", WITHIN, true },	{ "modem", WITHIN, true },
	{ "catv", WITHIN, true },	{ "pool", STARTS, true },
	{ "pool", ENDS, true },		{ "ftth", WITHIN, true },
	{ "wimax", WITHIN, true },	{ "wifi", WHOLE, true },
	{ "gprs", WITHIN, true },	{ "cpe", WHOLE, true },
	{ "isdn", WITHIN, true },	{ "residential", WITHIN, true },
	{ "customer", STARTS, true },	{ "client", STARTS, true },
	{ "cust", WHOLE, true },	{ "client", ENDS, true },
	{ "user", WHOLE, false },	{ "users", WHOLE, false },
	{ "subscriber", STARTS, true }, { "mobile", WHOLE, true },
	{ "umts", WHOLE, true },	{ "home", WHOLE, false },
	{ "res", WHOLE, false },	{ "nas", WHOLE, false },
	{ "bras", WHOLE, false },	{ "cm", WHOLE, false },
	{ "cdm", WHOLE, false },	{ "ip", WHOLE, false },
	{ "host", WHOLE, false },	{ "rev", STARTS, false },
	{ "unassigned", WHOLE, true },
};

/*
 * Words for a server. A strong one tells of mail, and then even an address in
 * the name is only how somebody numbers senders. A weak one tells that the
 * line is leased: it outweighs words and parts of the address, but a name made
 * of the whole address is one that nobody chose.
 */
static const struct word server_words[] = {
	{ "mail", STARTS, true },      { "mail", ENDS, true },
	{ "mailer", WITHIN, true },    { "mx", STARTS, true },
	{ "mx", ENDS, true },	       { "smtp", WITHIN, true },
	{ "mta", STARTS, true },       { "mta", ENDS, true },
	{ "out", WHOLE, true },	       { "outbound", STARTS, true },
	{ "outgoing", STARTS, true },  { "relay", WITHIN, true },
	{ "send", STARTS, true },      { "newsletter", STARTS, true },
	{ "news", WHOLE, true },       { "list", STARTS, true },
	{ "bounce", STARTS, true },    { "gateway", WHOLE, true },
	{ "static", WITHIN, false },   { "server", WITHIN, false },
	{ "dedicated", WHOLE, false }, { "fix", WHOLE, false },
	{ "fixed", WHOLE, false },     { "vps", WHOLE, false },
};

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word_in(const struct word *word, const char *letters,
		       size_t length)
{
	size_t size = strlen(word->text);

	if (size > length)
		return false;
	switch (word->how) {
	case WHOLE:
		return size == length && !memcmp(letters, word->text, size);
	case STARTS:
		return !memcmp(letters, word->text, size);
	case ENDS:
		return !memcmp(letters + length - size, word->text, size);
	case WITHIN:
		for (size_t i = 0; i + size <= length; i++)
			if (!memcmp(letters + i, word->text, size))
				return true;
		return false;
	}
	return false;
}

struct words {
	const struct word *rows;
	size_t count;
};

static const struct words line = { line_words,
				   sizeof(line_words) / sizeof(line_words[0]) };
static const struct words server = {
	server_words, sizeof(server_words) / sizeof(server_words[0])
};

static const char *find_word(const char *host, const struct words *words,
			     bool is_strong)
{
	while (*host) {
		size_t length = 0;

		while (is_letter(host[length]))
			length++;
		for (size_t i = 0; length > 0 && i < words->count; i++)
			if (words->rows[i].is_strong == is_strong &&
			    is_word_in(&words->rows[i], host, length))
				return words->rows[i].text;
		host += length ? length : 1;
	}
	return NULL;
}

/* What is asked of a name, worked out once. */
struct view {
	char full[SP_DOMAIN_SIZE]; /* lower case */
	char host[SP_DOMAIN_SIZE]; /* without the registered domain */
	size_t labels;
	size_t digits;
	size_t longest_number;
	const char *strong_line;
	const char *weak_line;
	const char *strong_server;
	const char *weak_server;
};

static size_t count_labels(const char *name)
{
	size_t count = *name ? 1 : 0;

	for (; *name; name++)
		if (*name == '.')
			count++;
	return count;
}

/* Whether `label` below a country's domain is a place to register at, as in
 * co.uk, com.br, ne.jp. A guess; the price of a wrong one is one label more or
 * less to look at. */
static bool is_registry_label(const char *label, size_t length)
{
	static const char *const known[] = { "com", "net", "org", "edu",
					     "gov", "mil", "gob", "nom" };

	if (length <= 2)
		return true;
	for (size_t i = 0; length == 3 && i < sizeof(known) / sizeof(known[0]);
	     i++)
		if (!memcmp(label, known[i], 3))
			return true;
	return false;
}

/* The start of the last `count` labels of `name`, which has more. */
static char *last_labels(char *name, size_t count)
{
	char *at = name + strlen(name);

	while (at > name && count > 0)
		if (*--at == '.')
			count--;
	return at;
}

/* Leave only the labels before the domain that somebody registered. */
static void cut_domain(char *host, size_t labels)
{
	size_t kept = 2;

	if (labels > 2) {
		const char *second = last_labels(host, 2) + 1;
		size_t length = strcspn(second, ".");

		if (strlen(second + length + 1) == 2 &&
		    is_registry_label(second, length))
			kept = 3;
	}
	if (labels <= kept)
		host[0] = '\0';
	else
		*last_labels(host, kept) = '\0';
}

static void count_digits(struct view *view)
{
	size_t run = 0;

	view->digits = view->longest_number = 0;
	for (const char *c = view->host; *c; c++) {
		run = is_digit(*c) ? run + 1 : 0;
		view->digits += is_digit(*c);
		if (run > view->longest_number)
			view->longest_number = run;
	}
}

static bool look_at(const char *name, struct view *view_out)
{
	if (sp_domain_normalise(name, view_out->full) != SP_OK)
		return false;
	memcpy(view_out->host, view_out->full, strlen(view_out->full) + 1);
	view_out->labels = count_labels(view_out->full);
	cut_domain(view_out->host, view_out->labels);
	count_digits(view_out);
	view_out->strong_line = find_word(view_out->host, &line, true);
	view_out->weak_line = find_word(view_out->host, &line, false);
	view_out->strong_server = find_word(view_out->host, &server, true);
	view_out->weak_server = find_word(view_out->host, &server, false);
	return true;
}

/* Numbers in the first label, and whether the label ends in `octet` after a
 * hyphen, or holds it at all. */
struct first_label {
	size_t numbers;
	bool has_octet;
	bool ends_in_octet;
};

static void read_first_label(const char *host, unsigned octet,
			     struct first_label *label_out)
{
	*label_out = (struct first_label){ 0 };
	for (const char *c = host; *c && *c != '.';) {
		const char *start = c;
		unsigned value = 0;

		if (!is_digit(*c)) {
			c++;
			continue;
		}
		for (; is_digit(*c); c++)
			value = value > 255 ? value
					    : value * 10 + (unsigned)(*c - '0');
		label_out->numbers++;
		if (value != octet)
			continue;
		label_out->has_octet = true;
		label_out->ends_in_octet =
			start > host && start[-1] == '-' && (*c == '.' || !*c);
	}
}

/* ny-town4-b-117.area.provider.example, h234n2fls32o8.provider.example: the
 * last octet among the numbers of a place in a network. */
static bool is_place_in_network(const struct view *view,
				const struct sp_ip *client)
{
	struct first_label label;

	if (client->family != SP_IP_4)
		return false;
	read_first_label(view->host, client->bytes[3], &label);
	return (label.ends_in_octet && label.numbers >= 2 &&
		view->labels >= 4) ||
	       (label.has_octet && label.numbers >= 4);
}

static bool is_whole(enum sp_generic_spelling spelling)
{
	return spelling >= SP_SPELLING_DECIMAL && spelling <= SP_SPELLING_THREE;
}

/* A number as long as a customer's, in a name as deep as a network. */
static bool is_serial(const struct view *view)
{
	return view->longest_number >= 6 && view->labels >= 5;
}

static bool is_by_word(const struct view *view,
		       enum sp_generic_spelling spelling)
{
	if (view->strong_line)
		return view->digits > 0 || strstr(view->host, "dynamic");
	return view->weak_line && spelling == SP_SPELLING_ONE &&
	       view->labels >= 4;
}

static enum sp_generic_kind kind_of(const struct view *view,
				    enum sp_generic_spelling spelling,
				    const struct sp_ip *client)
{
	if (view->strong_server)
		return SP_GENERIC_NO;
	if (is_whole(spelling))
		return SP_GENERIC_ADDRESS;
	if (view->weak_server)
		return SP_GENERIC_NO;
	if (spelling == SP_SPELLING_TWO)
		return SP_GENERIC_PARTIAL;
	if (is_by_word(view, spelling))
		return SP_GENERIC_WORD;
	if (is_place_in_network(view, client) || is_serial(view))
		return SP_GENERIC_SERIAL;
	return SP_GENERIC_NO;
}

/* The address itself where a name belongs, bare or in brackets. */
static bool is_own_literal(const char *name, const struct sp_ip *client)
{
	char inside[SP_IP_TEXT_SIZE + 8];
	size_t length = strlen(name);
	struct sp_ip ip;

	if (length > 2 && name[0] == '[' && name[length - 1] == ']') {
		name++;
		length -= 2;
	}
	if (length >= sizeof(inside))
		return false;
	memcpy(inside, name, length);
	inside[length] = '\0';
	return sp_ip_parse(inside, &ip) == SP_OK && sp_ip_equals(&ip, client);
}

static enum sp_generic_spelling spelling_in(const struct view *view,
					    const struct sp_ip *client)
{
	/* Whoever registers a domain out of octets chose it: all the same the
	 * whole address is looked for there, but no part of it. */
	enum sp_generic_spelling spelling =
		sp_generic_spelling_find(view->full, client);

	if (is_whole(spelling))
		return spelling;
	return sp_generic_spelling_find(view->host, client);
}

void sp_generic_name_judge(const char *name, const struct sp_ip *client,
			   struct sp_generic_name *result_out)
{
	struct view view;

	*result_out = (struct sp_generic_name){ .kind = SP_GENERIC_NO };
	if (client->family != SP_IP_NONE && is_own_literal(name, client)) {
		result_out->kind = SP_GENERIC_ADDRESS;
		result_out->spelling = client->family == SP_IP_4
					       ? SP_SPELLING_DECIMAL
					       : SP_SPELLING_HEX;
		return;
	}
	if (!look_at(name, &view))
		return;
	result_out->spelling = spelling_in(&view, client);
	result_out->kind = kind_of(&view, result_out->spelling, client);
	result_out->line_word =
		view.strong_line ? view.strong_line : view.weak_line;
	result_out->server_word =
		view.strong_server ? view.strong_server : view.weak_server;
}

static const char *spelling_text(enum sp_generic_spelling spelling)
{
	switch (spelling) {
	case SP_SPELLING_NONE:
		break;
	case SP_SPELLING_DECIMAL:
		return "the address is in it";
	case SP_SPELLING_REVERSED:
		return "the address is in it, reversed";
	case SP_SPELLING_SHUFFLED:
		return "the address is in it, in another order";
	case SP_SPELLING_PADDED:
		return "the address is in it, padded with zeros";
	case SP_SPELLING_JOINED:
		return "the address is in it, run together";
	case SP_SPELLING_INTEGER:
		return "the address is in it, as one number";
	case SP_SPELLING_HEX:
		return "the address is in it, in hexadecimal";
	case SP_SPELLING_THREE:
		return "three octets of the address are in it";
	case SP_SPELLING_TWO:
		return "the last two octets of the address are in it";
	case SP_SPELLING_ONE:
		return "the last octet of the address is in it";
	}
	return NULL;
}

static void add_line_reason(const struct sp_generic_name *result,
			    struct sp_text *text)
{
	const char *spelling = spelling_text(result->spelling);

	if (spelling)
		sp_text_add(text, spelling);
	else if (result->kind == SP_GENERIC_SERIAL)
		sp_text_add(text, "a long serial number is in it");
	if (result->line_word)
		sp_text_addf(text, "%sthe word \"%s\"",
			     text->length > 0 ? ", and " : "",
			     result->line_word);
}

const char *sp_generic_name_reason(const struct sp_generic_name *result,
				   char *text_out, size_t text_size)
{
	struct sp_text text;

	assert(text_size > 0);
	sp_text_init(&text, text_out, text_size);
	if (result->kind != SP_GENERIC_NO) {
		add_line_reason(result, &text);
		return text_out;
	}
	if (!result->server_word) {
		sp_text_add(&text, "nothing speaks for a customer's line");
		return text_out;
	}
	sp_text_addf(&text, "the word \"%s\" speaks for a server",
		     result->server_word);
	return text_out;
}

#include "snapshot.h"

#include <string.h>

#include "endpoint.h"
#include "sallyport/dnsbl.h"
#include "sallyport/domain.h"
#include "value.h"

static const char nothing_to_add[] = "";

void *sp_snapshot_field(struct sp_snapshot *snapshot,
			const struct sp_option *option)
{
	return (char *)&snapshot->config + option->offset;
}

/* Every type that is a number, as a double (value.h keeps them exact). */
static enum sp_err read_real(const struct sp_option *option, const char *text,
			     double *real_out)
{
	enum sp_err err;
	uint64_t number = 0;
	int64_t ms = 0;
	unsigned small = 0;
	bool is_true = false;

	switch (option->type) {
	case SP_OPTION_BOOL:
		err = sp_value_bool(text, &is_true);
		*real_out = is_true;
		return err;
	case SP_OPTION_NUMBER:
		err = sp_value_number(text, &number);
		break;
	case SP_OPTION_SIZE:
		err = sp_value_size(text, &number);
		break;
	case SP_OPTION_REAL:
		return sp_value_real(text, real_out);
	case SP_OPTION_DURATION:
		err = sp_value_duration(text, &ms);
		number = (uint64_t)ms;
		break;
	case SP_OPTION_OCTAL:
		err = sp_value_octal(text, &small);
		number = small;
		break;
	default:
		err = sp_value_choice(text, option->choices, &small);
		number = small + option->first_choice;
	}
	*real_out = (double)number;
	return err;
}

static bool is_in_range(const struct sp_option *option, double real)
{
	double bound;

	if (option->least[0] != '\0' &&
	    read_real(option, option->least, &bound) == SP_OK && real < bound)
		return false;
	if (option->most[0] != '\0' &&
	    read_real(option, option->most, &bound) == SP_OK && real > bound)
		return false;
	return true;
}

static void store_real(void *field, enum sp_option_type type, double real)
{
	switch (type) {
	case SP_OPTION_BOOL:
		*(bool *)field = real > 0;
		return;
	case SP_OPTION_REAL:
		*(double *)field = real;
		return;
	case SP_OPTION_DURATION:
		*(int64_t *)field = (int64_t)real;
		return;
	case SP_OPTION_SIZE:
		*(uint64_t *)field = (uint64_t)real;
		return;
	default: /* NUMBER, OCTAL, and CHOICE: our enums are unsigned */
		*(unsigned *)field = (unsigned)real;
	}
}

static const char *set_real(struct sp_snapshot *snapshot,
			    const struct sp_option *option, const char *text,
			    enum sp_err *err_out)
{
	double real;

	*err_out = read_real(option, text, &real);
	if (*err_out == SP_OK && !is_in_range(option, real))
		*err_out = SP_ERR_RANGE;
	if (*err_out != SP_OK)
		return nothing_to_add;
	store_real(sp_snapshot_field(snapshot, option), option->type, real);
	return NULL;
}

static bool is_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t length = strlen(text);

	return length < 256 && strspn(text, allowed) == length &&
	       text[0] != '-';
}

/* One that can be an argument of sendmail and stand in a header field as it is:
 * "root", "postmaster@example.org". */
static bool is_mailbox(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.!#$%&'*+/=?^_`{|}~-";
	size_t length = strspn(text, allowed);

	if (length == 0 || length > 64 || text[0] == '-' || text[0] == '.')
		return false;
	if (text[length] == '\0')
		return true;
	return text[length] == '@' &&
	       sp_domain_kind(text + length + 1) >= SP_DOMAIN_SINGLE;
}

static const char *check_text(const struct sp_option *option, const char *text)
{
	bool is_good = true;
	struct sp_ip address;
	unsigned port;

	/* Empty means "none" where that is the default. */
	if (*text == '\0')
		return option->initial[0] == '\0' ? NULL : nothing_to_add;
	switch (option->type) {
	case SP_OPTION_WORD:
		is_good = is_word(text);
		break;
	case SP_OPTION_PATH:
		is_good = *text == '/' && strlen(text) < 1024;
		break;
	case SP_OPTION_PROGRAM:
		is_good = *text == '/' ? strlen(text) < 1024 : is_word(text);
		break;
	case SP_OPTION_HOSTNAME:
		is_good = sp_domain_kind(text) >= SP_DOMAIN_SINGLE;
		break;
	case SP_OPTION_WEB:
		return sp_endpoint_read_web(text, &address, &port);
	case SP_OPTION_MAILBOX:
		is_good = is_mailbox(text);
		break;
	default:
		return sp_endpoint_check_listen(text);
	}
	return is_good ? NULL : nothing_to_add;
}

static const char *set_text(struct sp_snapshot *snapshot,
			    const struct sp_option *option, const char *text,
			    enum sp_err *err_out)
{
	const char *wrong = check_text(option, text);
	char name[SP_DOMAIN_SIZE];
	char *copy;

	*err_out = SP_ERR_SYNTAX;
	if (wrong != NULL)
		return wrong;
	if (option->type == SP_OPTION_HOSTNAME && *text != '\0') {
		sp_domain_normalise(text, name);
		text = name;
	}
	copy = sp_arena_text(&snapshot->strings, text);
	if (copy == NULL) {
		*err_out = SP_ERR_NO_MEMORY;
		return "there is no memory";
	}
	*(const char **)sp_snapshot_field(snapshot, option) = copy;
	*err_out = SP_OK;
	return NULL;
}

/* redis.user is an option too, before or behind this one in the file: which of
 * the two holds is decided when both are known. */
static const char *set_store(struct sp_snapshot *snapshot, const char *text)
{
	struct sp_redis_config *redis = &snapshot->config.redis;
	const char *user = redis->user;
	const char *wrong =
		sp_endpoint_read_store(text, &snapshot->strings, redis);

	if (wrong == NULL) {
		snapshot->store_user = redis->user;
		redis->user = user;
	}
	return wrong;
}

const char *sp_snapshot_set(struct sp_snapshot *snapshot,
			    const struct sp_option *option, const char *text,
			    enum sp_err *err_out)
{
	const char *wrong;

	switch (option->type) {
	case SP_OPTION_BOOL:
	case SP_OPTION_NUMBER:
	case SP_OPTION_REAL:
	case SP_OPTION_DURATION:
	case SP_OPTION_SIZE:
	case SP_OPTION_OCTAL:
	case SP_OPTION_CHOICE:
		return set_real(snapshot, option, text, err_out);
	case SP_OPTION_STORE:
		wrong = set_store(snapshot, text);
		break;
	case SP_OPTION_SINK:
		wrong = sp_endpoint_read_sink(text, &snapshot->strings,
					      &snapshot->config.log.options);
		break;
	default:
		return set_text(snapshot, option, text, err_out);
	}
	*err_out = wrong == NULL ? SP_OK : SP_ERR_SYNTAX;
	return wrong;
}

static void write_list(struct sp_text *out, const struct sp_option *option,
		       const struct sp_list *list)
{
	size_t count = sp_list_count(list);

	for (size_t i = 0; i < count; i++) {
		const char *text = sp_list_get(list, i)->text;

		/* Room for the last words stays free. */
		if (out->length + strlen(text) + 40 > out->size) {
			sp_text_addf(out, " and %zu more", count - i);
			return;
		}
		sp_text_add(out, i == 0 ? "" : ", ");
		if (option->type == SP_OPTION_RULES)
			sp_dnsbl_rule_show(text, out);
		else
			sp_text_add(out, text);
	}
}

static void write_choice(struct sp_text *out, const struct sp_option *option,
			 unsigned value)
{
	/* Once loaded, `inherit` has become what it stood for. */
	sp_value_write_choice(out, option->choices,
			      value - option->first_choice);
}

void sp_snapshot_write(const struct sp_snapshot *snapshot,
		       const struct sp_option *option, struct sp_text *out)
{
	const void *field = (const char *)&snapshot->config + option->offset;

	switch (option->type) {
	case SP_OPTION_BOOL:
		sp_text_add(out, *(const bool *)field ? "true" : "false");
		return;
	case SP_OPTION_NUMBER:
		sp_text_addf(out, "%u", *(const unsigned *)field);
		return;
	case SP_OPTION_REAL:
		sp_value_write_real(out, *(const double *)field);
		return;
	case SP_OPTION_DURATION:
		sp_value_write_duration(out, *(const int64_t *)field);
		return;
	case SP_OPTION_SIZE:
		sp_value_write_size(out, *(const uint64_t *)field);
		return;
	case SP_OPTION_OCTAL:
		sp_text_addf(out, "%04o", *(const unsigned *)field);
		return;
	case SP_OPTION_CHOICE:
		write_choice(out, option, *(const unsigned *)field);
		return;
	case SP_OPTION_STORE:
		sp_endpoint_write_store(out, &snapshot->config.redis);
		return;
	case SP_OPTION_SINK:
		sp_endpoint_write_sink(out, &snapshot->config.log.options);
		return;
	case SP_OPTION_NETWORKS:
	case SP_OPTION_NAMES:
	case SP_OPTION_ADDRESSES:
	case SP_OPTION_SERVERS:
	case SP_OPTION_RULES:
	case SP_OPTION_LIMITS:
	case SP_OPTION_CLASSES:
	case SP_OPTION_COMMAND:
	case SP_OPTION_SENDERS:
		write_list(out, option, *(struct sp_list *const *)field);
		return;
	default:
		sp_text_add(out, *(const char *const *)field);
	}
}

#include "sallyport/users.h"

#include <inttypes.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/store.h"
#include "sallyport/submitter_store.h"
#include "sallyport/text.h"
#include "user_view.h"
#include "views.h"

enum {
	COMPLAINT_SIZE = 512,
	WHY_SIZE = SP_SUBMITTER_WORDS_SIZE + 96
};

/* One question: by which rules and books, and when. */
struct asking {
	const struct sp_service *service;
	const struct sp_outbound_config *config;
	struct sp_submitter_books books;
	int64_t now_ms;
};

static struct asking begin(const struct sp_service *service)
{
	const struct sp_outbound_config *config = &service->config->outbound;

	return (struct asking){
		.service = service,
		.config = config,
		.books = sp_service_books(service),
		.now_ms = sp_clock_wall_ms(service->clock),
	};
}

static void put(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* What every answer has; `err` is what Redis said. */
static json_t *new_answer(const struct asking *asking, enum sp_err err)
{
	json_t *object = json_object();
	bool is_gone = err != SP_OK && err != SP_ERR_NOT_FOUND;

	sp_view_time(object, "now", asking->now_ms);
	put(object, "enabled", json_boolean(asking->config->is_enabled));
	put(object, "enforced",
	    json_boolean(asking->config->mode == SP_MODE_ENFORCE));
	put(object, "locked_reply",
	    json_string(asking->config->locked_reply == SP_LOCKED_REFUSE
				? "refuse"
				: "defer"));
	put(object, "source", json_string(is_gone ? "memory" : "redis"));
	return object;
}

static void put_complaint(json_t *object, const char *code, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));

static void put_complaint(json_t *object, const char *code, const char *format,
			  ...)
{
	char bytes[COMPLAINT_SIZE];
	struct sp_text text;
	va_list args;

	sp_text_init(&text, bytes, sizeof(bytes));
	va_start(args, format);
	sp_text_vaddf(&text, format, args);
	va_end(args);
	put(object, "error", sp_view_text(bytes));
	put(object, "code", json_string(code));
}

static void put_store_complaint(json_t *object, const struct asking *asking,
				enum sp_err err)
{
	struct sp_store_health health;

	sp_store_health(asking->service->store, &health);
	put_complaint(object, "store", "Redis does not answer: %s%s%s",
		      sp_err_text(err), health.last_error[0] ? ": " : "",
		      health.last_error);
}

/* A login is counted as far as a session keeps it. */
static enum sp_err parse(const struct asking *asking, const char *typed,
			 struct sp_submitter *submitter_out)
{
	char login[SP_LOGIN_TEXT_MAX + 1];
	bool has_kind = sp_text_starts(typed, "sasl:") ||
			sp_text_starts(typed, "uid:") ||
			sp_text_starts(typed, "net:");

	sp_text_copy(login, sizeof(login), typed);
	return sp_submitter_parse(has_kind ? typed : login,
				  asking->config->login_domain, submitter_out);
}

/* The submitter that is typed; else *answer_out complains. */
static bool take(const struct asking *asking, const char *typed,
		 struct sp_submitter *submitter_out, json_t **answer_out)
{
	enum sp_err err = parse(asking, typed, submitter_out);

	*answer_out = NULL;
	if (err == SP_OK)
		return true;
	*answer_out = new_answer(asking, SP_OK);
	if (typed[0] == '\0')
		put_complaint(*answer_out, "usage",
			      "the submitter is empty: expected a login "
			      "(alice@example.org), uid:71023 or "
			      "net:192.0.2.7");
	else if (err == SP_ERR_RANGE)
		put_complaint(*answer_out, "usage",
			      "\"%.200s\" is no submitter: a uid is at most "
			      "4294967295, and a network has no bits behind "
			      "its prefix (net:192.0.2.0/24)",
			      typed);
	else
		put_complaint(*answer_out, "usage",
			      "\"%.200s\" is no submitter: expected a login "
			      "(alice@example.org, sasl:alice, other bytes as "
			      "%%HH behind sasl:), uid:71023 or net:192.0.2.7",
			      typed);
	return false;
}

/* --- showing -------------------------------------------------------------- */

struct collecting {
	json_t *users;
	int64_t now_ms;
};

static bool collect(const struct sp_submitter_entry *entry, void *context)
{
	struct collecting *collecting = context;

	json_array_append_new(collecting->users,
			      sp_view_user(entry, collecting->now_ms));
	return true;
}

json_t *sp_users_list(const struct sp_service *service,
		      const struct sp_submitter_range *range)
{
	const struct asking asking = begin(service);
	struct collecting collecting = { json_array(), asking.now_ms };
	const struct sp_submitter_lister lister = { collect, &collecting };
	size_t total = 0;
	enum sp_err err = sp_submitter_page(&asking.books, range, asking.now_ms,
					    &lister, &total);
	json_t *answer = new_answer(&asking, err);

	if (err != SP_OK) {
		put_store_complaint(answer, &asking, err);
		/* Half a page may have come before. */
		json_array_clear(collecting.users);
		sp_submitter_recall_all(&asking.books, asking.now_ms, &lister);
		total = json_array_size(collecting.users);
	}
	put(answer, "users", collecting.users);
	put(answer, "total", json_integer((json_int_t)total));
	return answer;
}

static json_t *view_whole(const struct asking *asking,
			  const struct sp_submitter *submitter,
			  const struct sp_submitter_entry *entry)
{
	struct sp_class_reason reason;

	sp_classes_why(asking->config->classes, submitter, &reason);
	return sp_view_user_whole(entry, &reason, asking->now_ms);
}

json_t *sp_users_show(const struct sp_service *service, const char *typed)
{
	const struct asking asking = begin(service);
	struct sp_submitter submitter;
	struct sp_submitter_entry entry;
	enum sp_err err, known = SP_OK;
	json_t *answer;

	if (!take(&asking, typed, &submitter, &answer))
		return answer;
	err = sp_submitter_show(&asking.books, &submitter, asking.now_ms,
				&entry);
	answer = new_answer(&asking, err);
	if (err == SP_ERR_NOT_FOUND) {
		put_complaint(answer, "nothing",
			      "%s: nothing is known of it; it has never sent "
			      "anything",
			      submitter.key);
		known = err;
	} else if (err != SP_OK) {
		put_store_complaint(answer, &asking, err);
		known = sp_submitter_recall(&asking.books, &submitter,
					    asking.now_ms, &entry);
	}
	put(answer, "user",
	    known == SP_OK ? view_whole(&asking, &submitter, &entry)
			   : json_null());
	return answer;
}

/* --- changing ------------------------------------------------------------- */

static void log_order(const struct sp_users_order *order,
		      const struct sp_submitter *submitter,
		      const struct sp_submitter_standing *was, enum sp_err err)
{
	bool is_release = order->state == SP_SUBMITTER_OK;
	struct sp_log_event event;
	char why[WHY_SIZE] = "";
	struct sp_text text;

	sp_text_init(&text, why, sizeof(why));
	if (was->state != SP_SUBMITTER_OK)
		sp_submitter_why_write(&was->why, &text);
	sp_log_event_begin(&event, SP_LOG_WARNING, "operator");
	sp_log_event_text(&event, "action", is_release ? "release" : "lock");
	sp_log_event_text(&event, "submitter", submitter->key);
	sp_log_event_text(&event, "by", order->by);
	sp_log_event_text(&event, "state",
			  sp_submitter_state_name(order->state));
	if (!is_release) {
		sp_log_event_number(&event, "seconds", order->term_ms / 1000);
		sp_log_event_text(&event, "reason", order->words);
	}
	sp_log_event_text(&event, "was", sp_submitter_state_name(was->state));
	sp_log_event_text(&event, "was_why", why[0] ? why : NULL);
	sp_log_event_text(&event, "degraded", err == SP_OK ? NULL : "store");
	sp_log_event_end(&event);
}

/* There is something to release if Redis or this machine says so, or Redis
 * cannot say. */
static bool is_ok(const struct asking *asking,
		  const struct sp_submitter *submitter, enum sp_err *err_out)
{
	struct sp_submitter_entry entry, remembered;

	*err_out = sp_submitter_show(&asking->books, submitter, asking->now_ms,
				     &entry);
	if (*err_out != SP_OK && *err_out != SP_ERR_NOT_FOUND)
		return false;
	if (*err_out == SP_OK && entry.standing.state != SP_SUBMITTER_OK)
		return false;
	return sp_submitter_recall(&asking->books, submitter, asking->now_ms,
				   &remembered) != SP_OK ||
	       remembered.standing.state == SP_SUBMITTER_OK;
}

static json_t *nothing_to_release(const struct asking *asking,
				  const struct sp_submitter *submitter,
				  enum sp_err err)
{
	json_t *answer = new_answer(asking, err);

	put_complaint(answer, "nothing",
		      err == SP_ERR_NOT_FOUND
			      ? "%s: nothing is known of it; it has never "
				"sent anything"
			      : "%s is ok: there is nothing to release",
		      submitter->key);
	return answer;
}

static json_t *view_now(const struct asking *asking,
			const struct sp_submitter *submitter, enum sp_err err)
{
	struct sp_submitter_entry entry;

	if (err == SP_OK)
		err = sp_submitter_show(&asking->books, submitter,
					asking->now_ms, &entry);
	if (err != SP_OK)
		err = sp_submitter_recall(&asking->books, submitter,
					  asking->now_ms, &entry);
	if (err != SP_OK)
		sp_submitter_entry_init(&asking->books, submitter, &entry);
	return sp_view_user(&entry, asking->now_ms);
}

static json_t *view_was(const struct sp_submitter_standing *was)
{
	json_t *object;

	if (was->state == SP_SUBMITTER_OK)
		return json_null();
	object = json_object();
	sp_view_standing(object, was);
	return object;
}

json_t *sp_users_set(const struct sp_service *service,
		     const struct sp_users_order *given)
{
	const struct asking asking = begin(service);
	struct sp_users_order order = *given;
	struct sp_submitter submitter;
	struct sp_submitter_standing was;
	enum sp_err err;
	json_t *answer;

	if (!take(&asking, order.typed, &submitter, &answer))
		return answer;
	if (order.state == SP_SUBMITTER_OK && is_ok(&asking, &submitter, &err))
		return nothing_to_release(&asking, &submitter, err);
	if (order.term_ms <= 0)
		order.term_ms = asking.config->terms_ms[order.state];
	err = sp_submitter_set(
		&asking.books,
		&(struct sp_submitter_order){
			.submitter = submitter.key,
			.state = order.state,
			.until_ms = asking.now_ms + order.term_ms,
			.words = order.words,
			.now_ms = asking.now_ms,
		},
		&was);
	/* Redis had nothing of it, this machine had. */
	if (err == SP_ERR_NOT_FOUND)
		err = SP_OK;
	log_order(&order, &submitter, &was, err);
	answer = new_answer(&asking, err);
	if (err != SP_OK)
		put_store_complaint(answer, &asking, err);
	put(answer, "user", view_now(&asking, &submitter, err));
	put(answer, "before", view_was(&was));
	return answer;
}

/* --- limits --------------------------------------------------------------- */

json_t *sp_users_limits(const struct sp_service *service, size_t first)
{
	const struct asking asking = begin(service);
	const struct sp_classes *classes = asking.config->classes;
	json_t *answer = new_answer(&asking, SP_OK);
	json_t *array = json_array();
	const struct sp_class *class;
	size_t i = first;

	while (i - first < SP_USERS_CLASSES_SHOWN &&
	       (class = sp_classes_get(classes, i)) != NULL) {
		json_array_append_new(array, sp_view_class(class));
		i++;
	}
	put(answer, "classes", array);
	put(answer, "next",
	    sp_classes_get(classes, i) ? json_integer((json_int_t)i)
				       : json_null());
	put(answer, "unusual", sp_view_unusual(&asking.config->unusual));
	return answer;
}

json_t *sp_users_limits_of(const struct sp_service *service, const char *typed)
{
	const struct asking asking = begin(service);
	const struct sp_classes *classes = asking.config->classes;
	struct sp_class_reason reason;
	struct sp_submitter submitter;
	json_t *answer;
	json_t *array;

	if (!take(&asking, typed, &submitter, &answer))
		return answer;
	answer = new_answer(&asking, SP_OK);
	array = json_array();
	sp_classes_why(classes, &submitter, &reason);
	json_array_append_new(
		array, sp_view_class(sp_classes_find(classes, &submitter)));
	put(answer, "submitter", sp_view_text(submitter.key));
	put(answer, "class_reason", sp_view_class_reason(&reason));
	put(answer, "classes", array);
	put(answer, "next", json_null());
	put(answer, "unusual", sp_view_unusual(&asking.config->unusual));
	return answer;
}

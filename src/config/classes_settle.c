/* classes_settle.c - what classes say together, and whose is whose; see
 * limits.h. */
#include "classes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "report.h"
#include "sallyport/submitter.h"

enum {
	WITHIN_SIZE = SP_SUBMITTER_SIZE + 16
};

/* Settling, and whether all was well so far. */
struct settling {
	struct sp_classes *classes;
	const struct sp_classes_judge *judge;
	bool is_good;
};

static void blame(struct settling *settling, const struct sp_stands *stands,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void blame(struct settling *settling, const struct sp_stands *stands,
		  const char *format, ...)
{
	char error[SP_LIMIT_ERROR_SIZE];
	struct sp_text text;
	va_list args;

	settling->is_good = false;
	sp_text_init(&text, error, sizeof(error));
	va_start(args, format);
	sp_text_vaddf(&text, format, args);
	va_end(args);
	settling->judge->wrong(settling->judge->context, stands, error);
}

static const char *class_of(const struct settling *settling, uint32_t group)
{
	return settling->classes->groups[group]->class.name;
}

static int compare_names(const void *left, const void *right)
{
	const struct sp_class_name *a = left, *b = right;

	return strcmp(a->text, b->text);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct sp_class_range *a = left, *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

/* The longest prefix first, so that the first that holds is it. */
static int compare_nets(const void *left, const void *right)
{
	const struct sp_class_net *a = left, *b = right;

	if (a->network.prefix != b->network.prefix)
		return a->network.prefix > b->network.prefix ? -1 : 1;
	if (a->network.base.family != b->network.base.family)
		return a->network.base.family > b->network.base.family ? -1 : 1;
	return memcmp(a->network.base.bytes, b->network.base.bytes, 16);
}

static void sort(struct sp_class_array *array,
		 int (*compare)(const void *left, const void *right))
{
	if (array->count > 1)
		qsort(array->items, array->count, array->item_size, compare);
}

/* What is named twice: the later one is blamed, wherever sorting put it. */
static void blame_twice(struct settling *settling, const char *whom,
			const struct sp_class_name *a,
			const struct sp_class_name *b)
{
	const struct sp_class_name *later =
		a->stands.line > b->stands.line ? a : b;
	const struct sp_class_name *sooner = later == a ? b : a;
	char quote[SP_QUOTE_SIZE];

	blame(settling, &later->stands,
	      "%s is in class %s already (%s:%u): expected one class",
	      sp_quote(whom, quote), class_of(settling, sooner->group),
	      sooner->stands.file, sooner->stands.line);
}

static void settle_names(struct settling *settling)
{
	struct sp_class_array *array = &settling->classes->names;
	const struct sp_class_name *names = array->items;

	sort(array, compare_names);
	for (size_t i = 1; i < array->count; i++) {
		const char *text = names[i].text;

		if (strcmp(names[i - 1].text, text) != 0 ||
		    names[i - 1].group == names[i].group)
			continue;
		blame_twice(settling, *text == '@' ? text + 1 : text,
			    &names[i - 1], &names[i]);
	}
}

static void settle_ranges(struct settling *settling)
{
	struct sp_class_array *array = &settling->classes->ranges;
	const struct sp_class_range *ranges = array->items;

	sort(array, compare_ranges);
	for (size_t i = 1; i < array->count; i++) {
		const struct sp_class_range *a = &ranges[i - 1],
					    *b = &ranges[i];
		char whom[64];
		struct sp_text text;

		if (b->first > a->last)
			continue;
		sp_text_init(&text, whom, sizeof(whom));
		sp_text_addf(&text, "uid %" PRIu32, b->first);
		blame_twice(settling, whom,
			    &(struct sp_class_name){ "", a->group, a->stands },
			    &(struct sp_class_name){ "", b->group, b->stands });
	}
}

static void settle_nets(struct settling *settling)
{
	struct sp_class_array *array = &settling->classes->nets;
	const struct sp_class_net *nets = array->items;

	sort(array, compare_nets);
	for (size_t i = 1; i < array->count; i++) {
		const struct sp_class_net *a = &nets[i - 1], *b = &nets[i];
		char whom[SP_NETWORK_TEXT_SIZE];

		if (compare_nets(a, b) != 0 || a->group == b->group)
			continue;
		blame_twice(settling, sp_network_format(&b->network, whom),
			    &(struct sp_class_name){ "", a->group, a->stands },
			    &(struct sp_class_name){ "", b->group, b->stands });
	}
}

static void blame_idle(struct settling *settling, const struct sp_limit *limit,
		       const struct sp_limit *other)
{
	char limit_bytes[64], other_bytes[64];
	struct sp_text limit_text, other_text;

	sp_text_init(&limit_text, limit_bytes, sizeof(limit_bytes));
	sp_text_init(&other_text, other_bytes, sizeof(other_bytes));
	sp_limit_write(limit, &limit_text);
	sp_limit_write(other, &other_text);
	blame(settling, &limit->stands,
	      "\"%s\" can never be reached: \"%s\" (%s:%u) leads as far, and "
	      "is reached before it",
	      limit_bytes, other_bytes, other->stands.file, other->stands.line);
}

/* Each once: of two that are the same, the later one is idle. */
static void check_idle(struct settling *settling, const struct sp_class *class)
{
	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];

		for (size_t j = 0; j < class->count; j++) {
			const struct sp_limit *other = &class->limits[j];

			if (i == j || !sp_limit_is_idle(limit, other) ||
			    (j > i && sp_limit_is_idle(other, limit)))
				continue;
			blame_idle(settling, limit, other);
			break;
		}
	}
}

static bool states_nothing(const struct sp_class_group *group)
{
	for (size_t i = 0; i < SP_COUNTED_KINDS; i++)
		if (group->is_stated[i])
			return false;
	return true;
}

/* What everybody's limits say of things that it says nothing of. */
static void take_over(struct settling *settling, struct sp_class_group *group)
{
	const struct sp_class *all =
		&settling->classes->groups[SP_CLASS_DEFAULT]->class;
	struct sp_class *class = &group->class;

	for (size_t i = 0; i < all->count; i++) {
		if (group->is_stated[all->limits[i].counted])
			continue;
		if (class->count == SP_LIMITS_MAX) {
			blame(settling, &group->first,
			      "expected at most %d limits of class %s, those "
			      "of all others included",
			      SP_LIMITS_MAX, class->name);
			return;
		}
		class->limits[class->count++] = all->limits[i];
	}
}

static void settle_group(struct settling *settling,
			 struct sp_class_group *group)
{
	if (!group->has_members)
		blame(settling, &group->first,
		      "nobody is in class %s: expected a login, domain, uid or "
		      "network",
		      group->class.name);
	if (states_nothing(group))
		blame(settling, &group->first,
		      "class %s has no limits of its own: expected one at "
		      "least",
		      group->class.name);
	check_idle(settling, &group->class);
	take_over(settling, group);
}

bool sp_classes_settle(struct sp_classes *classes,
		       const struct sp_classes_judge *judge)
{
	struct settling settling = { classes, judge, true };

	settle_names(&settling);
	settle_ranges(&settling);
	settle_nets(&settling);
	check_idle(&settling, &classes->groups[SP_CLASS_DEFAULT]->class);
	check_idle(&settling, &classes->groups[SP_CLASS_RELAYS]->class);
	for (size_t i = SP_CLASS_OTHERS; i < classes->group_count; i++)
		settle_group(&settling, classes->groups[i]);
	return settling.is_good;
}

/* --- whose is it? --------------------------------------------------------- */

static const struct sp_class_name *find_name(const struct sp_classes *classes,
					     const char *text)
{
	const struct sp_class_name wanted = { .text = text };

	if (classes->names.count == 0)
		return NULL;
	return bsearch(&wanted, classes->names.items, classes->names.count,
		       sizeof(wanted), compare_names);
}

static const struct sp_class_name *find_login(
	const struct sp_classes *classes, const struct sp_submitter *submitter)
{
	const struct sp_class_name *found = find_name(classes, submitter->key);
	const char *domain = sp_submitter_domain(submitter);
	char within[WITHIN_SIZE] = "@";

	while (found == NULL && domain != NULL) {
		const char *dot = strchr(domain, '.');

		strcpy(within + 1, domain);
		found = find_name(classes, within);
		domain = dot == NULL ? NULL : dot + 1;
	}
	return found;
}

static const struct sp_class_range *find_user(const struct sp_classes *classes,
					      uint32_t uid)
{
	const struct sp_class_range *ranges = classes->ranges.items;
	size_t low = 0, high = classes->ranges.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (uid > ranges[middle].last)
			low = middle + 1;
		else if (uid < ranges[middle].first)
			high = middle;
		else
			return &ranges[middle];
	}
	return NULL;
}

static const struct sp_class_net *find_network(const struct sp_classes *classes,
					       const struct sp_network *network)
{
	const struct sp_class_net *nets = classes->nets.items;

	for (size_t i = 0; i < classes->nets.count; i++)
		if (nets[i].network.prefix <= network->prefix &&
		    sp_network_contains(&nets[i].network, &network->base))
			return &nets[i];
	return NULL;
}

/* The statement that has it, of one of three kinds; the others are NULL. */
struct found {
	const struct sp_class_name *name;
	const struct sp_class_range *range;
	const struct sp_class_net *net;
};

static struct found find(const struct sp_classes *classes,
			 const struct sp_submitter *submitter)
{
	struct found found = { NULL, NULL, NULL };

	if (submitter->kind == SP_SUBMITTER_LOGIN)
		found.name = find_login(classes, submitter);
	else if (submitter->kind == SP_SUBMITTER_USER)
		found.range = find_user(classes, submitter->uid);
	else if (submitter->kind == SP_SUBMITTER_NETWORK)
		found.net = find_network(classes, &submitter->network);
	return found;
}

const struct sp_class *sp_classes_find(const struct sp_classes *classes,
				       const struct sp_submitter *submitter)
{
	struct found found = find(classes, submitter);
	uint32_t group = submitter->kind == SP_SUBMITTER_NETWORK
				 ? SP_CLASS_RELAYS
				 : SP_CLASS_DEFAULT;

	if (found.name != NULL)
		group = found.name->group;
	else if (found.range != NULL)
		group = found.range->group;
	else if (found.net != NULL)
		group = found.net->group;
	return &classes->groups[group]->class;
}

/* --- for the operator ----------------------------------------------------- */

void sp_classes_why(const struct sp_classes *classes,
		    const struct sp_submitter *submitter,
		    struct sp_class_reason *reason_out)
{
	struct found found = find(classes, submitter);
	char network[SP_NETWORK_TEXT_SIZE];
	struct sp_text whom;

	*reason_out = (struct sp_class_reason){ .by = "", .stands = { "", 0 } };
	sp_text_init(&whom, reason_out->whom, sizeof(reason_out->whom));
	if (found.name != NULL) {
		bool is_domain = *found.name->text == '@';

		reason_out->by = is_domain ? "domain" : "login";
		reason_out->stands = found.name->stands;
		sp_text_add(&whom, found.name->text +
					   (is_domain ? 1 : strlen("sasl:")));
	} else if (found.range != NULL) {
		reason_out->by = "uid";
		reason_out->stands = found.range->stands;
		sp_text_addf(&whom, "%" PRIu32, found.range->first);
		if (found.range->last != found.range->first)
			sp_text_addf(&whom, "-%" PRIu32, found.range->last);
	} else if (found.net != NULL) {
		reason_out->by = "network";
		reason_out->stands = found.net->stands;
		sp_text_add(&whom,
			    sp_network_format(&found.net->network, network));
	}
}

const struct sp_class *sp_classes_get(const struct sp_classes *classes,
				      size_t index)
{
	return index < classes->group_count ? &classes->groups[index]->class
					    : NULL;
}

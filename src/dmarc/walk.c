#include "walk.h"

#include <string.h>

enum {
	/* Unknown levels that are tried out. Each takes four times as long; a
	 * zone is seldom silent in parts. */
	ASSUMPTIONS_MAX = 4
};

const struct sp_dns_answer *sp_dmarc_ask(struct sp_dmarc_asking *asking,
					 const struct sp_dns_name *name,
					 enum sp_dns_type type)
{
	const struct sp_dns_answer *answer =
		asking->answer_of(asking->context, name, type);

	if (answer->status == SP_DNS_PENDING)
		asking->saw_pending = true;
	return answer;
}

/* ------------------------------------------------------------------- names */

static size_t count_labels(const char *domain)
{
	size_t count = 1;

	for (; *domain != '\0'; domain++)
		count += *domain == '.';
	return count;
}

static const char *without_labels(const char *domain, size_t count)
{
	while (count-- > 0)
		domain = strchr(domain, '.') + 1;
	return domain;
}

/* The ends of `domain` to ask at: itself, then at most 7 labels, 6 ... */
static size_t ends_of(const char *domain, const char *ends[SP_DMARC_WALK_MAX])
{
	size_t labels = count_labels(domain);
	size_t count = 0;

	ends[count++] = domain;
	if (labels > SP_DMARC_WALK_MAX) {
		domain = without_labels(domain, labels - SP_DMARC_WALK_MAX);
		labels = SP_DMARC_WALK_MAX;
	}
	while (--labels > 0) {
		domain = without_labels(domain, 1);
		ends[count++] = domain;
	}
	return count;
}

static enum sp_err record_name(const char *domain, struct sp_dns_name *name_out)
{
	const char *const parts[] = { "_dmarc", domain };

	return sp_dns_name_join(parts, 2, name_out);
}

size_t sp_dmarc_walk(const char *domain,
		     struct sp_dns_name names_out[SP_DMARC_WALK_MAX])
{
	const char *ends[SP_DMARC_WALK_MAX];
	size_t count = ends_of(domain, ends);
	size_t named = 0;

	for (size_t i = 0; i < count; i++)
		if (record_name(ends[i], &names_out[named]) == SP_OK)
			named++;
	return named;
}

/* ------------------------------------------------------------------ levels */

/* Several records are as good as none (4.10, steps 2 and 6). */
static void read_records(const struct sp_dns_answer *answer,
			 struct sp_dmarc_level *level)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count && count < 2; i++) {
		struct sp_dmarc_record record;
		enum sp_dmarc_validity validity = sp_dmarc_record_parse(
			answer->records[i].text, answer->records[i].length,
			&record);

		if (validity == SP_DMARC_NOT_A_RECORD)
			continue;
		level->validity = validity;
		level->record = record;
		count++;
	}
	level->state =
		count == 1 ? SP_DMARC_LEVEL_RECORD : SP_DMARC_LEVEL_ABSENT;
}

static void ask_level(struct sp_dmarc_asking *asking, const char *name,
		      struct sp_dmarc_level *level_out)
{
	const struct sp_dns_answer *answer;
	struct sp_dns_name asked;

	*level_out = (struct sp_dmarc_level){ .name = name };
	/* A name that is too long for DNS has no record there. */
	if (record_name(name, &asked) != SP_OK)
		return;
	answer = sp_dmarc_ask(asking, &asked, SP_DNS_TXT);
	level_out->shows_existence = answer->status == SP_DNS_FOUND ||
				     answer->status == SP_DNS_NODATA;
	if (sp_dns_is_unknown(answer->status))
		level_out->state = SP_DMARC_LEVEL_UNKNOWN;
	else if (answer->status == SP_DNS_FOUND)
		read_records(answer, level_out);
}

void sp_dmarc_walk_tree(struct sp_dmarc_asking *asking, const char *domain,
			struct sp_dmarc_walk *walk_out)
{
	const char *ends[SP_DMARC_WALK_MAX];

	walk_out->domain = domain;
	walk_out->count = ends_of(domain, ends);
	for (size_t i = 0; i < walk_out->count; i++)
		ask_level(asking, ends[i], &walk_out->levels[i]);
}

void sp_dmarc_walk_psl(struct sp_dmarc_asking *asking,
		       const struct sp_suffixes *suffixes, const char *domain,
		       struct sp_dmarc_walk *walk_out)
{
	char organisation[SP_DOMAIN_SIZE];

	walk_out->domain = domain;
	walk_out->count = 1;
	ask_level(asking, domain, &walk_out->levels[0]);
	if (sp_organisation_of(suffixes, domain, organisation) == SP_OK &&
	    strcmp(domain, organisation) != 0) {
		const char *end =
			domain + strlen(domain) - strlen(organisation);

		ask_level(asking, end, &walk_out->levels[1]);
		walk_out->count = 2;
	}
	for (size_t i = 0; i < walk_out->count; i++)
		walk_out->levels[i].record.psd = SP_DMARC_PSD_UNKNOWN;
}

/* ------------------------------------------------------------------ policy */

const struct sp_dmarc_level *sp_dmarc_walk_policy(
	const struct sp_dmarc_walk *walk)
{
	const struct sp_dmarc_level *found = NULL;

	for (size_t i = 0; i < walk->count; i++) {
		const struct sp_dmarc_level *level = &walk->levels[i];

		if (level->state == SP_DMARC_LEVEL_UNKNOWN)
			return level;
		if (level->state == SP_DMARC_LEVEL_ABSENT)
			continue;
		/* The domain's own record, whatever its psd says. */
		if (i == 0 || level->record.psd == SP_DMARC_PSD_NO)
			return level;
		/* The organisation is one label below, with a record or
		 * without; those further below are not asked. */
		if (level->record.psd == SP_DMARC_PSD_YES)
			return found == level - 1 ? found : level;
		found = level;
	}
	return found;
}

/* ----------------------------------------------------------- organisations */

/* The end of the walk's domain with one label more; the whole if it is that. */
static const char *one_label_below(const struct sp_dmarc_walk *walk,
				   const char *name)
{
	if (name == walk->domain)
		return name;
	for (name--; name > walk->domain && name[-1] != '.';)
		name--;
	return name;
}

const char *sp_dmarc_walk_organisation(
	const struct sp_dmarc_walk *walk,
	const struct sp_dmarc_level **unknown_out)
{
	const char *found = walk->domain;

	for (size_t i = 0; i < walk->count; i++) {
		const struct sp_dmarc_level *level = &walk->levels[i];

		if (level->state == SP_DMARC_LEVEL_UNKNOWN) {
			*unknown_out = level;
			return NULL;
		}
		if (level->state == SP_DMARC_LEVEL_ABSENT)
			continue;
		if (level->record.psd == SP_DMARC_PSD_YES)
			return one_label_below(walk, level->name);
		found = level->name;
		if (level->record.psd == SP_DMARC_PSD_NO)
			return found;
	}
	return found;
}

/* --------------------------------------------------------------- alignment */

static enum sp_dmarc_alignment meet(struct sp_dmarc_walk *a,
				    struct sp_dmarc_walk *b, unsigned assumed);

/* The level that is called so, or NULL. */
static struct sp_dmarc_level *level_of(struct sp_dmarc_walk *walk,
				       const char *name)
{
	for (size_t i = 0; i < walk->count; i++)
		if (strcmp(walk->levels[i].name, name) == 0)
			return &walk->levels[i];
	return NULL;
}

static void assume(struct sp_dmarc_walk *walk, const char *name,
		   const struct sp_dmarc_level *assumed)
{
	struct sp_dmarc_level *level = level_of(walk, name);

	if (level != NULL) {
		level->state = assumed->state;
		level->record.psd = assumed->record.psd;
	}
}

/* Try whatever could stand at `name`: does it make a difference? */
static enum sp_dmarc_alignment try_level(struct sp_dmarc_walk *a,
					 struct sp_dmarc_walk *b,
					 const char *name, unsigned assumed)
{
	static const struct sp_dmarc_level possible[] = {
		{ .state = SP_DMARC_LEVEL_ABSENT },
		{ .state = SP_DMARC_LEVEL_RECORD,
		  .record.psd = SP_DMARC_PSD_UNKNOWN },
		{ .state = SP_DMARC_LEVEL_RECORD,
		  .record.psd = SP_DMARC_PSD_YES },
		{ .state = SP_DMARC_LEVEL_RECORD,
		  .record.psd = SP_DMARC_PSD_NO },
	};
	static const struct sp_dmarc_level unknown = {
		.state = SP_DMARC_LEVEL_UNKNOWN,
	};
	enum sp_dmarc_alignment common = SP_DMARC_ALIGNED_UNKNOWN;

	for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++) {
		enum sp_dmarc_alignment found;

		assume(a, name, &possible[i]);
		assume(b, name, &possible[i]);
		found = meet(a, b, assumed + 1);
		if (i > 0 && found != common)
			found = SP_DMARC_ALIGNED_UNKNOWN;
		common = found;
		if (common == SP_DMARC_ALIGNED_UNKNOWN)
			break;
	}
	assume(a, name, &unknown);
	assume(b, name, &unknown);
	return common;
}

static enum sp_dmarc_alignment meet(struct sp_dmarc_walk *a,
				    struct sp_dmarc_walk *b, unsigned assumed)
{
	const struct sp_dmarc_level *unknown = NULL;
	const char *of_a = sp_dmarc_walk_organisation(a, &unknown);
	const char *of_b =
		of_a == NULL ? NULL : sp_dmarc_walk_organisation(b, &unknown);

	if (of_b != NULL)
		return strcmp(of_a, of_b) == 0 ? SP_DMARC_ALIGNED_YES
					       : SP_DMARC_ALIGNED_NO;
	if (assumed == ASSUMPTIONS_MAX)
		return SP_DMARC_ALIGNED_UNKNOWN;
	return try_level(a, b, unknown->name, assumed);
}

enum sp_dmarc_alignment sp_dmarc_walks_meet(struct sp_dmarc_walk *a,
					    struct sp_dmarc_walk *b)
{
	return meet(a, b, 0);
}

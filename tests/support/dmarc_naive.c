#include "dmarc_naive.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	SILENT_MAX = 3,
	SAID_SIZE = 256
};

/* What stands at silent names in the world that is looked at. */
struct trial {
	const struct naive_mail *mail;
	const char *silent[SILENT_MAX];
	const char *assumed[SILENT_MAX];
	size_t count;
};

struct found {
	bool is_there;
	char text[SAID_SIZE];
};

/* Whatever differs between two of them must show in an outcome. */
static const char *const possible[] = {
	"",
	"v=DMARC1;p=reject",
	"v=DMARC1;p=none;aspf=s;adkim=s",
	"v=DMARC1;p=reject;psd=y",
	"v=DMARC1;p=reject;psd=n",
};

static bool has(const struct found *found, const char *tag)
{
	return strstr(found->text, tag) != NULL;
}

/* ------------------------------------------------------------------- names */

static const char *parent_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

static unsigned labels_of(const char *name)
{
	unsigned count = 0;

	for (; name != NULL; name = parent_of(name))
		count++;
	return count;
}

static void add_name(const char *name, const char **names, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[(*count)++] = name;
}

size_t naive_names(const struct naive_mail *mail,
		   const char *names_out[NAIVE_NAMES_MAX])
{
	const char *const starts[] = { mail->author, mail->spf, mail->dkim };
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		for (const char *name = starts[i]; name != NULL;
		     name = parent_of(name))
			add_name(name, names_out, &count);
	return count;
}

/* Step 4 and step 7: what is asked for after `name`, of a walk from `start`. */
static const char *next_of(const char *name, const char *start)
{
	const char *next = parent_of(name);

	while (name == start && next != NULL && labels_of(next) > 7)
		next = parent_of(next);
	return next;
}

/* ----------------------------------------------------------------- records */

static void read_zone(const char *zone, const char *name, struct found *found)
{
	char row[NAIVE_NAME_SIZE + 8];
	size_t records = 0;

	snprintf(row, sizeof(row), "| %s v=DMARC1", name);
	found->is_there = false;
	for (const char *at = zone; at != NULL;
	     at = strstr(at == zone ? at : at + 1, "| ")) {
		size_t skipped = at == zone ? 2 : 0;

		if (strncmp(at, row + skipped, strlen(row) - skipped) != 0)
			continue;
		records++;
		snprintf(found->text, sizeof(found->text), "%.*s",
			 (int)strcspn(at + 1, "|") + 1, at);
	}
	found->is_there = records == 1;
}

static void ask(const struct trial *trial, const char *name,
		struct found *found_out)
{
	for (size_t i = 0; i < trial->count; i++) {
		if (strcmp(trial->silent[i], name) != 0)
			continue;
		found_out->is_there = trial->assumed[i][0] != '\0';
		snprintf(found_out->text, sizeof(found_out->text), "%s",
			 trial->assumed[i]);
		return;
	}
	read_zone(trial->mail->zone, name, found_out);
}

/* ---------------------------------------------------------- section 4.10.2 */

/* The organisational domain of `start`. */
static const char *organisation_of(const struct trial *trial, const char *start)
{
	const char *fewest = start;
	const char *below = start;

	for (const char *name = start; name != NULL;
	     name = next_of(name, start)) {
		struct found found;

		ask(trial, name, &found);
		if (!found.is_there)
			continue;
		if (has(&found, "psd=n"))
			return name;
		if (has(&found, "psd=y") && name != start) {
			while (parent_of(below) != name)
				below = parent_of(below);
			return below;
		}
		fewest = name;
		if (has(&found, "psd=y"))
			return fewest;
	}
	return fewest;
}

static bool is_aligned(const struct trial *trial, const char *domain,
		       bool is_strict)
{
	const char *author = trial->mail->author;

	if (strcmp(domain, author) == 0)
		return true;
	return !is_strict && strcmp(organisation_of(trial, author),
				    organisation_of(trial, domain)) == 0;
}

/* ---------------------------------------------------------- section 4.10.1 */

/* The policy's place: the author, its organisation, its public suffix. */
static const char *policy_of(const struct trial *trial, struct found *found)
{
	const char *author = trial->mail->author;
	const char *organisation = organisation_of(trial, author);

	ask(trial, author, found);
	if (found->is_there)
		return author;
	ask(trial, organisation, found);
	/* Of more than eight labels, it may be one that is never asked for. */
	if (found->is_there && labels_of(organisation) <= 7)
		return organisation;
	if (parent_of(organisation) == NULL)
		return NULL;
	ask(trial, parent_of(organisation), found);
	return found->is_there && has(found, "psd=y") &&
			       labels_of(parent_of(organisation)) <= 7
		       ? parent_of(organisation)
		       : NULL;
}

static const char *action_of(const struct found *found, bool is_subdomain)
{
	/* "p=" is a part of "sp=": that one is looked for first. */
	if (is_subdomain && has(found, ";sp="))
		return has(found, ";sp=none") ? "none" : "quarantine";
	if (has(found, ";p=reject"))
		return "reject";
	return has(found, ";p=quarantine") ? "quarantine" : "none";
}

static void evaluate(const struct trial *trial, char *said_out, size_t size)
{
	const struct naive_mail *mail = trial->mail;
	struct found found;
	const char *policy = policy_of(trial, &found);
	bool is_proven;

	if (policy == NULL) {
		snprintf(said_out, size, "none");
		return;
	}
	if (has(&found, "p=x")) {
		snprintf(said_out, size, "permerror");
		return;
	}
	is_proven = is_aligned(trial, mail->spf, has(&found, "aspf=s")) ||
		    is_aligned(trial, mail->dkim, has(&found, "adkim=s"));
	snprintf(said_out, size, "%s %s by %s", is_proven ? "pass" : "fail",
		 action_of(&found, strcmp(policy, mail->author) != 0), policy);
}

/* ----------------------------------------------------------------- silence */

/* All worlds from the silent name `at` on; false when two differ. */
static bool try_all(struct trial *trial, size_t at, char *said, size_t size)
{
	char other[SAID_SIZE];

	if (at == trial->count) {
		evaluate(trial, other, sizeof(other));
		if (said[0] == '\0')
			snprintf(said, size, "%s", other);
		return strcmp(said, other) == 0;
	}
	for (size_t i = 0; i < sizeof(possible) / sizeof(*possible); i++) {
		trial->assumed[at] = possible[i];
		if (!try_all(trial, at + 1, said, size))
			return false;
	}
	return true;
}

void naive_evaluate(const struct naive_mail *mail, char *said_out, size_t size)
{
	const char *names[NAIVE_NAMES_MAX];
	size_t count = naive_names(mail, names);
	struct trial trial = { .mail = mail };
	char row[NAIVE_NAME_SIZE + 16];

	for (size_t i = 0; i < count && trial.count < SILENT_MAX; i++) {
		const char *at;

		snprintf(row, sizeof(row), "%s !timeout", names[i]);
		at = strstr(mail->zone, row);
		while (at != NULL && at != mail->zone && at[-1] != ' ')
			at = strstr(at + 1, row);
		if (at != NULL)
			trial.silent[trial.count++] = names[i];
	}
	said_out[0] = '\0';
	if (!try_all(&trial, 0, said_out, size))
		snprintf(said_out, size, "temperror");
}

#include "sallyport/config.h"

#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "value.h"
#include "sallyport/senders.h"

enum {
	/* What every MTA bears as it is shipped: Sendmail's R: is 10 s. */
	MTA_PATIENCE_MS = 8000,
	/* Both far above what a file of 1 MB can fill. */
	STRINGS_LIMIT_BYTES = 64 * 1024 * 1024,
	TREE_LIMIT_BYTES = 256 * 1024 * 1024
};

static void snapshot_free(struct sp_snapshot *snapshot)
{
	struct sp_option option;

	if (snapshot == NULL)
		return;
	for (size_t i = 0; i < sp_option_count(); i++) {
		sp_option_get(i, &option);
		if (sp_option_is_list(option.type))
			sp_list_free(sp_snapshot_field(snapshot, &option));
	}
	sp_classes_free(&snapshot->classes);
	sp_senders_free(&snapshot->senders);
	sp_arena_clear(&snapshot->strings);
	free(snapshot);
}

/* "127.0.0.0/8, ::1" */
static enum sp_err set_initial_list(struct sp_snapshot *snapshot,
				    const struct sp_option *option)
{
	struct sp_list **list = sp_snapshot_field(snapshot, option);
	const char *rest = option->initial;
	enum sp_err err = sp_list_new(sp_list_kind_of(option->type), list);

	while (err == SP_OK && *rest != '\0') {
		char entry[sizeof(option->initial)];
		size_t length = strcspn(rest, ",");

		memcpy(entry, rest, length);
		entry[length] = '\0';
		rest += length;
		rest += strspn(rest, ", ");
		err = sp_list_add(*list, entry, "", 0);
	}
	return err;
}

static enum sp_err set_initial_values(struct sp_snapshot *snapshot)
{
	for (size_t i = 0; i < sp_option_count(); i++) {
		struct sp_option option;
		enum sp_err err;

		sp_option_get(i, &option);
		if (sp_option_is_list(option.type))
			err = set_initial_list(snapshot, &option);
		else
			sp_snapshot_set(snapshot, &option, option.initial,
					&err);
		if (err != SP_OK)
			return err;
	}
	return SP_OK;
}

static enum sp_err snapshot_new(const char *file,
				struct sp_snapshot **snapshot_out)
{
	struct sp_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	enum sp_err err;

	*snapshot_out = NULL;
	if (snapshot == NULL)
		return SP_ERR_NO_MEMORY;
	atomic_init(&snapshot->references, 1);
	sp_arena_init(&snapshot->strings, STRINGS_LIMIT_BYTES);
	snapshot->config.file = sp_arena_text(&snapshot->strings, file);
	err = set_initial_values(snapshot);
	if (err != SP_OK || snapshot->config.file == NULL) {
		snapshot_free(snapshot);
		return err != SP_OK ? err : SP_ERR_NO_MEMORY;
	}
	*snapshot_out = snapshot;
	return SP_OK;
}

static void load_file(struct sp_loader *loader)
{
	struct sp_place whole = { .file = loader->file };
	char reason[SP_FILE_REASON_SIZE];
	const struct sp_yaml_node *tree;
	struct sp_arena arena;
	struct sp_file content;

	if (sp_file_read(loader->file, SP_CONFIG_FILE_MAX, &content, reason) !=
	    SP_OK) {
		sp_report_add(&loader->report, &whole, "%s", reason);
		return;
	}
	sp_arena_init(&arena, TREE_LIMIT_BYTES);
	sp_yaml_read(&content, loader->file, &arena, &loader->report, &tree);
	sp_loader_take(loader, tree);
	sp_check_all(loader);
	sp_arena_clear(&arena);
	free(content.bytes);
}

enum sp_err sp_config_load(const char *path,
			   const struct sp_config **config_out,
			   struct sp_config_errors *errors_out)
{
	const char *file = path != NULL ? path : "";
	struct sp_loader loader = { .file = file };
	struct sp_place whole = { .file = file };

	*config_out = NULL;
	sp_report_init(&loader.report, errors_out);
	if (snapshot_new(file, &loader.snapshot) != SP_OK)
		sp_report_add(&loader.report, &whole,
			      "cannot be read: no memory");
	else if (path != NULL)
		load_file(&loader);
	else
		sp_check_all(&loader);
	if (errors_out->count > 0) {
		snapshot_free(loader.snapshot);
		return SP_ERR_CONFIG;
	}
	*config_out = &loader.snapshot->config;
	return SP_OK;
}

/* Callers hold a const pointer for the config's sake; the count beside it is
 * ours to change. */
static struct sp_snapshot *snapshot_of(const struct sp_config *config)
{
	return (struct sp_snapshot *)config;
}

const struct sp_config *sp_config_ref(const struct sp_config *config)
{
	atomic_fetch_add(&snapshot_of(config)->references, 1);
	return config;
}

void sp_config_unref(const struct sp_config **config)
{
	struct sp_snapshot *snapshot;

	if (*config == NULL)
		return;
	snapshot = snapshot_of(*config);
	*config = NULL;
	if (atomic_fetch_sub(&snapshot->references, 1) == 1)
		snapshot_free(snapshot);
}

static void view_range(const struct sp_option *option,
		       struct sp_option_view *view_out)
{
	struct sp_text range;

	sp_text_init(&range, view_out->range, sizeof(view_out->range));
	if (option->least[0] != '\0' || option->most[0] != '\0')
		sp_text_addf(&range, "%s..%s", option->least, option->most);
}

enum sp_err sp_config_option(const struct sp_config *config, size_t index,
			     struct sp_option_view *view_out)
{
	struct sp_option option;
	struct sp_text value;

	if (index >= sp_option_count())
		return SP_ERR_NOT_FOUND;
	sp_option_get(index, &option);
	memcpy(view_out->name, option.name, sizeof(option.name));
	memcpy(view_out->initial, option.initial, sizeof(option.initial));
	view_out->type = option.type == SP_OPTION_CHOICE
				 ? option.choices
				 : sp_option_words(option.type)->type;
	view_out->unit = option.unit != NULL ? option.unit : "";
	view_out->help = option.help;
	view_range(&option, view_out);
	sp_text_init(&value, view_out->value, sizeof(view_out->value));
	if (config == NULL)
		sp_text_add(&value, option.initial);
	else
		sp_snapshot_write(snapshot_of(config), &option, &value);
	view_out->is_set = config != NULL && snapshot_of(config)->is_set[index];
	return SP_OK;
}

const char *sp_config_warning(const struct sp_config *config, size_t index)
{
	const struct {
		bool holds;
		const char *text;
	} rows[] = {
		{ config->greeting.delay_ms > MTA_PATIENCE_MS,
		  "greeting.delay is above 8s: the MTA has to wait longer than "
		  "that. Set R: in Sendmail's INPUT_MAIL_FILTER (10s if it is "
		  "not set) or milter_command_timeout of Postfix (30s) well "
		  "above it, or mail passes unchecked or is deferred" },
		{ config->greeting.tarpit_ms > MTA_PATIENCE_MS,
		  "greeting.tarpit is above 8s: the MTA has to wait longer "
		  "than that. Set R: in Sendmail's INPUT_MAIL_FILTER (10s if "
		  "it is not set) or milter_command_timeout of Postfix (30s) "
		  "well above it, or mail passes unchecked or is deferred" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].holds && index-- == 0)
			return rows[i].text;
	return NULL;
}

enum sp_err sp_config_duration(const char *text, int64_t *ms_out)
{
	return sp_value_duration(text, ms_out);
}

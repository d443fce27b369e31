/* check_outbound.c - limits and classes as they were written become what they
 * mean. */
#include "loader.h"

#include "sallyport/limits.h"
#include "sallyport/senders.h"

typedef enum sp_err (*add_fn)(struct sp_classes *classes, const char *text,
			      const struct sp_stands *stands,
			      char error_out[SP_LIMIT_ERROR_SIZE]);

/* An option whose entries are limits or statements. */
struct source {
	struct sp_loader *loader;
	const char *option;
	const struct sp_list *entries;
	add_fn add;
};

static const struct sp_place *place_of(const struct sp_loader *loader,
				       const char *option)
{
	const struct sp_yaml_node *node =
		loader->written[sp_option_find(option)];

	return node == NULL ? NULL : &node->place;
}

/* A line of a list file is shown where the option names the file. */
static void report(struct sp_loader *loader, const char *option,
		   const struct sp_stands *stands, const char *error)
{
	const struct sp_place place = { stands->file, stands->line, 1 };

	loader->report.anchor = place_of(loader, option);
	sp_report_add(&loader->report, &place, "%s: %s", option, error);
	loader->report.anchor = NULL;
}

static void add_all(const struct source *source, struct sp_classes *classes)
{
	for (size_t i = 0; i < sp_list_count(source->entries); i++) {
		const struct sp_list_entry *entry =
			sp_list_get(source->entries, i);
		const struct sp_stands stands = { entry->file, entry->line };
		char error[SP_LIMIT_ERROR_SIZE];

		if (source->add(classes, entry->text, &stands, error) != SP_OK)
			report(source->loader, source->option, &stands, error);
	}
}

/* What is wrong with limits and classes together: classes name it, unless
 * there are none. */
static void wrong(void *context, const struct sp_stands *stands,
		  const char *error)
{
	struct sp_loader *loader = context;
	bool has_classes = place_of(loader, "outbound.classes") != NULL;

	report(loader, has_classes ? "outbound.classes" : "outbound.limits",
	       stands, error);
}

/* Who may write as whom. */
static void make_senders(struct sp_loader *loader)
{
	static const struct sp_stands nowhere = { "", 0 };
	struct sp_outbound_config *outbound =
		&loader->snapshot->config.outbound;
	const struct sp_list *entries = outbound->senders_written;
	char error[SP_LIMIT_ERROR_SIZE];
	struct sp_senders *made;

	if (sp_senders_new(outbound->login_domain, &made) != SP_OK) {
		report(loader, "outbound.senders", &nowhere,
		       "there is no memory");
		return;
	}
	loader->snapshot->senders = made;
	outbound->senders = made;
	for (size_t i = 0; i < sp_list_count(entries); i++) {
		const struct sp_list_entry *entry = sp_list_get(entries, i);
		const struct sp_stands stands = { entry->file, entry->line };

		if (sp_senders_add(made, entry->text, &stands, error) != SP_OK)
			report(loader, "outbound.senders", &stands, error);
	}
}

void sp_check_outbound(struct sp_loader *loader)
{
	static const struct sp_stands nowhere = { "", 0 };
	struct sp_outbound_config *outbound =
		&loader->snapshot->config.outbound;
	const struct sp_classes_judge judge = { wrong, loader };
	const struct source limits = { loader, "outbound.limits",
				       outbound->limits, sp_classes_add_limit };
	const struct source classes = { loader, "outbound.classes",
					outbound->classes_written,
					sp_classes_add };
	size_t errors_before = loader->report.errors->count;
	struct sp_classes *made;

	if (sp_classes_new(outbound->login_domain, &made) != SP_OK) {
		report(loader, "outbound", &nowhere, "there is no memory");
		return;
	}
	loader->snapshot->classes = made;
	outbound->classes = made;
	add_all(&limits, made);
	add_all(&classes, made);
	/* One that could not be read may be the one that is missing. */
	if (loader->report.errors->count == errors_before)
		sp_classes_settle(made, &judge);
	make_senders(loader);
}

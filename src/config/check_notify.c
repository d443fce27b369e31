/* check_notify.c - whether notify.program can be a program. */
#include "loader.h"

#include <string.h>

static void report(struct sp_loader *loader, const struct sp_yaml_node *node,
		   const char *found)
{
	char quote[SP_QUOTE_SIZE];

	sp_report_add(&loader->report, &node->place,
		      "notify.program: expected a list that begins with an "
		      "absolute path, such as [/usr/local/bin/tell, --loud], "
		      "found %s",
		      sp_quote(found, quote));
}

void sp_check_notify(struct sp_loader *loader)
{
	const struct sp_list *words = loader->snapshot->config.notify.program;
	size_t index = sp_option_find("notify.program");
	const struct sp_yaml_node *node = loader->written[index];

	if (node == NULL || loader->is_wrong[index] ||
	    sp_list_count(words) == 0)
		return;
	if (sp_list_count(words) > SP_NOTIFY_WORDS_MAX)
		sp_report_add(&loader->report, &node->place,
			      "notify.program: expected at most %d words",
			      SP_NOTIFY_WORDS_MAX);
	/* A path with a space in it is rare, and written as a list of one; a
	 * command as for a shell is what most would try first. */
	if (node->kind == SP_YAML_SCALAR && strchr(node->text, ' ') != NULL)
		report(loader, node, node->text);
	else if (sp_list_get(words, 0)->text[0] != '/')
		report(loader, node, sp_list_get(words, 0)->text);
}

/*
 * loader.h - what the steps of one load share (inside src/config only).
 *
 *   config.c  makes the snapshot and fills in the defaults
 *   yaml.c    the file becomes a tree
 *   loader.c  the tree's keys become options, their values values
 *   lists.c   entries and list files become lists
 *   check.c   values are held against each other, derived ones are filled in
 */
#ifndef SALLYPORT_CONFIG_LOADER_H
#define SALLYPORT_CONFIG_LOADER_H

#include "snapshot.h"
#include "yaml.h"

enum {
	SP_CONFIG_FILE_MAX = 1024 * 1024,
	SP_LIST_FILE_MAX = 64 * 1024 * 1024,
	SP_LIST_ENTRIES_MAX = 1000 * 1000,
	SP_PASSWORD_MAX = 512
};

struct sp_loader {
	struct sp_snapshot *snapshot;
	struct sp_report report;
	const char *file; /* the main file; "" = all defaults */
	/* Where each option stands, NULL = default; by the option's index. */
	const struct sp_yaml_node *written[SP_OPTIONS_MAX];
	/* Likewise each section, by the index of its first option. */
	const struct sp_yaml_node *sections[SP_OPTIONS_MAX];
	bool is_wrong[SP_OPTIONS_MAX]; /* reported: not to be checked further */
};

/* Take all options of the tree. */
void sp_loader_take(struct sp_loader *loader, const struct sp_yaml_node *root);

/* `path` as a file's own: relative to the main file's folder. In the
 * snapshot's memory; NULL without any left. */
const char *sp_loader_resolve(struct sp_loader *loader, const char *path);

/* Fill the list of `option` anew from `node`. False: something was reported. */
bool sp_lists_take(struct sp_loader *loader, const struct sp_option *option,
		   const struct sp_yaml_node *node);

/* The first line of the file that `option` names, once it is `path` and was
 * written; "" for none. At least `least` characters, from a file that strangers
 * cannot read; otherwise it is reported. */
const char *sp_loader_secret(struct sp_loader *loader, const char *option,
			     const char *path, size_t least);

/* Who may see the dashboard; a part of sp_check_all. */
void sp_check_web(struct sp_loader *loader);

/* Limits and classes; a part of sp_check_all. */
void sp_check_outbound(struct sp_loader *loader);
/* notify.program; likewise. */
void sp_check_notify(struct sp_loader *loader);

/* Fill in what is derived, then hold options against each other. */
void sp_check_all(struct sp_loader *loader);

#endif

/*
 * classes.h - the classes of submitters while they are made (inside src/config
 * only): classes.c adds to them, classes_settle.c judges and finds.
 */
#ifndef SALLYPORT_CONFIG_CLASSES_H
#define SALLYPORT_CONFIG_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/arena.h"
#include "sallyport/ip.h"
#include "sallyport/limits.h"

enum {
	SP_CLASSES_MAX = 1000
};

/* The first ones are always there. */
enum {
	SP_CLASS_DEFAULT,
	SP_CLASS_RELAYS, /* trusted relays that are in no other */
	SP_CLASS_OTHERS
};

/* One class while it is being made, and for good. */
struct sp_class_group {
	struct sp_class class;
	struct sp_stands first; /* its first statement */
	bool has_members;
	bool is_stated[SP_COUNTED_KINDS]; /* its own limits, or "none" */
	bool is_lifted[SP_COUNTED_KINDS];
};

/* A login's key, or a domain behind an '@'. */
struct sp_class_name {
	const char *text;
	uint32_t group;
	struct sp_stands stands;
};

struct sp_class_range {
	uint32_t first, last;
	uint32_t group;
	struct sp_stands stands;
};

struct sp_class_net {
	struct sp_network network;
	uint32_t group;
	struct sp_stands stands;
};

/* An array that grows. */
struct sp_class_array {
	void *items;
	size_t count, room, item_size;
};

struct sp_classes {
	const char *login_domain;
	struct sp_class_group *groups[SP_CLASSES_MAX];
	size_t group_count;
	uint32_t
		last_group; /* of the last statement: the next one is of it too */
	struct sp_class_array names, ranges, nets;
	struct sp_arena texts;
};

#endif

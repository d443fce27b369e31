/*
 * scripts.h - the scripts of redis-schema/, built into the program.
 *
 * Defined in redis-schema/scripts.c, which redis-schema/embed.sh writes at
 * build time. Threads: constant.
 */
#ifndef SALLYPORT_STORE_SCRIPTS_H
#define SALLYPORT_STORE_SCRIPTS_H

#include "sallyport/store.h"

extern const struct sp_script sp_script_desk_note;
extern const struct sp_script sp_script_desk_read;
extern const struct sp_script sp_script_events_add;
extern const struct sp_script sp_script_events_read;
extern const struct sp_script sp_script_greylist_ask;
extern const struct sp_script sp_script_greylist_release;
extern const struct sp_script sp_script_greylist_teach;
extern const struct sp_script sp_script_greylist_trust;
extern const struct sp_script sp_script_probe_count;
extern const struct sp_script sp_script_submitter_bounce;
extern const struct sp_script sp_script_submitter_count;
extern const struct sp_script sp_script_submitter_index;
extern const struct sp_script sp_script_submitter_return;
extern const struct sp_script sp_script_submitter_sent;
extern const struct sp_script sp_script_submitter_set;

#endif

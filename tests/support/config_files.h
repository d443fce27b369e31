/*
 * config_files.h - a folder of configurations, lists and passwords, good and
 * bad ones, for the tests of the configuration. One per process.
 *
 * In errors the folder, and the name of the main file in front, are left out:
 * "1:7: mode: ..." is line 1, column 7 of it, "bad.list:2:1: ..." of a list
 * file beside it.
 */
#ifndef SALLYPORT_TESTS_CONFIG_FILES_H
#define SALLYPORT_TESTS_CONFIG_FILES_H

#include "sallyport/config.h"

/* What the last load reported. */
extern struct sp_config_errors errors;

/* cmocka's set-up and tear-down of a group. */
int make_folder(void **state);
int remove_folder(void **state);

/* The folder itself, and a file in it (good until the next call). */
const char *folder_path(void);
const char *path_of(const char *name);

/* Load a main file with that text. */
enum sp_err load_text(const char *text, const struct sp_config **config_out);

/* Text number `index` of the errors, the folder left out; once per text. */
const char *plain_error(size_t index);

#endif

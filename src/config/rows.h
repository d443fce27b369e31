/*
 * rows.h - the rows of the option table, by what they are about.
 */
#ifndef SALLYPORT_SRC_CONFIG_ROWS_H
#define SALLYPORT_SRC_CONFIG_ROWS_H

#include "options.h"

struct sp_option_rows {
	const struct sp_option *rows;
	size_t count;
};

extern const struct sp_option_rows sp_option_rows_server;
extern const struct sp_option_rows sp_option_rows_client;
extern const struct sp_option_rows sp_option_rows_sender;
extern const struct sp_option_rows sp_option_rows_judge;
extern const struct sp_option_rows sp_option_rows_outbound;
extern const struct sp_option_rows sp_option_rows_web;
extern const struct sp_option_rows sp_option_rows_record;
extern const struct sp_option_rows sp_option_rows_notify;

#endif

/*
 * assets.h - the files of the page (src/web/page), built into the program.
 *
 * Threads:  constant.
 */
#ifndef SALLYPORT_WEB_ASSETS_H
#define SALLYPORT_WEB_ASSETS_H

#include <stddef.h>

struct sp_asset {
	const char *path; /* "/app.js" */
	const char *type; /* "text/javascript; charset=utf-8" */
	const char *text;
};

extern const struct sp_asset sp_assets[];
extern const size_t sp_asset_count;

#endif

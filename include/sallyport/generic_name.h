/*
 * generic_name.h - was this host name made by a machine for a line, or given
 *                  to a mail server by its operator?
 *
 * "c-67-164-133-216.client.comcast.net" says: one of many customers' lines.
 * What speaks for it is the client's own address within the name, in any of
 * the usual spellings, and words such as "dsl" and "pool". What speaks against
 * it are words such as "mx" and "smtp": a sender of newsletters numbers its
 * machines too. Only the labels before the registered domain are looked at,
 * for "cable-news.example" is a company. There is no list of providers here.
 *
 * Network:  none. Whether the name is confirmed is somebody else's question.
 * Scoring:  none; policy weighs.
 * Bounds:   a name of at most 253 characters, a fixed number of passes.
 * Threads:  reentrant; the words pointed to are constant.
 */
#ifndef SALLYPORT_GENERIC_NAME_H
#define SALLYPORT_GENERIC_NAME_H

#include <stddef.h>

#include "sallyport/ip.h"

enum sp_generic_kind {
	SP_GENERIC_NO = 0,
	SP_GENERIC_ADDRESS, /* the address (three octets or more) is in it */
	SP_GENERIC_PARTIAL, /* its last two octets are */
	SP_GENERIC_WORD,    /* a word for a customer's line, and a number */
	SP_GENERIC_SERIAL   /* a line's serial number or hardware address */
};

enum sp_generic_spelling {
	SP_SPELLING_NONE = 0,
	SP_SPELLING_DECIMAL,  /* 192-0-2-7, 192.0.2.7, 192x0x2x7 */
	SP_SPELLING_REVERSED, /* 7-2-0-192 */
	SP_SPELLING_SHUFFLED, /* 7.red-192-0-2: all four, in another order */
	SP_SPELLING_PADDED,   /* 192000002007, or reversed by octets */
	SP_SPELLING_JOINED,   /* 192027 */
	SP_SPELLING_INTEGER,  /* 3221225991 */
	SP_SPELLING_HEX,      /* c0000207, 0702000c by octets */
	SP_SPELLING_THREE,    /* three of the octets in order, or reversed */
	SP_SPELLING_TWO,      /* the last two */
	SP_SPELLING_ONE	      /* the last alone: by itself no evidence */
};

struct sp_generic_name {
	enum sp_generic_kind kind;
	enum sp_generic_spelling spelling; /* also when the kind is NO */
	const char *line_word;		   /* "dsl", or NULL; constant */
	const char *server_word;	   /* "smtp", or NULL; constant */
};

/*
 * Judge `name`, the host name of `client`. What is no host name ("", an
 * address in brackets, bad characters) is SP_GENERIC_NO but for an address
 * itself, bare or in brackets, which is SP_GENERIC_ADDRESS if it is the
 * client's. With a client of family SP_IP_NONE only words are looked at.
 */
void sp_generic_name_judge(const char *name, const struct sp_ip *client,
			   struct sp_generic_name *result_out);

/*
 * Why, in words for a log line or a header, such as
 * `the address is in it, reversed, and the word "dsl"`. Nothing of the name
 * itself is repeated. Returns `text_out`; at least 1 byte, cut if too small.
 */
const char *sp_generic_name_reason(const struct sp_generic_name *result,
				   char *text_out, size_t text_size);

#endif

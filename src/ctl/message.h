/*
 * message.h - a mail in a file, read the way an MTA hands it to a milter.
 *
 * Header fields one by one, then the body in pieces; nothing is kept, so a
 * message may be of any size. Lines may end in LF or CR LF.
 *
 * As Postfix does it: an mbox line "From ..." at the top is passed over; the
 * header ends at an empty line, or before the first line that is no field;
 * folded fields keep their folds, written "\n" and the white space; a NUL in
 * the header is left out, in the body it stays; every line of the body ends in
 * CR LF, the last one too.
 *
 * Threads:  one thread at a time per object.
 */
#ifndef SP_CTL_MESSAGE_H
#define SP_CTL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sallyport/err.h"

enum {
	SP_FIELD_NAME_SIZE = 256,
	/* With its name it must fit into one packet of the protocol. */
	SP_FIELD_VALUE_SIZE = 65000,
	SP_MESSAGE_BUFFER_SIZE = 65536
};

struct sp_message {
	FILE *file; /* borrowed */
	size_t start, end;
	bool is_at_end; /* of the file */
	bool has_begun;
	bool is_in_body;
	bool is_cr_last;     /* body: what was given out ends in CR */
	bool is_line_open;   /* body: ... is no whole line */
	uint32_t cut_fields; /* that were longer than a packet */
	char buffer[SP_MESSAGE_BUFFER_SIZE];
};

struct sp_message_field {
	char name[SP_FIELD_NAME_SIZE];
	char value[SP_FIELD_VALUE_SIZE]; /* all behind the colon */
};

void sp_message_init(struct sp_message *message, FILE *file);

/* The next header field; false at the end of the header. */
bool sp_message_field(struct sp_message *message,
		      struct sp_message_field *field_out);

/* The next piece of the body, behind the last field: at most `size` bytes (2
 * at least), 0 at its end. */
size_t sp_message_body(struct sp_message *message, char *bytes_out,
		       size_t size);

#endif

/*
 * link.h - packets over a socket, with buffers and a deadline.
 *
 * Threads:  one at a time per link.
 */
#ifndef SP_MTA_LINK_H
#define SP_MTA_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_link {
	int fd;
	int64_t timeout_ms;
	uint8_t *out; /* one allocation for both buffers */
	size_t out_length;
	uint8_t *in;
	size_t in_start, in_end;
};

struct sp_link_piece {
	const void *bytes;
	size_t length;
};

/* A packet that came in; the data lie in the buffer until the next read. */
struct sp_link_packet {
	uint8_t letter;
	const char *data;
	size_t length;
};

/* Errors as sp_mta_open has them. After a failure the link holds nothing. */
enum sp_err sp_link_open(struct sp_link *link, const char *address,
			 int64_t timeout_ms);
void sp_link_close(struct sp_link *link);

/* Put one packet into the buffer; sends what was there when it is full. */
enum sp_err sp_link_put(struct sp_link *link, uint8_t letter,
			const struct sp_link_piece *pieces, size_t count);
enum sp_err sp_link_flush(struct sp_link *link);

/* The next packet, waited for until `deadline_ms` (monotonic).
 * SP_ERR_PROTOCOL: a length of 0 or over WIRE_PACKET_MAX. */
enum sp_err sp_link_read(struct sp_link *link, int64_t deadline_ms,
			 struct sp_link_packet *packet_out);

#endif

/*
 * raw_milter.h - a milter made of raw bytes: a thread that notes what it is
 * sent, and says what its script tells it to.
 *
 * It takes one connection. Failure: the calls fail the test.
 */
#ifndef SALLYPORT_TESTS_RAW_MILTER_H
#define SALLYPORT_TESTS_RAW_MILTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	ROWS = 16,
	NOTES_SIZE = 4096
};

/* When `on` comes (each line once): say a packet, or raw bytes, or hang up. */
#define SAY(on, literal)                                                       \
	{                                                                      \
		on, literal, sizeof(literal) - 1, false                        \
	}
#define RAW(on, literal)                                                       \
	{                                                                      \
		on, literal, sizeof(literal) - 1, true                         \
	}
#define HANG_UP(on)                                                            \
	{                                                                      \
		on, NULL, 0, true                                              \
	}

/* The answer to the offer: version 6, these bits. */
#define AGREE(actions, steps) SAY('O', "O\0\0\0\6" actions steps)
#define ALL		      "\0\0\1\xff"
#define AGREE_PLAIN	      AGREE(ALL, "\0\0\0\0")
#define AGREE_MUTE	      AGREE(ALL, "\0\x0f\xf0\x80")

struct line {
	char on;
	const char *bytes;
	size_t length;
	bool is_raw;
};

struct milter {
	int listener, fd;
	char directory[64], path[96], address[112];
	const struct line *script;
	bool is_used[ROWS];
	char notes[NOTES_SIZE]; /* the letters that came; "Dc(...)" macros */
	size_t body_bytes;
	pthread_t thread;
};

/* Listen on a Unix socket in a folder of its own. `script` ends with a line of
 * zeros and outlives the milter. */
void milter_start(struct milter *milter, const struct line *script);

/* Wait for its end, when the client has closed; then read the notes. */
void milter_join(struct milter *milter);

#endif

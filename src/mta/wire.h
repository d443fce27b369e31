/*
 * wire.h - the letters and bits of the milter protocol.
 *
 * libmilter's headers are for milters, and only src/milter includes them; the
 * names here are ours, the values are the protocol's.
 */
#ifndef SP_MTA_WIRE_H
#define SP_MTA_WIRE_H

#include <stdint.h>

enum {
	WIRE_VERSION = 6,
	WIRE_VERSION_LEAST = 2
};

/* A packet is a length of four bytes, which counts what follows; a letter;
 * data. */
enum {
	WIRE_PACKET_MAX = 65536,
	WIRE_CHUNK_MAX = 65535
};

/* MTA to milter. */
enum {
	EVENT_ABORT = 'A',
	EVENT_BODY = 'B',
	EVENT_CONNECT = 'C',
	EVENT_MACRO = 'D',
	EVENT_EOM = 'E',
	EVENT_HELO = 'H',
	EVENT_QUIT_NC = 'K',
	EVENT_HEADER = 'L',
	EVENT_MAIL = 'M',
	EVENT_EOH = 'N',
	EVENT_OPTNEG = 'O',
	EVENT_QUIT = 'Q',
	EVENT_RCPT = 'R',
	EVENT_DATA = 'T',
	EVENT_UNKNOWN = 'U'
};

/* Milter to MTA. */
enum {
	REPLY_ADD_RECIPIENT = '+',
	REPLY_DELETE_RECIPIENT = '-',
	REPLY_ADD_RECIPIENT_PAR = '2',
	REPLY_SHUTDOWN = '4',
	REPLY_ACCEPT = 'a',
	REPLY_BODY = 'b',
	REPLY_CONTINUE = 'c',
	REPLY_DISCARD = 'd',
	REPLY_CHANGE_SENDER = 'e',
	REPLY_CONNECTION_FAIL = 'f',
	REPLY_ADD_HEADER = 'h',
	REPLY_INSERT_HEADER = 'i',
	REPLY_CHANGE_HEADER = 'm',
	REPLY_PROGRESS = 'p',
	REPLY_QUARANTINE = 'q',
	REPLY_REJECT = 'r',
	REPLY_SKIP = 's',
	REPLY_TEMPFAIL = 't',
	REPLY_CODE = 'y'
};

/* SMFIF_*: what a milter may do. */
enum {
	ACTION_ADD_HEADERS = 0x001,
	ACTION_CHANGE_BODY = 0x002,
	ACTION_ADD_RECIPIENT = 0x004,
	ACTION_DELETE_RECIPIENT = 0x008,
	ACTION_CHANGE_HEADERS = 0x010,
	ACTION_QUARANTINE = 0x020,
	ACTION_CHANGE_SENDER = 0x040,
	ACTION_ADD_RECIPIENT_PAR = 0x080,
	ACTION_SET_MACROS = 0x100,
	ACTION_ALL = 0x1ff
};

/* SMFIP_*: what an MTA need not send, and what a milter does not answer. */
enum {
	STEP_NO_CONNECT = 0x000001,
	STEP_NO_HELO = 0x000002,
	STEP_NO_MAIL = 0x000004,
	STEP_NO_RCPT = 0x000008,
	STEP_NO_BODY = 0x000010,
	STEP_NO_HEADERS = 0x000020,
	STEP_NO_EOH = 0x000040,
	STEP_MUTE_HEADER = 0x000080,
	STEP_NO_UNKNOWN = 0x000100,
	STEP_NO_DATA = 0x000200,
	STEP_SKIP = 0x000400,
	STEP_REFUSED_RCPT = 0x000800,
	STEP_MUTE_CONNECT = 0x001000,
	STEP_MUTE_HELO = 0x002000,
	STEP_MUTE_MAIL = 0x004000,
	STEP_MUTE_RCPT = 0x008000,
	STEP_MUTE_DATA = 0x010000,
	STEP_MUTE_UNKNOWN = 0x020000,
	STEP_MUTE_EOH = 0x040000,
	STEP_MUTE_BODY = 0x080000,
	STEP_LEADING_SPACE = 0x100000,
	STEP_ALL = 0x1fffff
};

/* SMFIM_*: whose macros a list names. */
enum wire_stage {
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_EOM,
	STAGE_EOH,
	STAGE_COUNT,
	STAGE_NONE = STAGE_COUNT
};

static inline uint32_t wire_get32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void wire_put32(uint8_t *bytes, uint32_t number)
{
	bytes[0] = (uint8_t)(number >> 24);
	bytes[1] = (uint8_t)(number >> 16);
	bytes[2] = (uint8_t)(number >> 8);
	bytes[3] = (uint8_t)number;
}

#endif

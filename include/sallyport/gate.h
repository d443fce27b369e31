/*
 * gate.h - what a client does while its greeting is held back.
 *
 * A mail server waits to be greeted (RFC 5321 section 3.1). Who has told its
 * errand before is a program that listens to nobody; who hangs up after seconds
 * has no time for a queue.
 *
 * Place:    connect stage. The caller holds the greeting, looks at the client's
 *           connection (sock.h) when a gate wants it, and lets go when the gate
 *           is done.
 * How:      a gate is stepped. It has no clock, asks nobody and waits for
 *           nothing: time and looks are brought to it.
 * Soundness: only bytes that came before the first byte to the client are
 *           early, and one look shows both counts at one moment. So a session
 *           that the MTA has greeted already (smtps, XCLIENT, a screen in
 *           front), and an MTA that stopped waiting for us, can be unknown but
 *           never be a false accusation.
 * Scoring:  none. The fact says what was seen; policy weighs.
 * Threads:  one at a time per gate.
 */
#ifndef SALLYPORT_GATE_H
#define SALLYPORT_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct sp_sock_look;

enum sp_gate_answer {
	SP_GATE_NOT_RUN = 0,
	SP_GATE_WAITING, /* not over yet */
	SP_GATE_QUIET,	 /* waited for its greeting, as long as it was held */
	SP_GATE_TALKED,	 /* spoke first */
	SP_GATE_HUNG_UP, /* left without a word */
	SP_GATE_UNKNOWN
};

/* Why an answer is UNKNOWN. */
enum sp_gate_why {
	SP_GATE_TOLD = 0, /* it is not */
	/* TLS without STARTTLS: there the client has to begin. */
	SP_GATE_TLS,
	/* The kernel sees no such connection: the MTA is on another machine or
	 * in a container, or the addresses are those of XCLIENT or PROXY. */
	SP_GATE_UNSEEN,
	SP_GATE_UNAVAILABLE, /* the kernel could not be asked: see `error` */
	/* The MTA had spoken before we were asked. */
	SP_GATE_GREETED_BEFORE,
	/* The MTA did not wait for us: its timeout is shorter than our delay
	 * (milter_command_timeout of Postfix, R: of Sendmail). */
	SP_GATE_GREETED_MEANWHILE
};

struct sp_gate_fact {
	enum sp_gate_answer answer;
	enum sp_gate_why why;
	int error;	  /* an errno, of SP_GATE_UNAVAILABLE; else 0 */
	bool has_hung_up; /* also of one that talked, or is UNKNOWN */
	bool is_inferred; /* from the time it took, see sp_gate_judge_gap */
	uint64_t bytes;	  /* that it said early; 0 when inferred */
	uint32_t rtt_us;  /* to the client; 0 = unknown */
	int64_t held_ms;  /* how long the greeting was held */
};

struct sp_gate {
	struct sp_gate_fact fact;
	int64_t next_ms; /* when to step again, while it is WAITING */
	/* private */
	int64_t began_ms, until_ms, step_ms;
	uint64_t number; /* of the connection; 0 = not seen yet */
	bool is_judged;
};

struct sp_gate_plan {
	int64_t delay_ms; /* 0: one look, and go */
	int64_t step_ms;  /* between two looks, at least 1 */
	bool is_tls;	  /* {tls_version} is there at connect: smtps */
};

/* Hold the greeting from now on. The first step is due at once. Times are
 * monotonic, in milliseconds. */
void sp_gate_begin(struct sp_gate *gate, const struct sp_gate_plan *plan,
		   int64_t now_ms);

/*
 * What `look` shows, taken just now. True: wait until `gate->next_ms`, look
 * again and step. False: let the greeting go; `gate->fact` is complete.
 * Done at once for a client that talks or has hung up, and when the MTA turns
 * out to have greeted it.
 */
bool sp_gate_step(struct sp_gate *gate, int64_t now_ms,
		  const struct sp_sock_look *look);

/* Hold no longer than until `until_ms` (now: it ends with its next step, which
 * is due then). Does not lengthen. */
void sp_gate_shorten(struct sp_gate *gate, int64_t until_ms);

/*
 * The delay to give when `held` greetings are held already and at most `most`
 * may be: the whole up to half of them, then less and less, at `most` none.
 */
int64_t sp_gate_delay_ms(int64_t delay_ms, unsigned held, unsigned most);

/* How long things took, on our side of the MTA; 0 = not known. */
struct sp_gate_gap {
	int64_t helo_us; /* from our letting go to the client's HELO */
	/* From our end of HELO to MAIL: a round trip to the client and what it
	 * took to think. Of the last HELO, so that no TLS handshake is in it.
	 */
	int64_t round_us;
};

/*
 * Where the kernel does not show the connection (UNSEEN, UNAVAILABLE): whoever
 * waits for the greeting needs a round trip to say HELO, and whoever has said
 * it before needs none. So a HELO at once from a client that is known to be
 * far away was there already.
 *
 * Far away is one whose round trip the kernel has measured, or who took 10 ms
 * and eight times as long for its next command. That one may have been
 * thinking, so then the greeting must have been held for half a second. Nearer
 * ones stay UNKNOWN. Changes nothing else; sets `is_inferred`.
 *
 * Not for a client that came by XCLIENT or PROXY: the time is that of the server
 * in between. Where other connections are seen, an UNSEEN one is such a client.
 */
void sp_gate_judge_gap(const struct sp_gate_gap *gap,
		       struct sp_gate_fact *fact);

/* For logs: "quiet", "talked", ...; and a sentence without a full stop, ""
 * for SP_GATE_TOLD. Never NULL. */
const char *sp_gate_answer_text(enum sp_gate_answer answer);
const char *sp_gate_why_text(enum sp_gate_why why);

#endif

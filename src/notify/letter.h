/*
 * letter.h - what a notice says: to a program, in JSON; to a person, in a mail.
 *
 * Both are printable ASCII and line ends, whatever a submitter calls himself.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_NOTIFY_LETTER_H
#define SALLYPORT_NOTIFY_LETTER_H

struct sp_notice;

/* Who writes, and to whom. Borrowed. */
struct sp_letter {
	const struct sp_notice *notice;
	const char *host; /* this machine's name, fit for a header field */
	/* Of a mail. */
	const char *to;
	const char *message_id; /* without its brackets */
};

/* "submitter": the value of "event". */
const char *sp_letter_event(const struct sp_notice *notice);

/* One line with its end; malloc()ed. NULL: no memory. Names: README. */
char *sp_letter_json(const struct sp_letter *letter);

/* A whole message (RFC 5322), lines ending in LF, as sendmail(1) takes it;
 * malloc()ed. NULL: no memory. */
char *sp_letter_mail(const struct sp_letter *letter);

#endif

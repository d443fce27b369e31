/*
 * mix.h - mails from files: the load of ./dev bench in which everything is
 * checked. mails.py writes them, signed, with an index of lines of fields
 * parted by tabs:
 *
 *	client	GROUP ADDRESS NAME OWN		NAME is its HELO name too; OWN is
 *						"own" where SPF must pass
 *	mail	GROUP KIND SENDER RECIPIENT FILE	addresses with their <>
 *
 * Groups are numbers from 0 on, in the order of the file. Session n is the
 * client n of the list, over and over; its mails are those of its group, each
 * client beginning with another one in each round.
 *
 * Threads:  reentrant once loaded.
 */
#ifndef SALLYPORT_BENCH_MIX_H
#define SALLYPORT_BENCH_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "plan.h"

struct mix;

/* Exits with a reason when the files are not as above. `kind`: only mails of
 * that kind; NULL for all. */
struct mix *mix_new(const char *index_path, const char *kind);
void mix_free(struct mix **mix);

void mix_session(const struct mix *mix, uint64_t number,
		 struct plan_session *session_out);

/* Mail `mail` of the session, borrowed from `mix`. */
const struct plan_mail *mix_mail(const struct mix *mix, uint64_t number,
				 uint32_t mail);

#endif

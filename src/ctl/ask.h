/*
 * ask.h - one question to the daemon's control socket.
 */
#ifndef SP_CTL_ASK_H
#define SP_CTL_ASK_H

#include <jansson.h>

#include "sallyport/err.h"
#include "sallyport/text.h"

/*
 * Ask `question` (without its line end), 3 s and 1 MiB at most.
 * SP_ERR_SYSTEM: errno says why nobody answers; SP_ERR_TIMEOUT, SP_ERR_IO;
 * SP_ERR_PROTOCOL: it was no JSON object. *answer_out is NULL unless SP_OK.
 */
enum sp_err sp_ask(const char *path, const char *question, json_t **answer_out);

/* One word of a question, behind a space: other bytes than letters, digits and
 * "@.:-_/" are written %HH. */
void sp_ask_word(struct sp_text *question, const char *word);

/* Why sp_ask failed, for people; errno must be as it left it. */
const char *sp_ask_why(enum sp_err err);

#endif

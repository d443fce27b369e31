#include "verify.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <opendkim/dkim.h>

#include "decode.h"

struct sp_dkim_verify {
	DKIM *handle;
	const struct sp_dkim_fields *fields;
	DKIM_SIGINFO **signatures; /* the library's, in the fields' order */
	size_t count;
	const struct sp_dkim_key *key; /* of the signature being verified */
};

static const char signature_name[] = DKIM_SIGNHEADER;

/* ----------------------------------------------------------------- library */

/* Answers always: with DKIM_CBSTAT_DEFAULT the library would ask itself. */
static DKIM_CBSTAT hand_out_key(DKIM *handle, DKIM_SIGINFO *signature,
				unsigned char *buffer, size_t size)
{
	const struct sp_dkim_verify *verify = dkim_get_user_context(handle);
	size_t length = strlen(verify->key->text);

	(void)signature;
	if (length >= size)
		return DKIM_CBSTAT_NOTFOUND;
	memcpy(buffer, verify->key->text, length + 1);
	return DKIM_CBSTAT_CONTINUE;
}

/* The second fence: should the library ever want to ask, it has no resolver. */
static int refuse_resolver(void **service_out)
{
	*service_out = NULL;
	return DKIM_DNS_ERROR;
}

static DKIM_LIB *make_library(void)
{
	unsigned flags =
		DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
	uint64_t drift_sec = 1000000000; /* 31 years, see verify.h */
	DKIM_LIB *library = dkim_init(NULL, NULL);

	if (library == NULL)
		abort(); /* no memory for some hundred bytes */
	sp_dkim_own_decoder();
	dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
		     sizeof(flags));
	dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift_sec,
		     sizeof(drift_sec));
	dkim_set_key_lookup(library, hand_out_key);
	dkim_dns_set_init(library, refuse_resolver);
	return library;
}

/*
 * One for the process: nothing in it changes once it is made, so all threads
 * may use it. Made when it is first needed, for it reads the resolver's
 * configuration; never freed, for mails may outlive whoever would do it.
 */
static DKIM_LIB *library;

static void make_once(void)
{
	library = make_library();
}

static DKIM_LIB *library_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_once);
	return library;
}

/* ------------------------------------------------------------------ header */

/* What it is shown, it copies. */
static bool show(DKIM *handle, const char *text, size_t length)
{
	return dkim_header(handle, (unsigned char *)text, length) !=
	       DKIM_STAT_NORESOURCE;
}

static bool show_fields(struct sp_dkim_verify *verify)
{
	/* No name in h= has a space, so nobody signs it. */
	static const char filler[] = "not signed: ";

	if (!show(verify->handle, filler, sizeof(filler) - 1))
		return false;
	for (const struct sp_dkim_field *field = verify->fields->first;
	     field != NULL; field = field->next) {
		if (!field->is_chosen)
			continue;
		if (!show(verify->handle, field->text, field->length))
			return false;
		verify->count += sp_dkim_field_is(field, signature_name);
	}
	return true;
}

static bool begin(struct sp_dkim_verify *verify)
{
	DKIM_STAT status;
	int count;

	verify->handle =
		dkim_verify(library_get(), (const unsigned char *)"sallyport",
			    NULL, &status);
	if (verify->handle == NULL || !show_fields(verify))
		return false;
	dkim_set_user_context(verify->handle, verify);
	return dkim_eoh(verify->handle) == DKIM_STAT_OK &&
	       dkim_getsiglist(verify->handle, &verify->signatures, &count) ==
		       DKIM_STAT_OK &&
	       (size_t)count == verify->count;
}

struct sp_dkim_verify *sp_dkim_verify_new(const struct sp_dkim_fields *fields)
{
	struct sp_dkim_verify *verify = calloc(1, sizeof(*verify));

	if (verify == NULL)
		abort();
	verify->fields = fields;
	if (!begin(verify))
		sp_dkim_verify_free(&verify);
	return verify;
}

void sp_dkim_verify_free(struct sp_dkim_verify **verify)
{
	if (*verify != NULL && (*verify)->handle != NULL)
		dkim_free((*verify)->handle);
	free(*verify);
	*verify = NULL;
}

/* ------------------------------------------------------------------ verify */

/* Which of the mail's signatures, counted from 0 in the fields' order. */
static size_t place_of(const struct sp_dkim_verify *verify,
		       const struct sp_dkim_field *wanted)
{
	size_t place = 0;

	for (const struct sp_dkim_field *field = verify->fields->first;
	     field != wanted; field = field->next)
		place += field->is_chosen &&
			 sp_dkim_field_is(field, signature_name);
	return place;
}

static void explain(struct sp_dkim_claim *claim, int error)
{
	switch (error) {
	case DKIM_SIGERROR_BADSIG:
		sp_dkim_claim_end(claim, SP_DKIM_FAIL,
				  "the header has changed");
		break;
	case DKIM_SIGERROR_KEYDECODE:
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "the key cannot be used");
		break;
	case DKIM_SIGERROR_CORRUPT_B:
		sp_dkim_claim_end(claim, SP_DKIM_PERMERROR,
				  "b= is no signature");
		break;
	default: /* nothing that is known to get here */
		sp_dkim_claim_end(claim, SP_DKIM_NEUTRAL,
				  "libopendkim does not take it");
		break;
	}
}

bool sp_dkim_verify_header(struct sp_dkim_verify *verify,
			   const struct sp_dkim_field *field,
			   const struct sp_dkim_key *key,
			   struct sp_dkim_claim *claim)
{
	DKIM_SIGINFO *signature = verify->signatures[place_of(verify, field)];
	DKIM_STAT status;
	int error;

	verify->key = key;
	status = dkim_sig_process(verify->handle, signature);
	error = dkim_sig_geterror(signature);
	if (status == DKIM_STAT_OK && error != DKIM_SIGERROR_UNKNOWN &&
	    error != DKIM_SIGERROR_OK)
		explain(claim, error);
	else if (status != DKIM_STAT_OK ||
		 !(dkim_sig_getflags(signature) & DKIM_SIGFLAG_PASSED))
		sp_dkim_claim_end(claim, SP_DKIM_TEMPERROR,
				  "it could not be verified");
	else
		return true;
	return false;
}

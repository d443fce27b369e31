/* What the MTA's macros say of the connection; and which of them it sends, noted
 * for the operator. `sallyport try` is no MTA, and says so by a macro of its own. */
#include "milter.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sallyport/clock.h"
#include "sallyport/session.h"

static const char *macro(SMFICTX *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)(uintptr_t)name);
}

/* The address of ours that the client has connected to. Sendmail's
 * {daemon_addr} is what it listens on, often 0.0.0.0; its {if_addr} tells, and is
 * absent on loopback. Postfix has {daemon_addr} only, and means this by it. */
const char *sp_macros_own_address(SMFICTX *ctx)
{
	const char *address = macro(ctx, "{if_addr}");

	return address ? address : macro(ctx, "{daemon_addr}");
}

uint16_t sp_macros_own_port(SMFICTX *ctx)
{
	const char *port = macro(ctx, "{daemon_port}");
	unsigned long number = port ? strtoul(port, NULL, 10) : 0;

	return number <= UINT16_MAX ? (uint16_t)number : 0;
}

bool sp_macros_say_tls(SMFICTX *ctx)
{
	const char *version = macro(ctx, "{tls_version}");

	return version && version[0];
}

/* Asked for at connect only. libmilter reads beyond the end of its list when a
 * macro is not there and what the MTA sent has a NUL in some value. */
bool sp_macros_are_of_try(SMFICTX *ctx)
{
	const struct sp_session *session = smfi_getpriv(ctx);

	return session && session->is_try;
}

void sp_macros_seen(SMFICTX *ctx, enum sp_seen what, const char *value)
{
	if (!sp_macros_are_of_try(ctx))
		sp_seen_note(what, value != NULL);
}

void sp_macros_seen_at_connect(SMFICTX *ctx, const char *own_address)
{
	struct sp_session *session = smfi_getpriv(ctx);

	session->is_try = macro(ctx, "{sallyport_try}") != NULL;
	sp_macros_seen(ctx, SP_SEEN_NAME, macro(ctx, "j"));
	sp_macros_seen(ctx, SP_SEEN_ADDRESS, own_address);
	sp_macros_seen(ctx, SP_SEEN_PORT, macro(ctx, "{daemon_port}"));
}

void sp_macros_seen_at_mail(SMFICTX *ctx)
{
	if (!sp_macros_are_of_try(ctx))
		sp_seen_note_mail(sp_clock_mono_ms());
}

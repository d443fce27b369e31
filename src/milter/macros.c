/* Which macros the MTA sends: noted for the operator. `sallyport try` is no MTA,
 * and says so by a macro of its own. */
#include "milter.h"

#include <stddef.h>
#include <stdint.h>

#include "sallyport/clock.h"

bool sp_macros_are_of_try(SMFICTX *ctx)
{
	static char name[] = "{sallyport_try}";

	return smfi_getsymval(ctx, name) != NULL;
}

void sp_macros_seen(SMFICTX *ctx, enum sp_seen macro, const char *value)
{
	if (!sp_macros_are_of_try(ctx))
		sp_seen_note(macro, value != NULL);
}

void sp_macros_seen_at_connect(SMFICTX *ctx, const char *own_address)
{
	static char name[] = "j", port[] = "{daemon_port}";

	sp_macros_seen(ctx, SP_SEEN_NAME, smfi_getsymval(ctx, name));
	sp_macros_seen(ctx, SP_SEEN_ADDRESS, own_address);
	sp_macros_seen(ctx, SP_SEEN_PORT, smfi_getsymval(ctx, port));
}

void sp_macros_seen_at_mail(SMFICTX *ctx)
{
	if (!sp_macros_are_of_try(ctx))
		sp_seen_note_mail(sp_clock_mono_ms());
}

#include "sallyport/check.h"

/*
 * The order is the order of running within a stage: access first, because what
 * it says saves the others their questions.
 */
static const struct sp_check checks[] = {
	{
		.name = "access",
		.is_for_all = true,
		.at = {
			[SP_STAGE_CONNECT] = sp_access_client,
			[SP_STAGE_HELO] = sp_access_helo,
			[SP_STAGE_MAIL] = sp_access_sender,
			[SP_STAGE_RCPT] = sp_access_recipient,
		},
	},
	{
		.name = "helo",
		/* At MAIL, not at HELO: a client that never greets has said
		 * something too. */
		.at = { [SP_STAGE_MAIL] = sp_helo_check },
	},
	{
		/* Before greylisting: what is refused need not be asked. */
		.name = "relay",
		.at = { [SP_STAGE_RCPT] = sp_relay_check },
	},
	{
		.name = "greylist",
		.waits = true,
		.at = { [SP_STAGE_RCPT] = sp_greylist_check },
	},
	{
		/* Behind greylisting, whose answer says it already. */
		.name = "probe",
		.waits = true,
		.at = { [SP_STAGE_RCPT] = sp_probe_check },
	},
};

const struct sp_check *sp_check_row(size_t index)
{
	return index < sizeof(checks) / sizeof(checks[0]) ? &checks[index]
							  : NULL;
}

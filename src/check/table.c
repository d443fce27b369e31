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
		.name = "owner",
		.is_for_all = true,
		.at = { [SP_STAGE_CONNECT] = sp_owner_check },
	},
	{
		/* Behind owner. Without time, too: then this machine's memory
		 * says, and nobody gets round a limit by being slow. */
		.name = "submitter",
		.is_for_all = true,
		.at = { [SP_STAGE_MAIL] = sp_submitter_at_mail,
			[SP_STAGE_RCPT] = sp_submitter_at_recipient,
			[SP_STAGE_EOM] = sp_submitter_at_end },
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
		/* Asks what helo-name, sender-domain, rhsbl and spf judge. */
		.name = "questions",
		.at = { [SP_STAGE_HELO] = sp_questions_at_helo,
			[SP_STAGE_MAIL] = sp_questions_at_mail,
			[SP_STAGE_RCPT] = sp_questions_at_recipient },
		/* What nobody has time to judge is not asked. */
		.waits = { [SP_STAGE_RCPT] = true },
	},
	/* What is asked at connect is on its way while the client greets. The
	 * judgements wait for it at RCPT, all until the same moment. rdns goes
	 * before those that want to know the client's confirmed name. */
	{
		.name = "rdns",
		.at = { [SP_STAGE_CONNECT] = sp_rdns_ask,
			[SP_STAGE_GREETING] = sp_rdns_judge,
			[SP_STAGE_RCPT] = sp_rdns_judge },
		.waits = { [SP_STAGE_RCPT] = true },
	},
	{
		.name = "dnsbl",
		.at = { [SP_STAGE_CONNECT] = sp_dnsbl_ask,
			[SP_STAGE_GREETING] = sp_dnsbl_check,
			[SP_STAGE_RCPT] = sp_dnsbl_check },
		.waits = { [SP_STAGE_RCPT] = true },
	},
	{
		/* Behind rdns, whose name it looks up. */
		.name = "known",
		.at = { [SP_STAGE_GREETING] = sp_known_check },
	},
	{
		.name = "helo-name",
		.at = { [SP_STAGE_RCPT] = sp_helo_name_judge },
		.waits = { [SP_STAGE_RCPT] = true },
	},
	{
		.name = "sender-domain",
		.at = { [SP_STAGE_RCPT] = sp_sender_domain_judge },
		.waits = { [SP_STAGE_RCPT] = true },
	},
	{
		.name = "rhsbl",
		.at = { [SP_STAGE_RCPT] = sp_rhsbl_check,
			[SP_STAGE_HEADER] = sp_rhsbl_ask_from,
			[SP_STAGE_EOM] = sp_rhsbl_check_from },
		.waits = { [SP_STAGE_RCPT] = true, [SP_STAGE_EOM] = true },
	},
	{
		/* Before dmarc. Again at end of message: a late answer is better than none. */
		.name = "spf",
		.at = { [SP_STAGE_RCPT] = sp_spf_check,
			[SP_STAGE_EOM] = sp_spf_check },
		.waits = { [SP_STAGE_RCPT] = true, [SP_STAGE_EOM] = true },
	},
	{
		.name = "dkim",
		.at = { [SP_STAGE_MAIL] = sp_dkim_begin,
			[SP_STAGE_HEADER] = sp_dkim_ask,
			[SP_STAGE_EOH] = sp_dkim_end_of_headers,
			/* Not left out for want of time: without keys, too,
			 * there is something to say. */
			[SP_STAGE_EOM] = sp_dkim_judge },
	},
	{
		/* Behind dkim, whose results it reads. */
		.name = "dmarc",
		.at = { [SP_STAGE_EOH] = sp_dmarc_ask_all,
			[SP_STAGE_EOM] = sp_dmarc_judge },
	},
	{
		/* Of submitters' mail, and for whoever hands it on to us. */
		.name = "dsn",
		.is_for_all = true,
		.at = { [SP_STAGE_MAIL] = sp_dsn_begin,
			[SP_STAGE_EOM] = sp_dsn_judge },
	},
	{
		.name = "greylist",
		.at = { [SP_STAGE_GREYLIST] = sp_greylist_check },
		.waits = { [SP_STAGE_GREYLIST] = true },
	},
	{
		/* Behind greylisting, whose answer says it already. */
		.name = "probe",
		.at = { [SP_STAGE_GREYLIST] = sp_probe_check },
		.waits = { [SP_STAGE_GREYLIST] = true },
	},
};

const struct sp_check *sp_check_row(size_t index)
{
	return index < sizeof(checks) / sizeof(checks[0]) ? &checks[index]
							  : NULL;
}

#include "client.h"

#include <string.h>

#include "sallyport/clock.h"
#include "wire.h"

enum {
	OPTIONS_LENGTH = 12
};

static enum sp_err put_offer(struct sp_mta *mta)
{
	uint8_t bytes[OPTIONS_LENGTH];
	struct sp_link_piece piece = { bytes, sizeof bytes };

	wire_put32(bytes, mta->offered.version);
	wire_put32(bytes + 4, mta->offered.actions);
	wire_put32(bytes + 8, mta->offered.steps);
	return sp_link_put(&mta->link, EVENT_OPTNEG, &piece, 1);
}

static enum sp_err judge_options(struct sp_mta *mta, const uint8_t *bytes)
{
	const struct sp_mta_agreement *offered = &mta->offered;
	struct sp_mta_agreement agreed = { .version = wire_get32(bytes),
					   .actions = wire_get32(bytes + 4),
					   .steps = wire_get32(bytes + 8) };

	if (agreed.version < WIRE_VERSION_LEAST ||
	    agreed.version > offered->version)
		return sp_client_complain(mta,
					  "wants a version we did not offer");
	if (agreed.actions & ~offered->actions)
		return sp_client_complain(mta,
					  "wants actions we did not offer");
	if (agreed.steps & ~offered->steps)
		return sp_client_complain(mta, "wants steps we did not offer");
	mta->agreed = agreed;
	return SP_OK;
}

/* Behind the options: stage (four bytes), names, NUL; and so on. */
static enum sp_err take_lists(struct sp_mta *mta, const char *data,
			      size_t length)
{
	while (length > 0) {
		const char *end;
		uint32_t stage;

		if (length < 5)
			return sp_client_complain(mta, "macro list cut short");
		stage = wire_get32((const uint8_t *)data);
		end = memchr(data + 4, '\0', length - 4);
		if (!end)
			return sp_client_complain(mta, "macro list has no end");
		if (stage >= STAGE_COUNT)
			return sp_client_complain(mta,
						  "macro list of no stage");
		if (sp_macros_set_list(&mta->macros, (enum wire_stage)stage,
				       data + 4,
				       (size_t)(end - data) - 4) != SP_OK)
			return sp_client_complain(mta,
						  "too many macros wanted");
		length -= (size_t)(end - data) + 1;
		data = end + 1;
	}
	return SP_OK;
}

enum sp_err sp_client_negotiate(struct sp_mta *mta)
{
	struct sp_link_packet packet;
	enum sp_err err = put_offer(mta);

	if (err == SP_OK)
		err = sp_link_flush(&mta->link);
	if (err == SP_OK)
		err = sp_link_read(&mta->link,
				   sp_clock_mono_ms() + mta->link.timeout_ms,
				   &packet);
	if (err != SP_OK)
		return err;
	if (packet.letter != EVENT_OPTNEG || packet.length < OPTIONS_LENGTH)
		return sp_client_complain(mta, "did not negotiate");
	err = judge_options(mta, (const uint8_t *)packet.data);
	if (err != SP_OK)
		return err;
	return take_lists(mta, packet.data + OPTIONS_LENGTH,
			  packet.length - OPTIONS_LENGTH);
}

#include "sallyport/seen.h"

#include <stdatomic.h>

static _Atomic(enum sp_seen_state) states[SP_SEEN_COUNT];
static _Atomic int64_t last_mail_ms;

void sp_seen_note(enum sp_seen macro, bool is_there)
{
	enum sp_seen_state state = is_there ? SP_SEEN_THERE : SP_SEEN_MISSING;

	/* Hardly ever anything else: a cache line that all sessions read is
	 * cheaper than one that all write. */
	if (atomic_load_explicit(&states[macro], memory_order_relaxed) != state)
		atomic_store_explicit(&states[macro], state,
				      memory_order_relaxed);
}

enum sp_seen_state sp_seen_state(enum sp_seen macro)
{
	return atomic_load_explicit(&states[macro], memory_order_relaxed);
}

const char *sp_seen_macro(enum sp_seen macro)
{
	static const char *const names[SP_SEEN_COUNT] = {
		[SP_SEEN_NAME] = "j",
		[SP_SEEN_ADDRESS] = "{daemon_addr}",
		[SP_SEEN_PORT] = "{daemon_port}",
		[SP_SEEN_RCPT_MAILER] = "{rcpt_mailer}",
		[SP_SEEN_QUEUE_ID] = "i",
	};

	return names[macro];
}

const char *sp_seen_state_text(enum sp_seen_state state)
{
	switch (state) {
	case SP_SEEN_NOT_YET:
		return "not yet";
	case SP_SEEN_THERE:
		return "seen";
	case SP_SEEN_MISSING:
		return "missing";
	}
	return "";
}

void sp_seen_note_mail(int64_t mono_ms)
{
	atomic_store_explicit(&last_mail_ms, mono_ms, memory_order_relaxed);
}

int64_t sp_seen_mail_ms(void)
{
	return atomic_load_explicit(&last_mail_ms, memory_order_relaxed);
}

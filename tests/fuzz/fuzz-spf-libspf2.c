/* Whatever domains publish, libspf2 bears what it is given of it, and says what
 * our own evaluator says. */
#include "spf_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sp_spf *own, *other;

	if (!spf_lines_read(bytes, size))
		return 0;
	own = spf_lines_evaluate(SP_SPF_BUILTIN, false);
	other = spf_lines_evaluate(SP_SPF_LIBSPF2, false);
	spf_lines_require_same(own, other);
	sp_spf_free(&other);
	other = spf_lines_evaluate(SP_SPF_LIBSPF2, true);
	spf_lines_require_same(own, other);
	sp_spf_free(&other);
	sp_spf_free(&own);
	spf_lines_clear();
	return 0;
}

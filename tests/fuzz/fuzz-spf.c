/* Whatever domains publish, there is a result within the bounds, and it is the
 * same in every order of answers. */
#include "spf_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sp_spf *one, *other;

	if (!spf_lines_read(bytes, size))
		return 0;
	one = spf_lines_evaluate(SP_SPF_BUILTIN, false);
	other = spf_lines_evaluate(SP_SPF_BUILTIN, true);
	spf_lines_require_same(one, other);
	sp_spf_free(&one);
	sp_spf_free(&other);
	spf_lines_clear();
	return 0;
}

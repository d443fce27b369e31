/* Whom Postfix names above a mail from its sendmail command, and whom others
 * would like to be taken for. */
#include "sallyport/pickup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	UNTOUCHED = 4711
};

#define LOCAL_FIRST true, true
#define LOCAL_LATER true, false
#define SMTP_FIRST  false, true
#define OURS	    "X-Sallyport-Local"
#define ID	    "87594A922F7"

static const struct {
	const char *sentence;
	struct sp_pickup_field field;
	enum sp_pickup kind;
	uint32_t uid;
} rows[] = {
	{ "as Postfix writes it",
	  { LOCAL_FIRST, OURS, "uid=71023 id=" ID, ID },
	  SP_PICKUP_KNOWN,
	  71023 },
	{ "with the space that stands behind the colon",
	  { LOCAL_FIRST, OURS, " uid=71023 id=" ID, ID },
	  SP_PICKUP_KNOWN,
	  71023 },
	{ "in other letters",
	  { LOCAL_FIRST, "x-SALLYPORT-local", "uid=71023 id=" ID, ID },
	  SP_PICKUP_KNOWN,
	  71023 },
	{ "a long queue id",
	  { LOCAL_FIRST, OURS, "uid=33 id=4bXk2p0Zq6z3Y", "4bXk2p0Zq6z3Y" },
	  SP_PICKUP_KNOWN,
	  33 },
	{ "root may write mail",
	  { LOCAL_FIRST, OURS, "uid=0 id=" ID, ID },
	  SP_PICKUP_KNOWN,
	  0 },
	{ "the greatest user",
	  { LOCAL_FIRST, OURS, "uid=4294967294 id=" ID, ID },
	  SP_PICKUP_KNOWN,
	  4294967294U },

	{ "another field",
	  { LOCAL_FIRST, "Received", "uid=0 id=" ID, ID },
	  SP_PICKUP_ANOTHER,
	  0 },
	{ "a field that begins like it",
	  { LOCAL_FIRST, OURS "e", "uid=0 id=" ID, ID },
	  SP_PICKUP_ANOTHER,
	  0 },
	{ "from the network, though it is all right",
	  { SMTP_FIRST, OURS, "uid=71023 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "further down: by a forged Received",
	  { LOCAL_LATER, OURS, "uid=0 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "another mail's id",
	  { LOCAL_FIRST, OURS, "uid=0 id=87594A922F8", ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "the beginning of the id",
	  { LOCAL_FIRST, OURS, "uid=0 id=8759", ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "the id and more",
	  { LOCAL_FIRST, OURS, "uid=0 id=" ID " uid=1", ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "the id in other letters",
	  { LOCAL_FIRST, OURS, "uid=0 id=87594a922f7", ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "no id, and none was told",
	  { LOCAL_FIRST, OURS, "uid=0 id=", NULL },
	  SP_PICKUP_FORGED,
	  0 },
	{ "no id, and the macro is empty",
	  { LOCAL_FIRST, OURS, "uid=0 id=", "" },
	  SP_PICKUP_FORGED,
	  0 },
	{ "an id, and none was told",
	  { LOCAL_FIRST, OURS, "uid=0 id=" ID, NULL },
	  SP_PICKUP_FORGED,
	  0 },
	{ "nothing", { LOCAL_FIRST, OURS, "", ID }, SP_PICKUP_FORGED, 0 },
	{ "no user",
	  { LOCAL_FIRST, OURS, "uid= id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "the kernel's nobody at all",
	  { LOCAL_FIRST, OURS, "uid=4294967295 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "root by overflow",
	  { LOCAL_FIRST, OURS, "uid=4294967296 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "root by a greater overflow",
	  { LOCAL_FIRST, OURS, "uid=18446744073709551616 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "root by leading zeros",
	  { LOCAL_FIRST, OURS, "uid=000 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "less than root",
	  { LOCAL_FIRST, OURS, "uid=-1 id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "a user's name",
	  { LOCAL_FIRST, OURS, "uid=root id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "the other way round",
	  { LOCAL_FIRST, OURS, "id=" ID " uid=0", ID },
	  SP_PICKUP_FORGED,
	  0 },
	{ "in two lines",
	  { LOCAL_FIRST, OURS, "uid=0\n id=" ID, ID },
	  SP_PICKUP_FORGED,
	  0 },
};

static void test_who_is_believed(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t uid = UNTOUCHED;
		enum sp_pickup kind = sp_pickup_read(&rows[i].field, &uid);
		uint32_t expected = rows[i].kind == SP_PICKUP_KNOWN
					    ? rows[i].uid
					    : UNTOUCHED;

		if (kind == rows[i].kind && uid == expected)
			continue;
		print_error("%s: kind %d, uid %u\n", rows[i].sentence, kind,
			    uid);
		failed++;
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

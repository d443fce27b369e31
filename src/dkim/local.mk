libsallyport_a_SOURCES += \
	include/sallyport/dkim.h \
	src/dkim/base64.c src/dkim/base64.h \
	src/dkim/body.c src/dkim/body.h \
	src/dkim/claim.c src/dkim/claim.h \
	src/dkim/decode.c src/dkim/decode.h \
	src/dkim/der.c src/dkim/der.h \
	src/dkim/dkim.c \
	src/dkim/fields.c src/dkim/fields.h \
	src/dkim/key.c src/dkim/key.h src/dkim/published.c \
	src/dkim/tags.c src/dkim/tags.h \
	src/dkim/verify.c src/dkim/verify.h

EXTRA_DIST += tests/support/dkim_signer.h tests/support/dkim_world.h

if HAVE_CMOCKA
dkim_world = tests/support/dkim_world.c tests/support/dkim_signer.c
check_PROGRAMS += tests/unit/test-dkim tests/unit/test-dkim-body \
	tests/unit/test-dkim-bounds tests/unit/test-dkim-claim \
	tests/unit/test-dkim-key
tests_unit_test_dkim_SOURCES = tests/unit/test-dkim.c $(dkim_world)
tests_unit_test_dkim_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dkim_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dkim_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dkim_body_SOURCES = tests/unit/test-dkim-body.c $(dkim_world)
tests_unit_test_dkim_body_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dkim_body_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/dkim
tests_unit_test_dkim_body_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dkim_bounds_SOURCES = tests/unit/test-dkim-bounds.c $(dkim_world)
tests_unit_test_dkim_bounds_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dkim_bounds_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dkim_bounds_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dkim_claim_SOURCES = tests/unit/test-dkim-claim.c
tests_unit_test_dkim_claim_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/dkim
tests_unit_test_dkim_claim_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dkim_key_SOURCES = tests/unit/test-dkim-key.c \
	tests/support/dkim_signer.c
tests_unit_test_dkim_key_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dkim_key_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/dkim
tests_unit_test_dkim_key_LDADD = $(AM_UNIT_LIBS)
endif

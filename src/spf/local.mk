libsallyport_a_SOURCES += \
	include/sallyport/spf.h \
	src/spf/ahead.c \
	src/spf/evaluation.h \
	src/spf/libspf2.c \
	src/spf/lookup.c \
	src/spf/macro.c src/spf/macro.h \
	src/spf/mechanism.c \
	src/spf/published.c \
	src/spf/record.c src/spf/record.h \
	src/spf/rewrite.c src/spf/rewrite.h \
	src/spf/run.c \
	src/spf/sender.c \
	src/spf/spf.c \
	src/spf/width.c

EXTRA_DIST += tests/support/spf_world.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-spf tests/unit/test-spf-macro \
	tests/unit/test-spf-record tests/unit/test-spf-run \
	tests/unit/test-spf-rewrite tests/unit/test-spf-sender
tests_unit_test_spf_SOURCES = tests/unit/test-spf.c tests/support/spf_world.c
tests_unit_test_spf_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_spf_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_spf_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_spf_macro_SOURCES = tests/unit/test-spf-macro.c
tests_unit_test_spf_macro_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/spf
tests_unit_test_spf_macro_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_spf_record_SOURCES = tests/unit/test-spf-record.c
tests_unit_test_spf_record_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/spf
tests_unit_test_spf_record_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_spf_sender_SOURCES = tests/unit/test-spf-sender.c
tests_unit_test_spf_sender_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_spf_sender_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_spf_rewrite_SOURCES = tests/unit/test-spf-rewrite.c
tests_unit_test_spf_rewrite_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/spf
tests_unit_test_spf_rewrite_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_spf_run_SOURCES = tests/unit/test-spf-run.c $(dns_world)
tests_unit_test_spf_run_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_spf_run_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_spf_run_LDADD = $(AM_UNIT_LIBS)
endif

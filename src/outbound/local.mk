# Who sends mail out, and the name it is counted by. No network, no clock.
libsallyport_a_SOURCES += \
	src/outbound/submitter.c include/sallyport/submitter.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-submitter
tests_unit_test_submitter_SOURCES = tests/unit/test-submitter.c
tests_unit_test_submitter_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_LDADD = $(AM_UNIT_LIBS)
endif

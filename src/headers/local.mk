# The text of the header fields that we add.
libsallyport_a_SOURCES += \
	src/headers/fold.c src/headers/fold.h \
	src/headers/headers.c include/sallyport/headers.h \
	src/headers/results.c src/headers/results.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-headers tests/unit/test-results
tests_unit_test_headers_SOURCES = tests/unit/test-headers.c
tests_unit_test_headers_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_headers_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_results_SOURCES = tests/unit/test-results.c
tests_unit_test_results_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/headers
tests_unit_test_results_LDADD = $(AM_UNIT_LIBS)
endif

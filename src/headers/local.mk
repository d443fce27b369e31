# The text of the header fields that we add.
libsallyport_a_SOURCES += src/headers/headers.c include/sallyport/headers.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-headers
tests_unit_test_headers_SOURCES = tests/unit/test-headers.c
tests_unit_test_headers_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_headers_LDADD = $(AM_UNIT_LIBS)
endif

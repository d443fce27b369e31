# Counters, and histograms of time.
libsallyport_a_SOURCES += src/metrics/counters.c include/sallyport/counters.h \
	src/metrics/seen.c include/sallyport/seen.h \
	src/metrics/timing.c include/sallyport/timing.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-timing
tests_unit_test_timing_SOURCES = tests/unit/test-timing.c
tests_unit_test_timing_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_timing_LDADD = $(AM_UNIT_LIBS)
endif

libsallyport_a_SOURCES += \
	src/log/event.c \
	src/log/limit.c \
	src/log/log.c include/sallyport/log.h src/log/log_private.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-log
tests_unit_test_log_SOURCES = tests/unit/test-log.c
tests_unit_test_log_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_log_LDADD = $(AM_UNIT_LIBS)
endif

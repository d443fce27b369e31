# libmilter, tamed. Only sallyportd is linked with it.
libsallyport_a_SOURCES += \
	src/milter/act.c \
	src/milter/callbacks.c \
	src/milter/descriptors.c \
	src/milter/greeting.c \
	src/milter/macros.c \
	src/milter/milter.h \
	src/milter/server.c include/sallyport/server.h \
	src/milter/signals.c

# Not in the library: it would take read() and the like over in every program.
readahead = src/milter/readahead.c src/milter/handoff.c src/milter/handoff.h \
	src/milter/outbox.c src/milter/outbox.h
sallyportd_SOURCES += $(readahead) src/milter/accept.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-handoff tests/unit/test-readahead
tests_unit_test_handoff_SOURCES = tests/unit/test-handoff.c $(readahead)
tests_unit_test_handoff_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_handoff_LDADD = $(MILTER_LIBS) $(AM_UNIT_LIBS)
tests_unit_test_readahead_SOURCES = tests/unit/test-readahead.c $(readahead)
tests_unit_test_readahead_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_readahead_LDADD = $(AM_UNIT_LIBS)
endif

# What is kept of a mail when it is over.
libsallyport_a_SOURCES += \
	src/record/bounces.c \
	src/record/news.c \
	src/record/entry.c src/record/entry.h \
	src/record/event.c src/record/event.h \
	src/record/hide.c src/record/hide.h \
	src/record/json.c src/record/json.h \
	src/record/moments.c src/record/moments.h \
	src/record/queue.c src/record/queue.h include/sallyport/recorder.h \
	src/record/record_json.c \
	src/record/codec.c src/record/codec.h \
	src/record/facts_kept.c src/record/facts_kept.h \
	src/record/facts_text.c include/sallyport/facts_text.h \
	src/record/probes.c \
	src/record/record.c include/sallyport/record.h \
	src/record/replay.c include/sallyport/replay.h \
	src/record/submission.c \
	src/record/teach.c \
	src/record/trace.c src/record/trace.h \
	src/record/what_if.c include/sallyport/what_if.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-facts-text tests/unit/test-replay
tests_unit_test_replay_SOURCES = tests/unit/test-replay.c
tests_unit_test_replay_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_replay_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_facts_text_SOURCES = tests/unit/test-facts-text.c
tests_unit_test_facts_text_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/record
tests_unit_test_facts_text_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_facts_text_LDADD = $(AM_UNIT_LIBS)
endif

libsallyport_a_SOURCES += \
	include/sallyport/dmarc.h \
	src/dmarc/dmarc.c \
	src/dmarc/tags.c \
	src/dmarc/walk.c src/dmarc/walk.h

dmarc_world = tests/support/dmarc_world.c
EXTRA_DIST += tests/support/dmarc_naive.h tests/support/dmarc_world.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-dmarc tests/unit/test-dmarc-author \
	tests/unit/test-dmarc-record tests/unit/test-dmarc-walk
tests_unit_test_dmarc_SOURCES = tests/unit/test-dmarc.c $(dmarc_world)
tests_unit_test_dmarc_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dmarc_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dmarc_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dmarc_author_SOURCES = tests/unit/test-dmarc-author.c \
	$(dmarc_world)
tests_unit_test_dmarc_author_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/support
tests_unit_test_dmarc_author_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dmarc_author_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dmarc_record_SOURCES = tests/unit/test-dmarc-record.c
tests_unit_test_dmarc_record_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dmarc_record_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dmarc_walk_SOURCES = tests/unit/test-dmarc-walk.c \
	tests/support/dmarc_naive.c $(dmarc_world)
tests_unit_test_dmarc_walk_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/support
tests_unit_test_dmarc_walk_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dmarc_walk_LDADD = $(AM_UNIT_LIBS)
endif

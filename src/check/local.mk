# The checks, one per file, their table, and the one who runs them.
libsallyport_a_SOURCES += \
	src/check/access.c \
	src/check/dkim.c \
	src/check/dmarc.c \
	src/check/dnsbl.c \
	src/check/dsn.c \
	src/check/greylist.c \
	src/check/helo.c include/sallyport/helo.h \
	src/check/helo_name.c \
	src/check/known.c \
	src/check/list_watch.c include/sallyport/list_watch.h \
	src/check/lists.c src/check/lists.h \
	src/check/lookup.c src/check/lookup.h \
	src/check/own_from.c include/sallyport/own_from.h \
	src/check/owner.c \
	src/check/probe.c \
	src/check/rdns.c \
	src/check/questions.c src/check/questions.h \
	src/check/relay.c include/sallyport/relay.h \
	src/check/rhsbl.c src/check/rhsbl.h \
	src/check/run.c include/sallyport/check.h \
	src/check/sender_domain.c \
	src/check/spf.c \
	src/check/submitter.c \
	src/check/table.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-access
tests_unit_test_access_SOURCES = tests/unit/test-access.c
tests_unit_test_access_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_access_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-own-from
tests_unit_test_own_from_SOURCES = tests/unit/test-own-from.c
tests_unit_test_own_from_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_own_from_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-dnsbl
tests_unit_test_dnsbl_SOURCES = tests/unit/test-dnsbl.c
tests_unit_test_dnsbl_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dnsbl_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-list-health
tests_unit_test_list_health_SOURCES = tests/unit/test-list-health.c
tests_unit_test_list_health_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_list_health_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-generic-name
tests_unit_test_generic_name_SOURCES = tests/unit/test-generic-name.c
tests_unit_test_generic_name_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_generic_name_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-helo
tests_unit_test_helo_SOURCES = tests/unit/test-helo.c
tests_unit_test_helo_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_helo_LDADD = $(AM_UNIT_LIBS)
check_PROGRAMS += tests/unit/test-relay
tests_unit_test_relay_SOURCES = tests/unit/test-relay.c
tests_unit_test_relay_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_relay_LDADD = $(AM_UNIT_LIBS)
endif

# What src/dns adds to the build.
libsallyport_a_SOURCES += \
	include/sallyport/dns.h \
	src/dns/answer.c src/dns/answer.h \
	src/dns/batch.c \
	src/dns/cache.c src/dns/cache.h \
	src/dns/chunk.c \
	src/dns/dns.c \
	src/dns/follow.c \
	src/dns/key.c src/dns/key.h \
	src/dns/name.c \
	src/dns/pulse.c src/dns/pulse.h \
	src/dns/resolver.h \
	src/dns/upstream.c src/dns/upstream.h

EXTRA_DIST += tests/support/dns_server.h tests/support/dns_world.h \
	tests/support/dns.py

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-dns tests/unit/test-dns-answer \
	tests/unit/test-dns-cache tests/unit/test-dns-memory \
	tests/unit/test-dns-name tests/unit/test-dns-outage
dns_world = tests/support/dns_server.c tests/support/dns_world.c
tests_unit_test_dns_SOURCES = tests/unit/test-dns.c $(dns_world)
tests_unit_test_dns_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dns_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dns_answer_SOURCES = tests/unit/test-dns-answer.c $(dns_world)
tests_unit_test_dns_answer_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dns_answer_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dns_cache_SOURCES = tests/unit/test-dns-cache.c
tests_unit_test_dns_cache_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/dns
tests_unit_test_dns_cache_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dns_memory_SOURCES = tests/unit/test-dns-memory.c $(dns_world)
tests_unit_test_dns_memory_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dns_memory_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dns_outage_SOURCES = tests/unit/test-dns-outage.c $(dns_world)
tests_unit_test_dns_outage_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dns_outage_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dns_name_SOURCES = tests/unit/test-dns-name.c
tests_unit_test_dns_name_CFLAGS = $(AM_UNIT_CFLAGS) -I$(top_srcdir)/src/dns
tests_unit_test_dns_name_LDADD = $(AM_UNIT_LIBS)
endif

EXTRA_PROGRAMS += tests/bench/dns
CLEANFILES += tests/bench/dns
tests_bench_dns_SOURCES = tests/bench/dns.c tests/support/dns_server.c
tests_bench_dns_LDADD = libsallyport.a $(LIBS_ALL)

libsallyport_a_SOURCES += \
	src/base/arena.c include/sallyport/arena.h \
	src/base/clock.c include/sallyport/clock.h \
	src/base/domain.c include/sallyport/domain.h \
	src/base/err.c include/sallyport/err.h \
	src/base/hash.c include/sallyport/hash.h \
	src/base/id.c include/sallyport/id.h \
	src/base/ip.c include/sallyport/ip.h \
	src/base/text.c include/sallyport/text.h

if HAVE_CMOCKA
check_PROGRAMS += \
	tests/unit/test-arena \
	tests/unit/test-clock \
	tests/unit/test-domain \
	tests/unit/test-hash \
	tests/unit/test-id \
	tests/unit/test-ip \
	tests/unit/test-text
tests_unit_test_arena_SOURCES = tests/unit/test-arena.c
tests_unit_test_arena_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_arena_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_clock_SOURCES = tests/unit/test-clock.c
tests_unit_test_clock_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_clock_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_domain_SOURCES = tests/unit/test-domain.c
tests_unit_test_domain_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_domain_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_hash_SOURCES = tests/unit/test-hash.c
tests_unit_test_hash_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_hash_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_id_SOURCES = tests/unit/test-id.c
tests_unit_test_id_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_id_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_ip_SOURCES = tests/unit/test-ip.c
tests_unit_test_ip_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_ip_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_text_SOURCES = tests/unit/test-text.c
tests_unit_test_text_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_text_LDADD = $(AM_UNIT_LIBS)
endif

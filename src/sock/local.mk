libsallyport_a_SOURCES += \
	src/sock/diag.c src/sock/diag.h \
	src/sock/gate.c include/sallyport/gate.h \
	src/sock/probe.c \
	src/sock/sock.c include/sallyport/sock.h

tcp_pair = tests/support/tcp_pair.c tests/support/tcp_pair.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-gate tests/unit/test-gate-far \
	tests/unit/test-sock tests/unit/test-sock-owner
tests_unit_test_gate_SOURCES = tests/unit/test-gate.c
tests_unit_test_gate_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_gate_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_gate_far_SOURCES = tests/unit/test-gate-far.c \
	tests/support/far_link.c tests/support/far_link.h
tests_unit_test_gate_far_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_gate_far_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_sock_SOURCES = tests/unit/test-sock.c $(tcp_pair)
tests_unit_test_sock_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_sock_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_sock_owner_SOURCES = tests/unit/test-sock-owner.c $(tcp_pair)
tests_unit_test_sock_owner_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_sock_owner_LDADD = $(AM_UNIT_LIBS)
endif

EXTRA_PROGRAMS += tests/bench/sock
CLEANFILES += tests/bench/sock
tests_bench_sock_SOURCES = tests/bench/sock.c $(tcp_pair)
tests_bench_sock_LDADD = libsallyport.a $(LIBS_ALL)

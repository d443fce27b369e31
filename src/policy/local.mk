# Facts and configuration in, verdict and reply text out.
libsallyport_a_SOURCES += \
	src/policy/deliberation.h \
	src/policy/greeting.c \
	src/policy/origin.c \
	src/policy/policy.c include/sallyport/policy.h \
	src/policy/reply.c \
	src/policy/submitter.c \
	src/policy/verdict.c

EXTRA_DIST += tests/support/policy_case.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-policy
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c \
	tests/support/policy_case.c
tests_unit_test_policy_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_policy_LDADD = $(AM_UNIT_LIBS)

check_PROGRAMS += tests/unit/test-policy-outbound
tests_unit_test_policy_outbound_SOURCES = tests/unit/test-policy-outbound.c \
	tests/support/policy_case.c
tests_unit_test_policy_outbound_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_policy_outbound_LDADD = $(AM_UNIT_LIBS)
check_PROGRAMS += tests/unit/test-greeting
tests_unit_test_greeting_SOURCES = tests/unit/test-greeting.c \
	tests/support/policy_case.c
tests_unit_test_greeting_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_greeting_LDADD = $(AM_UNIT_LIBS)
check_PROGRAMS += tests/unit/test-origin
tests_unit_test_origin_SOURCES = tests/unit/test-origin.c \
	tests/support/policy_case.c
tests_unit_test_origin_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_origin_LDADD = $(AM_UNIT_LIBS)
check_PROGRAMS += tests/unit/test-reply
tests_unit_test_reply_SOURCES = tests/unit/test-reply.c \
	tests/support/policy_case.c
tests_unit_test_reply_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_reply_LDADD = $(AM_UNIT_LIBS)
endif

# Facts and configuration in, verdict and reply text out.
libsallyport_a_SOURCES += \
	src/policy/policy.c include/sallyport/policy.h \
	src/policy/reply.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-policy
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c
tests_unit_test_policy_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_policy_LDADD = $(AM_UNIT_LIBS)
endif

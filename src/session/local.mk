# The two lifetimes of an SMTP session, its facts, and what it is served with.
libsallyport_a_SOURCES += \
	src/session/facts.c include/sallyport/facts.h \
	src/session/identity.c include/sallyport/identity.h \
	src/session/own_fields.c include/sallyport/own_fields.h \
	src/session/refusal.c include/sallyport/probe.h \
	src/session/service.c include/sallyport/service.h \
	src/session/session.c include/sallyport/session.h \
	src/session/submission.c include/sallyport/submission.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-session tests/unit/test-identity \
	tests/unit/test-own-fields
tests_unit_test_identity_SOURCES = tests/unit/test-identity.c
tests_unit_test_identity_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_identity_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_own_fields_SOURCES = tests/unit/test-own-fields.c
tests_unit_test_own_fields_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_own_fields_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_session_SOURCES = tests/unit/test-session.c
tests_unit_test_session_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_session_LDADD = $(AM_UNIT_LIBS)
endif

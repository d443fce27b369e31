# What src/mta adds to the build.
libsallyport_a_SOURCES += include/sallyport/mta.h \
	src/mta/wire.h src/mta/client.h \
	src/mta/dial.c src/mta/dial.h \
	src/mta/link.c src/mta/link.h \
	src/mta/macros.c src/mta/macros.h \
	src/mta/negotiate.c src/mta/change.c src/mta/reply.c src/mta/mta.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-mta tests/unit/test-mta-mail
tests_unit_test_mta_SOURCES = tests/unit/test-mta.c \
	tests/support/raw_milter.c tests/support/raw_milter.h
tests_unit_test_mta_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_mta_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_mta_mail_SOURCES = tests/unit/test-mta-mail.c \
	tests/support/raw_milter.c tests/support/raw_milter.h
tests_unit_test_mta_mail_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_mta_mail_LDADD = $(AM_UNIT_LIBS)
endif

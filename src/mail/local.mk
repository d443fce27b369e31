libsallyport_a_SOURCES += \
	src/mail/address.c include/sallyport/address.h \
	src/mail/auth_results.c include/sallyport/auth_results.h \
	src/mail/dsn.c include/sallyport/dsn.h \
	src/mail/from.c include/sallyport/from.h \
	src/mail/from_lex.c src/mail/from_lex.h \
	src/mail/generic_name.c include/sallyport/generic_name.h \
	src/mail/generic_spelling.c src/mail/generic_spelling.h \
	src/mail/idn.c include/sallyport/idn.h \
	src/mail/mime.c src/mail/mime.h \
	src/mail/organisation.c include/sallyport/organisation.h \
	src/mail/pickup.c include/sallyport/pickup.h \
	src/mail/sender.c include/sallyport/sender.h \
	src/mail/utf8.c src/mail/utf8.h \
	src/mail/verp.c src/mail/verp.h

isemail = tests/support/isemail.c
EXTRA_DIST += tests/support/isemail.h

if HAVE_CMOCKA
check_PROGRAMS += \
	tests/unit/test-address \
	tests/unit/test-address-data \
	tests/unit/test-auth-results \
	tests/unit/test-dsn \
	tests/unit/test-from \
	tests/unit/test-from-data \
	tests/unit/test-idn \
	tests/unit/test-organisation \
	tests/unit/test-pickup \
	tests/unit/test-sender
tests_unit_test_address_SOURCES = tests/unit/test-address.c
tests_unit_test_address_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_address_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_address_data_SOURCES = tests/unit/test-address-data.c $(isemail)
tests_unit_test_address_data_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/support
tests_unit_test_address_data_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_address_data_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_auth_results_SOURCES = tests/unit/test-auth-results.c
tests_unit_test_auth_results_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_auth_results_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_dsn_SOURCES = tests/unit/test-dsn.c \
	tests/support/dsn_feed.c tests/support/dsn_feed.h
tests_unit_test_dsn_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_dsn_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_dsn_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_from_SOURCES = tests/unit/test-from.c
tests_unit_test_from_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_from_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_from_data_SOURCES = tests/unit/test-from-data.c $(isemail)
tests_unit_test_from_data_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_unit_test_from_data_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_from_data_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_idn_SOURCES = tests/unit/test-idn.c
tests_unit_test_idn_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_idn_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_organisation_SOURCES = tests/unit/test-organisation.c
tests_unit_test_organisation_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_organisation_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_pickup_SOURCES = tests/unit/test-pickup.c
tests_unit_test_pickup_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_pickup_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_sender_SOURCES = tests/unit/test-sender.c
tests_unit_test_sender_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_sender_LDADD = $(AM_UNIT_LIBS)
endif

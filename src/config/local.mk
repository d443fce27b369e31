# What src/config adds to the build.
libsallyport_a_SOURCES += \
	include/sallyport/config.h include/sallyport/finding.h \
	include/sallyport/limits.h include/sallyport/list.h \
	include/sallyport/senders.h \
	src/config/check.c \
	src/config/check_notify.c \
	src/config/check_outbound.c \
	src/config/check_web.c \
	src/config/classes.c src/config/classes.h \
	src/config/classes_settle.c \
	src/config/config.c \
	src/config/endpoint.c src/config/endpoint.h \
	src/config/file.c src/config/file.h \
	src/config/finding.c \
	src/config/limit.c src/config/limit.h \
	src/config/list.c \
	src/config/lists.c \
	src/config/loader.c src/config/loader.h \
	src/config/nearest.c \
	src/config/options.c src/config/options.h \
	src/config/rows.h \
	src/config/rows_client.c \
	src/config/rows_judge.c \
	src/config/rows_notify.c \
	src/config/rows_outbound.c \
	src/config/rows_record.c \
	src/config/rows_sender.c \
	src/config/rows_server.c \
	src/config/rows_web.c \
	src/config/secret.c \
	src/config/report.c src/config/report.h \
	src/config/senders.c \
	src/config/snapshot.c src/config/snapshot.h \
	src/config/utf8.c src/config/utf8.h \
	src/config/value.c src/config/value.h \
	src/config/yaml.c src/config/yaml.h

EXTRA_DIST += tests/support/config_files.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-config tests/unit/test-config-errors \
	tests/unit/test-finding tests/unit/test-limits tests/unit/test-list \
	tests/unit/test-senders \
	tests/unit/test-value
tests_unit_test_config_SOURCES = tests/unit/test-config.c \
	tests/support/config_files.c
tests_unit_test_config_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSP_TOP_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_test_config_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_config_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_config_errors_SOURCES = tests/unit/test-config-errors.c \
	tests/support/config_files.c
tests_unit_test_config_errors_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_config_errors_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_finding_SOURCES = tests/unit/test-finding.c
tests_unit_test_finding_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_finding_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_limits_SOURCES = tests/unit/test-limits.c
tests_unit_test_limits_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_limits_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_list_SOURCES = tests/unit/test-list.c
tests_unit_test_list_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_list_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_senders_SOURCES = tests/unit/test-senders.c \
	tests/support/config_files.c
tests_unit_test_senders_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_senders_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_value_SOURCES = tests/unit/test-value.c
tests_unit_test_value_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_value_LDADD = $(AM_UNIT_LIBS)
endif

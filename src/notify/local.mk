# Telling the administrator: a program of his, and a mail.
libsallyport_a_SOURCES += \
	src/notify/dispatch.c src/notify/dispatch.h \
	src/notify/letter.c src/notify/letter.h \
	src/notify/notify.c include/sallyport/notify.h \
	src/notify/run.c src/notify/run.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-notify tests/unit/test-notify-letter
tests_unit_test_notify_SOURCES = tests/unit/test-notify.c \
	tests/support/redis_server.c
tests_unit_test_notify_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_notify_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_notify_letter_SOURCES = tests/unit/test-notify-letter.c
tests_unit_test_notify_letter_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/src/notify
tests_unit_test_notify_letter_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_notify_letter_LDADD = $(AM_UNIT_LIBS)
endif

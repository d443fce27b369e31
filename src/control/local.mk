# The operator's socket.
libsallyport_a_SOURCES += \
	src/control/control.c include/sallyport/control.h \
	src/control/notices.c \
	src/control/user_ask.c src/control/user_ask.h \
	src/control/user_view.c src/control/user_view.h \
	src/control/users.c include/sallyport/users.h \
	src/control/views.c src/control/views.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-users
tests_unit_test_users_SOURCES = tests/unit/test-users.c
tests_unit_test_users_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/control
tests_unit_test_users_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_users_LDADD = $(AM_UNIT_LIBS)
endif

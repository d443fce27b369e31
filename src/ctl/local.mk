# What src/ctl adds to the build.
libsallyport_a_SOURCES += include/sallyport/ctl.h src/ctl/command.h \
	src/ctl/ask.c src/ctl/ask.h \
	src/ctl/config.c \
	src/ctl/ctl.c \
	src/ctl/doctor.c src/ctl/doctor.h src/ctl/doctor_daemon.c \
	src/ctl/doctor_domain.c src/ctl/doctor_lists.c src/ctl/doctor_names.c \
	src/ctl/doctor_own.c src/ctl/doctor_relay.c src/ctl/doctor_report.c \
	src/ctl/events.c src/ctl/events.h \
	src/ctl/explain.c \
	src/ctl/greylist.c src/ctl/greylist.h src/ctl/greylist_rows.c \
	src/ctl/message.c src/ctl/message.h \
	src/ctl/notify.c \
	src/ctl/output.c src/ctl/output.h \
	src/ctl/smtp.c src/ctl/smtp.h \
	src/ctl/status.c \
	src/ctl/replay.c src/ctl/replay_sum.c src/ctl/replay_sum.h \
	src/ctl/schema.c \
	src/ctl/story.c src/ctl/story.h \
	src/ctl/try.c src/ctl/try.h src/ctl/try_options.c \
	src/ctl/try_play.c src/ctl/try_report.c \
	src/ctl/user.c src/ctl/user.h \
	src/ctl/user_list.c src/ctl/user_print.c

bin_PROGRAMS += sallyport
sallyport_SOURCES = src/sallyport.c
sallyport_LDADD = libsallyport.a $(LIBS_ALL)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-ctl tests/unit/test-ctl-user
tests_unit_test_ctl_user_SOURCES = tests/unit/test-ctl-user.c
tests_unit_test_ctl_user_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/ctl
tests_unit_test_ctl_user_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_ctl_user_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_ctl_SOURCES = tests/unit/test-ctl.c
tests_unit_test_ctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/ctl
tests_unit_test_ctl_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_ctl_LDADD = $(AM_UNIT_LIBS)
endif

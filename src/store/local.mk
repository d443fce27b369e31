# What src/store adds to the build.
libsallyport_a_SOURCES += \
	include/sallyport/store.h \
	include/sallyport/desk_store.h \
	include/sallyport/embedded.h \
	include/sallyport/event_store.h \
	include/sallyport/greylist_store.h \
	include/sallyport/probe_store.h \
	include/sallyport/submitter_store.h \
	src/store/breaker.c src/store/breaker.h \
	src/store/connection.c src/store/connection.h \
	src/store/count_key.h src/store/count_store.c \
	src/store/desk_key.c src/store/desk_key.h \
	src/store/desk_note.c src/store/desk_store.c \
	src/store/dial.c src/store/dial.h \
	src/store/embedded.c \
	src/store/event_store.c \
	src/store/greylist_key.c src/store/greylist_key.h \
	src/store/greylist_list.c \
	src/store/greylist_known.c \
	src/store/greylist_store.c \
	src/store/greylist_teach.c \
	src/store/greylist_value.c src/store/greylist_value.h \
	src/store/pool.c src/store/pool.h \
	src/store/probe_store.c \
	src/store/probe_value.c src/store/probe_value.h \
	src/store/reply.c \
	src/store/resolve.c src/store/resolve.h \
	src/store/schema.c include/sallyport/schema.h \
	src/store/scripts.h \
	src/store/spawn.c src/store/spawn.h \
	src/store/store.c \
	src/store/submitter_index.c src/store/submitter_index.h \
	src/store/submitter_memory.c src/store/submitter_memory.h \
	src/store/submitter_recall.c src/store/submitter_remembered.h \
	src/store/submitter_ring.c src/store/submitter_ring.h \
	src/store/submitter_sent.c src/store/submitter_show.c \
	src/store/submitter_store.c \
	src/store/submitter_words.c src/store/submitter_words.h \
	src/store/walk.c src/store/walk.h \
	src/store/word.c src/store/word.h

EXTRA_DIST += tests/support/redis_server.h tests/support/greylist_world.h \
	tests/support/submitter_world.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-desk-store tests/unit/test-store tests/unit/test-store-strangers \
	tests/unit/test-store-several tests/unit/test-greylist-identity \
	tests/unit/test-embedded tests/unit/test-greylist-store \
	tests/unit/test-greylist-operator tests/unit/test-probe-store \
	tests/unit/test-submitter-store tests/unit/test-submitter-many \
	tests/unit/test-submitter-kept tests/unit/test-submitter-sent \
	tests/unit/test-submitter-operator tests/unit/test-submitter-pages \
	tests/unit/test-event-store
tests_unit_test_desk_store_SOURCES = tests/unit/test-desk-store.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_desk_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_desk_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_event_store_SOURCES = tests/unit/test-event-store.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_event_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_event_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test-store.c \
	tests/support/redis_server.c
tests_unit_test_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_store_strangers_SOURCES = tests/unit/test-store-strangers.c \
	tests/support/redis_server.c
tests_unit_test_store_strangers_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_store_strangers_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_store_several_SOURCES = tests/unit/test-store-several.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_store_several_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_store_several_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_embedded_SOURCES = tests/unit/test-embedded.c \
	tests/support/redis_server.c
tests_unit_test_embedded_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_embedded_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_greylist_store_SOURCES = tests/unit/test-greylist-store.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_greylist_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_greylist_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_greylist_identity_SOURCES = tests/unit/test-greylist-identity.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_greylist_identity_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_greylist_identity_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_greylist_operator_SOURCES = tests/unit/test-greylist-operator.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_greylist_operator_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_greylist_operator_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_probe_store_SOURCES = tests/unit/test-probe-store.c \
	tests/support/redis_server.c \
	tests/support/greylist_world.c
tests_unit_test_probe_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_probe_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_store_SOURCES = tests/unit/test-submitter-store.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_store_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_store_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_many_SOURCES = tests/unit/test-submitter-many.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_many_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_many_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_kept_SOURCES = tests/unit/test-submitter-kept.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_kept_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/store
tests_unit_test_submitter_kept_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_kept_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_sent_SOURCES = tests/unit/test-submitter-sent.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_sent_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSP_TOP_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_test_submitter_sent_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_sent_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_operator_SOURCES = \
	tests/unit/test-submitter-operator.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_operator_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_operator_LDADD = $(AM_UNIT_LIBS)
tests_unit_test_submitter_pages_SOURCES = tests/unit/test-submitter-pages.c \
	tests/support/redis_server.c \
	tests/support/submitter_world.c
tests_unit_test_submitter_pages_CFLAGS = $(AM_UNIT_CFLAGS)
tests_unit_test_submitter_pages_LDADD = $(AM_UNIT_LIBS)
endif

# make tests/bench/greylist-store && tests/bench/greylist-store 100000
EXTRA_PROGRAMS += tests/bench/greylist-store
tests_bench_greylist_store_SOURCES = tests/bench/greylist-store.c \
	tests/support/redis_server.c
tests_bench_greylist_store_LDADD = libsallyport.a $(LIBS_ALL)

# make tests/bench/submitter-store && tests/bench/submitter-store 100000 30
EXTRA_PROGRAMS += tests/bench/submitter-store
tests_bench_submitter_store_SOURCES = tests/bench/submitter-store.c \
	tests/support/redis_server.c
tests_bench_submitter_store_LDADD = libsallyport.a $(LIBS_ALL)

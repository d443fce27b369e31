# What redis-schema adds to the build: its scripts, as C, in the library.
redis_lua = $(srcdir)/redis-schema/desk-note.lua \
	$(srcdir)/redis-schema/desk-read.lua \
	$(srcdir)/redis-schema/greylist-trust.lua \
	$(srcdir)/redis-schema/events-add.lua \
	$(srcdir)/redis-schema/events-read.lua \
	$(srcdir)/redis-schema/greylist-ask.lua \
	$(srcdir)/redis-schema/greylist-release.lua \
	$(srcdir)/redis-schema/greylist-teach.lua \
	$(srcdir)/redis-schema/probe-count.lua \
	$(srcdir)/redis-schema/submitter-bounce.lua \
	$(srcdir)/redis-schema/submitter-count.lua \
	$(srcdir)/redis-schema/submitter-index.lua \
	$(srcdir)/redis-schema/submitter-return.lua \
	$(srcdir)/redis-schema/submitter-sent.lua \
	$(srcdir)/redis-schema/submitter-set.lua

EXTRA_DIST += redis-schema/README.md redis-schema/VERSION \
	redis-schema/desk-note.lua redis-schema/desk-read.lua \
	redis-schema/greylist-trust.lua \
	redis-schema/embed.sh redis-schema/events-add.lua \
	redis-schema/events-read.lua redis-schema/greylist-ask.lua \
	redis-schema/greylist-release.lua redis-schema/greylist-teach.lua \
	redis-schema/probe-count.lua redis-schema/submitter-bounce.lua \
	redis-schema/submitter-count.lua redis-schema/submitter-index.lua \
	redis-schema/submitter-return.lua redis-schema/submitter-sent.lua \
	redis-schema/submitter-set.lua

nodist_libsallyport_a_SOURCES += redis-schema/scripts.c
CLEANFILES += redis-schema/scripts.c

redis-schema/scripts.c: $(redis_lua) redis-schema/embed.sh
	$(AM_V_GEN)$(MKDIR_P) redis-schema && \
	$(SHELL) $(srcdir)/redis-schema/embed.sh $(redis_lua) >$@.tmp && \
	mv $@.tmp $@

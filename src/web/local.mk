# The dashboard, its API, and the metrics, over HTTP.
web_page = $(srcdir)/src/web/page/index.html \
	$(srcdir)/src/web/page/app.js \
	$(srcdir)/src/web/page/desk.js \
	$(srcdir)/src/web/page/icon.svg \
	$(srcdir)/src/web/page/kit.js \
	$(srcdir)/src/web/page/now.js \
	$(srcdir)/src/web/page/style.css \
	$(srcdir)/src/web/page/submitters.js \
	$(srcdir)/src/web/page/verdicts.js

libsallyport_a_SOURCES += \
	include/sallyport/web.h \
	src/web/assets.h \
	src/web/call.c src/web/call.h \
	src/web/desk_view.c src/web/desk_view.h \
	src/web/guard.c src/web/guard.h \
	src/web/http.c src/web/http.h \
	src/web/metrics.c src/web/metrics.h \
	src/web/now_view.c src/web/now_view.h \
	src/web/route.c src/web/route.h \
	src/web/session_view.c src/web/session_view.h \
	src/web/submitter_view.c src/web/submitter_view.h \
	src/web/verdict_view.c src/web/verdict_view.h \
	src/web/web.c
nodist_libsallyport_a_SOURCES += src/web/assets.c
EXTRA_DIST += src/web/page docs/desk.png docs/now.png
CLEANFILES += src/web/assets.c

src/web/assets.c: $(web_page) src/web/page/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/web && \
	$(SHELL) $(srcdir)/src/web/page/embed.sh $(web_page) >$@.tmp && \
	mv $@.tmp $@

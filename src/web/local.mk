# The dashboard, its API, and the metrics, over HTTP.
libsallyport_a_SOURCES += \
	include/sallyport/web.h \
	src/web/call.c src/web/call.h \
	src/web/guard.c src/web/guard.h \
	src/web/http.c src/web/http.h \
	src/web/metrics.c src/web/metrics.h \
	src/web/route.c src/web/route.h \
	src/web/session_view.c src/web/session_view.h \
	src/web/web.c

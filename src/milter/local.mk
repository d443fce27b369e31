# libmilter, tamed. Only sallyportd is linked with it.
libsallyport_a_SOURCES += \
	src/milter/act.c \
	src/milter/callbacks.c \
	src/milter/milter.h \
	src/milter/server.c include/sallyport/server.h \
	src/milter/signals.c

# The operator's socket.
libsallyport_a_SOURCES += \
	src/control/control.c include/sallyport/control.h \
	src/control/notices.c \
	src/control/views.c src/control/views.h

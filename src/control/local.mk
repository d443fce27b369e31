# The operator's socket.
libsallyport_a_SOURCES += \
	src/control/control.c include/sallyport/control.h \
	src/control/views.c src/control/views.h

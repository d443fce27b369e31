libsallyport_a_SOURCES += \
	src/log/event.c \
	src/log/limit.c \
	src/log/log.c include/sallyport/log.h src/log/log_private.h

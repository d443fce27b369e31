# What a process does to be a good daemon.
libsallyport_a_SOURCES += \
	src/daemon/privileges.c include/sallyport/daemon.h \
	src/daemon/process.c \
	src/daemon/secret.c include/sallyport/secret.h

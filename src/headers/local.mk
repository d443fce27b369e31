# The text of the header fields that we add.
libsallyport_a_SOURCES += src/headers/headers.c include/sallyport/headers.h

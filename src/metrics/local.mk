# Counters.
libsallyport_a_SOURCES += src/metrics/counters.c include/sallyport/counters.h

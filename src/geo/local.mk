# Countries and providers of addresses, from MaxMind databases.
libsallyport_a_SOURCES += \
	include/sallyport/geo.h \
	src/geo/copy.c src/geo/copy.h \
	src/geo/database.c src/geo/database.h \
	src/geo/entry.c src/geo/entry.h \
	src/geo/geo.c \
	src/geo/value.c src/geo/value.h

libsallyport_a_SOURCES += \
	src/base/arena.c include/sallyport/arena.h \
	src/base/clock.c include/sallyport/clock.h \
	src/base/domain.c include/sallyport/domain.h \
	src/base/err.c include/sallyport/err.h \
	src/base/id.c include/sallyport/id.h \
	src/base/ip.c include/sallyport/ip.h \
	src/base/text.c include/sallyport/text.h

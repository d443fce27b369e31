# What is kept of a mail when it is over.
libsallyport_a_SOURCES += \
	src/record/news.c \
	src/record/probes.c \
	src/record/record.c include/sallyport/record.h \
	src/record/submission.c \
	src/record/teach.c \
	src/record/trace.c src/record/trace.h

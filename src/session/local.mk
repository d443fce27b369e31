# The two lifetimes of an SMTP session, its facts, and what it is served with.
libsallyport_a_SOURCES += \
	src/session/facts.c include/sallyport/facts.h \
	src/session/service.c include/sallyport/service.h \
	src/session/session.c include/sallyport/session.h

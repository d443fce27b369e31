libsallyport_a_SOURCES += \
	include/sallyport/dkim.h \
	src/dkim/base64.c src/dkim/base64.h \
	src/dkim/claim.c src/dkim/claim.h \
	src/dkim/der.c src/dkim/der.h \
	src/dkim/dkim.c \
	src/dkim/fields.c src/dkim/fields.h \
	src/dkim/key.c src/dkim/key.h \
	src/dkim/tags.c src/dkim/tags.h \
	src/dkim/verify.c src/dkim/verify.h

EXTRA_DIST += tests/support/dkim_world.h

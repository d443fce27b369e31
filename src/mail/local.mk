libsallyport_a_SOURCES += \
	src/mail/address.c include/sallyport/address.h \
	src/mail/sender.c include/sallyport/sender.h \
	src/mail/verp.c src/mail/verp.h

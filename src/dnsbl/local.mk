# DNS lists of addresses and domains: rules, judgement, health. No network.
libsallyport_a_SOURCES += \
	src/dnsbl/dnsbl_defaults.c include/sallyport/dnsbl.h \
	src/dnsbl/dnsbl_judge.c src/dnsbl/dnsbl_rule.c src/dnsbl/dnsbl_zone.c \
	src/dnsbl/list_health.c include/sallyport/list_health.h \
	src/dnsbl/list_set.c include/sallyport/list_set.h

# What src/config adds to the build.
libsallyport_a_SOURCES += \
	include/sallyport/config.h include/sallyport/finding.h \
	include/sallyport/list.h \
	src/config/check.c \
	src/config/config.c \
	src/config/endpoint.c src/config/endpoint.h \
	src/config/file.c src/config/file.h \
	src/config/finding.c \
	src/config/list.c \
	src/config/lists.c \
	src/config/loader.c src/config/loader.h \
	src/config/nearest.c \
	src/config/options.c src/config/options.h \
	src/config/report.c src/config/report.h \
	src/config/snapshot.c src/config/snapshot.h \
	src/config/value.c src/config/value.h \
	src/config/yaml.c src/config/yaml.h

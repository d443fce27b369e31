# What the suites of others are run with; test_*.py runs them.
EXTRA_DIST += tests/conformance

EXTRA_PROGRAMS += tests/conformance/spf-eval
CLEANFILES += tests/conformance/spf-eval
tests_conformance_spf_eval_SOURCES = tests/conformance/spf-eval.c \
	tests/support/spf_world.c
tests_conformance_spf_eval_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/support
tests_conformance_spf_eval_LDADD = libsallyport.a $(LIBS_ALL)

EXTRA_PROGRAMS += tests/conformance/dkim-eval
CLEANFILES += tests/conformance/dkim-eval
tests_conformance_dkim_eval_SOURCES = tests/conformance/dkim-eval.c \
	tests/support/dkim_world.c
tests_conformance_dkim_eval_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/tests/support
tests_conformance_dkim_eval_LDADD = libsallyport.a $(LIBS_ALL)

EXTRA_PROGRAMS += tests/conformance/results-write
CLEANFILES += tests/conformance/results-write
tests_conformance_results_write_SOURCES = tests/conformance/results-write.c
tests_conformance_results_write_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(top_srcdir)/src/headers
tests_conformance_results_write_LDADD = libsallyport.a $(LIBS_ALL)

EXTRA_PROGRAMS += tests/conformance/geo-find
CLEANFILES += tests/conformance/geo-find
tests_conformance_geo_find_SOURCES = tests/conformance/geo-find.c
tests_conformance_geo_find_LDADD = libsallyport.a $(LIBS_ALL)

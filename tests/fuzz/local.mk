# libFuzzer targets, built by `make fuzz` after
#
#	../configure CC=clang-14 --with-sanitizer=fuzz
#
# `./fuzz-address tests/fuzz/corpus/address` searches; with -runs=0 it only runs
# what is in the corpus. `make fuzz-corpus` does that with every target.
#
# To add a target NAME: fuzz-NAME.c here, a folder corpus/NAME with some inputs,
# and NAME's lines below like those of address.
EXTRA_DIST += tests/fuzz/corpus

if FUZZ
FUZZ_LIBS = libsallyport.a $(LIBS_ALL)
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_TARGETS = tests/fuzz/fuzz-address \
	tests/fuzz/fuzz-auth-results \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-dkim-key \
	tests/fuzz/fuzz-dkim-signature \
	tests/fuzz/fuzz-dmarc \
	tests/fuzz/fuzz-dns-answer \
	tests/fuzz/fuzz-dnsbl-rule \
	tests/fuzz/fuzz-dsn \
	tests/fuzz/fuzz-facts \
	tests/fuzz/fuzz-from \
	tests/fuzz/fuzz-geo \
	tests/fuzz/fuzz-spf \
	tests/fuzz/fuzz-spf-libspf2
noinst_PROGRAMS += $(FUZZ_TARGETS)

tests_fuzz_fuzz_address_SOURCES = tests/fuzz/fuzz-address.c
tests_fuzz_fuzz_address_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_address_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_auth_results_SOURCES = tests/fuzz/fuzz-auth-results.c
tests_fuzz_fuzz_auth_results_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_auth_results_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dkim_key_SOURCES = tests/fuzz/fuzz-dkim-key.c \
	tests/support/dkim_world.c
tests_fuzz_fuzz_dkim_key_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_fuzz_fuzz_dkim_key_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dkim_key_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dkim_signature_SOURCES = tests/fuzz/fuzz-dkim-signature.c \
	tests/support/dkim_world.c
tests_fuzz_fuzz_dkim_signature_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_fuzz_fuzz_dkim_signature_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dkim_signature_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dmarc_SOURCES = tests/fuzz/fuzz-dmarc.c
tests_fuzz_fuzz_dmarc_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dmarc_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dns_answer_SOURCES = tests/fuzz/fuzz-dns-answer.c
tests_fuzz_fuzz_dns_answer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dns_answer_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dnsbl_rule_SOURCES = tests/fuzz/fuzz-dnsbl-rule.c
tests_fuzz_fuzz_dnsbl_rule_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dnsbl_rule_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_dsn_SOURCES = tests/fuzz/fuzz-dsn.c \
	tests/support/dsn_feed.c tests/support/dsn_feed.h
tests_fuzz_fuzz_dsn_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
tests_fuzz_fuzz_dsn_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_dsn_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_facts_SOURCES = tests/fuzz/fuzz-facts.c
tests_fuzz_fuzz_facts_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_facts_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_from_SOURCES = tests/fuzz/fuzz-from.c
tests_fuzz_fuzz_from_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_from_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_geo_SOURCES = tests/fuzz/fuzz-geo.c
tests_fuzz_fuzz_geo_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/geo
tests_fuzz_fuzz_geo_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_geo_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_spf_SOURCES = tests/fuzz/fuzz-spf.c \
	tests/fuzz/spf_lines.c tests/fuzz/spf_lines.h
tests_fuzz_fuzz_spf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_spf_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_spf_libspf2_SOURCES = tests/fuzz/fuzz-spf-libspf2.c \
	tests/fuzz/spf_lines.c tests/fuzz/spf_lines.h
tests_fuzz_fuzz_spf_libspf2_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_spf_libspf2_LDADD = $(FUZZ_LIBS)

.PHONY: fuzz fuzz-corpus
fuzz: $(FUZZ_TARGETS)

fuzz-corpus: $(FUZZ_TARGETS)
	for target in $(FUZZ_TARGETS); do \
		$$target -runs=0 $(srcdir)/tests/fuzz/corpus/$${target##*/fuzz-} || exit 1; \
	done
endif

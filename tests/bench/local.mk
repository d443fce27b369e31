# What tests/bench adds to the build: the programs that `./dev bench` runs.
# They are built on demand: make tests/bench/load tests/bench/null-milter tests/bench/dns-server
bench_programs = tests/bench/load tests/bench/null-milter tests/bench/dns-server
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

tests_bench_load_SOURCES = tests/bench/load.c tests/bench/drive.c \
	tests/bench/drive.h tests/bench/latency.c tests/bench/latency.h \
	tests/bench/mix.c tests/bench/mix.h tests/bench/plan.c tests/bench/plan.h
tests_bench_load_LDADD = libsallyport.a $(LIBS_ALL)

tests_bench_null_milter_SOURCES = tests/bench/null-milter.c
tests_bench_null_milter_LDADD = $(MILTER_LIBS)

tests_bench_dns_server_SOURCES = tests/bench/dns-server.c \
	tests/bench/dns-zone.c tests/bench/dns-zone.h

EXTRA_DIST += tests/bench/checks.py tests/bench/desk.py tests/bench/mails.py \
	tests/bench/names.py tests/bench/peers.py tests/bench/rivals.py \
	tests/bench/run tests/bench/submitted.py

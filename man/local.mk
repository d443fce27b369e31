# The manual pages. That of the configuration is written from the option table
# when sallyport is built.
noinst_PROGRAMS += src/config/manual
src_config_manual_SOURCES = src/config/manual.c
src_config_manual_LDADD = libsallyport.a $(LIBS_ALL)

man/sallyport.yaml.5: src/config/manual$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && \
	src/config/manual$(EXEEXT) >$@.tmp && mv $@.tmp $@

nodist_man_MANS = man/sallyport.yaml.5
dist_man_MANS = man/sallyportd.8 man/sallyport.1
CLEANFILES += man/sallyport.yaml.5 man/sallyport.yaml.5.tmp

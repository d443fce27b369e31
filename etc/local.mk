# The configuration as it is shipped. `make install` never touches a file that
# is there already; `make uninstall` takes away only what nobody has changed.
EXTRA_DIST += etc/sallyport.yaml

# For others to read: into share/sallyport/etc/, from where one copies them.
nobase_dist_pkgdata_DATA = \
	etc/fail2ban/jail.conf etc/fail2ban/sallyport.conf \
	etc/grafana/sallyport-prometheus.json \
	etc/postfix/header_checks etc/postfix/local_header_checks \
	etc/rspamd/multimap.conf etc/sieve/sallyport.sieve \
	etc/spamassassin/sallyport.cf

shipped = $(srcdir)/etc/sallyport.yaml
installed = $(DESTDIR)$(sysconfdir)/sallyport/sallyport.yaml

install-data-local:
	@$(MKDIR_P) "$(DESTDIR)$(sysconfdir)/sallyport"
	@if test -e "$(installed)"; then \
		echo "$(installed) is there already and stays as it is"; \
	else \
		echo "$(INSTALL_DATA) $(shipped) $(installed)"; \
		$(INSTALL_DATA) "$(shipped)" "$(installed)"; \
	fi

uninstall-local:
	@if cmp -s "$(shipped)" "$(installed)"; then rm -f "$(installed)"; fi
	@rmdir "$(DESTDIR)$(sysconfdir)/sallyport" 2>/dev/null || :

# The configuration as it is shipped. `make install` never touches a file that
# is there already; `make uninstall` takes away only what nobody has changed.
EXTRA_DIST += etc/sallyport.yaml

# For others to read: into share/sallyport/etc/, from where one copies them.
nobase_dist_pkgdata_DATA = \
	etc/fail2ban/jail.conf etc/fail2ban/sallyport.conf \
	etc/grafana/sallyport-prometheus.json etc/grafana/sallyport-redis.json \
	etc/logrotate.d/sallyport \
	etc/postfix/header_checks etc/postfix/local_header_checks etc/postfix/main.cf \
	etc/rspamd/multimap.conf etc/sendmail/sallyport.m4 etc/sieve/sallyport.sieve \
	etc/spamassassin/sallyport.cf

# systemd reads these below its own prefix only, /usr/lib or /usr/local/lib.
systemd_units_dir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = etc/sysusers.d/sallyport.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = etc/tmpfiles.d/sallyport.conf
EXTRA_DIST += etc/systemd/sallyport.service

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
	@$(MKDIR_P) "$(DESTDIR)$(systemd_units_dir)"
	@echo "sed $(srcdir)/etc/systemd/sallyport.service >" \
		"$(DESTDIR)$(systemd_units_dir)/sallyport.service"
	@sed 's,/usr/sbin/,$(sbindir)/,' $(srcdir)/etc/systemd/sallyport.service \
		>"$(DESTDIR)$(systemd_units_dir)/sallyport.service"
	@chmod 644 "$(DESTDIR)$(systemd_units_dir)/sallyport.service"

uninstall-local:
	@rm -f "$(DESTDIR)$(systemd_units_dir)/sallyport.service"
	@if cmp -s "$(shipped)" "$(installed)"; then rm -f "$(installed)"; fi
	@rmdir "$(DESTDIR)$(sysconfdir)/sallyport" 2>/dev/null || :

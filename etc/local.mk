# The configuration as it is shipped. `make install` never touches a file that
# is there already; `make uninstall` takes away only what nobody has changed.
EXTRA_DIST += etc/sallyport.yaml etc/postfix/local_header_checks \
	etc/grafana/sallyport-prometheus.json

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

# What the Python suites and the lint need, for a release.
EXTRA_DIST += tests/lint tests/support tests/scenario tests/mta tests/web

# A build beside the source leaves objects in folders of the same names.
dist-hook:
	find $(distdir)/tests \( -name '*.o' -o -name '*.pyc' \) -delete
	find $(distdir)/tests -name __pycache__ -empty -delete
	find $(distdir)/tests -name .deps -prune -exec rm -rf {} +
	find $(distdir)/tests -name .dirstamp -delete

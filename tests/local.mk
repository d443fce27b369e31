# What the Python suites and the lint need, for a release.
EXTRA_DIST += tests/lint tests/support tests/scenario tests/mta

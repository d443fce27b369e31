# What src/metrics adds to the build.

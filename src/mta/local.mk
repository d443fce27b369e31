# What src/mta adds to the build.

# What src/config adds to the build.

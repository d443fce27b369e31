# What src/base adds to the build.

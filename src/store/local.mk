# What src/store adds to the build.

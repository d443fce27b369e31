# What src/check adds to the build.

# What src/ctl adds to the build.

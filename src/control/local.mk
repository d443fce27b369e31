# What src/control adds to the build.

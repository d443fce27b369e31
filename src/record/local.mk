# What src/record adds to the build.

# What src/log adds to the build.

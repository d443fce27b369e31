# What src/headers adds to the build.

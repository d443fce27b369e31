# What src/session adds to the build.

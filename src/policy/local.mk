# What src/policy adds to the build.

# What redis-schema adds to the build.

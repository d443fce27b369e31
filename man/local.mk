# What man adds to the build.

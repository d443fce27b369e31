# What etc adds to the build.

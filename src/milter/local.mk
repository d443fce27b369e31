# What src/milter adds to the build.

# What src/mail adds to the build.

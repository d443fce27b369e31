#!/bin/sh
# embed.sh SCRIPT.lua ... - the scripts as C, on standard output.
# Each becomes `const struct sp_script sp_script_NAME` with the SHA1 by which
# Redis knows it.
set -eu

digest()
{
	if command -v sha1sum >/dev/null 2>&1; then
		sha1sum <"$1" | cut -c1-40
	else
		openssl dgst -sha1 -r <"$1" | cut -c1-40
	fi
}

echo '/* Made by redis-schema/embed.sh from the scripts beside it. */'
echo '#include "sallyport/store.h"'
for file in "$@"; do
	name=$(basename "$file" .lua)
	sha1=$(digest "$file")
	test ${#sha1} -eq 40 || {
		echo "embed.sh: neither sha1sum nor openssl gave a digest" >&2
		exit 1
	}
	printf '\nconst struct sp_script sp_script_%s = {\n' \
		"$(echo "$name" | tr - _)"
	printf '\t.name = "%s",\n\t.sha1 = "%s",\n\t.text =\n' "$name" "$sha1"
	# Byte for byte: the digest is that of the file.
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' \
		-e 's/^/\t\t"/' -e 's/$/\\n"/' "$file"
	echo '};'
done

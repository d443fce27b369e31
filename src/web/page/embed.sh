#!/bin/sh
# embed.sh FILE ... - the files of the page as C, on standard output: a table
# `sp_assets`, each with the path that it is asked for by. index.html is "/".
set -eu

type_of()
{
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*)
		echo "embed.sh: what is $1?" >&2
		exit 1
		;;
	esac
}

echo '/* Made by src/web/page/embed.sh from the files beside it. */'
echo '#include "src/web/assets.h"'
echo
echo 'const struct sp_asset sp_assets[] = {'
for file in "$@"; do
	name=$(basename "$file")
	type=$(type_of "$name")
	test "$name" = index.html && name=
	printf '\t{ "/%s", "%s",\n' "$name" "$type"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/?/\\?/g' \
		-e 's/^/\t\t"/' -e 's/$/\\n"/' "$file"
	echo '	},'
done
echo '};'
echo
echo 'const size_t sp_asset_count = sizeof(sp_assets) / sizeof(*sp_assets);'

#!/bin/bash
# embed.sh NAME=FILE...: writes C that defines html_assets_NAME, the file as a string, and html_assets_NAME_hash, its
# hash as a Content-Security-Policy names it.
set -eu
echo '#include "reports/html_assets.h"'
for asset in "$@"; do
    name=${asset%%=*} file=${asset#*=}
    digest=$(sha256sum <"$file" | cut -c 1-64 | sed 's/../\\x&/g')
    printf '\nconst char html_assets_%s[] = {\n' "$name"
    od -An -v -tx1 "$file" | sed 's/ \(..\)/ 0x\1,/g'
    printf '0};\nconst char html_assets_%s_hash[] = "sha256-%s";\n' "$name" "$(printf "$digest" | base64)"
done

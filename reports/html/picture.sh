#!/bin/bash
# picture.sh REPORT.html PICTURE.png: the top of a report as README.md shows it, by a headless Chromium.
set -eu
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$profile" --hide-scrollbars --window-size=1200,1230 \
    --screenshot="$(readlink -m "$2")" "file://$(readlink -f "$1")"

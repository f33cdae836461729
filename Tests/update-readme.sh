#!/bin/sh
# Puts what `make demo` prints into README.md, between its markers. Usage: update-readme.sh PATH-OF-SKIFF
set -eu
skiff=$1
cd "$(dirname "$0")/.."
printed=$(mktemp)
trap 'rm -f "$printed" README.md.new' EXIT
sh Tests/demo.sh "$skiff" >"$printed"
awk -v printed="$printed" '
    /<!-- demo:begin -->/ {
        print; print ""; print "```text"
        while ((getline line < printed) > 0) if (started || line != "") { started = 1; print line }
        print "```"; print ""
        skipping = 1
    }
    /<!-- demo:end -->/ { skipping = 0 }
    !skipping && !/<!-- demo:begin -->/ { print }' README.md >README.md.new
cat README.md.new >README.md

#!/bin/sh
# The invariants of Docs/Architecture.md, each as a command. Prints what breaks one and fails.
set -u
cd "$(dirname "$0")/.."
failed=0

# forbid NAME PATTERN PATH...: no line of the paths may match.
forbid() {
    name=$1 pattern=$2
    shift 2
    found=$(grep -rnE --include='*.swift' "$pattern" "$@" 2>/dev/null | grep -vE '^[^:]+:[0-9]+: *///?')
    if [ -n "$found" ]; then
        printf 'architecture: %s\n%s\n' "$name" "$found" >&2
        failed=1
    fi
}

forbid 'SkiffGraph imports no C and no other module than SkiffCore' \
    '^ *(public |internal )?import (C[A-Z]|Skiff(ONNX|Keras|Format|Engine|Verify|Inspect))' Sources/SkiffGraph
forbid 'SkiffCore imports no module of ours' '^ *(public |internal )?import Skiff' Sources/SkiffCore
forbid 'readers do not import each other' '^ *(public |internal )?import Skiff(ONNX|Keras|Format)$' \
    Sources/SkiffONNX Sources/SkiffKeras Sources/SkiffFormat
forbid 'every C import is internal' '^ *(public )?import C[A-Z]' Sources
forbid 'ArgumentParser only in SkiffCommand' 'import ArgumentParser' \
    $(ls -d Sources/*/ | grep -v SkiffCommand)
forbid 'libhdf5 is touched in one folder' 'import CHDF5' \
    $(ls -d Sources/*/ | grep -v SkiffKeras) $(ls -d Sources/SkiffKeras/*/ | grep -v HDF5)
forbid 'the library prints nothing and never exits' '(^|[^A-Za-z_.])(print|exit|fatalError|debugPrint)\(' \
    $(ls -d Sources/Skiff*/ | grep -v SkiffCommand)
forbid 'no forced unwrapping of errors or casts' '(^|[^A-Za-z_])(try!|as!)( |$)' Sources
forbid 'no unsafe build flags' '(unsafeFlags|-Ounchecked)' Package.swift

# The four doors: nobody else opens, creates, renames or inflates.
forbid 'files are opened in SkiffCore only' '(^|[^A-Za-z_.])(open|openat|creat|mkstemp|rename|renameat)\(' \
    $(ls -d Sources/Skiff*/ | grep -vE 'SkiffCore|SkiffCommand')
forbid 'deflate streams are read through boundedInflate only' 'inflate_init|inflateInit' \
    $(ls -d Sources/Skiff*/ | grep -v SkiffCore)

# Files outgrow their subject long before this.
long=$(git ls-files 'Sources/*.swift' 'Tests/*.swift' | xargs wc -l | awk '$2 != "total" && $1 > 400 {print $2 ": " $1 " lines"}')
if [ -n "$long" ]; then
    printf 'architecture: files of more than 400 lines\n%s\n' "$long" >&2
    failed=1
fi

# Nothing of a build is committed.
tracked=$(git ls-files | grep -E '(^|/)(\.build/|Package\.resolved$)')
if [ -n "$tracked" ]; then
    printf 'architecture: build products are committed\n%s\n' "$tracked" >&2
    failed=1
fi

[ $failed -eq 0 ] && echo 'architecture: all invariants hold'
exit $failed

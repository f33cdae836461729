#!/bin/sh
# The invariants of Docs/Architecture.md, each as a command. Prints what breaks one and fails.
set -u
cd "$(dirname "$0")/.."
failed=0

# fail NAME TEXT: TEXT says where the invariant is broken; nothing where it holds.
fail() {
    [ -z "$2" ] && return
    printf 'architecture: %s\n%s\n' "$1" "$2" >&2
    failed=1
}

# forbid NAME PATTERN PATH...: no line of the paths may match, but for comments.
forbid() {
    name=$1 pattern=$2
    shift 2
    fail "$name" "$(grep -rnHE --include='*.swift' "$pattern" "$@" 2>/dev/null | grep -vE '^[^:]+:[0-9]+: *///?')"
}

# outside PATH: the Swift files of Sources that do not lie there.
outside() { find Sources -name '*.swift' ! -path "$1"; }

# What each module may import; a module without a line is not allowed. Readers do not import each other.
system='Darwin Dispatch Glibc Musl Synchronization'
imports() {
    case $1 in
    SkiffCore) echo "$system CZlib CProtobufC" ;;
    SkiffGraph) echo 'SkiffCore' ;;
    SkiffONNX) echo "$system SkiffCore SkiffGraph CONNXSchema CProtobufC Crypto" ;;
    SkiffKeras) echo "$system SkiffCore SkiffGraph CHDF5Shims" ;;
    SkiffFormat) echo "$system SkiffCore SkiffGraph CSkiffSchema CSkiffCodec CProtobufC Crypto" ;;
    SkiffArchitectures) echo "$system SkiffCore SkiffGraph SkiffInspect" ;;
    SkiffSafetensors) echo "$system SkiffCore SkiffGraph" ;;
    SkiffEngine) echo "$system SkiffCore SkiffGraph CSkiffKernels" ;;
    SkiffVerify) echo "$system SkiffCore SkiffGraph SkiffEngine" ;;
    SkiffInspect) echo "$system SkiffCore SkiffGraph CSkiffStatistics" ;;
    SkiffFlow) echo "$system SkiffCore SkiffGraph SkiffEngine SkiffInspect" ;;
    SkiffDifference) echo "$system SkiffCore SkiffGraph SkiffInspect SkiffVerify" ;;
    Skiff)
        echo "$system Foundation FoundationEssentials SkiffCore SkiffGraph SkiffONNX SkiffKeras SkiffFormat" \
            'SkiffSafetensors SkiffArchitectures SkiffEngine SkiffVerify SkiffInspect' \
            'SkiffFlow SkiffDifference'
        ;;
    SkiffCommand) echo "$system Skiff ArgumentParser" ;;
    *) return 1 ;;
    esac
}

for folder in Sources/Skiff*/; do
    module=$(basename "$folder")
    allowed=$(imports "$module") || {
        fail "a module that Tests/check-architecture.sh does not know" "$module"
        continue
    }
    fail "$module imports no other modules than $allowed" "$(
        grep -rnE --include='*.swift' '^ *(@[A-Za-z_]+ +)*([a-z]+ +)?import ' "$folder" | awk -v allowed=" $allowed " '{
            name = $0
            sub(/^.*import +((struct|class|enum|protocol|func|let|var|typealias) +)?/, "", name)
            sub(/[^A-Za-z0-9_].*/, "", name)
            if (!index(allowed, " " name " ")) print
        }'
    )"
done

forbid 'every C import is internal' '^ *(import|[^ i/].* import) +C[A-Z]' Sources
forbid 'libhdf5 is touched in one folder' 'import CHDF5' $(outside 'Sources/SkiffKeras/HDF5/*')
forbid 'the library prints nothing and never exits' \
    '(^|[^A-Za-z_.]|(Swift|Glibc|Musl|Darwin)\.)((debugP|p)rint|f?puts|f?printf|_?exit|abort|fatalError|preconditionFailure)\(' \
    $(outside 'Sources/SkiffCommand/*')
forbid 'no forced unwrapping of errors or casts' '(^|[^A-Za-z_])(try!|as!)( |$)' Sources
forbid 'no unsafe build flags' '(unsafeFlags|-Ounchecked)' Package.swift

# The four doors: nobody else opens, creates, renames or inflates.
forbid 'files are opened in SkiffCore only' \
    '(^|[^A-Za-z_.]|(Glibc|Musl|Darwin)\.)(f?open|openat|creat|mkstemp|rename|renameat)\(|FileHandle|FileManager|Data\(contentsOf' \
    $(outside 'Sources/SkiffCore/*')
forbid 'deflate streams are read through boundedInflate only' 'inflate_init|inflateInit' \
    $(outside Sources/SkiffCore/Zip/Inflate.swift)

# Files outgrow their subject long before this.
fail 'files of more than 400 lines' "$(
    find Sources Tests -name '*.swift' | xargs wc -l | awk '$2 != "total" && $1 > 400 {print $2 ": " $1 " lines"}'
)"

# What is committed stays small to fetch.
fixtures=$(git ls-files -z Fixtures | xargs -0 cat | wc -c)
[ "$fixtures" -le 16000000 ] || fail 'fixtures of more than 16,000,000 bytes together' "$fixtures bytes"

# Nothing of a build is committed.
fail 'build products are committed' "$(git ls-files | grep -E '(^|/)(\.build/|Package\.resolved$)')"

[ $failed -eq 0 ] && echo 'architecture: all invariants hold'
exit $failed

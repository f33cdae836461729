#!/bin/sh
# `make demo`: Skiff on networks that were trained for real, in Keras and in PyTorch.
# Usage: demo.sh PATH-OF-SKIFF
set -eu
skiff=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
fixtures=$(cd "$(dirname "$0")/../Fixtures" && pwd)
out=$(mktemp -d "${TMPDIR:-/tmp}/skiff-demo.XXXXXX")
trap 'rm -rf "$out"' EXIT
cd "$out"
ln -s "$fixtures" Fixtures

show() { # prints a command as the user types it, then runs it
    printf '\n$ skiff %s\n' "$*"
    "$skiff" "$@"
}

accuracy() { # the accuracy that the framework recorded in the manifest for a fixture
    awk -v name="\"name\": \"$1\"" '
        index($0, name) { inside = 1 }
        inside && /"accuracy":/ { gsub(/[^0-9.]/, ""); printf "%.1f %%\n", $0 * 100; exit }' Fixtures/manifest.json
}

demonstrate() { # TITLE FIXTURE MODEL-FILE FRAMEWORK
    printf '\n── %s ──\n' "$1"
    show convert "Fixtures/$2/$3" -o "$2.skiff"
    show verify "$2.skiff" --against "Fixtures/$2/io.npz"
    show inspect "$2.skiff"
    held="Fixtures/$2/heldout.npz"
    show run "$2.skiff" --input "$held" --labels "$held:labels"
    printf '%s measured on the same images: %s\n' "$4" "$(accuracy "$2")"
    printf '\n# …and against the classes that %s itself gave those images:\n' "$4"
    show run "$2.skiff" --input "$held" --labels "$held:predictions"
}

demonstrate 'A bottleneck ResNet trained in Keras 3' keras3-bottleneck model.h5 Keras
demonstrate 'A basic-block ResNet trained in PyTorch, as ONNX' torch-basic model.onnx 'ONNX Runtime'

printf '\n── A file to keep: small, checked, and back again ──\n'
show convert Fixtures/torch-basic/model.onnx --encoding lossless -o kept.skiff
show check kept.skiff
show convert Fixtures/torch-basic/model.onnx --budget 1e-3 -o small.skiff
show convert kept.skiff -o back.onnx
show verify back.onnx Fixtures/torch-basic/model.onnx

printf '\n── Weights without an architecture, trained in PyTorch ──\n'
show convert Fixtures/weights-torch/strided-first.safetensors -o rebuilt.skiff 2>&1
show inspect rebuilt.skiff --names keras | head -8
printf '  …\n'

printf '\n── How fast ──\n'
show bench torch-basic.skiff

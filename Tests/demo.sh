#!/bin/sh
# `make demo`: Skiff on two networks that were trained for real, one in Keras and one in PyTorch.
set -eu
skiff=$1
cd "$(dirname "$0")/.."
out=$(mktemp -d "${TMPDIR:-/tmp}/skiff-demo.XXXXXX")
trap 'rm -rf "$out"' EXIT

show() { # prints a command as the user would type it, then runs it
    printf '\n$ %s\n' "$(printf '%s ' "$@" | sed -e "s|$skiff|skiff|" -e "s|$out/||g" -e 's| $||')"
    "$@"
}

demonstrate() { # TITLE FIXTURE MODEL-FILE FRAMEWORK
    printf '\n── %s ──\n' "$1"
    folder=Fixtures/$2
    show "$skiff" convert "$folder/$3" -o "$out/$2.skiff"
    show "$skiff" verify "$out/$2.skiff" --against "$folder/io.npz"
    show "$skiff" inspect "$out/$2.skiff"
    show "$skiff" run "$out/$2.skiff" --input "$folder/heldout.npz" --labels "$folder/heldout.npz:labels"
    "$skiff" run "$out/$2.skiff" --input "$folder/heldout.npz" --labels "$folder/heldout.npz:predictions" --json |
        sed -n 's/.*"correct": *\([0-9]*\).*"total": *\([0-9]*\).*/\1 of \2/p' |
        sed "s|\$| images are classified as $4 classified them|"
    printf '%s measured on the same images: %s\n' "$4" "$(accuracy "$2")"
}

accuracy() { # the accuracy that the framework recorded in the manifest for a fixture
    awk -v name="\"name\": \"$1\"" '
        index($0, name) { inside = 1 }
        inside && /"accuracy":/ { gsub(/[^0-9.]/, ""); printf "%.1f %%\n", $0 * 100; exit }' Fixtures/manifest.json
}

demonstrate 'A bottleneck ResNet trained in Keras 3' keras3-bottleneck model.h5 Keras
demonstrate 'A basic-block ResNet trained in PyTorch, as ONNX' torch-basic model.onnx 'ONNX Runtime'

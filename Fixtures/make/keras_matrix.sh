#!/bin/sh
# Makes the matrix of Keras files: keras_matrix.sh OUT ENVIRONMENTS [GENERATION ...]
#
# Each generation has its environment in ENVIRONMENTS, made of its requirements where it is not there yet. Pythons are
# those of PYTHON36, PYTHON37 and PYTHON311, by default python3.6, python3.7 and python3.11. Then:
#   crosscheck_matrix.py SKIFF OUT SCRATCH
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
environments=$2
shift 2

make_generation() {
    generation=$1 python=$2
    shift 2
    environment=$environments/$generation
    if [ ! -x "$environment/bin/python" ]; then
        "$python" -m venv "$environment"
        "$environment/bin/pip" install -q -r "$here/requirements-matrix-$generation.txt"
    fi
    mkdir -p "$out"
    if ! "$environment/bin/python" -B "$here/keras_matrix.py" "$out" "$@" --divide "${DIVIDE:-4}"; then
        echo "$generation: failed: $*" >&2
    fi
}

one() {
    case $1 in
    keras1)
        make_generation keras1 "${PYTHON36:-python3.6}" keras1.2-theano --backend theano
        make_generation keras1 "${PYTHON36:-python3.6}" keras1.2-theano --backend theano --ordering th
        make_generation keras1 "${PYTHON36:-python3.6}" keras1.2-tensorflow --backend tensorflow
        ;;
    keras2.2)
        make_generation keras2.2 "${PYTHON37:-python3.7}" keras2.2 --backend tensorflow
        make_generation keras2.2 "${PYTHON37:-python3.7}" keras2.2-theano --backend theano
        make_generation keras2.2 "${PYTHON37:-python3.7}" keras2.2-theano --backend theano --ordering th
        ;;
    keras2.12 | keras2.13 | keras2.15 | tf_keras)
        make_generation "$1" "${PYTHON311:-python3.11}" "$1"
        ;;
    *) make_generation "$1" "${PYTHON311:-python3.11}" "$1" --backend torch ;;
    esac
}

if [ $# -eq 0 ]; then
    set -- keras1 keras2.2 keras2.12 keras2.13 keras2.15 tf_keras keras3.0 keras3.3 keras3.9 keras3
fi
for generation in "$@"; do one "$generation"; done

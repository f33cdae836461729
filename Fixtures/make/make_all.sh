#!/bin/sh
# Rebuilds every fixture. KERAS3_PYTHON and TF_PYTHON name the interpreters of two virtual environments,
# with requirements-keras3.txt and requirements-tf.txt installed. About two minutes on one core.
set -eu
: "${KERAS3_PYTHON:?interpreter with requirements-keras3.txt}" "${TF_PYTHON:?interpreter with requirements-tf.txt}"
cd "$(dirname "$0")"
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore CUDA_VISIBLE_DEVICES= OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3
# Only what is made below; other folders here have makers of their own.
for name in digits torch-basic torch-basic-folded conv1d-dilated conv1d-dilated-torch keras3-bottleneck keras3-formats \
    keras2-preact keras2-nested mobile-like lambda-refused custom-refused onnx-opsets hdf5-cases weights-torch; do
    rm -rf "../$name"
done
rm -f ../manifest.json
"$KERAS3_PYTHON" digits.py
"$KERAS3_PYTHON" torch_basic.py
"$KERAS3_PYTHON" conv1d_dilated.py
"$KERAS3_PYTHON" keras3_bottleneck.py train
"$TF_PYTHON" keras3_tf2onnx.py keras3-bottleneck
"$KERAS3_PYTHON" keras3_bottleneck.py record
"$TF_PYTHON" keras2_preact.py
"$KERAS3_PYTHON" keras3_formats.py
KERAS_BACKEND=tensorflow "$TF_PYTHON" mobile_like.py
"$KERAS3_PYTHON" lambda_refused.py
"$KERAS3_PYTHON" hdf5_cases.py
"$KERAS3_PYTHON" onnx_opsets.py
"$KERAS3_PYTHON" safetensors_files.py
"$KERAS3_PYTHON" images.py
"$KERAS3_PYTHON" polygraphy_results.py
"$KERAS3_PYTHON" weights_torch.py

"""Exports Fixtures/<name>/model.keras to model-tf2onnx.onnx: Keras 3 on its TensorFlow backend (needs the TensorFlow venv).

    keras3_tf2onnx.py NAME…
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
from common import *

keras_threads()
import keras

for name in sys.argv[1:]:
    model = keras.models.load_model(FIXTURES / name / "model.keras", compile=False)
    model(np.zeros((2, *model.input_shape[1:]), np.float32))
    model.export(FIXTURES / name / "model-tf2onnx.onnx", format="onnx", verbose=False)
    print(f"{name}: model-tf2onnx.onnx")

"""Writes Fixtures/wrong-files: what people hand to a model reader by mistake, as its own framework writes it.

    wrong_files.py torch|tensorflow|tensorflow1|keras2|openvino|coreml

each in an environment with that framework (PyTorch; TensorFlow 2; TensorFlow 1; TensorFlow 2.12 with Keras 2; OpenVINO;
coremltools). Source paths that a framework notes are taken out; nothing else is changed.
"""
import os
import shutil
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "wrong-files"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def repacked(path, keep):
    """The archive without the members that note where source files lie."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist() if keep(info.filename)]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def torch_files():
    import torch
    from torch import nn
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU()).eval()
    state = model.state_dict()
    torch.save(state, FOLDER / "state.pth")
    torch.save(state, FOLDER / "state-old.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 1, "state_dict": state, "optimizer": {}}, FOLDER / "checkpoint.pth.tar")
    torch.save(model, FOLDER / "module.pt")
    # Without its source, whose path would be in the file.
    import inspect

    def without_source(_):
        raise OSError

    kept = inspect.getsourcelines
    inspect.getsourcelines = without_source
    torch.save(nn.ReLU(), FOLDER / "module-old.pt", _use_new_zipfile_serialization=False)
    inspect.getsourcelines = kept
    sample = torch.zeros(1, 1, 8, 8)
    torch.jit.save(torch.jit.trace(model, sample), FOLDER / "script.pt")
    repacked(FOLDER / "script.pt", lambda name: not name.endswith(".debug_pkl"))
    torch.export.save(torch.export.export(model, (sample,)), FOLDER / "exported.pt2")
    path = FOLDER / "exported.pt2"
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if name.endswith("model.json"):
                import json
                data = json.dumps(without_traces(json.loads(data))).encode()
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def without_traces(value):
    if isinstance(value, dict):
        return {key: without_traces(item) for key, item in value.items() if key != "stack_trace"}
    return [without_traces(item) for item in value] if isinstance(value, list) else value


def tensorflow_files():
    import tensorflow as tf

    class Network(tf.Module):
        def __init__(self):
            self.kernel = tf.Variable(tf.reshape(tf.range(18.0), (3, 3, 1, 2)), name="kernel")

        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 1), tf.float32)])
        def __call__(self, image):
            return tf.nn.relu(tf.nn.conv2d(image, self.kernel, 1, "SAME"))

    network = Network()
    shutil.rmtree(FOLDER / "saved-model", ignore_errors=True)
    tf.saved_model.save(network, str(FOLDER / "saved-model"))
    tf.train.Checkpoint(model=network).write(str(FOLDER / "variables"))
    converter = tf.lite.TFLiteConverter.from_saved_model(str(FOLDER / "saved-model"))
    (FOLDER / "model.tflite").write_bytes(converter.convert())


def tensorflow1_files():
    import tensorflow as tf
    if hasattr(tf, "compat"):
        tf = tf.compat.v1
        tf.disable_eager_execution()
    image = tf.placeholder(tf.float32, (None, 8, 8, 1), name="image")
    kernel = tf.get_variable("conv1/weights", (3, 3, 1, 2))
    tf.nn.relu(tf.nn.conv2d(image, kernel, [1, 1, 1, 1], "SAME"), name="output")
    os.chdir(FOLDER)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver(write_version=tf.train.SaverDef.V1).save(
            session, "./slim.ckpt", write_meta_graph=False, latest_filename="checkpoint")
        constants = tf.graph_util.convert_variables_to_constants(session, session.graph_def, ["output"])
    (FOLDER / "frozen.pb").write_bytes(constants.SerializeToString())


def keras2_files():
    import tensorflow as tf
    model = tf.keras.Sequential([tf.keras.layers.Input((4,)), tf.keras.layers.Dense(2)])
    shutil.rmtree(FOLDER / "keras2-saved-model", ignore_errors=True)
    model.save(str(FOLDER / "keras2-saved-model"), include_optimizer=False)


def openvino_files():
    import numpy as np
    import openvino
    from openvino import opset13 as ops
    image = ops.parameter([1, 1, 8, 8], np.float32, name="image")
    kernel = ops.constant(np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3))
    node = ops.relu(ops.convolution(image, kernel, [1, 1], [0, 0], [0, 0], [1, 1]))
    openvino.save_model(openvino.Model([node], [image], "small"), FOLDER / "openvino.xml")


def coreml_files():
    import coremltools
    import numpy as np
    from coremltools.converters.mil import Builder

    @Builder.program(input_specs=[Builder.TensorSpec(shape=(1, 1, 8, 8))])
    def program(image):
        return Builder.relu(x=Builder.conv(x=image, weight=np.ones((2, 1, 3, 3), np.float32)))

    coremltools.convert(program, convert_to="neuralnetwork").save(str(FOLDER / "coreml.mlmodel"))
    shutil.rmtree(FOLDER / "coreml.mlpackage", ignore_errors=True)
    coremltools.convert(program, convert_to="mlprogram").save(str(FOLDER / "coreml.mlpackage"))
    builder = coremltools.models.neural_network.NeuralNetworkBuilder(
        [("data", coremltools.models.datatypes.Array(1, 8, 8))], [("probabilities", None)])
    builder.add_activation("relu", "RELU", "data", "probabilities")
    coremltools.models.utils.save_spec(builder.spec, str(FOLDER / "coreml-version1.mlmodel"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    {"torch": torch_files, "tensorflow": tensorflow_files, "tensorflow1": tensorflow1_files, "keras2": keras2_files,
     "openvino": openvino_files, "coreml": coreml_files}[sys.argv[1]]()

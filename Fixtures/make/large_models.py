"""Writes models of six gigabytes into a folder, to show that memory stays flat: large_models.py FOLDER [KIND …]

    onnx         large.onnx with external data: a residual block and a classifier of 786,432 classes
    safetensors  large.safetensors: the weights of such a network
    h5           large.h5: keras.applications' ResNet50 with such a classifier; its configuration and layout are
                 Keras' own, the classifier's kernel is written by h5py
    chunked      chunked.h5: the same with 1 GB of kernel in chunks, compressed
    keras        filled.h5 and filled.keras (zip64), saved by Keras itself, every byte of them filled (needs 16 GB
                 of memory)

The others are sparse where their random numbers end (a 64th is filled), so they take little room. Needs the
interpreter of requirements-keras3.txt. `crosscheck_large.py` runs skiff on them.
"""
import json
import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
import numpy as np

FEATURES, CLASSES = 2048, 786432
RANDOM = np.random.default_rng(5)


def fill(path, begin, end):
    """Random floats in the first 64th of the range, and at its very end."""
    block = RANDOM.standard_normal(1 << 20, dtype=np.float32).tobytes()
    with open(path, "r+b") as file:
        for offset in range(begin, begin + (end - begin) // 64 - len(block), len(block)):
            file.seek(offset)
            file.write(block)
        file.seek(end - len(block))
        file.write(block)


def onnx_model(folder):
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    weights = {"conv.weight": (64, 3, 7, 7), "block.weight": (64, 64, 3, 3), "wide.weight": (FEATURES, 64, 1, 1),
               "fc.weight": (CLASSES, FEATURES), "fc.bias": (CLASSES,)}
    initializers, offset = [], 0
    data = folder / "large.onnx.data"
    data.write_bytes(b"")
    ranges = []
    for name, shape in weights.items():
        size = int(np.prod(shape)) * 4
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", data.name), ("offset", offset), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))
        initializers.append(tensor)
        ranges.append((offset, offset + size))
        offset = -(-(offset + size) // 4096) * 4096
    os.truncate(data, ranges[-1][1])
    for begin, end in ranges:
        if end - begin > 4 << 20:
            fill(data, begin, end)
    nodes = [
        helper.make_node("Conv", ["image", "conv.weight"], ["stem"], strides=[2, 2], pads=[3, 3, 3, 3]),
        helper.make_node("Relu", ["stem"], ["stem_relu"]),
        helper.make_node("Conv", ["stem_relu", "block.weight"], ["branch"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["branch", "stem_relu"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["sum_relu"]),
        helper.make_node("Conv", ["sum_relu", "wide.weight"], ["wide"]),
        helper.make_node("GlobalAveragePool", ["wide"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("Gemm", ["features", "fc.weight", "fc.bias"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "large", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "large.onnx")
    onnx.checker.check_model(str(folder / "large.onnx"))


def safetensors_file(folder):
    entries, offset = {}, 0
    for name, shape in {"fc.weight": [CLASSES, FEATURES], "fc.bias": [CLASSES], "conv1.weight": [64, 3, 7, 7]}.items():
        size = int(np.prod(shape)) * 4
        entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path = folder / "large.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(path, 8 + len(header) + offset)
    fill(path, 8 + len(header), 8 + len(header) + offset)
    from safetensors import safe_open
    assert len(safe_open(path, "np").keys()) == 3


def keras_file(folder, name, rows, **storage):
    """Keras' own file with a narrow classifier, whose layer is then made `rows` classes wide."""
    import h5py
    import keras
    path = folder / name
    keras.utils.set_random_seed(3)
    keras.applications.ResNet50(weights=None, classes=16).save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["config"]["name"] == "predictions":
                layer["config"]["units"] = rows
        file.attrs["model_config"] = json.dumps(config)
        group = file["model_weights/predictions"]
        names = [text.decode() if isinstance(text, bytes) else text for text in group.attrs["weight_names"]]
        for weight in names:
            del group[weight]
            shape = (FEATURES, rows) if weight.split("/")[-1].startswith("kernel") else (rows,)
            if storage and len(shape) == 2:
                group.create_dataset(weight, shape, "<f4", **storage)
                for begin in range(0, rows, 8192):
                    group[weight][:, begin:begin + 8192] = RANDOM.standard_normal(
                        (FEATURES, min(8192, rows - begin)), dtype=np.float32).round(1)
                continue
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            h5py.h5d.create(group.id, weight.encode(), h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(shape), plist)
        ranges = [] if storage else [(group[w].id.get_offset(), group[w].id.get_storage_size()) for w in names]
    for offset, size in ranges:
        if size > 8 << 20:
            fill(path, offset, offset + size)


def keras_models(folder):
    import keras
    keras.utils.set_random_seed(3)
    base = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg")
    output = keras.layers.Dense(CLASSES, name="predictions", kernel_initializer="zeros")(base.output)
    model = keras.Model(base.input, output)
    block = RANDOM.standard_normal((1, CLASSES), dtype=np.float32)
    kernel = model.get_layer("predictions").kernel.value.data
    import torch
    for row in range(FEATURES):
        kernel[row] = torch.from_numpy(block[0] * np.float32(row % 97 + 1))
    model.save(folder / "filled.h5")
    model.save(folder / "filled.keras")


KINDS = {
    "onnx": onnx_model,
    "safetensors": safetensors_file,
    "h5": lambda folder: keras_file(folder, "large.h5", CLASSES),
    "chunked": lambda folder: keras_file(
        folder, "chunked.h5", 131072, chunks=True, compression="gzip", compression_opts=1, shuffle=True),
    "keras": keras_models,
}

if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for kind in sys.argv[2:] or KINDS:
        KINDS[kind](target)

"""What every maker shares: the digits, recordings of every intermediate value, and the manifest."""
import hashlib
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).resolve().parents[1]
SEED = 20240607
HELD_OUT = 360
RECORDED = 4  # images in io.npz


def digits():
    """(training images, training labels, held-out images, held-out labels); images float32 0…16, 8 x 8."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.float32), bunch.target.astype(np.int64)
    order = np.random.default_rng(SEED).permutation(len(images))
    held, train = order[:HELD_OUT], order[HELD_OUT:]
    return images[train], labels[train], images[held], labels[held]


def folder(name):
    path = FIXTURES / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def save_npz(path, arrays):
    """A compressed npz whose bytes depend on its arrays alone. Floating values are stored as float32."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, value in arrays.items():
            value = np.asarray(value)
            if value.dtype.kind not in "iub":
                value = value.astype(np.float32)
            member = zipfile.ZipInfo(key + ".npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as out:
                np.lib.format.write_array(out, np.ascontiguousarray(value).reshape(value.shape), allow_pickle=False)


def recording(inputs, outputs, values, predictions=None):
    arrays = {f"input:{k}": v for k, v in inputs.items()}
    arrays |= {f"output:{k}": v for k, v in outputs.items()}
    arrays |= {f"value:{k}": v for k, v in values.items()}
    if predictions is not None:
        arrays["predictions"] = np.asarray(predictions, np.int64)
    return arrays


def save_heldout(path, input_name, fed, labels, scores):
    """Writes the ready-to-feed held-out digits; returns the accuracy."""
    predictions = np.asarray(scores).argmax(-1).astype(np.int64)
    save_npz(path, {input_name: fed, "labels": labels, "predictions": predictions})
    return round(float((predictions == labels).mean()), 4)


# ---------------------------------------------------------------- ONNX

def onnx_all_values(path, inputs):
    """Runs an ONNX file as written (no optimisation) and returns (outputs, every node's output by name)."""
    import onnx
    import onnxruntime as ort

    model = onnx.load(str(path))
    wanted = [v.name for v in model.graph.output]
    known = set(wanted)
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                known.add(name)
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [v.name for v in session.get_outputs()]
    results = dict(zip(names, session.run(names, inputs)))
    order = [name for node in model.graph.node for name in node.output if name]
    return {n: results[n] for n in wanted}, {n: results[n] for n in order}


def onnx_run(path, inputs):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [v.name for v in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def strip_build_paths(path):
    """Removes the stack traces torch's exporter writes: they name files of the machine that exported."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)

    def clean(props):
        kept = [p for p in props if "stack_trace" not in p.key]
        if len(kept) != len(props):
            kept = [(p.key, p.value) for p in kept]
            del props[:]
            for key, value in kept:
                props.add(key=key, value=value)

    for node in model.graph.node:
        clean(node.metadata_props)
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        clean(value.metadata_props)
    onnx.save(model, str(path))


def onnx_facts(path):
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    parameters = 0
    for tensor in model.graph.initializer:
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16,
                                onnx.TensorProto.BFLOAT16):
            parameters += int(np.prod(tensor.dims))
    return {"opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
            "irVersion": model.ir_version, "producer": f"{model.producer_name} {model.producer_version}".strip(),
            "floatInitializerElements": parameters}


# ---------------------------------------------------------------- Keras (3 and tf_keras)

def keras_all_values(model, inputs):
    """Every layer's output, by layer name, nested models as nested/layer, call k > 0 of a layer as name:k.

    Calls are counted as the file lists them (position in the layer's inbound_nodes), within one model.
    """
    values = {}

    def is_graph(layer):
        return hasattr(layer, "_nodes_by_depth")

    def graph_of(layer):
        inner = getattr(layer, "_functional", None)  # a Keras 3 Sequential
        return inner if inner is not None and not is_graph(layer) else layer

    def run(graph, tensors, prefix):
        found = {}
        legacy = not hasattr(graph, "_run_through_graph")
        for symbol, tensor in zip(graph.inputs, tensors):
            found[id(symbol)] = tensor
        flat_nodes = [n for depth in sorted(graph._nodes_by_depth, reverse=True) for n in graph._nodes_by_depth[depth]]
        member = {id(n) for n in flat_nodes}
        for node in flat_nodes:
            layer = node.layer if legacy else node.operation
            if layer is None or node.is_input:
                continue
            if legacy:
                boxes = {str(k): [v] * 64 for k, v in found.items()}
                arguments, keywords = node.map_arguments(boxes)
            else:
                arguments, keywords = node.arguments.fill_in(found)
            calls = [n for n in layer._inbound_nodes if id(n) in member]
            index = next(i for i, n in enumerate(calls) if n is node)
            name = prefix + layer.name + (f":{index}" if index else "")
            inner = graph_of(layer)
            if is_graph(inner):
                flat = list(arguments[0]) if isinstance(arguments[0], (list, tuple)) else [arguments[0]]
                outputs = run(inner, flat, name + "/")
                result = outputs
            else:
                result = layer(*arguments, **keywords)
                outputs = list(result) if isinstance(result, (list, tuple)) else [result]
            symbols = node.outputs
            symbols = list(symbols) if isinstance(symbols, (list, tuple)) else [symbols]
            for i, (symbol, tensor) in enumerate(zip(symbols, outputs)):
                found[id(symbol)] = tensor
                values[name + (f"#{i}" if i else "")] = to_numpy(tensor)
        return [found[id(symbol)] for symbol in graph.outputs]

    def to_numpy(tensor):
        if hasattr(tensor, "detach"):
            tensor = tensor.detach().cpu()
        return np.asarray(tensor)

    feeds = [framework_tensor(model, x) for x in inputs.values()]
    outputs = run(graph_of(model), feeds, "")
    return dict(zip(model.output_names, [to_numpy(o) for o in outputs])), values


def framework_tensor(model, array):
    if "tf_keras" in type(model).__module__:
        import tensorflow as tf

        return tf.convert_to_tensor(array)
    import keras

    return keras.ops.convert_to_tensor(array)


def keras_threads():
    """One thread, and no chatter; to be called before the framework is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def augmented(images, labels, times, rng):
    """Each image with shifts by up to one pixel: honest help for training on 1437 small images."""
    out, names = [images], [labels]
    for _ in range(times):
        moved = np.zeros_like(images)
        for i, image in enumerate(images):
            dy, dx = rng.integers(-1, 2, 2)
            padded = np.pad(image, 1)
            moved[i] = padded[1 + dy:9 + dy, 1 + dx:9 + dx]
        out.append(moved)
        names.append(labels)
    return np.concatenate(out), np.concatenate(names)


# ---------------------------------------------------------------- manifest

def block(kind, shortcut, inputs, outputs, stride=1, name=None):
    entry = {"kind": kind, "shortcut": shortcut, "stride": stride, "inChannels": inputs, "outChannels": outputs}
    return ({"name": name} if name else {}) | entry


def versions(*packages):
    """The versions of those packages that the maker's environment has."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            pass
    return found


FORMATS = {".onnx": "onnx", ".data": "onnx-external-data", ".h5": "keras-hdf5", ".keras": "keras-archive",
           ".npz": "npz", ".json": "json"}


def describe(path):
    data = path.read_bytes()
    for needle in (b"site-packages/", str(FIXTURES.parent).encode(), sys.prefix.encode(), str(Path.home()).encode() + b"/"):
        if needle in data:
            sys.exit(f"{path.name}: names a path of this machine ({needle.decode()})")
    kind = "keras-weights-hdf5" if path.name.endswith(".weights.h5") else FORMATS[path.suffix]
    entry = {"path": str(path.relative_to(FIXTURES)), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
             "format": kind}
    if kind == "onnx":
        entry |= onnx_facts(path)
    return entry


def record_fixture(name, description, maker, **facts):
    """Writes the manifest's entry of one fixture, from what lies in its folder. `facts` is kept as given."""
    manifest_path = FIXTURES / "manifest.json"
    manifest = json.loads(manifest_path.read_text()) if manifest_path.exists() else {"schema": "skiff.fixtures/1", "fixtures": []}
    files = [describe(p) for p in sorted(folder(name).rglob("*")) if p.is_file()]
    entry = {"name": name, "description": description, "maker": f"make/{Path(maker).name}", "files": files} | facts
    kept = [f for f in manifest["fixtures"] if f["name"] != name]
    manifest["fixtures"] = sorted(kept + [entry], key=lambda f: f["name"])
    manifest_path.write_text(json.dumps(manifest, indent=1) + "\n")
    total = sum(f["bytes"] for f in files)
    print(f"{name}: {total} bytes in {len(files)} files; accuracy {facts.get('accuracy')}; "
          f"parameters {facts.get('parameters')}")

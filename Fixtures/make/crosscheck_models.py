"""Makes the models crosscheck.py compares, and what the frameworks compute on them. Run by crosscheck.py:

    crosscheck_models.py STAGE SCRATCH [REAL]      STAGE: torchvision, keras3, keras2, depth, real-onnx, real-keras

Every network is seeded and random: He or Glorot weights, gamma and beta spread around 1 and 0, and BatchNorm
statistics measured on random images, then spread by a fifth, so activations stay sane at any depth.
A case is a folder: model files, x.npy, expected.npz (by output name) and case.json, which is written last.
"""
import os

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import json
import resource
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")


def seed_of(name):
    return zlib.crc32(name.encode())


def case(scratch, name):
    """The folder of a case that is still to be made, or None."""
    folder = scratch / name
    folder.mkdir(parents=True, exist_ok=True)
    return None if (folder / "case.json").exists() else folder


def finish(folder, x, expected, files, **facts):
    if x is not None:
        np.save(folder / "x.npy", x)
        np.savez(folder / "expected.npz", **expected)
        for key, value in expected.items():
            assert np.isfinite(value).all() and np.ptp(value) > 0, (folder.name, key)
        facts["outputRange"] = {k: float(np.ptp(v)) for k, v in expected.items()}
    (folder / "case.json").write_text(json.dumps({"name": folder.name, "files": files} | facts, indent=1) + "\n")
    print(f"{folder.name}: made", flush=True)


def onnx_session(path, optimise=True):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def onnx_outputs(path, x, optimise=True):
    session = onnx_session(path, optimise)
    names = [v.name for v in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: x})))


# ---------------------------------------------------------------- torchvision

def torchvision(scratch):
    import torch
    import torchvision.models as models

    torch.set_num_threads(2)
    for name, blocks, kind, projections in (
            ("resnet18", 8, "basic", 3), ("resnet34", 16, "basic", 3), ("resnet50", 16, "bottleneck", 4),
            ("resnet101", 33, "bottleneck", 4), ("resnext50_32x4d", 16, "bottleneck", 4), ("wide_resnet50_2", 16, "bottleneck", 4)):
        folder = case(scratch, f"torchvision-{name}")
        if folder is None:
            continue
        torch.manual_seed(seed_of(name))
        net = getattr(models, name)(weights=None)
        norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        with torch.no_grad():
            for norm in norms:
                norm.weight.uniform_(0.6, 1.2)
                norm.bias.normal_(0, 0.1)
                norm.momentum = 1.0
            net.train()(torch.randn(4, 3, 224, 224))
            for norm in norms:
                norm.running_mean += 0.2 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
                norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.8, 1.2)
            net.eval()
            x = torch.randn(1, 3, 224, 224)
            y = net(x).numpy()
        # TorchScript exporter with BatchNorm folded or kept; one of them by the dynamo exporter as well.
        files = ["folded.onnx"] if name in ("resnet34", "resnet101", "wide_resnet50_2") else ["kept.onnx"]
        if name == "resnet18":
            files = ["kept.onnx", "dynamo.onnx"]
        for file in files:
            options = {"input_names": ["image"], "output_names": ["logits"]}
            if file == "dynamo.onnx":
                torch.onnx.export(net, (x,), str(folder / file), dynamo=True, external_data=False, verbose=False, **options)
            else:
                if file == "kept.onnx":
                    options |= {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
                torch.onnx.export(net, (x,), str(folder / file), dynamo=False, opset_version=17,
                                  dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, **options)
            theirs = onnx_outputs(folder / file, x.numpy())["logits"]
            assert np.abs(theirs - y).max() < 1e-4 * np.ptp(y), (name, file)
        finish(folder, x.numpy(), {"logits": y}, files, framework=f"torch {torch.__version__}", blocks=blocks, kind=kind,
               projections=projections, parameters=sum(p.numel() for p in net.parameters()))


# ---------------------------------------------------------------- Keras

def randomise(keras, model, shape, rng):
    """Spreads gamma, beta and biases, then sets every BatchNorm's statistics from one random batch."""
    norms = [l for l in model.layers if isinstance(l, keras.layers.BatchNormalization)]
    for layer in model.layers:
        weights = layer.get_weights()
        if layer in norms:
            n = len(weights[0])
            layer.set_weights([rng.uniform(0.6, 1.2, n).astype("f"), rng.normal(0, 0.1, n).astype("f"), *weights[2:]])
            layer.momentum = 0.0
        elif isinstance(layer, keras.layers.Conv2D) and len(weights) == 2:
            layer.set_weights([weights[0], rng.normal(0, 0.1, weights[1].shape).astype("f")])
    model(rng.standard_normal((2, *shape)).astype("f"), training=True)
    for layer in norms:
        gamma, beta, mean, variance = layer.get_weights()
        layer.set_weights([gamma, beta, mean + 0.2 * np.sqrt(variance) * rng.standard_normal(len(mean)).astype("f"),
                           (variance * rng.uniform(0.8, 1.2, len(mean))).astype("f")])
        layer.momentum = 0.99
    # The classifier: logits of moderate spread, so the softmax does not saturate and hide differences.
    features = np.asarray(keras.Model(model.input, model.layers[-2].output)(rng.standard_normal((2, *shape)).astype("f"), training=False))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 1.5 / (features @ kernel).std(), bias])


KERAS = (("ResNet50", 16, "bottleneck", 4, 0), ("ResNet50V2", 16, "pre-activation bottleneck", 4, 3), ("ResNet152", 50, "bottleneck", 4, 0))


def keras3(scratch):
    import keras
    import torch

    torch.set_num_threads(2)
    for name, blocks, kind, projections, pools in KERAS:
        folder = case(scratch, f"keras3-{name}")
        if folder is None:
            continue
        keras.utils.set_random_seed(seed_of(name))
        rng = np.random.default_rng(seed_of(name))
        model = getattr(keras.applications, name)(weights=None)
        with torch.no_grad():
            randomise(keras, model, (224, 224, 3), rng)
            x = rng.standard_normal((1, 224, 224, 3)).astype("f")
            y = keras.ops.convert_to_numpy(model(x, training=False))
        model.save(folder / "model.keras")
        model.save(folder / "model.h5")
        model.export(folder / "exported.onnx", format="onnx", verbose=False)
        exported = onnx_outputs(folder / "exported.onnx", x)
        (onnx_name, theirs), = exported.items()
        assert np.abs(theirs - y).max() < 1e-4 * np.ptp(y), name
        finish(folder, x, {"predictions": y, **({onnx_name: y} if onnx_name != "predictions" else {})},
               ["model.h5", "model.keras", "exported.onnx"], framework=f"keras {keras.__version__} on torch", blocks=blocks, kind=kind,
               projections=projections, pools=pools, parameters=int(model.count_params()))


def keras2(scratch):
    """Weights without an architecture, in the legacy layout and under Keras 2's names."""
    import tensorflow as tf
    import tf_keras as keras

    folder = case(scratch, "keras2-ResNet50")
    if folder is None:
        return
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    model = keras.applications.ResNet50(weights=None)
    randomise(keras, model, (224, 224, 3), rng)
    x = rng.standard_normal((1, 224, 224, 3)).astype("f")
    y = model(x, training=False).numpy()
    model.save(folder / "model.h5")
    finish(folder, x, {"predictions": y}, ["model.h5"], framework=f"tf_keras {keras.__version__}", blocks=16,
           kind="bottleneck", projections=4, pools=0, parameters=int(model.count_params()))


# ---------------------------------------------------------------- depth

class Writer:
    """Builds a large ONNX graph quickly."""

    def __init__(self, rng):
        from onnx import helper, numpy_helper

        self.helper, self.numpy_helper, self.rng = helper, numpy_helper, rng
        self.nodes, self.tensors = [], []

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(self.helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def tensor(self, name, array):
        self.tensors.append(self.numpy_helper.from_array(np.asarray(array), name))
        return name

    def conv(self, x, name, inputs, outputs, kernel=3, stride=1, bias=False, gain=1.0):
        w = self.rng.standard_normal((outputs, inputs, kernel, kernel)) * gain * np.sqrt(2 / (inputs * kernel * kernel))
        names = [x, self.tensor(name + ".weight", w.astype("f"))]
        if bias:
            names.append(self.tensor(name + ".bias", (0.01 * gain * self.rng.standard_normal(outputs)).astype("f")))
        return self.node("Conv", names, name, kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[kernel // 2] * 4)

    def norm(self, x, name, channels, gain=1.0):
        draw = self.rng.standard_normal
        parts = {"weight": gain * (1 + 0.2 * draw(channels)), "bias": 0.1 * gain * draw(channels),
                 "running_mean": 0.2 * draw(channels), "running_var": self.rng.uniform(0.8, 1.2, channels)}
        return self.node("BatchNormalization", [x, *[self.tensor(f"{name}.{k}", v.astype("f")) for k, v in parts.items()]], name, epsilon=1e-5)

    def save(self, path, shape, output, classes):
        info = self.helper.make_tensor_value_info
        graph = self.helper.make_graph(self.nodes, path.stem, [info("image", 1, shape)], [info(output, 1, [shape[0], classes])], self.tensors)
        model = self.helper.make_model(graph, opset_imports=[self.helper.make_opsetid("", 17)], ir_version=8, producer_name="skiff-crosscheck")
        path.write_bytes(model.SerializeToString())


def head(w, x, channels, classes=10):
    x = w.node("Flatten", [w.node("GlobalAveragePool", [x], "pool")], "flat")
    names = [w.tensor("fc.weight", (w.rng.standard_normal((classes, channels)) / np.sqrt(channels)).astype("f")), w.tensor("fc.bias", np.zeros(classes, "f"))]
    return w.node("Gemm", [x, *names], "logits", transB=1)


def resnet1202(path):
    """He et al.'s deepest: 600 basic blocks for 32 x 32, option A shortcuts (every second pixel, zero channels)."""
    w = Writer(np.random.default_rng(1202))
    x = w.node("Relu", [w.norm(w.conv("image", "conv1", 3, 16), "bn1", 16)], "relu1")
    w.tensor("starts", np.array([0, 0], np.int64)), w.tensor("ends", np.array([2 ** 31] * 2, np.int64))
    w.tensor("axes", np.array([2, 3], np.int64)), w.tensor("steps", np.array([2, 2], np.int64))
    inputs = 16
    for stage, width in enumerate((16, 32, 64), 1):
        for i in range(200):
            name = f"layer{stage}.{i}"
            stride = 2 if width != inputs else 1
            y = w.node("Relu", [w.norm(w.conv(x, name + ".conv1", inputs, width, stride=stride), name + ".bn1", width)], name + ".relu1")
            y = w.norm(w.conv(y, name + ".conv2", width, width), name + ".bn2", width, gain=0.1)
            if stride == 2:
                x = w.node("Slice", [x, "starts", "ends", "axes", "steps"], name + ".slice")
                extra = (width - inputs) // 2
                x = w.node("Pad", [x, w.tensor(name + ".pads", np.array([0, extra, 0, 0, 0, extra, 0, 0], np.int64))], name + ".pad")
            x = w.node("Relu", [w.node("Add", [y, x], name + ".add")], name + ".relu2")
            inputs = width
    w.save(path, [1, 3, 32, 32], head(w, x, 64), 10)
    return {"blocks": 600, "kind": "basic", "projections": 0, "pads": 2}


def deep10000(path):
    """10,000 basic blocks of four channels."""
    w = Writer(np.random.default_rng(10000))
    x = w.node("Relu", [w.conv("image", "conv1", 3, 4, bias=True)], "relu1")
    for i in range(10000):
        y = w.node("Relu", [w.conv(x, f"b{i}.conv1", 4, 4, bias=True)], f"b{i}.relu1")
        y = w.conv(y, f"b{i}.conv2", 4, 4, bias=True, gain=0.005)
        x = w.node("Relu", [w.node("Add", [y, x], f"b{i}.add")], f"b{i}.relu2")
    w.save(path, [1, 3, 8, 8], head(w, x, 4), 10)
    return {"blocks": 10000, "kind": "basic", "projections": 0}


def depth(scratch):
    for name, make, shape in (("depth-resnet1202", resnet1202, (1, 3, 32, 32)), ("depth-10000-blocks", deep10000, (1, 3, 8, 8))):
        folder = case(scratch, name)
        if folder is None:
            continue
        facts = make(folder / "model.onnx")
        x = np.random.default_rng(7).standard_normal(shape).astype("f")
        np.save(folder / "x.npy", x)
        # ONNX Runtime in a process of its own, for its time and memory.
        import subprocess

        times = {}
        for mode in ("optimised", "plain"):
            done = subprocess.run([sys.executable, __file__, "ort-once", str(folder), mode], capture_output=True, text=True)
            if done.returncode == 0:
                times[mode] = json.loads(done.stdout.splitlines()[-1])
            else:
                times[mode] = {"failed": done.stderr.strip()[-300:] or f"exit {done.returncode}"}
            print(f"{name}: ONNX Runtime {mode}: {times[mode]}", flush=True)
        expected = dict(np.load(folder / "ort-plain.npz"))
        finish(folder, x, expected, ["model.onnx"], framework="onnxruntime", onnxruntime=times, timed=True, **facts)


def peak_mebibytes():
    """Of this program alone: on Linux ru_maxrss also counts the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** 2, 1)


def ort_once(folder, mode):
    start = time.perf_counter()
    session = onnx_session(folder / "model.onnx", mode == "optimised")
    loaded = time.perf_counter()
    names = [v.name for v in session.get_outputs()]
    outputs = session.run(names, {session.get_inputs()[0].name: np.load(folder / "x.npy")})
    done = time.perf_counter()
    np.savez(folder / f"ort-{mode}.npz", **dict(zip(names, outputs)))
    print(json.dumps({"loadSeconds": round(loaded - start, 3), "runSeconds": round(done - loaded, 3),
                      "peakMiB": peak_mebibytes()}))


# ---------------------------------------------------------------- real networks

def link(folder, real, name):
    target = folder / name
    if not target.exists():
        target.symlink_to((real / name).resolve())
    return name


def disc(seed, size):
    """A shaded disc on a shaded ground, normalised as torchvision does: an object to be found."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:size, 0:size] / size
    image = np.stack([rng.uniform(0, 1) + rng.uniform(-.3, .3) * across + rng.uniform(-.3, .3) * down for _ in range(3)])
    y, x, radius = rng.uniform(.3, .7), rng.uniform(.3, .7), rng.uniform(.15, .4)
    inside = 1 / (1 + np.exp((np.hypot(down - y, across - x) - radius) * rng.choice([20, 60, 200])))
    image = image * (1 - inside) + inside * rng.uniform(0, 1, 3)[:, None, None] * (1 + .2 * np.sin(across * 20))
    mean, deviation = np.array([.485, .456, .406])[:, None, None], np.array([.229, .224, .225])[:, None, None]
    return ((np.clip(image, 0, 1) - mean) / deviation)[None].astype("f")


def real_onnx(scratch, real):
    rng = np.random.default_rng(3)
    coarse = np.kron(rng.standard_normal((1, 7, 7, 3)) * 10, np.ones((1, 32, 32, 1))).astype("f")
    # Inputs on which no softmax or sigmoid saturates everywhere.
    for name, x, blocks in (("open-nsfw.onnx", coarse, 16), ("age-v1.onnx", rng.standard_normal((1, 3, 64, 64)).astype("f"), None),
                            ("u2netp.onnx", disc(19, 320), None)):
        folder = case(scratch, "real-" + Path(name).stem)
        if folder is None:
            continue
        expected, optimised = onnx_outputs(real / name, x, False), onnx_outputs(real / name, x, True)
        # ONNX Runtime against itself: u2netp cancels so much inside that rounding alone is near 1e-4 of the range. On its
        # input the two differ least (8e-5) among 24 such images; on noise they differ by 2e-4 to 5e-4.
        noise = max(float(np.abs(expected[k] - optimised[k]).max() / np.ptp(expected[k])) for k in expected)
        finish(folder, x, expected, [link(folder, real, name)], framework="onnxruntime, no optimisations", differsFromItselfBy=noise,
               **({"blocks": blocks} if blocks else {}))


def real_keras(scratch, real):
    folder = case(scratch, "real-emotion")
    if folder is not None:
        import tf_keras as keras

        model = keras.models.load_model(real / "emotion.hdf5", compile=False)
        x = np.random.default_rng(5).uniform(-1, 1, (1, *model.input_shape[1:])).astype("f")
        finish(folder, x, {model.output_names[0]: model(x, training=False).numpy()}, [link(folder, real, "emotion.hdf5")],
               framework=f"tf_keras {keras.__version__}", blocks=4, parameters=int(model.count_params()))
    folder = case(scratch, "real-deepcon")
    if folder is not None:
        finish(folder, None, None, [link(folder, real, "deepcon.hdf5")], framework="none: converted and inspected", blocks=32)


if __name__ == "__main__":
    stage, scratch, *rest = sys.argv[1:]
    stages = {"torchvision": torchvision, "keras3": keras3, "keras2": keras2, "depth": depth, "real-onnx": real_onnx,
              "real-keras": real_keras, "ort-once": ort_once}
    arguments = [Path(scratch)] + ([Path(rest[0])] if rest and stage.startswith("real") else rest)
    stages[stage](*arguments)

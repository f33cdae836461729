#!/usr/bin/env python3
"""Signal flow: what `skiff inspect --flow` measures, beside what frameworks compute when they are changed by hand.

    crosscheck_flow.py SKIFF SCRATCH [--onnx MODEL …] [--keras MODEL …] [--torchvision NAME …] [--only TEXT …] [--json FILE]

torchvision networks are made with drawn weights, run in float64 with the operands of every addition taken out of
`forward`, and each branch removed by a `forward` that returns the shortcut; Skiff reads them as ONNX. Keras models are cut
into sub-models at every Add, and cloned with the Add replaced by its shortcut. ONNX models have the operands as outputs in
ONNX Runtime, and each addition's readers read the shortcut in its place; the shortcut is the operand with fewer convolutions
before it. Fixtures are judged on the held-out digits.

One line per network: the largest relative error of RMS and ratio, the largest error of a cosine, of the change of the
outputs and of top-1 agreement. The exit status is 1 if RMS, ratio or cosine is off by more than 1e-5, a change by more than
1e-4 of itself (or 1e-6), one of scores, which are taken from probabilities in Float, by more than 1e-3, or top-1 by more than one sample. Runs in the interpreter of requirements-keras3.txt.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.update(CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="torch", TF_CPP_MIN_LOG_LEVEL="3", PYTHONWARNINGS="ignore")
import numpy as np

FIXTURES = Path(__file__).resolve().parents[1]
results = []


def measure(pairs):
    """RMS of shortcut, branch and sum, ratio and cosine of (shortcut, branch)."""
    rows = []
    for shortcut, branch in pairs:
        s, b = (np.asarray(v, np.float64).ravel() for v in (shortcut, branch))
        norms = np.linalg.norm(s), np.linalg.norm(b)
        rows.append({
            "shortcutRMS": norms[0] / np.sqrt(s.size), "branchRMS": norms[1] / np.sqrt(b.size),
            "sumRMS": np.linalg.norm(s + b) / np.sqrt(s.size), "ratio": norms[1] / norms[0],
            "cosine": float(s @ b / (norms[0] * norms[1]))})
    return rows


def lesion(whole, changed):
    """The worst output's relative change, and top-1 agreement of the first output, where it is two-dimensional."""
    pairs = [(np.asarray(a, np.float64), np.asarray(b, np.float64)) for a, b in zip(whole, changed)]
    change = max(np.linalg.norm(b - a) / np.linalg.norm(a) for a, b in pairs)
    first = pairs[0]
    agree = None
    if first[0].ndim == 2 and first[0].shape[1] > 1:
        agree = float(np.mean(first[0].argmax(1) == first[1].argmax(1)))
    return {"outputChange": float(change), "top1Agreement": agree, "scoreChange": score_change(*first)}


def score_change(before, after):
    """The change of scores less their mean, from probabilities: their logarithms are the scores up to a constant."""
    if before.ndim != 2 or min(before.min(), after.min()) < 1e-30 or abs(before.sum(1) - 1).max() > 1e-4:
        return None
    before, after = (v - v.mean(1, keepdims=True) for v in (np.log(before), np.log(after)))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def skiff(model, inputs):
    path = arguments.scratch / "inputs.npz"
    np.savez(path, **inputs)
    done = subprocess.run([arguments.skiff, "inspect", str(model), "--flow", "--lesions", "all", "--json", "--input", str(path)],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return json.loads(done.stdout)


def judge(name, model, inputs, truth):
    """`truth`: for each block, the dictionary of measure() with a `lesion`."""
    found = skiff(model, inputs)["flow"]
    blocks = found["blocks"]
    if len(blocks) != len(truth):
        return report(name, False, f"{len(blocks)} blocks, expected {len(truth)}")
    worst = dict.fromkeys(("RMS", "ratio", "cosine", "change", "scores", "top-1"), 0.0)
    passed = True
    for block, expected in zip(blocks, truth):
        for key in ("shortcutRMS", "branchRMS", "sumRMS", "ratio"):
            error = abs(block[key] - expected[key]) / expected[key]
            kind = "ratio" if key == "ratio" else "RMS"
            worst[kind] = max(worst[kind], error)
        worst["cosine"] = max(worst["cosine"], abs(block["cosine"] - expected["cosine"]))
        a, b = block["lesion"]["outputChange"], expected["lesion"]["outputChange"]
        if abs(a - b) > 1e-6:
            worst["change"] = max(worst["change"], abs(a - b) / b)
        if expected["lesion"]["scoreChange"] is not None and block["lesion"]["scoreChange"] is not None:
            a, b = block["lesion"]["scoreChange"], expected["lesion"]["scoreChange"]
            worst["scores"] = max(worst["scores"], abs(a - b) / b)
        top, other = block["lesion"]["top1Agreement"], expected["lesion"]["top1Agreement"]
        if other is not None:
            worst["top-1"] = max(worst["top-1"], abs(top - other) if top is not None else 1)
    passed = max(worst["RMS"], worst["ratio"], worst["cosine"]) <= 1e-5 and worst["change"] <= 1e-4
    passed = passed and worst["scores"] <= 1e-3
    passed = passed and worst["top-1"] <= 1.001 / found["samples"]
    text = ", ".join(f"{key} {value:.1e}" for key, value in worst.items())
    report(name, passed, f"{len(blocks)} blocks, {found['samples']} samples: {text}", blocks=len(blocks), **worst)


def report(name, passed, detail, **facts):
    results.append({"name": name, "passed": bool(passed), "detail": detail} | facts)
    print(f"{'pass' if passed else 'FAIL'}  {name}: {detail}", flush=True)


# ---------------------------------------------------------------- PyTorch

def torchvision_network(name, samples=4):
    import torch
    import torchvision

    torch.manual_seed(0)
    kind = torchvision.models.resnet
    net = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
    path = arguments.scratch / f"{name}.onnx"
    torch.onnx.export(net, (torch.zeros(1, 3, 64, 64),), str(path), input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"}}, dynamo=False)
    images = np.random.default_rng(1).normal(size=(samples, 3, 64, 64)).astype(np.float32)
    net = net.double()
    kept = {}

    def operands(block, x):
        if isinstance(block, kind.BasicBlock):
            y = block.bn2(block.conv2(block.relu(block.bn1(block.conv1(x)))))
        else:
            y = block.relu(block.bn1(block.conv1(x)))
            y = block.bn3(block.conv3(block.relu(block.bn2(block.conv2(y)))))
        return (x if block.downsample is None else block.downsample(x)), y

    blocks = [m for m in net.modules() if isinstance(m, (kind.BasicBlock, kind.Bottleneck))]
    with torch.no_grad():
        x = torch.from_numpy(images).double()
        for index, block in enumerate(blocks):
            def forward(x, block=block, index=index):
                kept[index] = operands(block, x)
                return block.relu(kept[index][0] + kept[index][1])
            block.forward = forward
        whole = net(x).numpy()
        rows = measure([tuple(v.numpy() for v in kept[i]) for i in range(len(blocks))])
        for block, row in zip(blocks, rows):
            saved = block.forward
            block.forward = lambda x, block=block: block.relu(operands(block, x)[0])
            row["lesion"] = lesion([whole], [net(x).numpy()])
            block.forward = saved
    judge(f"torchvision {name}", path, {"image": images}, rows)


# ---------------------------------------------------------------- Keras

def keras_model(path, images, name):
    import keras

    model = keras.models.load_model(path, compile=False)
    adds = [layer for layer in model.layers if isinstance(layer, keras.layers.Add) and len(layer.input) == 2]

    def weigh(tensor):
        """Convolutions in front of a tensor."""
        seen, pending, count = set(), [tensor._keras_history.operation], 0
        while pending:
            layer = pending.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            count += isinstance(layer, (keras.layers.Conv1D, keras.layers.Conv2D))
            for value in (layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]):
                if value is not layer.output and value._keras_history.operation is not layer:
                    pending.append(value._keras_history.operation)
        return count

    class Take(keras.layers.Layer):
        def __init__(self, place, **options):
            super().__init__(**options)
            self.place = place

        def call(self, values):
            return values[self.place]

    places = [int(weigh(add.input[1]) < weigh(add.input[0])) for add in adds]
    parts = keras.Model(model.input, [v for add, p in zip(adds, places) for v in (add.input[p], add.input[1 - p])])
    values = [np.asarray(v) for v in parts.predict(images, verbose=0)]
    rows = measure(list(zip(values[::2], values[1::2])))
    whole = model.predict(images, verbose=0)
    for add, place, row in zip(adds, places, rows):
        def clone(layer, add=add, place=place):
            if layer is add or layer.name == add.name:
                return Take(place, name=layer.name)
            return layer.__class__.from_config(layer.get_config())
        other = keras.models.clone_model(model, clone_function=clone)
        other.set_weights(model.get_weights())
        row["lesion"] = lesion([whole], [other.predict(images, verbose=0)])
    judge(name, path, {model.inputs[0].name.split(":")[0]: images}, rows)


# ---------------------------------------------------------------- ONNX Runtime

def onnx_model(path, inputs, name):
    import onnx
    import onnxruntime

    def session(model):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def run(model, names):
        ready = session(model)
        batch = ready.get_inputs()[0].shape[0]
        feed = {i.name: inputs[i.name] for i in ready.get_inputs()}
        if not isinstance(batch, int):
            return ready.run(names, feed)
        count = len(next(iter(feed.values())))
        parts = [ready.run(names, {k: v[n:n + batch] for k, v in feed.items()}) for n in range(0, count, batch)]
        return [np.concatenate(part) for part in zip(*parts)]

    model = onnx.load(path)
    graph = model.graph
    producer = {output: node for node in graph.node for output in node.output}
    convolutions = {}

    def weigh(value):
        seen, pending, count = set(), [value], 0
        while pending:
            node = producer.get(pending.pop())
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            count += node.op_type == "Conv"
            pending += node.input
        return count

    joins = {b["join"]: b for b in skiff(path, inputs)["blocks"]}
    nodes = {}
    for node in graph.node:
        key = node.name or node.output[0]
        if key in joins:
            nodes[key] = node
    order = [nodes[b] for b in joins]
    pairs = [sorted(node.input, key=weigh) for node in order]
    marked = onnx.ModelProto()
    marked.CopyFrom(model)
    known = {o.name for o in marked.graph.output}
    for value in {v for pair in pairs for v in pair} - known:
        marked.graph.output.append(onnx.ValueInfoProto(name=value))
    names = list(dict.fromkeys(v for pair in pairs for v in pair))
    values = dict(zip(names, run(marked, names)))
    rows = measure([(values[a], values[b]) for a, b in pairs])
    outputs = list(dict.fromkeys(o.name for o in graph.output))
    whole = run(model, outputs)
    for node, (shortcut, _), row in zip(order, pairs, rows):
        other = onnx.ModelProto()
        other.CopyFrom(model)
        for target in other.graph.node:
            for place, value in enumerate(target.input):
                if value == node.output[0]:
                    target.input[place] = shortcut
        row["lesion"] = lesion(whole, run(other, outputs))
    judge(name, path, inputs, rows)


# ---------------------------------------------------------------- all

def onnx_inputs(path, samples=3):
    import onnx

    rng = np.random.default_rng(2)
    graph = onnx.load(path, load_external_data=False).graph
    weights = {w.name for w in graph.initializer}
    feed = {}
    for value in graph.input:
        if value.name in weights:
            continue
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        shape = [samples] + [d or 64 for d in shape[1:]]
        feed[value.name] = (rng.normal(size=shape) * arguments.scale).astype(np.float32)
    return feed


def main():
    cases = []
    for name in arguments.torchvision:
        cases.append((f"torchvision {name}", lambda name=name: torchvision_network(name)))
    for name in ("torch-basic/model.onnx", "torch-basic-folded/model.onnx", "keras3-bottleneck/model.onnx",
                 "keras3-bottleneck/model-tf2onnx.onnx"):
        path = FIXTURES / name
        if path.exists():
            def fixture(path=path, name=name):
                import onnx
                with np.load(path.parent / "heldout.npz") as held:
                    images = next(held[k] for k in held.files if held[k].ndim == 4)
                onnx_model(path, {onnx.load(path).graph.input[0].name: images[:64]}, name)
            cases.append((name, fixture))
    for name in ("keras3-bottleneck/model.h5", "keras3-bottleneck/model.keras"):
        def fixture(name=name):
            with np.load(FIXTURES / name.split("/")[0] / "heldout.npz") as held:
                images = next(held[k] for k in held.files if held[k].ndim == 4)
            keras_model(FIXTURES / name, images[:64], name)
        cases.append((name, fixture))
    for path in arguments.keras:
        images = (np.random.default_rng(3).normal(size=(3, 224, 224, 3)) * 50).astype(np.float32)
        cases.append((Path(path).name, lambda path=path, images=images: keras_model(path, images, Path(path).name)))
    for path in arguments.onnx:
        cases.append((Path(path).name, lambda path=path: onnx_model(path, onnx_inputs(path), Path(path).name)))
    for name, case in cases:
        if arguments.only and not any(text in name for text in arguments.only):
            continue
        try:
            case()
        except Exception as error:
            report(name, False, f"{type(error).__name__}: {error}"[:300])
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    failed = sum(not r["passed"] for r in results)
    print(f"{len(results) - failed} of {len(results)} agree")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff", type=str)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--onnx", nargs="*", default=[])
    parser.add_argument("--keras", nargs="*", default=[])
    parser.add_argument("--torchvision", nargs="*", default=["resnet18", "resnet50"])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    sys.exit(main())

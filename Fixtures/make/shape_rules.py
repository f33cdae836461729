"""Writes Fixtures/shape-rules.json: output shapes as ONNX Runtime and Keras compute them, for random attributes.

Each case: {"op", "attributes", "inputs": shapes, "contents": {position: numbers of a constant input}, "outputs":
shapes, or null where the runtime refuses}. Where ONNX Runtime is known to leave the operator's definition, `rule` says
what the definition gives and `outputs` what the runtime did. Keras operators are named `keras:<layer>`; shapes there have a batch.
Run by hand with the interpreter of requirements-keras3.txt; the seed is fixed.
"""
import json
import os
import random

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from common import FIXTURES

INT64_OPERANDS = {"Reshape", "Slice", "Pad", "Split", "Expand", "Tile", "Squeeze", "Unsqueeze", "ReduceSum",
                  "Gather", "GatherElements", "ConstantOfShape", "Range", "ReduceMax", "ReduceMean"}


def run(case):
    """The output shapes as ONNX Runtime computes them; None where it refuses to load or run the model."""
    feeds, infos, constants, names = {}, [], [], []
    contents = case.get("contents", {})
    dtype = np.int64 if case["op"] in ("Range", "ConstantOfShape") else np.float32
    for position, shape in enumerate(case["inputs"]):
        if shape is None:
            names.append("")
            continue
        name = f"x{position}"
        names.append(name)
        if str(position) in contents:
            kind = np.float32 if case["op"] == "Resize" and position < 3 else np.int64
            constants.append(numpy_helper.from_array(np.array(contents[str(position)], kind).reshape(shape), name))
        else:
            feeds[name] = np.zeros(shape, dtype)
            infos.append(helper.make_tensor_value_info(
                name, TensorProto.INT64 if dtype == np.int64 else TensorProto.FLOAT, [None] * len(shape)))
    count = case.get("count", 1)
    outputs = [f"y{i}" for i in range(count)]
    node = helper.make_node(case["op"], names, outputs, **case["attributes"])
    graph = helper.make_graph([node], "g", infos, [helper.make_empty_tensor_value_info(n) for n in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.get("opset", 21))], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        return [list(y.shape) for y in session.run(None, feeds)]
    except Exception:
        return None


def rule(case):
    """{"rule": shapes} where ONNX Runtime is known to leave the operator's definition."""
    attributes, shape = case["attributes"], case["inputs"][0]
    is_same = attributes.get("auto_pad", "").startswith("SAME")
    if case["op"] == "ConvTranspose" and is_same and "output_shape" not in attributes:
        # The definition gives input x stride; the runtime less where the kernel is shorter than the stride.
        channels = case["inputs"][1][1] * attributes.get("group", 1)
        return {"rule": [[shape[0], channels] + [e * s for e, s in zip(shape[2:], attributes["strides"])]]}
    if not case["op"].endswith("Pool") or case["op"].startswith("Global"):
        return {}
    if is_same:
        # The runtime computes negative padding where the kernel is shorter than the stride, and refuses it.
        return {"rule": [shape[:2] + [-(-e // s) for e, s in zip(shape[2:], attributes["strides"])]] * case.get("count", 1)}
    rank = len(shape) - 2
    pads = attributes.get("pads", [0] * 2 * rank)
    for axis, kernel in enumerate(attributes["kernel_shape"]):
        span = (kernel - 1) * attributes.get("dilations", [1] * rank)[axis] + 1
        if shape[2 + axis] + pads[axis] + pads[rank + axis] < span:
            # Not one window fits; the runtime divides a negative number towards zero and finds none, or one.
            return {"rule": None}
        if max(pads[axis], pads[rank + axis]) >= kernel:
            # The runtime compares padding with the kernel before dilation; so does no definition.
            return None
    return {}


R = random.Random(20240607)


def ints(count, low, high):
    return [R.randint(low, high) for _ in range(count)]


def window(rank, most_pad=2):
    attributes = {"strides": ints(rank, 1, 3)}
    if R.random() < 0.6:
        attributes["dilations"] = ints(rank, 1, 3)
    auto = R.choice(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if auto == "NOTSET":
        attributes["pads"] = ints(2 * rank, 0, most_pad)
    else:
        attributes["auto_pad"] = auto
    return attributes


def convolution():
    rank = R.choice([1, 2, 2, 3])
    attributes = window(rank)
    if attributes.get("auto_pad", "").startswith("SAME"):
        attributes.pop("dilations", None)
    groups = R.choice([1, 1, 2, 3])
    kernel = ints(rank, 1, 4)
    if groups > 1:
        attributes["group"] = groups
    channels, out = groups * R.randint(1, 2), groups * R.randint(1, 2)
    wrong = R.random() < 0.05
    inputs = [[R.randint(1, 2), channels + wrong] + ints(rank, 1, 12), [out, channels // groups] + kernel]
    if R.random() < 0.3:
        inputs.append([out + (R.random() < 0.1)])
    return {"op": "Conv", "attributes": attributes, "inputs": inputs}


def transposed():
    rank = R.choice([1, 2, 2, 3])
    attributes = window(rank)
    kernel = ints(rank, 1, 4)
    groups = R.choice([1, 1, 2])
    if groups > 1:
        attributes["group"] = groups
    spatial = ints(rank, 1, 7)
    if R.random() < 0.4:
        attributes["output_padding"] = [R.randint(0, s - 1) for s in attributes["strides"]]
    if R.random() < 0.25:
        attributes["output_shape"] = [R.randint(1, 3 * s + 3) for s in spatial]
        attributes.pop("pads", None)
    channels = groups * R.randint(1, 2)
    return {"op": "ConvTranspose", "attributes": attributes,
            "inputs": [[R.randint(1, 2), channels] + spatial, [channels, R.randint(1, 2)] + kernel]}


def pooling():
    rank = R.choice([1, 2, 2, 3])
    op = R.choice(["MaxPool", "MaxPool", "AveragePool", "LpPool"])
    attributes = window(rank, R.choice([1, 1, 2]))
    attributes["kernel_shape"] = ints(rank, 1, 4)
    if attributes.get("auto_pad", "").startswith("SAME"):
        attributes.pop("dilations", None)
    if R.random() < 0.5:
        attributes["ceil_mode"] = 1
    case = {"op": op, "attributes": attributes, "inputs": [[1, R.randint(1, 2)] + ints(rank, 1, 13)]}
    if op == "MaxPool" and R.random() < 0.2:
        case["count"] = 2
    return case


def resize():
    rank = R.choice([3, 4, 4])
    shape = [1, 1] + ints(rank - 2, 1, 9)
    attributes = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    axes = list(range(rank))
    if R.random() < 0.4:
        axes = list(range(2, rank))
        attributes["axes"] = [a - rank if R.random() < 0.3 else a for a in axes]
    inputs, contents = [shape, None], {}
    if R.random() < 0.5:
        scales = [1.0 if a < 2 else R.choice([2.0, 0.5, 1.5, 3.0, 1 / 3, 0.7, 2.0000002, 1.0, R.uniform(0.3, 3)]) for a in axes]
        scales = [float(np.float32(s)) for s in scales]
        return {"op": "Resize", "attributes": attributes, "inputs": inputs + [[len(axes)]], "contents": {"2": scales}}
    sizes = [1 if a < 2 else R.randint(1, 20) for a in axes]
    if "axes" in attributes and R.random() < 0.6:
        attributes["axes"] = axes  # the runtime forgets to count negative axes from the end here
        attributes["keep_aspect_ratio_policy"] = R.choice(["not_larger", "not_smaller"])
    return {"op": "Resize", "attributes": attributes, "inputs": inputs + [None, [len(axes)]], "contents": {"3": sizes}}


BOUNDS = [0, 1, 2, 3, -1, -2, -3, 5, 9, -9, 2**31 - 1, -2**31, 2**63 - 1, -2**63, -2**63 + 1, 2**62]


def slicing():
    rank = R.randint(1, 3)
    count = R.randint(1, rank)
    axes = R.sample(range(rank), count)
    lists = [[R.choice(BOUNDS) for _ in axes], [R.choice(BOUNDS) for _ in axes],
             [a - rank if R.random() < 0.3 else a for a in axes], [R.choice([1, 1, 2, 3, -1, -2, 7, -7, 0] + ([-2**63, 2**63 - 1] if R.random() < 0.2 else [])) for _ in axes]]
    if R.random() < 0.2:
        lists = lists[:2]
    return {"op": "Slice", "attributes": {}, "inputs": [ints(rank, 0 if R.random() < 0.1 else 1, 7)] + [[count]] * len(lists),
            "contents": {str(i + 1): v for i, v in enumerate(lists)}}


def padding():
    rank = R.randint(1, 4)
    mode = R.choice(["constant", "constant", "reflect", "edge", "wrap"])
    shape = ints(rank, 1, 6)
    inputs, contents, count = [shape, None, None], {}, rank
    if R.random() < 0.3:
        axes = R.sample(range(rank), R.randint(1, rank))
        count = len(axes)
        inputs.append([count])
        contents["3"] = axes
    low = -3 if mode == "constant" and R.random() < 0.5 else 0
    contents["1"] = ints(2 * count, low, 3)
    inputs[1] = [2 * count]
    while inputs[-1] is None:
        inputs.pop()
    return {"op": "Pad", "attributes": {"mode": mode}, "inputs": inputs, "contents": contents}


def splitting():
    rank = R.randint(1, 3)
    shape = ints(rank, 1, 9)
    axis = R.randint(-rank, rank - 1)
    count = R.randint(1, 4)
    if R.random() < 0.5:
        return {"op": "Split", "attributes": {"axis": axis, "num_outputs": count}, "inputs": [shape], "count": count}
    extent = shape[axis]
    cuts = sorted(ints(count - 1, 0, extent))
    sizes = [b - a for a, b in zip([0] + cuts, cuts + [extent])]
    if R.random() < 0.15:
        sizes[0] += 1
    return {"op": "Split", "attributes": {"axis": axis}, "inputs": [shape, [count]], "contents": {"1": sizes}, "count": count}


def reshaping():
    shape = R.choice([[2, 3, 4], [6, 4], [24], [1, 24, 1], [2, 0, 3], [], [1, 1]])
    target = R.choice([[-1], [0, -1], [4, -1], [2, 12], [0, 0, -1], [-1, 5], [24, 1, 1], [0, 3], [-1, 0], [0, 0], [1], [], [-1, -1], [2, 0, -1], [3, 0, 2], [0, 0, 0, -1], [-1, 6, 0]])
    attributes = {"allowzero": 1} if R.random() < 0.3 else {}
    return {"op": "Reshape", "attributes": attributes, "inputs": [shape, [len(target)]], "contents": {"1": target}}


def arranging():
    rank = R.randint(0, 4)
    shape = ints(rank, 1, 5)
    kind = R.choice(["Flatten", "Squeeze", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Tile", "Gather", "Concat", "ReduceSum", "Softmax"])
    axis = R.randint(-rank - 1, rank + 1)
    if kind in ("Flatten", "Softmax"):
        return {"op": kind, "attributes": {"axis": axis}, "inputs": [shape]}
    if kind == "Squeeze":
        shape = [R.choice([1, 1, 3]) for _ in shape]
        axes = R.sample(range(-rank - 1, rank + 1), R.randint(0, 2))
        if R.random() < 0.3:
            return {"op": kind, "attributes": {}, "inputs": [shape]}
        axes = [a for a in axes if not -rank <= a < rank or shape[a] == 1 or R.random() < 0.2]
        return {"op": kind, "attributes": {}, "inputs": [shape, [len(axes)]], "contents": {"1": axes}}
    if kind == "Unsqueeze":
        axes = R.sample(range(-rank - 1, rank + 3), R.randint(1, 2))
        return {"op": kind, "attributes": {}, "inputs": [shape, [len(axes)]], "contents": {"1": axes}}
    if kind == "Transpose":
        order = list(range(rank))
        R.shuffle(order)
        if R.random() < 0.2 and order:
            order[0] = R.randint(0, rank)
        return {"op": kind, "attributes": {"perm": order} if order else {}, "inputs": [shape]}
    if kind == "Expand":
        target = [R.choice([1, e, e, 2]) for e in [1] * R.randint(0, 2) + shape][-R.randint(1, 5):]
        return {"op": kind, "attributes": {}, "inputs": [shape, [len(target)]], "contents": {"1": target}}
    if kind == "Tile":
        repeats = ints(rank + (R.random() < 0.1), 0, 3)
        return {"op": kind, "attributes": {}, "inputs": [shape, [len(repeats)]], "contents": {"1": repeats}}
    if kind == "Gather":
        indices = ints(2, -2, 1)
        form = R.choice([[2], [1, 2], [2, 1]])
        return {"op": kind, "attributes": {"axis": axis}, "inputs": [shape, form], "contents": {"1": indices}}
    if kind == "Concat":
        other = list(shape)
        if rank and -rank <= axis < rank:
            other[axis] = R.randint(1, 5)
            if R.random() < 0.1:
                other[0] += 1
        return {"op": kind, "attributes": {"axis": axis}, "inputs": [shape, other]}
    axes = R.sample(range(-rank, rank), min(rank, R.randint(0, 2))) if rank else []
    attributes = {"keepdims": R.randint(0, 1)}
    if R.random() < 0.4:
        attributes["noop_with_empty_axes"] = 1
    return {"op": kind, "attributes": attributes, "inputs": [shape, [len(axes)]], "contents": {"1": axes}}


def product():
    batch = R.choice([[], [], [2], [1], [3, 2], [1, 2]])
    other = R.choice([[], [], batch, [1], [2]])
    k = R.randint(1, 3)
    left, right = batch + ints(1, 1, 3) + [k], other + [k + (R.random() < 0.1)] + ints(1, 1, 3)
    if R.random() < 0.15:
        left = [k]
    if R.random() < 0.15:
        right = [k]
    if R.random() < 0.3:
        return {"op": "Add", "attributes": {}, "inputs": [left, right]}
    if R.random() < 0.5:
        return {"op": "MatMul", "attributes": {}, "inputs": [left, right]}
    m, n = ints(2, 1, 4)
    ta, tb = ints(2, 0, 1)
    inputs = [[k, m] if ta else [m, k], [n, k] if tb else [k, n]]
    if R.random() < 0.7:
        inputs.append(R.choice([[], [1], [n], [m, 1], [1, n], [m, n], [m], [m + 1, n]]))
    return {"op": "Gemm", "attributes": {"transA": ta, "transB": tb}, "inputs": inputs}


def other():
    kind = R.choice(["DepthToSpace", "SpaceToDepth", "Range", "ConstantOfShape", "GlobalAveragePool", "LRN", "ArgMax"])
    if kind in ("DepthToSpace", "SpaceToDepth"):
        return {"op": kind, "attributes": {"blocksize": R.randint(1, 3)}, "inputs": [[1, R.choice([4, 9, 8, 3]), R.choice([2, 6, 3]), R.choice([4, 6])]]}
    if kind == "Range":
        return {"op": kind, "attributes": {}, "inputs": [[], [], []], "contents": {str(i): [v] for i, v in enumerate([R.randint(-5, 5), R.randint(-9, 9), R.choice([1, 2, -1, -3, 0])])}}
    if kind == "ConstantOfShape":
        target = ints(R.randint(0, 3), 0, 3)
        return {"op": kind, "attributes": {}, "inputs": [[len(target)]], "contents": {"0": target}}
    shape = ints(R.randint(2, 5), 1, 4)
    if kind == "ArgMax":
        return {"op": kind, "attributes": {"axis": R.randint(-5, 4), "keepdims": R.randint(0, 1)}, "inputs": [shape]}
    if kind == "LRN":
        return {"op": kind, "attributes": {"size": R.choice([1, 3])}, "inputs": [[1, 3, 4, 4]]}
    return {"op": kind, "attributes": {}, "inputs": [shape]}


def keras_case():
    """A layer's output shape as it computes it on zeros."""
    import keras

    rank = R.choice([1, 2, 2, 3])
    kind = R.choice(["Conv", "Conv", "DepthwiseConv", "MaxPooling", "AveragePooling", "UpSampling", "Cropping", "ZeroPadding",
                     "GlobalAveragePooling", "Conv", "MaxPooling"])
    if kind == "DepthwiseConv":
        rank = min(rank, 2)
    channels = R.randint(1, 3)
    last = R.random() < 0.7
    spatial = ints(rank, 1, 10)
    shape = [2] + spatial + [channels] if last else [2, channels] + spatial
    arguments = {"data_format": "channels_last" if last else "channels_first"}
    kernel = ints(rank, 1, 4)
    if kind == "Conv":
        stride, dilation = (ints(rank, 1, 3), [1] * rank) if R.random() < 0.6 else ([1] * rank, ints(rank, 1, 3))
        arguments |= {"filters": R.randint(1, 3), "kernel_size": kernel, "strides": stride, "dilation_rate": dilation,
                      "padding": R.choice(["same", "valid"])}
    elif kind == "DepthwiseConv":
        arguments |= {"depth_multiplier": R.randint(1, 2), "kernel_size": kernel, "strides": [R.randint(1, 3)] * rank,
                      "padding": R.choice(["same", "valid"])}
    elif kind.endswith("Pooling") and not kind.startswith("Global"):
        arguments |= {"pool_size": kernel, "strides": ints(rank, 1, 3), "padding": R.choice(["same", "valid"])}
    elif kind == "UpSampling":
        if rank == 1:
            arguments = {}
            shape = [2] + spatial + [channels]
        arguments |= {"size": kernel if rank > 1 else kernel[0]}
    elif kind in ("Cropping", "ZeroPadding"):
        if rank == 1:
            arguments = {}
            shape = [2] + spatial + [channels]
        amounts = [ints(2, 0, 2) for _ in range(rank)]
        key = "cropping" if kind == "Cropping" else "padding"
        arguments |= {key: amounts if rank > 1 else amounts[0]}
    else:
        arguments |= {"keepdims": R.random() < 0.5}
    case = {"op": f"keras:{kind}", "attributes": arguments, "inputs": [shape]}
    try:
        layer = getattr(keras.layers, f"{kind}{rank}D")(**{k: tuple(v) if k in ("kernel_size", "strides", "dilation_rate", "pool_size") else v
                                                           for k, v in arguments.items()})
        case["outputs"] = [list(layer.compute_output_shape(tuple(shape)))]
        if any(e is None or e <= 0 for e in case["outputs"][0]):
            case["outputs"] = None
    except Exception:
        case["outputs"] = None
    return case


def main():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    plan = [(convolution, 160), (transposed, 120), (pooling, 200), (resize, 120), (slicing, 160), (padding, 120),
            (splitting, 80), (reshaping, 90), (arranging, 320), (product, 110), (other, 110)]
    cases = []
    for make, count in plan:
        for _ in range(count):
            case = make()
            correction = rule(case)
            if correction is None:
                continue
            case |= {"outputs": run(case)}
            if correction.get("rule", case["outputs"]) != case["outputs"]:
                case |= correction
            cases.append(case)
    cases += [keras_case() for _ in range(160)]
    unique = list({json.dumps(c, sort_keys=True): c for c in cases}.values())
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in unique)
    note = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
    text = '{"made by":"Fixtures/make/shape_rules.py","versions":' + json.dumps(note) + ',"cases":[\n' + lines + "\n]}\n"
    (FIXTURES / "shape-rules.json").write_text(text)
    print(len(unique), "cases,", sum(c["outputs"] is None for c in unique), "refused,", len(text), "bytes")


if __name__ == "__main__":
    main()

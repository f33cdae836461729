"""onnx-opsets: tiny residual graphs written by hand across ONNX versions and ways of storing a tensor."""
from common import *

import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(SEED)
CHANNELS = 6


def weight(*shape, scale=None):
    scale = scale or (1.0 / np.sqrt(max(1, int(np.prod(shape[1:])))))
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


class Graph:
    """Collects nodes and initializers; every helper returns the name of its output."""

    def __init__(self, shape):
        self.nodes, self.tensors, self.types, self.shape = [], [], [], shape
        self.taken = 0

    def node(self, op, inputs, name=None, **attributes):
        self.taken += 1
        output = name or f"{op.lower()}_{self.taken}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"n_{output}", **attributes))
        return output

    def tensor(self, name, array, style="raw", kind=None):
        """`style`: raw (raw_data) or typed (float_data, int64_data, int32_data, double_data)."""
        array = np.asarray(array)
        kind = kind or {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16,
                        "int64": TensorProto.INT64}[array.dtype.name]
        if kind == TensorProto.BFLOAT16:
            bits = (array.astype(np.float32).view(np.uint32) + 0x8000 >> 16).astype(np.uint16)
            proto = TensorProto(name=name, data_type=kind, dims=array.shape)
            if style == "raw":
                proto.raw_data = bits.astype("<u2").tobytes()
            else:
                proto.int32_data.extend(int(b) for b in bits.ravel())
        elif style == "raw":
            proto = numpy_helper.from_array(array, name)
        else:
            proto = helper.make_tensor(name, kind, array.shape, array.ravel())
        self.tensors.append(proto)
        self.types.append(helper.make_tensor_value_info(name, kind, array.shape))
        return name

    def norm(self, prefix, x, channels, epsilon=1e-5, style="raw", **attributes):
        parts = {"scale": 1 + 0.2 * weight(channels, scale=1.0), "bias": 0.1 * weight(channels, scale=1.0),
                 "mean": 0.1 * weight(channels, scale=1.0), "var": 1 + 0.3 * np.abs(weight(channels, scale=1.0))}
        names = [self.tensor(f"{prefix}_{k}", v.astype(np.float32), style) for k, v in parts.items()]
        return self.node("BatchNormalization", [x, *names], f"{prefix}_out", epsilon=epsilon, **attributes)

    def save(self, path, opset, ir, result, result_shape, initializers_are_inputs=False, input_type=TensorProto.FLOAT):
        inputs = [helper.make_tensor_value_info("x", input_type, self.shape)]
        if initializers_are_inputs:
            inputs += self.types
        outputs = [helper.make_tensor_value_info(result, input_type, result_shape)]
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir, producer_name="skiff-fixtures")
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))


def block_of(g, x, prefix, style="raw", convolution=None, norm=None):
    """Convolution, BatchNorm, ReLU, convolution, BatchNorm: the body of a basic block."""
    convolution = convolution or (lambda p, v: g.node("Conv", [v, g.tensor(p + "_w", weight(CHANNELS, CHANNELS, 3, 3), style)],
                                                      p, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    norm = norm or (lambda p, v: g.norm(p, v, CHANNELS, style=style))
    y = g.node("Relu", [norm(prefix + "_bn1", convolution(prefix + "_conv1", x))], prefix + "_relu1")
    return norm(prefix + "_bn2", convolution(prefix + "_conv2", y))


def stem(g, style="raw"):
    return g.node("Relu", [g.node("Conv", ["x", g.tensor("stem_w", weight(CHANNELS, 3, 3, 3), style),
                                           g.tensor("stem_b", weight(CHANNELS, scale=0.1), style)], "stem", pads=[1, 1, 1, 1])], "stem_relu")


def opset7(path):
    """IR 3: initializers are graph inputs too, values in float_data and int64_data; Sum adds, Softmax coerces to 2-D, BN has spatial."""
    g = Graph([2, 3, 7, 5])
    x = stem(g, "typed")
    body = block_of(g, x, "b1", "typed", norm=lambda p, v: g.norm(p, v, CHANNELS, style="typed", spatial=1, momentum=0.9))
    x = g.node("Relu", [g.node("Sum", [x, body], "b1_sum")], "b1_relu")
    x = g.node("AveragePool", [x], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    x = g.node("Dropout", [x], "drop", ratio=0.5)
    x = g.node("Reshape", [x, g.tensor("shape", np.array([2, -1], np.int64), "typed")], "flat")
    x = g.node("Gemm", [x, g.tensor("fc_w", weight(5, CHANNELS * 3 * 2), "typed"), g.tensor("fc_b", weight(5, scale=0.1), "typed")], "fc", transB=1)
    g.save(path, 7, 3, g.node("Softmax", [x], "y", axis=1), [2, 5], initializers_are_inputs=True)
    return [block("basic", "identity", CHANNELS, CHANNELS)]


def opset9(path):
    """ConstantOfShape makes weights, as in ONNX's light models; Conv's shape given by a typed initializer; affine by Unsqueeze-1, Mul, Add."""
    g = Graph(["N", 3, 6, 6])

    def filled(name, shape, value):
        return g.node("ConstantOfShape", [g.tensor(name + "__SHAPE", np.array(shape, np.int64), "typed")], name,
                      value=helper.make_tensor("value", TensorProto.FLOAT, [1], [value]))

    def convolution(p, v):
        return g.node("Conv", [v, filled(p + "_w", [CHANNELS, CHANNELS, 3, 3], 0.02)], p, pads=[1, 1, 1, 1], group=1)

    def affine(p, v):
        scale = g.node("Unsqueeze", [filled(p + "_s", [CHANNELS], 0.9)], p + "_s3", axes=[1, 2])
        shift = g.node("Unsqueeze", [g.tensor(p + "_t", weight(CHANNELS, scale=0.2))], p + "_t3", axes=[1, 2])
        return g.node("Add", [g.node("Mul", [v, scale], p + "_mul"), shift], p + "_out")

    x = stem(g)
    x = g.node("Relu", [g.node("Sum", [block_of(g, x, "b1", convolution=convolution, norm=affine), x], "b1_sum")], "b1_relu")
    x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "gap")], "flat")
    g.save(path, 9, 4, g.node("MatMul", [x, g.tensor("fc", weight(CHANNELS, 4))], "y"), ["N", 4])
    return [block("basic", "identity", CHANNELS, CHANNELS)]


def opset11(path):
    """Double initializers behind Cast; Pad and Clip with inputs, Conv without padding; strided projection; Squeeze-1 attributes."""
    g = Graph(["N", 3, 8, 6])

    def convolution(p, v, strides=(1, 1)):
        w = g.node("Cast", [g.tensor(p + "_w64", weight(CHANNELS, CHANNELS, 3, 3).astype(np.float64), "typed" if p.endswith("1") else "raw")],
                   p + "_w", to=TensorProto.FLOAT)
        padded = g.node("Pad", [v, g.tensor(p + "_pads", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))], p + "_pad")
        return g.node("Conv", [padded, w], p, strides=list(strides))

    x = g.node("Clip", [stem(g), g.tensor("low", np.array(0.0, np.float32)), g.tensor("high", np.array(6.0, np.float32))], "relu6")
    y = g.node("Relu", [g.norm("b1_bn1", convolution("b1_conv1", x, (2, 2)), CHANNELS, 1e-3)], "b1_relu1")
    y = g.norm("b1_bn2", convolution("b1_conv2", y), CHANNELS, 1e-3)
    shortcut = g.norm("b1_bn0", g.node("Conv", [x, g.tensor("b1_w0", weight(CHANNELS, CHANNELS, 1, 1))], "b1_conv0", strides=[2, 2]), CHANNELS, 1e-3)
    x = g.node("Relu", [g.node("Add", [y, shortcut], "b1_add")], "b1_relu")
    x = g.node("Squeeze", [g.node("GlobalAveragePool", [x], "gap")], "flat", axes=[2, 3])
    g.save(path, 11, 6, g.node("Softmax", [g.node("Gemm", [x, g.tensor("fc_w", weight(CHANNELS, 5))], "fc", alpha=0.5)], "y", axis=-1), ["N", 5])
    return [block("basic", "projection", CHANNELS, CHANNELS, 2)]


def opset13(path):
    """Weights in Constant nodes (tensor, value_floats, value_ints); float16 initializers, raw and in int32_data, behind Cast."""
    g = Graph(["N", 3, 6, 7])

    def constant(name, array):
        return g.node("Constant", [], name, value=numpy_helper.from_array(array, name + "_value"))

    def convolution(p, v):
        w = weight(CHANNELS, CHANNELS, 3, 3)
        if p.endswith("conv1"):
            return g.node("Conv", [v, constant(p + "_w", w)], p, auto_pad="SAME_UPPER")
        half = g.node("Cast", [g.tensor(p + "_w16", w.astype(np.float16), "typed")], p + "_w", to=TensorProto.FLOAT)
        bias = g.node("Cast", [g.tensor(p + "_b16", weight(CHANNELS, scale=0.1).astype(np.float16), "raw")], p + "_b", to=TensorProto.FLOAT)
        return g.node("Conv", [v, half, bias], p, auto_pad="SAME_LOWER", kernel_shape=[3, 3])

    x = stem(g)
    x = g.node("Relu", [g.node("Add", [x, block_of(g, x, "b1", convolution=convolution)], "b1_add")], "b1_relu")
    scale = g.node("Reshape", [g.node("Constant", [], "gain", value_floats=[0.5 + 0.1 * i for i in range(CHANNELS)]),
                               g.node("Constant", [], "gain_shape", value_ints=[1, CHANNELS, 1, 1])], "gain4")
    x = g.node("Mul", [x, scale], "scaled")
    x = g.node("Squeeze", [g.node("ReduceMean", [x], "gap", axes=[2, 3], keepdims=1), g.tensor("axes", np.array([2, 3], np.int64))], "flat")
    g.save(path, 13, 7, g.node("Softmax", [g.node("MatMul", [x, constant("fc", weight(CHANNELS, 5))], "logits")], "y"), ["N", 5])
    return [block("basic", "identity", CHANNELS, CHANNELS)]


def opset18(path):
    """bfloat16 initializers, raw and in int32_data, behind Cast; grouped and depthwise convolution; ReduceMean with axes as input; a name starting with a slash."""
    g = Graph(["N", 3, 6, 6])

    def convolution(p, v):
        groups = CHANNELS if p.endswith("conv1") else 2
        w = weight(CHANNELS, CHANNELS // groups, 3, 3)
        w = g.node("Cast", [g.tensor(p + "_w16", w, "raw" if groups == 2 else "typed", TensorProto.BFLOAT16)], p + "_w", to=TensorProto.FLOAT)
        return g.node("Conv", [v, w], p, group=groups, pads=[2, 2, 2, 2], dilations=[2, 2])

    x = stem(g)
    x = g.node("Relu", [g.node("Add", [block_of(g, x, "/layer1/b1", convolution=convolution), x], "/layer1/add")], "/layer1/relu")
    x = g.node("ReduceMean", [x, g.tensor("axes", np.array([-2, -1], np.int64))], "gap", keepdims=0)
    g.save(path, 18, 8, g.node("Gemm", [x, g.tensor("fc_w", weight(5, CHANNELS)), g.tensor("fc_b", weight(5))], "y", transB=1), ["N", 5])
    return [block("basic", "identity", CHANNELS, CHANNELS)]


def newest(path):
    """The newest opset and IR of onnx 1.23.2: pre-activation block whose shortcut pools and zero-pads its channels; names metadata."""
    g = Graph(["N", 3, 8, 8])
    x = stem(g)
    pre = g.node("Relu", [g.norm("b1_bn1", x, CHANNELS)], "b1_relu1")
    y = g.node("Conv", [pre, g.tensor("b1_w1", weight(2 * CHANNELS, CHANNELS, 3, 3))], "b1_conv1", pads=[1, 1, 1, 1], strides=[2, 2])
    y = g.node("Relu", [g.norm("b1_bn2", y, 2 * CHANNELS)], "b1_relu2")
    y = g.node("Conv", [y, g.tensor("b1_w2", weight(2 * CHANNELS, 2 * CHANNELS, 3, 3))], "b1_conv2", pads=[1, 1, 1, 1])
    s = g.node("AveragePool", [x], "b1_pool", kernel_shape=[2, 2], strides=[2, 2])
    s = g.node("Pad", [s, g.tensor("b1_amounts", np.array([3, 3], np.int64)), "", g.tensor("b1_axes", np.array([1], np.int64))], "b1_pad")
    x = g.node("Add", [s, y], "b1_add")
    x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "gap")], "flat")
    g.save(path, onnx.defs.onnx_opset_version(), onnx.IR_VERSION,
           g.node("Gemm", [x, g.tensor("fc_w", weight(5, 2 * CHANNELS)), g.tensor("fc_b", weight(5))], "y", transB=1), ["N", 5])
    return [block("pre-activation", "pad", CHANNELS, 2 * CHANNELS, 2)]


def half(path):
    """All float16 between two Casts, as float16 converters leave a network: weights are float16, arithmetic is the framework's."""
    g = Graph(["N", 3, 6, 6])
    low = lambda name, array: g.tensor(name, array.astype(np.float16))
    x = g.node("Cast", ["x"], "x16", to=TensorProto.FLOAT16)
    x = g.node("Relu", [g.node("Conv", [x, low("stem_w", weight(CHANNELS, 3, 3, 3)), low("stem_b", weight(CHANNELS))], "stem", pads=[1, 1, 1, 1])], "stem_relu")
    y = g.node("Relu", [g.node("Conv", [x, low("w1", weight(CHANNELS, CHANNELS, 3, 3))], "conv1", pads=[1, 1, 1, 1])], "relu1")
    y = g.node("Conv", [y, low("w2", weight(CHANNELS, CHANNELS, 3, 3))], "conv2", pads=[1, 1, 1, 1])
    x = g.node("Relu", [g.node("Add", [x, y], "add")], "relu2")
    x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "gap")], "flat")
    x = g.node("Gemm", [x, low("fc_w", weight(5, CHANNELS)), low("fc_b", weight(5))], "fc", transB=1)
    g.save(path, 17, 8, g.node("Cast", [x], "y", to=TensorProto.FLOAT), ["N", 5])
    return [block("basic", "identity", CHANNELS, CHANNELS)]


def reference(path, inputs):
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(str(path))
    names = [n for node in model.graph.node for n in node.output if n]
    outputs = [v.name for v in model.graph.output]
    evaluator = ReferenceEvaluator(model)
    found = dict(zip(names, evaluator.run(names, inputs)))
    return {n: found[n] for n in outputs}, found


def main():
    where = folder("onnx-opsets")
    for stale in where.iterdir():
        stale.unlink()
    runs = []
    for make in (opset7, opset9, opset11, opset13, opset18, newest, half):
        path = where / f"{make.__name__}.onnx"
        blocks = make(path)
        shape = [d.dim_value or 2 for d in onnx.load(str(path)).graph.input[0].type.tensor_type.shape.dim]
        inputs = {"x": RNG.standard_normal(shape).astype(np.float32)}
        found = {}
        model = onnx.load(str(path))
        # onnx.reference mixes the batch's own statistics into BatchNormalization before opset 14: not a reference there.
        trusted = model.opset_import[0].version >= 14 or all(n.op_type != "BatchNormalization" for n in model.graph.node)
        for recorder, run in (("onnxruntime", onnx_all_values), ("onnx.reference", reference))[:1 + trusted]:
            try:
                found[recorder] = run(path, inputs)
            except Exception as error:
                print(f"{path.name}: {recorder} declines: {str(error)[:200]}")
        if len(found) == 2:
            (_, ours), (_, theirs) = found.values()
            for name in ours:
                worst = float(np.abs(np.asarray(ours[name], np.float64) - np.asarray(theirs[name], np.float64)).max())
                assert worst < (1e-2 if make is half else 1e-5), (path.name, name, worst)
        recorder, (outputs, values) = next(iter(found.items()))
        save_npz(where / f"{make.__name__}.npz", recording(inputs, outputs, values))
        runs.append({"models": [path.name], "io": f"{make.__name__}.npz", "about": make.__doc__, "recordedBy": recorder, "blocks": blocks})
    runs[-1]["halfPrecision"] = True
    record_fixture("onnx-opsets", "Tiny residual graphs by onnx.helper at opsets 7, 9, 11, 13, 18 and the newest, one for each way "
                   "of storing weights; random weights. `blocks` stand with each run.", __file__, accuracy=None,
                   inputs={"x": ["N", 3, "H", "W"]}, runs=runs, versions=versions("onnx", "onnxruntime", "numpy"))


if __name__ == "__main__":
    main()

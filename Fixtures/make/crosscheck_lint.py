#!/usr/bin/env python3
"""Break real ONNX models in known ways and see that `skiff inspect --lint` names each.

    crosscheck_lint.py SKIFF SCRATCH MODEL.onnx [--healthy FILE …]

MODEL is a residual network with BatchNormalizations and an open batch, such as resnet18-torchvision.onnx exported with
training=PRESERVE and do_constant_folding=False, or Fixtures/torch-basic/model.onnx. Each break is made with onnx and
must be found under its rule and severity, with the exit status that goes with it; --healthy files must have no errors and
no warnings. Needs onnx and NumPy.
"""
import argparse
import copy
import json
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

failed = False


def lint(skiff, path):
    run = subprocess.run([skiff, "inspect", path, "--lint", "--json"], capture_output=True, text=True)
    if not run.stdout:
        return run.returncode, []
    return run.returncode, json.loads(run.stdout).get("lint", {}).get("findings", [])


def report(passed, name, detail=""):
    global failed
    failed |= not passed
    print(f"{'pass' if passed else 'FAIL'}  {name}{': ' if detail else ''}{detail}", flush=True)


def first(model, kind, index=0):
    return [n for n in model.graph.node if n.op_type == kind][index]


def initializer(model, name):
    return next(t for t in model.graph.initializer if t.name == name)


def set_weight(model, name, change):
    tensor = initializer(model, name)
    value = np.array(numpy_helper.to_array(tensor))
    tensor.CopyFrom(numpy_helper.from_array(change(value), name))


def attribute(node, name, value):
    for a in list(node.attribute):
        if a.name == name:
            node.attribute.remove(a)
    node.attribute.append(helper.make_attribute(name, value))


def put_behind(model, node, *operators):
    """Nodes of one input each between a node and its readers."""
    output = node.output[0]
    source = output + "_before"
    node.output[0] = source
    position = list(model.graph.node).index(node) + 1
    for index, (kind, attributes) in enumerate(operators):
        target = output if index + 1 == len(operators) else f"{output}_{index}"
        model.graph.node.insert(position, helper.make_node(kind, [source], [target], name=f"put_{kind}_{index}", **attributes))
        source = target
        position += 1


def changed(array, index, value):
    array = array.copy()
    array.reshape(-1)[index] = value
    return array


BREAKS = {}


def broken(rule, severity):
    def register(function):
        BREAKS[function.__name__] = (rule, severity, function)
        return function
    return register


@broken("unused-tensor", "warning")
def unused(m):
    m.graph.initializer.append(numpy_helper.from_array(np.ones((64, 64), np.float32), "left_over"))


@broken("dead-node", "warning")
def dead(m):
    m.graph.node.append(helper.make_node("Relu", [first(m, "Conv").output[0]], ["nowhere"], name="dead_relu"))


@broken("duplicate-name", "error")
def twice(m):
    m.graph.initializer.append(copy.deepcopy(m.graph.initializer[0]))


@broken("duplicate-name", "error")
def two_givers(m):
    m.graph.node.append(helper.make_node("Relu", [first(m, "Conv").output[0]], [first(m, "Relu").output[0]], name="again"))


@broken("undefined-value", "error")
def undefined(m):
    first(m, "Relu").input[0] = "gone"


@broken("node-order", "warning")
def order(m):
    nodes = list(m.graph.node)
    del m.graph.node[:]
    m.graph.node.extend(reversed(nodes))


@broken("training-mode", "error")
def training(m):
    attribute(first(m, "BatchNormalization"), "training_mode", 1)
    m.opset_import[0].version = max(15, m.opset_import[0].version)


@broken("dropout-in-training", "error")
def dropout(m):
    relu = first(m, "Relu")
    put_behind(m, relu, ("Relu", {}))
    added = next(n for n in m.graph.node if n.name == "put_Relu_0")
    added.op_type = "Dropout"
    m.graph.initializer.append(numpy_helper.from_array(np.float32(0.5), "ratio"))
    m.graph.initializer.append(numpy_helper.from_array(np.array(True), "mode"))
    added.input.extend(["ratio", "mode"])


@broken("softmax-twice", "warning")
def softmax(m):
    put_behind(m, m.graph.node[-1], ("Softmax", {"axis": -1}), ("Softmax", {"axis": -1}))


@broken("squashed-twice", "warning")
def sigmoid_softmax(m):
    put_behind(m, m.graph.node[-1], ("Sigmoid", {}), ("Softmax", {"axis": -1}))


@broken("repeated-relu", "note")
def relu(m):
    put_behind(m, first(m, "Relu"), ("Relu", {}), ("Identity", {}))


@broken("epsilon-outlier", "warning")
def epsilon(m):
    attribute(first(m, "BatchNormalization", 2), "epsilon", 1e-3)


@broken("epsilon-unusual", "warning")
def large_epsilon(m):
    attribute(first(m, "BatchNormalization", 1), "epsilon", 0.5)


@broken("negative-variance", "error")
def negative(m):
    set_weight(m, first(m, "BatchNormalization").input[4], lambda v: changed(v, 0, -1))


@broken("nan-weights", "error")
def nan(m):
    set_weight(m, first(m, "Conv", 1).input[1], lambda v: changed(v, 5, np.nan))


@broken("infinite-weights", "error")
def infinite(m):
    set_weight(m, first(m, "BatchNormalization").input[1], lambda v: changed(v, 1, np.inf))


@broken("zero-kernel", "warning")
def zero(m):
    set_weight(m, first(m, "Conv", 1).input[1], np.zeros_like)


@broken("dead-channels", "note")
def channels(m):
    def kill(v):
        v = v.copy()
        v[1] = 0
        return v
    set_weight(m, first(m, "Conv", 1).input[1], kill)


@broken("scaled-away-channels", "note")
def scaled(m):
    set_weight(m, first(m, "BatchNormalization", 1).input[1], lambda v: changed(v, 2, 1e-12))


@broken("initial-moments", "warning")
def moments(m):
    node = first(m, "BatchNormalization", 1)
    set_weight(m, node.input[3], np.zeros_like)
    set_weight(m, node.input[4], np.ones_like)


@broken("near-identity-block", "note")
def identity_block(m):
    add = first(m, "Add")
    by_output = {o: n for n in m.graph.node for o in n.output}
    norm = next(by_output[i] for i in add.input if i in by_output and by_output[i].op_type == "BatchNormalization")
    set_weight(m, norm.input[1], lambda v: v * 0 + 1e-7)


@broken("weights-stored-twice", "note")
def stored_twice(m):
    by_shape = {}
    for node in m.graph.node:
        if node.op_type != "Conv":
            continue
        shape = tuple(initializer(m, node.input[1]).dims)
        if shape in by_shape and int(np.prod(shape)) >= 256:
            copy_of = numpy_helper.to_array(initializer(m, by_shape[shape]))
            set_weight(m, node.input[1], lambda v: copy_of)
            return
        by_shape[shape] = node.input[1]
    raise RuntimeError("no two convolutions of one shape")


@broken("asymmetric-padding", "warning")
def padding(m):
    nodes = [n for n in m.graph.node if n.op_type == "Conv"
             and list(initializer(m, n.input[1]).dims)[2:] == [3, 3]
             and not any(a.name == "strides" and list(a.ints) != [1, 1] for a in n.attribute)]
    attribute(nodes[1], "pads", [2, 2, 0, 0])


@broken("padding-beyond-kernel", "warning")
def wide_padding(m):
    attribute(first(m, "Conv"), "pads", [7, 7, 7, 7])


@broken("skipped-inputs", "warning")
def stride(m):
    attribute(first(m, "Conv"), "strides", [9, 9])


@broken("cast-round-trip", "warning")
def cast(m):
    put_behind(m, first(m, "Relu"), ("Cast", {"to": TensorProto.FLOAT16}), ("Cast", {"to": TensorProto.FLOAT}))


@broken("cancelling-transposes", "warning")
def transposes(m):
    put_behind(m, first(m, "Relu"), ("Transpose", {"perm": [0, 2, 3, 1]}), ("Transpose", {"perm": [0, 3, 1, 2]}))


@broken("identity-chain", "note")
def identities(m):
    put_behind(m, first(m, "Relu"), ("Identity", {}), ("Identity", {}))


@broken("unknown-operator", "error")
def unknown(m):
    node = first(m, "Relu")
    node.op_type, node.domain = "FancyRelu", "com.example"
    m.opset_import.append(helper.make_opsetid("com.example", 1))


@broken("unreadable", "error")
def future(m):
    m.opset_import[0].version = 99


@broken("unreadable", "error")
def broken_shape(m):
    tensor = initializer(m, first(m, "Conv", 1).input[1])
    tensor.dims[0] += 1


@broken("unused-tensor", "warning")
def unused_and_unreadable(m):
    unused(m)
    m.opset_import[0].version = 99


@broken("closed-batch", "note")
def closed(m):
    m.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    for output in m.graph.output:
        output.type.tensor_type.shape.dim[0].dim_value = 1
    del m.graph.value_info[:]


@broken("unreachable-input", "warning")
def input_left(m):
    m.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 4]))


@broken("constant-output", "warning")
def constant(m):
    m.graph.initializer.append(numpy_helper.from_array(np.ones(4, np.float32), "anchors"))
    m.graph.node.append(helper.make_node("Identity", ["anchors"], ["anchors_out"], name="anchors_node"))
    m.graph.output.append(helper.make_tensor_value_info("anchors_out", TensorProto.FLOAT, [4]))


@broken("declared-shape", "warning")
def declared(m):
    m.graph.output[0].type.tensor_type.shape.dim[1].dim_value += 1


@broken("ir-version", "note")
def ir(m):
    m.opset_import[0].version, m.ir_version = 11, 12


@broken("weight-not-input", "warning")
def old_ir(m):
    m.ir_version = 3


@broken("overridable-weights", "note")
def overridable(m):
    for tensor in m.graph.initializer:
        m.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))


@broken("external-data", "error")
def external(m):
    for tensor in list(m.graph.initializer)[:3]:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "not-there.bin"


@broken("external-data", "error")
def outside(m):
    tensor = m.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../secret.bin"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("skiff")
    parser.add_argument("scratch")
    parser.add_argument("model")
    parser.add_argument("--healthy", nargs="*", default=[])
    options = parser.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    original = onnx.load(options.model)
    _, found = lint(options.skiff, options.model)
    usual = {f["rule"] for f in found}
    for name, (rule, severity, change) in BREAKS.items():
        model = copy.deepcopy(original)
        try:
            change(model)
        except (StopIteration, IndexError, RuntimeError) as error:
            print(f"skip  {name}: the model has no place for it ({error!r})")
            continue
        path = os.path.join(options.scratch, f"{name}.onnx")
        onnx.save(model, path)
        status, found = lint(options.skiff, path)
        hit = [f for f in found if f["rule"] == rule and f["severity"] == severity]
        errors = any(f["severity"] == "error" for f in found)
        passed = bool(hit) and rule not in usual and status == (1 if errors else 0) and all(f["hint"] for f in hit)
        report(passed, f"{name} ({rule})", hit[0]["text"] if hit else
               f"status {status}, found {sorted({f['rule'] for f in found} - usual)}")
        os.remove(path)
    for path in options.healthy:
        status, found = lint(options.skiff, path)
        loud = [f for f in found if f["severity"] != "note"]
        report(status == 0 and not loud, path, "; ".join(f["text"] for f in loud[:3]) or
               ", ".join(sorted({f["rule"] for f in found})))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

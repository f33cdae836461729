#!/usr/bin/env python3
"""The structure of an ONNX model without its weights: structure.py IN.onnx OUT.onnx

Every weight of real numbers becomes a ConstantOfShape of its type, so the file keeps nodes, names, attributes and shapes,
is some ten kilobytes long, and is still a valid model. Whole numbers and single numbers stay as they are: shapes, axes and
scales of exports are among them. Needs onnx.
"""
import sys

import onnx
from onnx import TensorProto, helper, numpy_helper

REAL = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}


def stripped(model):
    """The model with weights as filled constants."""
    graph = model.graph
    shapes, fillings, kept = {}, [], []
    for tensor in graph.initializer:
        count = 1
        for extent in tensor.dims:
            count *= extent
        if tensor.data_type not in REAL or count <= 1:
            kept.append(tensor)
            continue
        dims = tuple(tensor.dims)
        shape = shapes.setdefault(dims, "shape:" + "x".join(map(str, dims)))
        # A variance of zero would divide by nothing but epsilon.
        value = helper.make_tensor("value", tensor.data_type, [1], [0.01])
        fillings.append(helper.make_node("ConstantOfShape", [shape], [tensor.name], value=value))
    kept += [helper.make_tensor(name, TensorProto.INT64, [len(dims)], dims) for dims, name in shapes.items()]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = fillings + list(graph.node)
    for node in nodes:
        node.ClearField("doc_string")
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type in REAL:
                array = numpy_helper.to_array(attribute.t)
                assert array.size <= 4096, f"{node.name} holds {array.size} numbers"
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    del model.metadata_props[:]
    del graph.metadata_props[:]
    if model.opset_import[0].version < 9:
        raise SystemExit("ConstantOfShape needs operator set 9")
    return model


def main():
    model = stripped(onnx.load(sys.argv[1], load_external_data=False))
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()

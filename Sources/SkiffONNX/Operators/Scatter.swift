internal import SkiffGraph

/// What `reduction` says; `add` and `mul` came with version 16, `max` and `min` with 18.
private func reduction(_ node: NodeImport) throws(ONNXError) -> ScatterReduction {
    try node.attributes.choice(
        "reduction", default: "none",
        [
            "none": ScatterReduction.none, "add": .add, "mul": .multiply, "max": .maximum, "min": .minimum,
        ])
}

/// ONNX ScatterND 11 to 18.
@Sendable func readScatterND(_ node: NodeImport) throws(ONNXError) -> Operator {
    .scatterND(ScatterND(reduction: try reduction(node)))
}

/// ONNX Scatter 9, 11 and ScatterElements 11 to 18.
@Sendable func readScatterElements(_ node: NodeImport) throws(ONNXError) -> Operator {
    .scatterElements(ScatterElements(axis: try node.attributes.integer("axis") ?? 0, reduction: try reduction(node)))
}

/// ONNX GatherND 11, 12 (`batch_dims`), 13.
@Sendable func readGatherND(_ node: NodeImport) throws(ONNXError) -> Operator {
    .gatherND(GatherND(batchDimensions: try node.attributes.integer("batch_dims") ?? 0))
}

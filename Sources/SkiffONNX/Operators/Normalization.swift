internal import SkiffGraph

/// ONNX's default: 10⁻⁵.
private func epsilon(_ node: NodeImport) throws(ONNXError) -> Float {
    try node.attributes.real("epsilon", default: 1e-5)
}

/// Before version 9 `spatial` 0 keeps moments for every position, which is another operator; but MXNet's exporter
/// wrote it beside moments of one axis, which are by channel whatever it says.
private func batchNormalization(_ node: NodeImport, isTraining: Bool) throws(ONNXError) -> Operator {
    let momentum = try node.attributes.real("momentum", default: 0.9)
    if node.opset < 9, try !node.attributes.flag("spatial", default: true), node.rank(3) != 1 {
        throw node.inexpressible("spatial 0 keeps moments for every position")
    }
    // Before version 14 outputs 3 and 4 are what the writer's framework saved for its gradient.
    try node.keepOutputs(isTraining ? 3 : 1)
    let movesMoments = node.outputs.count > 1 && node.readsOutputs(from: 1)
    if !movesMoments { try node.keepOutputs(1) }
    return .batchNormalization(
        BatchNormalization(
            epsilon: try epsilon(node), axis: 1, isTraining: isTraining, momentum: movesMoments ? momentum : nil))
}

/// ONNX BatchNormalization 1, 6: trains unless `is_test`, or where only the map is given.
@Sendable func readBatchNormalization6(_ node: NodeImport) throws(ONNXError) -> Operator {
    node.attributes.ignore("consumed_inputs")
    let isTest = try node.attributes.integer("is_test") ?? 0
    return try batchNormalization(node, isTraining: isTest == 0 && node.outputs.count > 1)
}

/// ONNX BatchNormalization 7, 9: trains where it gives moments.
@Sendable func readBatchNormalization7(_ node: NodeImport) throws(ONNXError) -> Operator {
    try batchNormalization(node, isTraining: node.outputs.count > 1)
}

/// ONNX BatchNormalization 14, 15: `training_mode`.
@Sendable func readBatchNormalization14(_ node: NodeImport) throws(ONNXError) -> Operator {
    try batchNormalization(node, isTraining: try node.attributes.flag("training_mode", default: false))
}

/// ONNX InstanceNormalization 1, 6, 22.
@Sendable func readInstanceNormalization(_ node: NodeImport) throws(ONNXError) -> Operator {
    .instanceNormalization(InstanceNormalization(epsilon: try epsilon(node)))
}

/// The type that moments are computed in: only float is a matter of course.
private func checkStash(_ node: NodeImport) throws(ONNXError) {
    let type = try node.attributes.integer("stash_type") ?? 1
    guard type == 1 else { throw node.inexpressible("stash_type is \(type), known is 1") }
}

/// ONNX LayerNormalization 17.
@Sendable func readLayerNormalization(_ node: NodeImport) throws(ONNXError) -> Operator {
    try node.keepOutputs(3)
    try checkStash(node)
    return .layerNormalization(
        LayerNormalization(epsilon: try epsilon(node), firstAxis: try node.attributes.integer("axis") ?? -1))
}

private func groupNormalization(_ node: NodeImport, affinePerGroup: Bool) throws(ONNXError) -> Operator {
    guard let groups = try node.attributes.integer("num_groups") else { throw ONNXError(.missing("num_groups")) }
    guard groups >= 1 else {
        throw ONNXError(.attribute(name: "num_groups", expected: "at least 1", found: String(groups)))
    }
    return .groupNormalization(
        GroupNormalization(groups: groups, epsilon: try epsilon(node), axis: 1, affinePerGroup: affinePerGroup))
}

/// ONNX GroupNormalization 18: scale and offset for each group.
@Sendable func readGroupNormalization18(_ node: NodeImport) throws(ONNXError) -> Operator {
    try groupNormalization(node, affinePerGroup: true)
}

/// ONNX GroupNormalization 21: scale and offset for each channel.
@Sendable func readGroupNormalization21(_ node: NodeImport) throws(ONNXError) -> Operator {
    try checkStash(node)
    return try groupNormalization(node, affinePerGroup: false)
}

/// ONNX LRN 1, 13.
@Sendable func readLocalResponseNormalization(_ node: NodeImport) throws(ONNXError) -> Operator {
    guard let size = try node.attributes.integer("size") else { throw ONNXError(.missing("size")) }
    guard size >= 1 else { throw ONNXError(.attribute(name: "size", expected: "at least 1", found: String(size))) }
    return .localResponseNormalization(
        LocalResponseNormalization(
            size: size, alpha: try node.attributes.real("alpha", default: 0.0001),
            beta: try node.attributes.real("beta", default: 0.75),
            bias: try node.attributes.real("bias", default: 1)))
}

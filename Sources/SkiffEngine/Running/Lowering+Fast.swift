internal import SkiffCore
internal import SkiffGraph

/// Operators with kernels of their own, but for sums of products. Each takes the float32 maps that its kernel takes and
/// leaves the others to the reference evaluator.
extension Lowering {
    /// - Returns: Whether the node was taken.
    mutating func lowerFast(_ node: Draft.Node, _ operation: Operator) throws(EngineError) -> Bool {
        if try lowerElements(node) { return true }
        try settle(node.inputs)
        switch operation {
        case .pooling(let pooling): return try lowerPooling(node, pooling)
        case .globalPooling(let pooling): return try lowerGlobalPooling(node, pooling)
        case .reduction(let reduction): return try lowerReduction(node, reduction)
        case .softmax(let softmax): return try lowerSoftmax(node, softmax)
        case .localResponseNormalization(let response): return try lowerResponse(node, response)
        case .concatenation(let concatenation): return try lowerConcatenation(node, concatenation)
        case .resize(let resize): return try lowerResize(node, resize)
        case .upsampling(let upsampling): return try lowerUpsampling(node, upsampling)
        case .pad(let pad): return try lowerPad(node, pad)
        case .cropping(let cropping): return try lowerCropping(node, cropping)
        case .slice: return try lowerSlice(node)
        case .split(let split): return try lowerSplit(node, split)
        default: return false
        }
    }
}

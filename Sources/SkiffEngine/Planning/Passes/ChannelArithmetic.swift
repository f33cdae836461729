internal import SkiffCore
internal import SkiffGraph

/// Folds what follows a product and treats every channel alike into its scale and shift: normalization with stored
/// moments, and arithmetic with constants.
func foldChannelArithmetic(_ draft: inout Draft) -> Int {
    var wiring = Wiring(draft)
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    for index in draft.nodes.indices {
        for position in draft.nodes[index].inputs.indices {
            guard let input = draft.input(index, position), let producer = wiring.producers[input],
                wiring.reads[input] == 1, let product = draft.product(producer), !product.isClamped,
                let affine = draft.channelAffine(
                    index, of: position, axis: product.channelAxis(rank: draft.values[input].shape.count)),
                let folded = product.following(affine, hasAddend: draft.input(producer, 2) != nil)
            else { continue }
            draft.fuse(producer, into: index, folded)
            wiring.producers[draft.nodes[index].outputs[0]] = index
            isDropped[producer] = true
            break
        }
    }
    draft.drop(isDropped)
    return isDropped.count { $0 }
}

/// y = scale · x + shift by channel.
struct ChannelAffine {
    var scale: [Double]
    var shift: [Double]
}

extension Draft {
    /// Makes `product` of node `producer` the work of node `index`, which read it.
    mutating func fuse(_ producer: Int, into index: Int, _ product: FusedProduct, addend: Int? = nil) {
        nodes[index].work = .product(product)
        nodes[index].origins = nodes[producer].origins + nodes[index].origins
        nodes[index].inputs = nodes[producer].inputs
        if let addend { nodes[index].inputs.append(addend) }
    }

    /// What node `index` does with its input `position` when all else it reads is constant by channel.
    /// - Parameter axis: The channel axis.
    func channelAffine(_ index: Int, of position: Int, axis: Int) -> ChannelAffine? {
        guard let operation = operation(index), let map = input(index, position), nodes[index].outputs.count == 1,
            isFloatMap(map), values[nodes[index].outputs[0]].shape == values[map].shape,
            values[map].shape.indices.contains(axis)
        else { return nil }
        let channels = values[map].shape[axis]
        let affine: ChannelAffine?
        switch operation {
        case .batchNormalization(let normalization) where position == 0:
            affine = channelAffine(normalization, index, axis: axis)
        case .unary(let unary) where unary.kind == .negative:
            affine = ChannelAffine(
                scale: Array(repeating: -1, count: channels), shift: Array(repeating: 0, count: channels))
        case .binary(let binary): affine = channelAffine(binary.kind, index, of: position, axis: axis)
        case .variadic(let variadic) where variadic.kind == .sum:
            affine = channelAffine(.add, index, of: position, axis: axis)
        case .variadic(let variadic) where variadic.kind == .product:
            affine = channelAffine(.multiply, index, of: position, axis: axis)
        default: affine = nil
        }
        guard let affine, affine.scale.allSatisfy(\.isFinite), affine.shift.allSatisfy(\.isFinite) else { return nil }
        return affine
    }

    private func channelAffine(_ normalization: BatchNormalization, _ index: Int, axis: Int) -> ChannelAffine? {
        guard !normalization.isTraining, let map = input(index, 0) else { return nil }
        let rank = values[map].shape.count
        guard (normalization.axis < 0 ? normalization.axis + rank : normalization.axis) == axis else { return nil }
        func vector(_ position: Int, or missing: Double?) -> [Double]? {
            guard let value = input(index, position) else {
                return missing.map { Array(repeating: $0, count: values[map].shape[axis]) }
            }
            guard values[value].elementType.isFloatingPoint, let tensor = values[value].constant else { return nil }
            return try? tensor.doubles()
        }
        guard let scale = vector(1, or: 1), let offset = vector(2, or: 0), let mean = vector(3, or: nil),
            let variance = vector(4, or: nil)
        else { return nil }
        let factors = zip(scale, variance).map { $0 / ($1 + Double(normalization.epsilon)).squareRoot() }
        return ChannelAffine(scale: factors, shift: offset.indices.map { offset[$0] - mean[$0] * factors[$0] })
    }

    private func channelAffine(_ kind: Binary.Kind, _ index: Int, of position: Int, axis: Int) -> ChannelAffine? {
        guard nodes[index].inputs.count == 2, let map = input(index, position), let other = input(index, 1 - position),
            let constants = channelVector(other, axis: axis, of: map)
        else { return nil }
        func filled(_ value: Double) -> [Double] { Array(repeating: value, count: constants.count) }
        switch kind {
        case .add: return ChannelAffine(scale: filled(1), shift: constants)
        case .subtract where position == 0: return ChannelAffine(scale: filled(1), shift: constants.map { -$0 })
        case .subtract: return ChannelAffine(scale: filled(-1), shift: constants)
        case .multiply: return ChannelAffine(scale: constants, shift: filled(0))
        case .divide where position == 0: return ChannelAffine(scale: constants.map { 1 / $0 }, shift: filled(0))
        default: return nil
        }
    }
}

extension FusedProduct {
    /// Whether the result is cut off, so that nothing but another clamp may follow.
    var isClamped: Bool { lower != -.infinity || upper != .infinity }

    /// This product with `affine` applied to its result; `nil` where that cannot be written as a product.
    fileprivate func following(_ affine: ChannelAffine, hasAddend: Bool) -> FusedProduct? {
        let scales = affine.scale.contains { $0 != 1 }
        guard !scales || !hasAddend else { return nil }
        var product = self
        if scales {
            product.scale = scale.map { zip($0, affine.scale).map { $0 * $1 } } ?? affine.scale
        }
        let shifted = shift.map { zip($0, affine.scale).map { $0 * $1 } }
        let sum = shifted.map { zip($0, affine.shift).map { $0 + $1 } } ?? affine.shift
        if shift != nil || sum.contains(where: { $0 != 0 }) { product.shift = sum }
        return product
    }
}

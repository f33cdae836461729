internal import SkiffCore
internal import SkiffGraph

/// Makes products of convolutions and matrix multiplications of float32 maps with constant weights.
func makeProducts(_ draft: inout Draft) -> Int {
    let wiring = Wiring(draft)
    var changes = 0
    for index in draft.nodes.indices {
        guard let operation = draft.operation(index), let map = draft.input(index, 0),
            let given = draft.input(index, 1), let output = draft.nodes[index].outputs.first,
            draft.isFloatMap(map), draft.isFloatMap(output), let weight = draft.storedWeight(given, wiring),
            var product = draft.product(of: operation, index, weight)
        else { continue }
        if let bias = draft.input(index, 2) {
            // A convolution's bias is a vector whatever axis its channels are; a matrix product's is broadcast.
            let axis = product.channelAxis(rank: draft.rank(output))
            let isVector = if case .convolution = operation { true } else { false }
            guard let vector = isVector ? draft.finiteNumbers(bias) : draft.channelVector(bias, axis: axis, of: output)
            else { continue }
            let factor: Double = if case .gemm(let gemm) = operation { Double(gemm.beta) } else { 1 }
            product.shift = vector.map { $0 * factor }
        }
        draft.nodes[index].work = .product(product)
        draft.nodes[index].inputs = [map, weight.value]
        changes += 1
    }
    draft.dropUnread()
    return changes
}

extension Draft {
    /// A weight where it lies, behind what converts or transposes it.
    fileprivate struct StoredWeight {
        var value: Int
        var isTransposed: Bool
    }

    fileprivate func storedWeight(_ value: Int, _ wiring: Wiring) -> StoredWeight? {
        if values[value].constant != nil {
            return isNumeric(value) && values[value].elementType == .float32
                ? StoredWeight(value: value, isTransposed: false) : nil
        }
        guard let producer = wiring.producers[value], let source = input(producer, 0), values[source].constant != nil,
            isNumeric(source)
        else { return nil }
        switch operation(producer) {
        case .cast: return StoredWeight(value: source, isTransposed: false)
        case .transpose where values[source].shape.count == 2 && values[source].elementType == .float32:
            return StoredWeight(value: source, isTransposed: true)
        default: return nil
        }
    }

    /// The product that an operator is; `nil` where it is none.
    fileprivate func product(of operation: Operator, _ index: Int, _ weight: StoredWeight) -> FusedProduct? {
        guard let map = input(index, 0), let output = nodes[index].outputs.first else { return nil }
        let rank = values[weight.value].shape.count
        switch operation {
        case .convolution(var convolution):
            guard !weight.isTransposed else { return nil }
            let shape = values[map].shape
            let pads = convolution.kernelExtents(of: values[weight.value].shape).enumerated().map { axis, kernel in
                convolution.window.resolvedPadding(
                    axis: axis, extent: shape[convolution.layout.firstSpatialAxis + axis], kernel: kernel)
            }
            convolution.window.padding = .explicit(before: pads.map(\.before), after: pads.map(\.after))
            return FusedProduct(kind: .convolution(convolution))
        case .dense where rank == 2, .matrixMultiplication where rank == 2 && values[map].shape.count >= 2:
            return FusedProduct(kind: .matrix(isTransposed: weight.isTransposed))
        case .gemm(let gemm) where !gemm.transposesA && gemm.alpha.isFinite && gemm.beta.isFinite:
            var product = FusedProduct(kind: .matrix(isTransposed: gemm.transposesB != weight.isTransposed))
            guard gemm.alpha != 1 else { return product }
            product.scale = Array(repeating: Double(gemm.alpha), count: values[output].shape[1])
            return product
        default: return nil
        }
    }

    fileprivate func rank(_ value: Int) -> Int { values[value].shape.count }

    /// The elements of a constant by channel, where it is broadcast along every other axis of `value` and leaves
    /// its shape alone. `axis` is the channel axis.
    func channelVector(_ constant: Int, axis: Int, of value: Int) -> [Double]? {
        let shape = values[value].shape
        let own = values[constant].shape
        guard values[constant].constant != nil, own.count <= shape.count, shape.indices.contains(axis) else {
            return nil
        }
        let offset = shape.count - own.count
        for (position, extent) in own.enumerated() where extent != 1 {
            guard position + offset == axis, extent == shape[axis] else { return nil }
        }
        guard let elements = finiteNumbers(constant), let first = elements.first else { return nil }
        return elements.count == shape[axis] ? elements : Array(repeating: first, count: shape[axis])
    }

    /// The elements of a float32 constant, all of them finite.
    fileprivate func finiteNumbers(_ value: Int) -> [Double]? {
        guard values[value].elementType == .float32, let elements = try? values[value].constant?.doubles(),
            elements.allSatisfy(\.isFinite)
        else { return nil }
        return elements
    }
}

extension FusedProduct {
    /// The axis of the output that ``scale`` and ``shift`` run along.
    func channelAxis(rank: Int) -> Int {
        if case .convolution(let convolution) = kind { convolution.layout.channelAxis(rank: rank) } else { rank - 1 }
    }
}

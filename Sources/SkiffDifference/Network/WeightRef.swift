internal import SkiffCore
internal import SkiffGraph

/// A weight as an operator reads it: where its elements are stored, and what each stored axis is.
struct WeightRef: Sendable {
    /// What an axis is to the operator, said alike for every layout.
    enum Key: Hashable, Sendable, Comparable {
        /// Output channels; the outer and inner factor of a grouped kernel with one input channel each.
        case output(Int)
        /// Input channels, by the label and position of each factor of what was flattened.
        case input(Int)
        case tap(Int)
        /// Any other axis, by position.
        case axis(Int)
    }

    struct Axis: Hashable, Sendable {
        var key: Key
        var extent: Int
    }

    /// What stored whole numbers stand for: (stored − zero) · scale, along one stored axis or for all.
    struct Scaling: Sendable {
        var scale: [Double]
        var zero: [Double]
        /// The position in ``axes`` along which they differ; `nil` where they are one number.
        var axis: Int?
    }

    /// The stored value; of the model's own where no node is between it and the operator.
    var value: ValueID
    var name: String
    var tensor: Tensor
    /// Stored axes of more than one element, outermost first; their product is the tensor's element count.
    var axes: [Axis]
    var scaling: Scaling?

    /// Whether both lie in the same order of axes.
    func liesLike(_ other: WeightRef) -> Bool { axes == other.axes }

    /// Resolves an operand to what is stored, through nodes that keep or scale its elements.
    /// - Parameter keys: what the operand's axes are; more than one key where an axis has several factors.
    init?(_ id: ValueID, keys: [[Axis]], in graph: Graph) {
        var current = id
        // Position in the operand of each axis of the value at hand.
        var order = Array(keys.indices)
        var found: (scale: ValueID, zero: ValueID?, axis: Int, rank: Int, order: [Int])?
        for _ in 0..<12 {
            if let tensor = graph[current].tensor {
                guard tensor.shape.count == order.count else { return nil }
                let axes = order.flatMap { keys[$0] }
                guard axes.map(\.extent).checkedElementCount == tensor.elementCount else { return nil }
                self.value = current
                self.name = graph[current].name
                self.tensor = tensor
                self.axes = axes.filter { $0.extent != 1 }
                if let found {
                    guard let scaling = Self.scaling(found, keys, in: graph, axes: self.axes) else { return nil }
                    self.scaling = scaling
                }
                return
            }
            guard let producer = graph.producer(of: current), let input = graph[producer].inputs.first ?? nil else {
                return nil
            }
            let node = graph[producer]
            switch node.operator {
            case .identity: break
            case .cast(let cast):
                guard cast.elementType.isFloatingPoint else { return nil }
            case .transpose(let transpose):
                let permutation = transpose.permutation ?? Array(order.indices.reversed())
                guard permutation.count == order.count, permutation.sorted() == Array(order.indices) else { return nil }
                // Axis k of the output is axis permutation[k] of the input.
                var before = order
                for (position, axis) in permutation.enumerated() { before[axis] = order[position] }
                order = before
            case .reshape, .squeeze, .unsqueeze:
                guard let shape = graph[input].fact?.shape?.fixedShape,
                    let moved = Self.regrouped(order, keys, into: shape)
                else { return nil }
                order = moved
            case .dequantize(let dequantize):
                guard found == nil, dequantize.blockSize == 0, node.inputs.count > 1, let scale = node.inputs[1] else {
                    return nil
                }
                let axis = dequantize.axis < 0 ? dequantize.axis + order.count : dequantize.axis
                found = (scale, node.inputs.count > 2 ? node.inputs[2] : nil, axis, order.count, order)
            default: return nil
            }
            current = input
        }
        return nil
    }

    /// Where a reshape only adds or drops axes of one element: the operand's axis behind each axis in front of it.
    private static func regrouped(_ order: [Int], _ keys: [[Axis]], into shape: Shape) -> [Int]? {
        func extent(_ axis: Int) -> Int { keys[axis].map(\.extent).reduce(1, &*) }
        var large = order.filter { extent($0) != 1 }[...]
        var ones = order.filter { extent($0) == 1 }[...]
        guard shape.count == order.count else { return nil }
        var result: [Int] = []
        for extent in shape {
            if extent == 1 {
                guard let next = ones.popFirst() else { return nil }
                result.append(next)
            } else {
                guard let next = large.popFirst(), keys[next].map(\.extent).reduce(1, &*) == extent else { return nil }
                result.append(next)
            }
        }
        return large.isEmpty && ones.isEmpty ? result : nil
    }

    private static func scaling(
        _ found: (scale: ValueID, zero: ValueID?, axis: Int, rank: Int, order: [Int]), _ keys: [[Axis]],
        in graph: Graph, axes: [Axis]
    ) -> Scaling? {
        guard let scale = graph.smallConstant(found.scale), !scale.isEmpty else { return nil }
        var zero = [0.0]
        if let id = found.zero {
            guard let values = graph.smallConstant(id), !values.isEmpty else { return nil }
            zero = values
        }
        if scale.count == 1, zero.count == 1 { return Scaling(scale: scale, zero: zero, axis: nil) }
        guard found.order.indices.contains(found.axis), let key = keys[found.order[found.axis]].first,
            keys[found.order[found.axis]].count == 1, let position = axes.firstIndex(of: key)
        else { return nil }
        guard [1, key.extent].contains(scale.count), [1, key.extent].contains(zero.count) else { return nil }
        return Scaling(scale: scale, zero: zero, axis: position)
    }
}

extension Graph {
    /// Most elements of a constant that is read to compute with.
    private static var constantLimit: Int { 1 << 20 }

    /// The elements of a constant: a stored one, or one whose contents inference knows; `nil` for others and large ones.
    func smallConstant(_ id: ValueID) -> [Double]? {
        if let stored = storedWeight(id)?.tensor {
            guard stored.elementCount <= Self.constantLimit else { return nil }
            if (try? stored.storage.load()) == nil { return nil }
            return try? stored.doubles()
        }
        if let values = self[id].fact?.reals { return values }
        // A stored vector that only took on axes of one element.
        var current = id
        for _ in 0..<8 {
            guard let producer = producer(of: current), let source = self[producer].inputs.first ?? nil else { return nil }
            switch self[producer].operator {
            case .reshape, .squeeze, .unsqueeze, .identity, .flatten: current = source
            default: return nil
            }
            if let stored = storedWeight(current)?.tensor, stored.elementCount <= Self.constantLimit {
                return try? stored.doubles()
            }
        }
        return nil
    }
}

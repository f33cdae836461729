#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import SkiffCore
internal import SkiffGraph

/// Solves a piece's output back to the output of one of its nodes, as far as the nodes between can be undone.
struct Inversion {
    let runner: PieceRunner
    /// The nodes behind, the last first, each with the operand that leads back.
    private let path: [(node: Node, operand: Int)]

    /// `nil` where the way to the output branches, or has a node that cannot be undone.
    init?(_ runner: PieceRunner, from id: NodeID) {
        self.runner = runner
        let graph = runner.region.graph
        let consumers = graph.consumers()
        var path: [(Node, Int)] = []
        guard var value = graph[id].outputs.first else { return nil }
        while value != graph.outputs.first?.value {
            guard consumers[value.index].count == 1, let next = consumers[value.index].first,
                let operand = graph[next].inputs.firstIndex(of: value), let output = graph[next].outputs.first
            else { return nil }
            path.append((graph[next], operand))
            value = output
        }
        self.path = path.reversed()
    }

    /// The elements of the node's output that give `output`, and which of them are determined.
    func callAsFunction(_ output: [Double]) -> (elements: [Double], isKnown: [Bool])? {
        var elements = output
        var isKnown = [Bool](repeating: true, count: output.count)
        for (node, operand) in path {
            guard undo(node, operand, &elements, &isKnown) else { return nil }
        }
        return (elements, isKnown)
    }

    private func undo(_ node: Node, _ operand: Int, _ elements: inout [Double], _ isKnown: inout [Bool]) -> Bool {
        let graph = runner.region.graph
        guard let output = node.outputs.first.flatMap({ graph[$0].fact?.shape?.fixedShape }),
            let input = node.inputs[operand].flatMap({ graph[$0].fact?.shape?.fixedShape })
        else { return false }
        switch node.operator {
        case .identity, .cast, .reshape, .flatten, .squeeze, .unsqueeze: return operand == 0
        case .transpose(let transpose):
            let order = transpose.permutation ?? Array(input.indices.reversed())
            return Self.permute(&elements, &isKnown, output, order.indices.compactMap { order.firstIndex(of: $0) })
        case .unary(let unary): return Self.undo(unary.kind, &elements, &isKnown)
        case .softmax(let softmax) where softmax.kind != .hardmax && !softmax.flattensFromAxis:
            return undo(softmax, node, output, &elements, &isKnown)
        case .batchNormalization(let normalization) where !normalization.isTraining && operand == 0:
            return undo(normalization, node, output, &elements, &isKnown)
        case .binary(let binary) where input == output: return undo(binary, node, operand, output, &elements, &isKnown)
        case .variadic(let variadic) where variadic.kind == .sum && input == output:
            for position in node.inputs.indices where position != operand {
                guard let other = other(node, position, output) else { return false }
                for index in elements.indices { elements[index] -= other[index] }
            }
            return true
        default: return false
        }
    }

    /// A softmax leaves what is added to all of a row unknown: the median distance to the piece's own row stands for it, which
    /// is right where fewer than half of a row's elements are wrong.
    private func undo(
        _ softmax: Softmax, _ node: Node, _ shape: Shape, _ elements: inout [Double], _ isKnown: inout [Bool]
    ) -> Bool {
        let axis = softmax.axis < 0 ? softmax.axis + shape.count : softmax.axis
        guard shape.indices.contains(axis), let input = node.inputs[0], let own = runner.value(input),
            own.count == elements.count
        else { return false }
        let (count, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        guard count > 2, inner > 0 else { return false }
        for index in elements.indices where softmax.kind == .softmax {
            // Float holds what lies below with fewer digits.
            if elements[index] < 1e-30 { isKnown[index] = false } else { elements[index] = log(elements[index]) }
        }
        for row in 0..<elements.count / count {
            let first = row / inner * count * inner + row % inner
            let places = (0..<count).map { first + $0 * inner }.filter { isKnown[$0] }
            let apart = places.map { elements[$0] - own[$0] }.sorted()
            guard !apart.isEmpty else { continue }
            for place in places { elements[place] -= apart[apart.count / 2] }
        }
        return true
    }

    private static func permute(
        _ elements: inout [Double], _ isKnown: inout [Bool], _ shape: Shape, _ order: [Int]
    ) -> Bool {
        guard let numbers = try? Tensor(doubles: elements, shape: shape).permuted(order).doubles(),
            let known = try? Tensor(doubles: isKnown.map { $0 ? 1 : 0 }, shape: shape).permuted(order).doubles()
        else { return false }
        (elements, isKnown) = (numbers, known.map { $0 != 0 })
        return true
    }

    private static func undo(_ kind: Unary.Kind, _ elements: inout [Double], _ isKnown: inout [Bool]) -> Bool {
        switch kind {
        case .relu, .elu, .celu: for index in elements.indices where elements[index] <= 0 { isKnown[index] = false }
        case .generalReLU(let maximum, _, let threshold):
            let most = maximum.map { Double($0) } ?? .infinity
            for index in elements.indices where elements[index] <= max(0, Double(threshold)) || elements[index] >= most {
                isKnown[index] = false
            }
        case .leakyReLU(let alpha):
            guard alpha > 0 else { return false }
            for index in elements.indices where elements[index] < 0 { elements[index] /= Double(alpha) }
        case .negative: for index in elements.indices { elements[index] = -elements[index] }
        default: return false
        }
        return true
    }

    private func undo(
        _ normalization: BatchNormalization, _ node: Node, _ shape: Shape, _ elements: inout [Double],
        _ isKnown: inout [Bool]
    ) -> Bool {
        func numbers(_ position: Int) -> [Double]? {
            guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
            return try? runner.region.graph.storedWeight(id)?.tensor.doubles()
        }
        let axis = normalization.axis < 0 ? normalization.axis + shape.count : normalization.axis
        guard shape.indices.contains(axis), let mean = numbers(3), let variance = numbers(4) else { return false }
        let inner = shape[(axis + 1)...].reduce(1, *)
        let channels = shape[axis]
        guard mean.count == channels, variance.count == channels else { return false }
        let (scale, offset) = (numbers(1), numbers(2))
        for index in elements.indices {
            let channel = index / inner % channels
            let factor = (scale?[channel] ?? 1) / (variance[channel] + Double(normalization.epsilon)).squareRoot()
            guard factor != 0, factor.isFinite else {
                isKnown[index] = false
                continue
            }
            elements[index] = (elements[index] - (offset?[channel] ?? 0)) / factor + mean[channel]
        }
        return true
    }

    private func undo(
        _ binary: Binary, _ node: Node, _ operand: Int, _ shape: Shape, _ elements: inout [Double], _ isKnown: inout [Bool]
    ) -> Bool {
        guard node.inputs.count == 2, node.inputs[0] != node.inputs[1], let other = other(node, 1 - operand, shape) else {
            return false
        }
        switch (binary.kind, operand) {
        case (.add, _): for index in elements.indices { elements[index] -= other[index] }
        case (.subtract, 0): for index in elements.indices { elements[index] += other[index] }
        case (.subtract, _): for index in elements.indices { elements[index] = other[index] - elements[index] }
        case (.multiply, _), (.divide, 0):
            for index in elements.indices {
                if other[index] == 0 { isKnown[index] = false } else {
                    elements[index] = binary.kind == .multiply ? elements[index] / other[index] : elements[index] * other[index]
                }
            }
        default: return false
        }
        return true
    }

    /// Another operand's elements, broadcast to the output.
    private func other(_ node: Node, _ position: Int, _ shape: Shape) -> [Double]? {
        guard let id = node.inputs[position], let own = runner.region.graph[id].fact?.shape?.fixedShape else { return nil }
        let weight = runner.region.graph.storedWeight(id)?.tensor
        guard let elements = weight.flatMap({ try? $0.doubles() }) ?? runner.value(id) else { return nil }
        return broadcast(elements, own, to: shape)
    }
}

/// Elements of a tensor as NumPy broadcasts it; `nil` where the shapes do not fit.
func broadcast(_ elements: [Double], _ shape: Shape, to target: Shape) -> [Double]? {
    if shape == target { return elements }
    guard shape.count <= target.count, let count = target.checkedElementCount else { return nil }
    let own = Shape(repeating: 1, count: target.count - shape.count) + shape
    guard zip(own, target).allSatisfy({ $0 == $1 || $0 == 1 }), own.checkedElementCount == elements.count else { return nil }
    let strides = zip(own.rowMajorStrides, own).map { $1 == 1 ? 0 : $0 }
    let steps = target.rowMajorStrides
    return (0..<count).map { position in
        var (rest, from) = (position, 0)
        for axis in target.indices {
            from += rest / steps[axis] * strides[axis]
            rest %= steps[axis]
        }
        return elements[from]
    }
}

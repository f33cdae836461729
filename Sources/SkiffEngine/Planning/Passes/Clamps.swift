internal import SkiffCore
internal import SkiffGraph

/// Gives a rectifier, or another cut at constant bounds, to the product before it.
func fuseClamps(_ draft: inout Draft) -> Int {
    var wiring = Wiring(draft)
    var isDropped = [Bool](repeating: false, count: draft.nodes.count)
    for index in draft.nodes.indices {
        guard let clamp = draft.clamp(index), let producer = wiring.producers[clamp.input],
            wiring.reads[clamp.input] == 1, var product = draft.product(producer)
        else { continue }
        product.lower = clamp.applied(to: product.lower)
        product.upper = clamp.applied(to: product.upper)
        draft.fuse(producer, into: index, product)
        wiring.producers[draft.nodes[index].outputs[0]] = index
        isDropped[producer] = true
    }
    draft.drop(isDropped)
    return isDropped.count { $0 }
}

/// y = min(upper, max(lower, x)).
struct Clamp {
    /// The value that x is.
    var input: Int
    var lower: Double
    var upper: Double

    func applied(to x: Double) -> Double { min(upper, max(lower, x)) }
}

extension Draft {
    /// What node `index` does, where it cuts float32 elements off at constant bounds.
    func clamp(_ index: Int) -> Clamp? {
        guard let operation = operation(index), nodes[index].outputs.count == 1 else { return nil }
        var clamp = Clamp(input: input(index, 0) ?? 0, lower: -.infinity, upper: .infinity)
        switch operation {
        case .unary(let unary):
            guard let bounds = unary.bounds else { return nil }
            (clamp.lower, clamp.upper) = bounds
        case .clip:
            if let lower = input(index, 1) {
                guard let bound = uniformNumber(lower) else { return nil }
                clamp.lower = bound
            }
            if let upper = input(index, 2) {
                guard let bound = uniformNumber(upper) else { return nil }
                clamp.upper = bound
            }
        case .variadic(let variadic) where variadic.kind == .maximum || variadic.kind == .minimum:
            guard nodes[index].inputs.count == 2, let left = input(index, 0), let right = input(index, 1) else {
                return nil
            }
            let (map, bound) = values[left].constant == nil ? (left, right) : (right, left)
            guard let number = uniformNumber(bound) else { return nil }
            clamp.input = map
            if variadic.kind == .maximum { clamp.lower = number } else { clamp.upper = number }
        default: return nil
        }
        guard !clamp.lower.isNaN, !clamp.upper.isNaN, isFloatMap(clamp.input),
            values[clamp.input].shape == values[nodes[index].outputs[0]].shape
        else { return nil }
        return clamp
    }
}

extension Unary {
    /// Where the function cuts off, if that is all it does.
    fileprivate var bounds: (lower: Double, upper: Double)? {
        switch kind {
        case .relu: (0, .infinity)
        case .generalReLU(let maximum, let negativeSlope, let threshold):
            negativeSlope == 0 && threshold == 0 && (maximum ?? 0) >= 0
                ? (0, maximum.map { Double($0) } ?? .infinity) : nil
        case .thresholdedReLU(let alpha): alpha == 0 ? (0, .infinity) : nil
        case .leakyReLU(let alpha): alpha == 0 ? (0, .infinity) : nil
        default: nil
        }
    }
}

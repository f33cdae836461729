internal import SkiffCore
internal import SkiffGraph

/// What a node does to the one map that passes through it, as far as two exports of one network agree on it.
enum StepRole: Hashable {
    /// Elements keep their values; type, shape or order of axes change.
    case layout
    /// Nothing changes.
    case identity
    /// A multiple and a shift per channel, which exporters fold into the contraction in front.
    case affine(Affine)
    case activation(Activation)
    case pad
    /// A part of the map; the hash says which, whatever operator cuts it.
    case part(UInt64)
    case resample
    /// Anything else with one computed operand.
    case other(Operator.Kind)

    enum Affine: Hashable { case shift, scale, normalization }

    enum Activation: Hashable {
        /// ReLU and its kin with bounds: exporters write one as several.
        case clamp
        case leaky
        case softmax(Softmax.Kind)
        case unary(Unary.Kind)
        case power
        /// A formula that reads its operand several times: x · sigmoid(x).
        case formula
    }

    var isAffine: Bool { if case .affine = self { true } else { false } }
    var isActivation: Bool { if case .activation = self { true } else { false } }
    /// Whether it computes each element from the element at its place.
    var isElementwise: Bool { isAffine || isActivation || self == .identity }

    /// The role of a node that has one computed operand.
    init(_ node: Node, from operand: Int, output: Int, in graph: Graph) {
        switch node.operator {
        case .identity: self = .identity
        case .cast(let cast): self = cast.elementType.isFloatingPoint ? .layout : .other(.cast)
        case .reshape, .flatten, .squeeze, .unsqueeze, .transpose: self = .layout
        case .batchNormalization: self = .affine(.normalization)
        case .binary(let binary): self = Self.role(of: binary.kind, from: operand)
        case .variadic(let variadic): self = Self.role(of: variadic.kind)
        case .unary(let unary): self = Self.role(of: unary.kind)
        case .parametricReLU: self = .activation(.leaky)
        case .clip: self = .activation(.clamp)
        case .softmax(let softmax): self = .activation(.softmax(softmax.kind))
        case .pad: self = .pad
        case .resize, .upsampling: self = .resample
        case .slice, .gather, .cropping, .split: self = .part(PartHash(node, output: output, in: graph).hash)
        default: self = .other(node.operator.kind)
        }
    }

    private static func role(of kind: Binary.Kind, from operand: Int) -> StepRole {
        switch kind {
        case .add, .subtract: .affine(.shift)
        case .multiply: .affine(.scale)
        case .divide: operand == 0 ? .affine(.scale) : .activation(.unary(.reciprocal))
        case .power: .activation(.power)
        default: .other(.binary)
        }
    }

    private static func role(of kind: Variadic.Kind) -> StepRole {
        switch kind {
        case .sum, .mean: .affine(.shift)
        case .product: .affine(.scale)
        case .maximum, .minimum: .activation(.clamp)
        }
    }

    private static func role(of kind: Unary.Kind) -> StepRole {
        switch kind {
        case .relu: .activation(.clamp)
        case .generalReLU(_, let slope, _): .activation(slope == 0 ? .clamp : .leaky)
        case .leakyReLU: .activation(.leaky)
        case .negative: .affine(.scale)
        default: .activation(.unary(kind))
        }
    }
}

/// Which part of a map a Slice, Split, Gather or Cropping takes, said alike for all of them.
struct PartHash {
    private(set) var hash: UInt64

    init(_ node: Node, output: Int, in graph: Graph) {
        func integers(_ position: Int) -> [Int]? {
            guard node.inputs.indices.contains(position), let id = node.inputs[position] else { return nil }
            return graph[id].fact?.integers
        }
        let shape = node.inputs.first.flatMap { $0 }.flatMap { graph[$0].fact?.shape }
        hash = 0
        switch node.operator {
        case .split(let split):
            // Where sizes are equal and not said, the number of outputs says them.
            let axis = shape.map { split.axis < 0 ? split.axis + $0.count : split.axis }
            let extent = axis.flatMap { axis in shape.flatMap { $0.indices.contains(axis) ? $0[axis].fixedValue : nil } }
            let sizes = split.sizes ?? integers(1) ?? extent.map { extent in
                let part = (extent + node.outputs.count - 1) / max(node.outputs.count, 1)
                return node.outputs.indices.map { min(part, max(0, extent - $0 * part)) }
            }
            guard let sizes, sizes.indices.contains(output), sizes.allSatisfy({ (0...Limits.extent).contains($0) }) else {
                hash = combine(1, UInt64(output))
                return
            }
            add(start: sizes[..<output].reduce(0, &+), count: sizes[output], step: 1)
        case .slice:
            guard let starts = integers(1), let ends = integers(2), starts.count == ends.count else { break }
            let axes = integers(3) ?? Array(starts.indices)
            let steps = integers(4) ?? [Int](repeating: 1, count: starts.count)
            guard axes.count == starts.count, steps.count == starts.count, let shape else { break }
            for (position, axis) in axes.enumerated() {
                let axis = axis < 0 ? axis + shape.count : axis
                guard shape.indices.contains(axis), let extent = shape[axis].fixedValue, steps[position] > 0 else {
                    hash &+= combine(combine(7, UInt64(bitPattern: Int64(starts[position]))), UInt64(steps[position].magnitude))
                    continue
                }
                func bounded(_ bound: Int) -> Int { max(0, min(extent, bound < 0 ? bound &+ extent : bound)) }
                let (start, end) = (bounded(starts[position]), bounded(ends[position]))
                if start == 0, end == extent, steps[position] == 1 { continue }
                add(start: start, count: max(0, end - start), step: steps[position])
            }
        case .cropping(let cropping):
            for (before, after) in zip(cropping.before, cropping.after) where before != 0 || after != 0 {
                hash &+= combine(11, combine(UInt64(bitPattern: Int64(before)), UInt64(bitPattern: Int64(after))))
            }
        case .gather: hash = integers(1).map { $0.reduce(13) { combine($0, UInt64(bitPattern: Int64($1))) } } ?? 13
        default: break
        }
    }

    private mutating func add(start: Int, count: Int, step: Int) {
        hash &+= combine(3, combine(UInt64(start), combine(UInt64(count), UInt64(step.magnitude))))
    }
}

/// One word of two, so that chains of it make hashes of sequences; the same in every process.
func combine(_ left: UInt64, _ right: UInt64) -> UInt64 {
    SeededInput.mix((left ^ SeededInput.mix(right &+ SeededInput.increment)) &+ SeededInput.increment)
}

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
        case .add: .affine(.shift)
        case .subtract: .affine(operand == 0 ? .shift : .scale)
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

public import SkiffCore

/// How a tensor's elements are stored.
public enum Encoding: String, Hashable, Sendable, CaseIterable {
    /// As they are, little-endian: mapped and used in place.
    case raw
    /// As they are, coded in blocks.
    case lossless
    /// Rounded to binary16 (IEEE 754-2019, 3.6), ties to even, coded in blocks.
    case float16
    /// Rounded to the upper half of binary32, ties to even, coded in blocks.
    case bfloat16
    /// Whole numbers of −127 to 127 with a scale per output channel, coded in blocks.
    case int8

    /// Whether elements change.
    public var isLossy: Bool {
        switch self {
        case .raw, .lossless: false
        case .float16, .bfloat16, .int8: true
        }
    }

    /// The type of the elements that lie in blocks, for a tensor of `elementType`.
    func storedType(of elementType: ElementType) -> ElementType {
        switch self {
        case .raw, .lossless: elementType
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .int8: .int8
        }
    }
}

/// Which encoding each tensor gets.
///
/// Lossy encodings are for float32 weights of convolutions and matrix products; whatever else is asked to be rounded
/// (biases, statistics, constants, integers) is stored lossless.
public struct EncodingPlan: Hashable, Sendable {
    /// For tensors that ``byTensor`` does not name.
    public var standard: Encoding
    /// By a tensor's name.
    public var byTensor: [String: Encoding]

    public init(_ standard: Encoding = .raw, byTensor: [String: Encoding] = [:]) {
        self.standard = standard
        self.byTensor = byTensor
    }

    /// What is asked for a tensor, or the nearest that it can have.
    /// - Parameter isContracted: Whether the tensor is the weight of a convolution or a matrix product.
    func encoding(of name: String, _ tensor: Tensor, isContracted: Bool) -> Encoding {
        let asked = byTensor[name] ?? standard
        guard asked.isLossy else { return asked }
        return tensor.elementType == .float32 && isContracted && tensor.elementCount > 0 ? asked : .lossless
    }
}

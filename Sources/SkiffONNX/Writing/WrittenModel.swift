internal import SkiffCore
internal import SkiffGraph

/// A model as its file is going to say it: nodes of ONNX's operators, values by name, weights by where their elements
/// come from. Nothing of a weight is read for it.
struct WrittenModel: Sendable {
    struct Node: Sendable {
        var name: String
        var operatorName: String
        var domain = ""
        /// Names, empty where an input is left out.
        var inputs: [String]
        var outputs: [String]
        var attributes: [Attribute]
    }

    struct Attribute: Sendable {
        enum Value: Sendable {
            case real(Float)
            case integer(Int64)
            case text(String)
            case reals([Float])
            case integers([Int64])
            case texts([String])
            case tensor(Tensor)
        }

        var name: String
        var value: Value
    }

    /// What a value is declared as; without a shape where not even the rank is known.
    struct Declaration: Sendable {
        var name: String
        var elementType: ElementType
        var shape: SymbolicShape?
    }

    /// A weight of the file: elements of a tensor, which may stand in another order of axes there.
    struct Weight: Sendable {
        var name: String
        var view: WeightView
    }

    var name: String
    var metadata: GraphMetadata
    var opset: Int
    var inputs: [Declaration]
    var outputs: [Declaration]
    /// Declarations of values that shape inference alone knows less of.
    var intermediates: [Declaration]
    var weights: [Weight]
    var nodes: [Node]
    /// What there is to say of how the model was written, a line each.
    var notes: [String] = []
    /// Whether the nodes are the graph's, one for one, and the weights too.
    var isLiteral: Bool
}

/// A tensor seen in another way: its elements, taken in the shape ``extents``, with axes permuted, in the shape ``shape``.
struct WeightView: Sendable {
    var tensor: Tensor
    var extents: Shape
    /// `nil` where the elements stay in their order.
    var permutation: [Int]?
    var shape: Shape

    init(_ tensor: Tensor) {
        self.init(tensor, extents: tensor.shape, permutation: nil, shape: tensor.shape)
    }

    init(_ tensor: Tensor, extents: Shape, permutation: [Int]?, shape: Shape) {
        self.tensor = tensor
        self.extents = extents
        self.permutation = permutation
        self.shape = shape
    }

    /// Lends the elements in their order here, little-endian, piece by piece.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws(CoreError) -> Void) throws(CoreError) {
        if let permutation {
            try tensor.forEachPermutedPiece(permutation, of: extents) { bytes throws(CoreError) in try body(bytes) }
        } else {
            try tensor.forEachLittleEndianPiece { bytes throws(CoreError) in try body(bytes) }
        }
    }

    /// The first element in which a written tensor is not this; `nil` where it is.
    func firstDifferingElement(from written: Tensor) throws(CoreError) -> Int? {
        guard written.shape == shape, written.elementType == tensor.elementType else { return 0 }
        return try tensor.firstDifferingElement(
            from: written, permutedBy: permutation ?? Array(extents.indices), of: extents)
    }
}

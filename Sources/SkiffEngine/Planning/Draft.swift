internal import SkiffCore
internal import SkiffGraph

/// A network while it is planned: every shape is fixed, and nodes can be merged, changed and dropped.
///
/// Values and nodes are named by their index; a graph's values keep theirs, values that passes make follow. Nodes
/// stand in an order in which every input is given before it is read. An output may be an input or a constant.
/// Passes change a draft in place; none may change what the network computes but for rounding.
struct Draft {
    struct Value {
        var name: String
        var elementType: ElementType
        /// Extents in the order that the operators read them, whatever the order in memory will be.
        var shape: Shape
        /// The elements, where they hang on no input. Reals may be stored as another real type than
        /// ``elementType`` says, and are converted when they are read.
        var constant: Tensor?
    }

    struct Node {
        /// Nodes of the graph that this one stands for; the first gives it its name.
        var origins: [NodeID]
        var work: Work
        var inputs: [Int?]
        var outputs: [Int]
    }

    enum Work {
        case operation(Operator)
        /// A convolution or matrix product with what is fused to it.
        case product(FusedProduct)
    }

    var values: [Value] = []
    var nodes: [Node] = []
    var inputs: [Int] = []
    var outputs: [(name: String, value: Int)] = []
    var folding = Folding()
}

/// A convolution or matrix product with constant weights, and what is fused behind it:
///
///     y[o] = min(upper, max(lower, scale[o] · Σ w·x + shift[o] + addend))
///
/// Inputs of its node: 0 the map or matrix, float32; 1 the constant weight as the file holds it, of any number type;
/// 2 the addend, optional, float32 of the output's shape.
struct FusedProduct {
    enum Kind {
        /// Padding is explicit; every kernel order but those of a transposed convolution.
        case convolution(Convolution)
        /// x[…, K] times the weight [K, N], or [N, K] where it is transposed.
        case matrix(isTransposed: Bool)
    }

    var kind: Kind
    /// One factor per output channel, in Double so that folding rounds once; `nil` for ones.
    var scale: [Double]?
    /// One summand per output channel; `nil` for zeros.
    var shift: [Double]?
    var lower = -Double.infinity
    var upper = Double.infinity
}

internal import SkiffCore
internal import SkiffGraph

/// The output of a network that scores classes, and along which axis.
struct OutputClasses {
    /// Position in ``Graph/outputs``.
    let output: Int
    /// The axis of the classes, from the front; `nil` for the only axis behind the first that is longer than one.
    private let axis: Int?

    /// How many operators behind the scores are looked through.
    private static let mostSteps = 16

    /// Outputs that end in a Softmax or in a matrix product, in order; which of them has classes its shape tells.
    ///
    /// A Softmax says along which axis its classes lie. Scores that no Softmax follows are told from features by the
    /// matrix product or convolution that gives them, and from maps by having one long axis beside the samples.
    static func candidates(in graph: Graph) -> [OutputClasses] {
        graph.outputs.indices.compactMap { position in
            switch origin(of: graph.outputs[position].value, in: graph) {
            case .softmax(let axis): OutputClasses(output: position, axis: axis)
            case .product: OutputClasses(output: position, axis: nil)
            case nil: nil
            }
        }
    }

    private init(output: Int, axis: Int?) {
        self.output = output
        self.axis = axis
    }

    private enum Origin {
        /// The axis as the operator has it, where nothing behind it moves axes.
        case softmax(axis: Int?)
        case product
    }

    private static func origin(of value: ValueID, in graph: Graph) -> Origin? {
        var value = value
        var keepsAxes = true
        for _ in 0..<mostSteps {
            guard let producer = graph.producer(of: value) else { return nil }
            let node = graph[producer]
            switch node.operator {
            case .softmax(let softmax): return .softmax(axis: keepsAxes && !softmax.flattensFromAxis ? softmax.axis : nil)
            case .gemm, .dense, .matrixMultiplication, .convolution, .einsum: return .product
            case .identity, .cast, .quantize, .dequantize: break
            case .reshape, .flatten, .squeeze, .unsqueeze, .transpose: keepsAxes = false
            case .binary(let binary) where binary.kind == .add:
                // A bias: the other operand is a weight.
                guard let data = node.inputs.compactMap({ $0 }).first(where: { graph[$0].tensor == nil }),
                    node.inputs.contains(where: { $0.map { graph[$0].tensor != nil } ?? false })
                else { return nil }
                value = data
                continue
            default: return nil
            }
            guard let input = node.inputs.first ?? nil else { return nil }
            value = input
        }
        return nil
    }

    /// Where the classes lie in an output of this shape: how many, how far apart, and how many rows of them;
    /// `nil` where there are none to choose from.
    func layout(in shape: Shape) -> (count: Int, stride: Int, decisions: Int)? {
        let chosen: Int
        if let axis {
            chosen = axis < 0 ? axis + shape.count : axis
        } else {
            let long = shape.indices.dropFirst().filter { shape[$0] != 1 }
            guard long.count == 1 else { return nil }
            chosen = long[0]
        }
        guard shape.indices.contains(chosen), shape[chosen] > 1, let total = shape.checkedElementCount, total > 0
        else { return nil }
        return (shape[chosen], shape[(chosen + 1)...].reduce(1, *), total / shape[chosen])
    }

    /// In how many of the rows both have their largest score at the same class; the first where several are equal.
    static func agreements(
        _ left: [Float], _ right: [Float], _ layout: (count: Int, stride: Int, decisions: Int)
    ) -> Int {
        (0..<layout.decisions).count { decision in
            let start = decision / layout.stride * layout.stride * layout.count + decision % layout.stride
            func best(_ scores: [Float]) -> Int {
                var best = 0
                for place in 1..<layout.count
                where scores[start + place * layout.stride] > scores[start + best * layout.stride] { best = place }
                return best
            }
            return best(left) == best(right)
        }
    }
}

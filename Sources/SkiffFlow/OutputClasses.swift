internal import SkiffCore
internal import SkiffGraph

/// The output of a network that scores classes, and along which axis.
struct OutputClasses {
    /// Position in ``Graph/outputs``.
    let output: Int
    /// The axis of the classes, from the front; `nil` for the only axis behind the first that is longer than one.
    private let axis: Int?
    /// What the Softmax is computed from, and its axis there, where there is one.
    let scores: (value: ValueID, axis: Int?)?

    /// How many operators behind the scores are looked through.
    private static let mostSteps = 16

    /// Outputs that end in a Softmax or in a matrix product, in order; which of them has classes its shape tells.
    ///
    /// A Softmax says along which axis its classes lie. Scores that no Softmax follows are told from features by the
    /// matrix product or convolution that gives them, and from maps by having one long axis beside the samples.
    static func candidates(in graph: Graph) -> [OutputClasses] {
        graph.outputs.indices.compactMap { position in
            switch origin(of: graph.outputs[position].value, in: graph) {
            case .softmax(let axis, let scores): OutputClasses(output: position, axis: axis, scores: scores)
            case .product: OutputClasses(output: position, axis: nil, scores: nil)
            case nil: nil
            }
        }
    }

    private init(output: Int, axis: Int?, scores: (value: ValueID, axis: Int?)?) {
        self.output = output
        self.axis = axis
        self.scores = scores
    }

    private enum Origin {
        /// The axis as the operator has it, where nothing behind it moves axes.
        case softmax(axis: Int?, scores: (value: ValueID, axis: Int?)?)
        case product
    }

    private static func origin(of value: ValueID, in graph: Graph) -> Origin? {
        var value = value
        var keepsAxes = true
        for _ in 0..<mostSteps {
            guard let producer = graph.producer(of: value) else { return nil }
            let node = graph[producer]
            switch node.operator {
            case .softmax(let softmax):
                let axis = softmax.flattensFromAxis ? nil : softmax.axis
                let scores = softmax.kind == .hardmax ? nil : (node.inputs.first ?? nil).map { (value: $0, axis: axis) }
                return .softmax(axis: keepsAxes ? axis : nil, scores: scores)
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
    func layout(in shape: Shape) -> ClassLayout? { ClassLayout(shape, axis: axis) }

    /// The same for the scores that the Softmax is computed from.
    func scoreLayout(in shape: Shape) -> ClassLayout? { ClassLayout(shape, axis: scores?.axis) }
}

/// Where classes lie in a tensor.
struct ClassLayout {
    /// How many classes there are.
    let count: Int
    /// Elements between two classes of one decision.
    private let stride: Int
    /// How often classes are scored.
    let decisions: Int

    /// - Parameter axis: `nil` for the only axis behind the first that is longer than one.
    init?(_ shape: Shape, axis: Int?) {
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
        count = shape[chosen]
        stride = shape[(chosen + 1)...].reduce(1, *)
        decisions = total / count
    }

    /// The places of one decision's classes.
    private func places(_ decision: Int) -> StrideTo<Int> {
        let start = decision / stride * stride * count + decision % stride
        return Swift.stride(from: start, to: start + count * stride, by: stride)
    }

    /// In how many decisions both have their largest score at the same class; the first where several are equal.
    func agreements(_ left: [Double], _ right: [Double]) -> Int {
        (0..<decisions).count { decision in
            func best(_ scores: [Double]) -> Int {
                var best = places(decision).underestimatedCount
                var largest = -Double.infinity
                for place in places(decision) where scores[place] > largest { (best, largest) = (place, scores[place]) }
                return best
            }
            return best(left) == best(right)
        }
    }

    /// Calls `body` with each score before and after, less the mean of its decision: a Softmax does not see the mean.
    func forEachCentred(_ left: [Double], _ right: [Double], _ body: (Double, Double) -> Void) {
        for decision in 0..<decisions {
            var means = (0.0, 0.0)
            for place in places(decision) {
                means.0 += left[place]
                means.1 += right[place]
            }
            means = (means.0 / Double(count), means.1 / Double(count))
            for place in places(decision) { body(left[place] - means.0, right[place] - means.1) }
        }
    }
}

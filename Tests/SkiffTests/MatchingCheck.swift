import Skiff

/// Two sound models run on the same input, and the values that are paired compared.
struct MatchingCheck {
    let matching: ValueMatching
    /// Pairs that are not equal but for rounding, of those that the matching is sure of.
    private(set) var wrong: [String] = []
    /// Unequal pairs that it is not sure of.
    private(set) var doubtful: [String] = []
    private(set) var counts = (candidate: 0, reference: 0)
    private let candidate: Graph
    private let reference: Graph

    init(_ candidate: Graph, _ reference: Graph, extent: Int = 32, tolerance: Double = 1e-4) throws {
        self.candidate = candidate
        self.reference = reference
        matching = ValueMatching(candidate, reference)
        counts = (
            matching.pairs.count + matching.hidden.count { $0.isCandidate } + matching.candidateAlone.count,
            matching.pairs.count + matching.hidden.count { !$0.isCandidate } + matching.referenceAlone.count
        )
        var own: [String: Tensor] = [:]
        var others: [String: Tensor] = [:]
        for (position, pair) in matching.pairs.filter({ candidate.producer(of: $0.candidate) == nil }).enumerated() {
            let fact = candidate[pair.candidate].fact
            let shape = (fact?.shape ?? []).enumerated().map { $1.fixedValue ?? ($0 == 0 ? 2 : extent) }
            let tensor = try SeededInput().tensor(
                forInput: position, elementType: fact?.elementType ?? .float32, shape: shape)
            own[candidate[pair.candidate].name] = tensor
            others[reference[pair.reference].name] = try Self.turned(tensor, pair.axes)
        }
        let values = try Evaluator(candidate).run(
            own, precision: .double, observing: .values(Set(matching.pairs.map(\.candidate))))
        let references = try Evaluator(reference).run(
            others, precision: .double, observing: .values(Set(matching.pairs.map(\.reference))))
        for pair in matching.pairs {
            guard let a = values[pair.candidate], let b = references[pair.reference] else { continue }
            guard let problem = try Self.problem(a, b, pair.axes, tolerance) else { continue }
            let line = "\(candidate[pair.candidate].name) = \(reference[pair.reference].name) "
                + "(\(pair.confidence), \(pair.evidence.map(\.rawValue))): \(problem)"
            if pair.confidence >= 0.9 { wrong.append(line) } else { doubtful.append(line) }
        }
    }

    private static func turned(_ tensor: Tensor, _ axes: [Int]?) throws -> Tensor {
        guard let axes else { return tensor }
        let shape = axes.map { tensor.shape[$0] }
        let strides = axes.map { tensor.shape.rowMajorStrides[$0] }
        let elements = try tensor.doubles()
        var index = [Int](repeating: 0, count: shape.count)
        var result: [Double] = []
        result.reserveCapacity(elements.count)
        for _ in elements.indices {
            result.append(elements[zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }])
            for axis in shape.indices.reversed() {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
            }
        }
        return try Tensor(doubles: result, shape: shape)
    }

    private static func problem(_ one: Tensor, _ other: Tensor, _ axes: [Int]?, _ tolerance: Double) throws -> String? {
        let a = try turned(one, axes)
        guard a.shape.filter({ $0 != 1 }) == other.shape.filter({ $0 != 1 }) else {
            return "shapes \(one.shape) \(axes ?? []) and \(other.shape)"
        }
        let (left, right) = (try a.doubles(), try other.doubles())
        let scale = (right.reduce(0) { $0 + $1 * $1 } / Double(max(1, right.count))).squareRoot()
        let error = zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return error.isFinite && error <= tolerance * max(scale, 1e-6) ? nil : "error \(error) at scale \(scale)"
    }

    var summary: String {
        let sure = matching.pairs.count { $0.confidence >= 0.9 }
        func side(_ count: Int, _ isCandidate: Bool, _ alone: [ValueID]) -> String {
            "\(count) values: \(matching.hidden.count { $0.isCandidate == isCandidate }) hidden, \(alone.count) alone"
        }
        return "\(matching.pairs.count) pairs, \(sure) sure, \(wrong.count) wrong, \(doubtful.count) doubtful; candidate "
            + side(counts.candidate, true, matching.candidateAlone) + "; reference "
            + side(counts.reference, false, matching.referenceAlone)
    }

    var listing: String {
        func text(_ graph: Graph, _ id: ValueID) -> String {
            let node = graph.producer(of: id).map { graph[$0].sourceOperator } ?? "input"
            return "\(graph[id].name) (\(node))"
        }
        var lines = matching.pairs.map {
            "  \(text(candidate, $0.candidate)) = \(text(reference, $0.reference)) \($0.confidence) "
                + "\($0.evidence.map(\.rawValue)) \($0.axes.map { "\($0)" } ?? "")"
        }
        lines += matching.hidden.map {
            let graph = $0.isCandidate ? candidate : reference
            return "  hidden \($0.isCandidate ? "candidate" : "reference") \(text(graph, $0.value)): \($0.reason)"
        }
        lines += matching.candidateAlone.map { "  ALONE candidate \(text(candidate, $0))" }
        lines += matching.referenceAlone.map { "  ALONE reference \(text(reference, $0))" }
        return lines.joined(separator: "\n")
    }
}

internal import SkiffCore
internal import SkiffGraph

/// A value of the candidate and what it is compared with.
struct Target {
    var role: ValueParity.Role
    var value: ValueID
    var name: String
    var referenceName: String
    /// The reference's value where that is a graph, else the position among the recorded arrays.
    var reference: Int
    /// Turns the candidate's map into the reference's layout.
    var permutation: Permutation?
    /// How sure it is that both are the same step, and why.
    var confidence = 1.0
    var evidence: [ValueMatching.Evidence] = []
    var referenceNode: String?

    /// Whether the value counts, and what reads it is fed the reference's in its place.
    var isForced: Bool { confidence >= TargetList.sureConfidence }

}

/// What of a candidate is compared, and with what.
struct TargetList {
    /// Pairs below it are shown and decide nothing.
    static let sureConfidence = 0.9

    var targets: [Target] = []
    /// Outputs that one side has alone.
    var unpaired: [ValueParity] = []
    /// Recorded names that are no value of the candidate.
    var unmatched: [String] = []
    var assumptions: [String] = []
    /// Values that one side computes inside another step, in words.
    var hidden: [String] = []

    /// Outputs of two graphs, and the values that are the same step of both.
    init(_ candidate: Graph, _ reference: Graph, includesIntermediates: Bool) {
        let traces = (candidate: LayoutTrace(candidate), reference: LayoutTrace(reference))
        func permutation(_ value: ValueID, _ other: ValueID) -> Permutation? {
            guard let layout = traces.candidate.layout(of: value), let target = traces.reference.layout(of: other)
            else { return nil }
            return Permutation(from: layout, to: target, rank: candidate[value].fact?.shape?.count ?? 0)
        }
        pairOutputs(candidate, reference.outputs.map(\.name)) { position in reference.outputs[position].value.index }
        for index in targets.indices {
            let other = ValueID(targets[index].reference)
            targets[index].permutation = permutation(targets[index].value, other)
            targets[index].evidence = [.interface]
            targets[index].referenceNode = reference.producer(of: other).map { reference.displayName(of: $0) }
        }
        guard includesIntermediates else { return }
        let matching = ValueMatching(candidate, reference)
        let seen = Set(targets.map(\.value))
        for pair in matching.pairs where !seen.contains(pair.candidate) {
            guard candidate.producer(of: pair.candidate) != nil else { continue }
            targets.append(
                Target(
                    role: .intermediate, value: pair.candidate, name: candidate[pair.candidate].name,
                    referenceName: reference[pair.reference].name, reference: pair.reference.index,
                    permutation: pair.axes.map { Permutation(axes: $0) } ?? permutation(pair.candidate, pair.reference),
                    confidence: pair.confidence, evidence: pair.evidence,
                    referenceNode: reference.producer(of: pair.reference).map { reference.displayName(of: $0) }))
        }
        hidden = matching.hidden.map { value in
            let graph = value.isCandidate ? candidate : reference
            return "\(escaped(graph[value.value].name)) of the \(value.isCandidate ? "model" : "reference"): \(value.reason)"
        }
    }

    /// Everything that a recording has of the candidate.
    init(_ candidate: Graph, _ recording: Recording) {
        pairOutputs(candidate, recording.outputs.map(\.name)) { $0 }
        let seen = Set(targets.map(\.value))
        var named: [String: ValueID] = [:]
        for id in candidate.valueIDs where !candidate[id].name.isEmpty { named[candidate[id].name] = id }
        for (position, entry) in recording.values.enumerated() {
            guard let value = named[entry.name] else {
                unmatched.append(entry.name)
                continue
            }
            // What the file holds as a weight some frameworks compute and record.
            guard candidate.producer(of: value) != nil, !seen.contains(value) else { continue }
            targets.append(
                Target(
                    role: .intermediate, value: value, name: entry.name, referenceName: entry.name,
                    reference: recording.outputs.count + position))
        }
    }

    private mutating func pairOutputs(_ candidate: Graph, _ names: [String], _ reference: (Int) -> Int) {
        let own = candidate.outputs.map(\.name)
        var pairs = Pairing.common(own, names)
        if let pairing = Pairing(own, names) {
            pairs = pairing.pairs
            if !pairing.isByName, own.count > 1 {
                let list = pairs.map { "\(escaped(own[$0.left])) = \(escaped(names[$0.right]))" }
                assumptions.append("outputs are paired in their order: \(list.joined(separator: ", "))")
            }
        } else {
            let left = Set(pairs.map(\.left))
            let right = Set(pairs.map(\.right))
            for (position, name) in own.enumerated() where !left.contains(position) {
                unpaired.append(.missingOutput(name, reason: "the reference has no such output"))
            }
            for (position, name) in names.enumerated() where !right.contains(position) {
                unpaired.append(.missingOutput(name, reason: "is an output of the reference only"))
            }
        }
        for pair in pairs {
            targets.append(
                Target(
                    role: .output, value: candidate.outputs[pair.left].value, name: own[pair.left],
                    referenceName: names[pair.right], reference: reference(pair.right)))
        }
    }
}

extension ValueParity {
    fileprivate static func missingOutput(_ name: String, reason: String) -> ValueParity {
        ValueParity(
            role: .output, name: name, referenceName: name, shape: [], verdict: .incomparable, reason: reason)
    }
}

/// The recorded inputs as the model takes them.
struct RecordedInputs {
    var tensors: [String: Tensor] = [:]
    var inputs: [ParityReport.Input] = []
    var assumptions: [String] = []

    init(_ recording: Recording, _ graph: Graph) throws(VerifyError) {
        let names = graph.inputs.map { graph[$0].name }
        let recorded = recording.inputs.map(\.name)
        let pairing = Pairing(names, recorded)
        let pairs = pairing?.pairs ?? Pairing.common(names, recorded)
        if let pairing, !pairing.isByName, names.count > 1 {
            let list = pairs.map { "\(escaped(names[$0.left])) = \(escaped(recorded[$0.right]))" }
            assumptions.append("inputs are paired in their order: \(list.joined(separator: ", "))")
        }
        let found = Set(pairs.map(\.left))
        for (position, name) in names.enumerated() where !found.contains(position) {
            throw VerifyError(.unrecordedInput(recorded: recorded), at: Place(tensor: name))
        }
        for pair in pairs { try add(recording.inputs[pair.right].tensor, as: graph.inputs[pair.left], of: graph) }
    }

    private mutating func add(_ tensor: Tensor, as id: ValueID, of graph: Graph) throws(VerifyError) {
        let name = graph[id].name
        var given = tensor
        if let declared = graph[id].fact?.shape, !declared.accepts(tensor.shape),
            let permutation = Permutation.only(from: tensor.shape, into: declared)
        {
            do throws(CoreError) { given = try tensor.permuted(permutation) } catch {
                throw VerifyError(error).at(Place(tensor: name))
            }
            assumptions.append(
                "input \(escaped(name)) is recorded as \(tensor.shape.shapeText) and given as \(given.shape.shapeText)")
        }
        tensors[name] = given
        inputs.append(
            .init(
                name: name, elementType: given.elementType, shape: given.shape,
                referenceShape: given.shape == tensor.shape ? nil : tensor.shape))
    }
}

extension Array where Element == Dimension {
    /// Whether a tensor of `shape` fits.
    func accepts(_ shape: Shape) -> Bool {
        count == shape.count && zip(self, shape).allSatisfy { ($0.fixedValue ?? $1) == $1 }
    }
}

extension Permutation {
    /// The one change of layout that makes `shape` fit; `nil` where none or both do.
    static func only(from shape: Shape, into declared: SymbolicShape) -> Permutation? {
        let candidates = [(Layout.channelsLast, Layout.channelsFirst), (.channelsFirst, .channelsLast)].compactMap {
            Permutation(from: $0, to: $1, rank: shape.count)
        }
        let fitting = Set(candidates.filter { declared.accepts($0(shape)) })
        return fitting.count == 1 ? fitting.first : nil
    }
}

import Skiff

/// One mutant before the verifier, with one kind of reference.
struct Trial: Sendable {
    enum Reference: String, CaseIterable, Sendable {
        case recorded = "a framework's recorded values, all of them"
        case outputs = "recorded outputs alone"
        case model = "the original network"
        case reversed = "the mutant, with the original as candidate"
    }

    var specimen: Specimen
    var mutant: Mutant
    var reference: Reference

    /// A candidate that rounds its values by its own declaration has that for rounding noise, and is no mistake.
    var makesSense: Bool { mutant.family != .computePrecision || reference == .reversed }

    /// What the verifier said of it.
    struct Outcome: Sendable {
        var family: Mutant.Family
        var reference: Reference
        var specimen: String
        var detail: String
        /// Largest change in units of rounding noise, computed without the verifier; see ``Specimen``.
        var change = 0.0
        var isDetected = false
        /// Values are said to differ; what has another shape is detected, and not accused.
        var isAccused = false
        /// The first guilty layer holds the mutated node.
        var isFirstBlamed = false
        /// Guilty layers that hold no mutated node.
        var overAccused: [String] = []
        /// Nodes of the first guilty layer.
        var layerSize = 0
        var isExplainable = false
        var isExplained = false
        /// An explanation of another kind, place or value than the truth.
        var falseExplanation: String?
        /// What was said, in words.
        var said = ""

        var seconds = 0.0

        /// Whether no one could tell the mutant from the original by its values.
        var isEquivalent: Bool { change <= 1 }
        /// Whether the change is less than what is allowed for rounding: an honest framework may be as far off.
        var isFaint: Bool { !isEquivalent && change <= ParityPolicy.noiseMultiple }
        var isRightlyBlamed: Bool { isFirstBlamed && overAccused.isEmpty }
        var asksForBlame: Bool { reference != .outputs }
    }

    /// Nodes in a piece that is still called a layer.
    private static let largestLayer = 8

    /// - Returns: `nil` where the mutant is no network: a shape rule of the graph refuses it.
    func run(threads: Int) throws -> Outcome? {
        guard let mutated = try? mutant.edit.applied(to: specimen.graph) else { return nil }
        let places = mutant.nodes.map { specimen.graph.displayName(of: $0) }.joined(separator: ", ")
        var outcome = Outcome(
            family: mutant.family, reference: reference, specimen: specimen.name, detail: "\(places): \(mutant.detail)")
        outcome.change = try specimen.change(
            of: mutated, at: mutant.nodes, with: reference,
            precision: mutant.family == .computePrecision ? .reference : .double)
        var verifier = Verifier()
        verifier.threads = threads
        verifier.comparesIntermediates = true
        let report: ParityReport
        let start = ContinuousClock.now
        do {
            report = try Self.report(verifier, specimen, mutated, reference)
        } catch {
            // What cannot be run is not passed off as the same.
            outcome.isDetected = true
            outcome.said = "refused: \(error)"
            return outcome
        }
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        outcome.isDetected = !report.passed
        outcome.isAccused = report.verdict == .differs || report.guilty.contains { $0.judgement.verdict == .differs }
        if outcome.asksForBlame { judge(report, mutated, &outcome) }
        return outcome
    }

    private static func report(
        _ verifier: Verifier, _ specimen: Specimen, _ mutated: Graph, _ reference: Reference
    ) throws -> ParityReport {
        // What a mutant changes was measured on these inputs; on others it may change more.
        var verifier = verifier
        verifier.inputs = InputSet(given: specimen.inputs)
        // Of outputs alone only detection is asked.
        verifier.explains = reference != .outputs
        verifier.explanationTime = .seconds(3)
        switch reference {
        case .recorded, .outputs:
            let recording = reference == .outputs ? specimen.outputRecording : specimen.recording
            return try verifier.verify(mutated, against: recording ?? Recording(name: "", inputs: [], outputs: []))
        case .model: return try verifier.verify(mutated, against: specimen.graph)
        case .reversed: return try verifier.verify(specimen.graph, against: mutated)
        }
    }

    private func judge(_ report: ParityReport, _ mutated: Graph, _ outcome: inout Outcome) {
        let guilty = guiltyNames(mutated)
        if let first = report.guilty.first {
            outcome.isFirstBlamed = !guilty.isDisjoint(with: first.nodes) && first.nodes.count <= Self.largestLayer
            outcome.layerSize = first.nodes.count
        }
        outcome.overAccused = report.guilty.filter { guilty.isDisjoint(with: $0.nodes) }.map(\.name)
        let expectation = reference == .reversed ? mutant.reverse : mutant.explanation
        outcome.isExplainable = expectation != nil
        let explanation = report.guilty.first?.explanations.first ?? report.explanations.first
        outcome.said = "guilty \(report.guilty.map(\.nodes)), \(explanation?.sentence ?? "no explanation")"
        guard let explanation else { return }
        // Of a layer that is used twice and changed once, the other use has the right weights.
        let hasTwin = explanation.kind == .swappedWeights && mutant.nodes.contains { id in
            specimen.graph[id].inputs.contains { input in
                input.map { specimen.graph[$0].tensor != nil && specimen.readers[$0.index].count > 1 } ?? false
            }
        }
        let isPlaced = guilty.contains(explanation.node) || report.guilty.first?.explanations.isEmpty != false
        if hasTwin, isPlaced {
            outcome.isExplained = true
        } else if let expectation {
            outcome.isExplained = isPlaced && expectation.kinds.contains(explanation.kind)
                && expectation.setting.matches(explanation.expected)
            if !outcome.isExplained { outcome.falseExplanation = explanation.sentence }
        } else if !isPlaced || !mutant.truthful.contains(explanation.kind) {
            outcome.falseExplanation = explanation.sentence
        }
    }

    /// Names of the candidate's nodes that compute something else than the reference's.
    private func guiltyNames(_ mutated: Graph) -> Set<String> {
        // A step that one network has alone may be found where its value is read: both agree about what comes before.
        var nodes = mutant.nodes
        if reference == .model || reference == .reversed {
            for id in mutant.edit.removed.union(mutant.edit.after.keys) {
                for output in specimen.graph[id].outputs { nodes += specimen.readers[output.index] }
            }
        }
        // A missing step may be missed at any cast in front of it.
        for id in mutant.edit.removed {
            var current = id
            while let input = specimen.graph[current].inputs.first ?? nil,
                let producer = specimen.graph.producer(of: input)
            {
                nodes.append(producer)
                guard case .cast = specimen.graph[producer].operator else { break }
                current = producer
            }
        }
        var names = Set(nodes.map { specimen.graph.displayName(of: $0) })
        guard reference != .reversed else { return names }
        for name in names { names.insert("\(name)#raw") }
        for steps in mutant.edit.before.values.joined() { names.insert(steps.name) }
        for steps in mutant.edit.after.values.joined() { names.insert(steps.name) }
        return names
    }
}

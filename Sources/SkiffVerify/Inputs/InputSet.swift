public import SkiffCore
public import SkiffGraph

/// What two models are run with: made-up inputs, or the user's own.
///
///     var inputs = InputSet()                              // probes: images built to show mistakes
///     inputs.given = ["image": tensor]                     // the user's own
///     let prepared = try inputs.prepared(for: candidate, against: reference, seed: 0, batch: 2)
///     prepared.candidate["image"]                          // as the candidate takes it
///     prepared.reference["input_1"]                        // the same image, in the reference's order of axes
public struct InputSet: Sendable {
    /// How inputs are made up that nobody gave.
    public enum MadeUp: String, Hashable, Sendable, CaseIterable {
        /// ``ProbeInput``.
        case probes
        /// ``SeededInput``.
        case noise
    }

    public var madeUp: MadeUp
    /// The user's own tensors by the candidate's input names; all inputs are made up where it is empty.
    public var given: [String: Tensor]

    public init(_ madeUp: MadeUp = .probes, given: [String: Tensor] = [:]) {
        self.madeUp = madeUp
        self.given = given
    }

    /// Inputs for both models.
    public struct Prepared: Sendable {
        /// By input name, in each model's order of axes.
        public var candidate: [String: Tensor] = [:]
        public var reference: [String: Tensor] = [:]
        /// For the report, in the candidate's order.
        public var inputs: [ParityReport.Input] = []
        /// What was taken for granted, in words.
        public var assumptions: [String] = []
        /// The seed of made-up inputs; `nil` for the user's own.
        public var seed: UInt64?
        /// Which input of the candidate is which of the reference.
        var pairs: [InputPlan.Input] = []
    }

    /// Pairs the inputs of two models, by name where all names agree, else in order, and makes a tensor for each.
    ///
    /// Where the operators of the models take channels from different axes, the reference gets the same image in its
    /// own layout.
    /// - Parameters:
    ///   - batch: Samples of made-up inputs where the models leave them open.
    ///   - shapes: Shapes for made-up inputs of the candidate, by name.
    /// - Throws: ``VerifyError`` where inputs cannot be paired or made up, or those given do not fit or lack one.
    public func prepared(
        for candidate: Graph, against reference: Graph, seed: UInt64, batch: Int, shapes: [String: Shape] = [:]
    ) throws(VerifyError) -> Prepared {
        var prepared = Prepared()
        let own = try fitted(candidate, &prepared.assumptions)
        let plan = try InputPlan(
            candidate, reference, shapes: own.isEmpty ? shapes : own.mapValues(\.shape), batch: batch,
            extents: InputPlan.oddExtents)
        prepared.assumptions += plan.assumptions
        prepared.seed = own.isEmpty ? seed : nil
        prepared.pairs = plan.inputs
        for (position, input) in plan.inputs.enumerated() {
            let name = candidate[input.candidate].name
            do throws(CoreError) {
                let tensor = if let own = own[name] { own } else {
                    try made(position, input, candidate, reference, seed, &prepared.assumptions)
                }
                let turned = try input.permutation.map { permutation throws(CoreError) in
                    try tensor.permuted(permutation)
                }
                prepared.candidate[name] = tensor
                prepared.reference[reference[input.reference].name] = turned ?? tensor
                prepared.inputs.append(
                    .init(
                        name: name, elementType: tensor.elementType, shape: tensor.shape,
                        referenceShape: turned?.shape))
            } catch {
                throw VerifyError(error).at(Place(tensor: name))
            }
        }
        return prepared
    }

    /// The given tensors in the order of axes that the candidate declares.
    private func fitted(_ graph: Graph, _ assumptions: inout [String]) throws(VerifyError) -> [String: Tensor] {
        guard !given.isEmpty else { return [:] }
        let names = graph.inputs.map { graph[$0].name }
        for name in given.keys.sorted() where !names.contains(name) {
            throw VerifyError(.unknownInput(expected: names), at: Place(tensor: name))
        }
        var fitted: [String: Tensor] = [:]
        for input in graph.inputs {
            let name = graph[input].name
            guard var tensor = given[name] else {
                throw VerifyError(.missingInput(given: given.keys.sorted()), at: Place(tensor: name))
            }
            if let declared = graph[input].fact?.shape, !declared.accepts(tensor.shape) {
                guard let permutation = Permutation.only(from: tensor.shape, into: declared) else {
                    throw VerifyError(
                        .givenShape(given: tensor.shape.shapeText, declared: declared.shapeText),
                        at: Place(tensor: name))
                }
                let shape = tensor.shape
                do throws(CoreError) { tensor = try tensor.permuted(permutation) } catch {
                    throw VerifyError(error).at(Place(tensor: name))
                }
                assumptions.append(
                    "input \(escaped(name)) is given as \(shape.shapeText) and taken as \(tensor.shape.shapeText)")
            }
            fitted[name] = tensor
        }
        return fitted
    }

    private func made(
        _ position: Int, _ input: InputPlan.Input, _ candidate: Graph, _ reference: Graph, _ seed: UInt64,
        _ assumptions: inout [String]
    ) throws(CoreError) -> Tensor {
        guard madeUp == .probes else {
            return try SeededInput(seed: seed).tensor(
                forInput: position, elementType: input.elementType, shape: input.shape)
        }
        let range = ProbeRange(of: reference, input: input.reference)
            ?? ProbeRange(of: candidate, input: input.candidate) ?? .normalised
        if range != .normalised, input.elementType.isFloatingPoint, (3...5).contains(input.shape.count) {
            let name = escaped(candidate[input.candidate].name)
            assumptions.append("input \(name) takes numbers of \(range.text), as its first layers say")
        }
        return try ProbeInput(seed: seed, range: range).tensor(
            forInput: position, elementType: input.elementType, shape: input.shape, layout: input.layout)
    }
}

extension Graph {
    /// Where an input has its channels, by the operators that read it; `nil` where none says.
    public func layout(ofInput id: ValueID) -> Layout? { LayoutTrace(self).layout(ofInput: id) }
}

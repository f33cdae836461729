public import SkiffCore
public import SkiffGraph

/// Inputs for a network that nobody gave any: of the shapes it declares, made by ``SeededInput``.
///
///     let inputs = try MadeUpInputs(for: graph, batch: 8)
///     inputs.shapes             // ["image": [8, 3, 224, 224]]
public struct MadeUpInputs: Sendable {
    /// One input, in the model's order.
    public struct Input: Sendable {
        public var name: String
        public var tensor: Tensor
    }

    public var inputs: [Input] = []
    public var seed: UInt64
    /// What was taken for granted, in words.
    public var assumptions: [String] = []

    /// - Parameters:
    ///   - batch: Samples, where the model leaves them open; `nil` for one, or whatever the model declares.
    ///   - shapes: Shapes by input name; other open extents are taken as the verifier takes them.
    /// - Throws: ``VerifyError`` for a shape or a number of samples that the model does not take, names that are
    ///   no inputs, and inputs that cannot be made up.
    public init(
        for graph: Graph, seed: UInt64 = 0, batch: Int? = nil, shapes: [String: Shape] = [:]
    ) throws(VerifyError) {
        self.seed = seed
        for input in graph.inputs {
            guard let given = shapes[graph[input].name], let declared = graph[input].fact?.shape else { continue }
            let fits = given.count == declared.count
                && zip(given, declared).allSatisfy { $1.fixedValue == nil || $1.fixedValue == $0 }
            guard fits else {
                throw VerifyError(
                    .givenShape(given: given.shapeText, declared: declared.shapeText),
                    at: Place(tensor: graph[input].name))
            }
        }
        let plan = try InputPlan(graph, graph, shapes: shapes, batch: batch ?? 1)
        assumptions = plan.assumptions
        let samples = plan.inputs.filter { $0.shape.count > 1 }.map { $0.shape[0] }
        if let batch, !samples.isEmpty, !samples.contains(batch) {
            throw VerifyError(.fixedBatch(asked: batch, declared: samples))
        }
        for (position, input) in plan.inputs.enumerated() {
            let name = graph[input.candidate].name
            do throws(CoreError) {
                let tensor = try SeededInput(seed: seed).tensor(
                    forInput: position, elementType: input.elementType, shape: input.shape)
                inputs.append(Input(name: name, tensor: tensor))
            } catch {
                throw VerifyError(error).at(Place(tensor: name))
            }
        }
    }

    /// As many samples as the verifier takes where the model leaves that open, and as many as it declares where not.
    /// - Throws: ``VerifyError`` as the other initializer.
    public init(for graph: Graph, using verifier: Verifier) throws(VerifyError) {
        do throws(VerifyError) {
            try self.init(
                for: graph, seed: verifier.seed, batch: verifier.batch, shapes: verifier.inputShapes)
        } catch {
            guard case .fixedBatch = error.reason else { throw error }
            try self.init(for: graph, seed: verifier.seed, shapes: verifier.inputShapes)
        }
    }

    /// By input name.
    public var tensors: [String: Tensor] {
        Dictionary(inputs.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    }

    /// By input name.
    public var shapes: [String: Shape] { tensors.mapValues(\.shape) }

    /// Samples of one run: the first extent of the first input that has more than one axis, else 1.
    public var batch: Int { inputs.first { $0.tensor.shape.count > 1 }?.tensor.shape.first ?? 1 }
}

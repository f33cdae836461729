public import SkiffCore
public import SkiffEngine
public import SkiffGraph

/// A piece of a network that computes one value from values that the reference has too.
///
/// Fed with the reference's own tensors, it shows what goes wrong in the piece itself, apart from what it inherits.
public struct Region: Sendable {
    /// The piece: one output, inputs for the given values, and the weights that its nodes read.
    public let graph: Graph
    /// Tensors by name of the piece's inputs, in the candidate's order of axes.
    public let given: [String: Tensor]
    /// What the reference has for the output, in the candidate's order of axes.
    public let reference: Tensor
    /// The candidate's node behind each node of the piece.
    public let nodes: [NodeID]
    /// The candidate's value behind each value of the piece; `nil` for outputs without a name.
    public let values: [ValueID?]
    public var policy: ParityPolicy
    public var threads: Int?

    /// The nodes between `output` and the given values, whatever else they compute left out.
    /// - Parameter given: the reference's tensors, in the candidate's order of axes; graph inputs among them.
    /// - Throws: ``GraphError`` where the piece hangs on a graph input that is not given.
    public init(
        of candidate: Graph, output: ValueID, given: [ValueID: Tensor], reference: Tensor,
        policy: ParityPolicy = ParityPolicy(), threads: Int? = nil
    ) throws(GraphError) {
        self.reference = reference
        self.policy = policy
        self.threads = threads
        let inside = Self.nodes(of: candidate, output, given)
        var builder = GraphBuilder(name: candidate.name, metadata: candidate.metadata)
        var identifiers: [ValueID: ValueID] = [:]
        var origins: [String: ValueID] = [:]
        var tensors: [String: Tensor] = [:]
        for index in inside {
            for case let id? in candidate.nodes[index].inputs where identifiers[id] == nil {
                let name = "\(candidate[id].name)#\(id.index)"
                origins[name] = id
                if let tensor = given[id] {
                    let type = candidate[id].fact?.elementType ?? tensor.elementType
                    identifiers[id] = try builder.addInput(name, Fact(type, shape: tensor.shape))
                    tensors[name] = tensor
                } else if let tensor = candidate[id].tensor {
                    identifiers[id] = try builder.addWeight(name, tensor)
                } else if candidate.producer(of: id) == nil {
                    identifiers[id] = try builder.addInput(name, candidate[id].fact)
                }
            }
            let outputs = candidate.nodes[index].outputs.map { id -> ValueID in
                guard !candidate[id].name.isEmpty || id == output else { return builder.unnamedValue() }
                let name = "\(candidate[id].name)#\(id.index)"
                let new = builder.value(named: name)
                identifiers[id] = new
                origins[name] = id
                return new
            }
            let node = candidate.nodes[index]
            try builder.addNode(
                candidate.displayName(of: NodeID(index)), sourceOperator: node.sourceOperator, node.operator,
                inputs: node.inputs.map { $0.flatMap { identifiers[$0] } }, outputs: outputs)
        }
        if let id = identifiers[output] { builder.addOutput(candidate[output].name, id) }
        graph = try builder.build()
        self.given = tensors
        nodes = inside.map { NodeID($0) }
        values = graph.values.map { origins[$0.name] }
    }

    private static func nodes(of candidate: Graph, _ output: ValueID, _ given: [ValueID: Tensor]) -> [Int] {
        var needed: Set<Int> = []
        var waiting = candidate.producer(of: output).map { [$0.index] } ?? []
        while let index = waiting.popLast() {
            guard needed.insert(index).inserted else { continue }
            for case let id? in candidate.nodes[index].inputs where given[id] == nil {
                if let producer = candidate.producer(of: id) { waiting.append(producer.index) }
            }
        }
        return needed.sorted()
    }

    /// What the piece computes, or a changed copy of it.
    /// - Parameters:
    ///   - changed: ``graph`` with other operators or weights (``Graph/replacing(_:_:inputs:metadata:)``).
    ///   - given: other tensors for the piece's inputs.
    /// - Throws: ``EngineError`` where it cannot be run.
    public func output(
        of changed: Graph? = nil, given other: [String: Tensor]? = nil, _ precision: Precision
    ) throws(EngineError) -> Tensor {
        let evaluator = try Evaluator(changed ?? graph, threads: threads)
        let results = try evaluator.run(other ?? given, precision: precision)
        guard let output = evaluator.graph.outputs.first, let tensor = results[output.value] else {
            throw EngineError(.operand("the piece has no output"))
        }
        return tensor
    }

    /// Runs the piece, or a changed copy, in Float and in Double, and judges the reference's value by them.
    /// - Throws: ``VerifyError`` where it cannot be run, or gives another shape.
    public func judgement(
        of changed: Graph? = nil, given other: [String: Tensor]? = nil
    ) throws(VerifyError) -> Judgement {
        do {
            let float = try output(of: changed, given: other, .float)
            let double = try output(of: changed, given: other, .double)
            guard double.shape == reference.shape else {
                throw VerifyError(.shape(found: double.shape.shapeText, reference: reference.shape.shapeText))
            }
            return Judgement(
                reference: try reference.doubles(), float: try float.doubles(), double: try double.doubles(),
                shape: double.shape, elementType: float.elementType, policy: policy)
        } catch let error as VerifyError {
            throw error
        } catch let error as EngineError {
            throw VerifyError(error)
        } catch let error as CoreError {
            throw VerifyError(error)
        } catch {
            throw VerifyError(.engine(.operand("\(error)")))
        }
    }
}

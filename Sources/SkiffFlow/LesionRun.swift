internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// A network, or the part of it that lies behind an addition as a network of its own, run once.
///
/// What hangs on no input is a weight of it, so that shapes are known before it runs and kernels stay constant; whole
/// numbers are, too, whatever they hang on, as they may tell shapes.
struct LesionRun {
    private let session: Session
    private let given: [String: Tensor]

    /// - Parameter values: what the part reads of what lies in front of it.
    /// - Throws: ``EngineError`` where a value is missing, or the part cannot be planned.
    init?(
        _ plan: FlowPlan, _ rest: FlowPlan.Rest, _ values: [ValueID: EvaluatorRun.ObservedValue], threads: Int?
    ) throws(EngineError) {
        let graph = plan.graph
        let inner = Set(rest.nodes)
        let outputs = plan.outputs.all.filter { output in
            graph.producer(of: output.value).map { inner.contains($0) } ?? false
        }
        guard !outputs.isEmpty else { return nil }
        var inputs: [ValueID: Fact] = [:]
        var given: [String: Tensor] = [:]
        var constants: [ValueID: Tensor] = [:]
        for id in rest.data + rest.constants {
            guard let value = values[id] else { throw EngineError(.missingInput(graph[id].name)) }
            if rest.data.contains(id), value.elementType.isFloatingPoint {
                inputs[id] = Fact(value.elementType, shape: value.shape)
                given[graph[id].name] = try value.tensor()
            } else {
                constants[id] = try value.tensor()
            }
        }
        let part: Graph
        do throws(GraphError) {
            part = try graph.part(rest.nodes, inputs: inputs, constants: constants, outputs: outputs)
        } catch { throw EngineError(error) }
        session = try Session(part, options: Session.Options(threads: threads, runsOnce: true))
        self.given = given
    }

    /// The whole network.
    /// - Throws: ``EngineError`` where it cannot be planned.
    init(_ plan: FlowPlan, _ inputs: [String: Tensor], threads: Int?) throws(EngineError) {
        let graph = plan.graph
        let options = Session.Options(threads: threads, runsOnce: true)
        given = inputs
        guard !plan.outputs.hidden.isEmpty else {
            session = try Session(graph, options: options)
            return
        }
        let whole: Graph
        do throws(GraphError) {
            let facts = graph.inputs.map { id in (id, graph[id].fact ?? Fact(.float32, nil)) }
            whole = try graph.part(
                plan.nodes, inputs: Dictionary(facts, uniquingKeysWith: { first, _ in first }), constants: [:],
                outputs: plan.outputs.all)
        } catch { throw EngineError(error) }
        session = try Session(whole, options: options)
    }

    /// The outputs, where a part was run those that lie behind the addition, by name.
    /// - Throws: ``EngineError``.
    func outputs() throws(EngineError) -> [String: Tensor] { try session.run(given) }
}

extension Graph {
    /// Some of the nodes as a graph, with all weights that they read.
    fileprivate func part(
        _ nodes: [NodeID], inputs: [ValueID: Fact], constants: [ValueID: Tensor], outputs: [GraphOutput]
    ) throws(GraphError) -> Graph {
        var builder = GraphBuilder(name: name)
        var identifiers: [ValueID: ValueID] = [:]
        for (id, fact) in inputs.sorted(by: { $0.key < $1.key }) where identifiers[id] == nil {
            identifiers[id] = try builder.addInput(self[id].name, fact)
        }
        for (id, tensor) in constants.sorted(by: { $0.key < $1.key }) {
            identifiers[id] = try builder.addWeight(self[id].name, tensor)
        }
        for node in nodes {
            for case let id? in self[node].inputs where identifiers[id] == nil {
                guard let tensor = self[id].tensor else { continue }
                identifiers[id] = try builder.addWeight(self[id].name, tensor)
            }
            for id in self[node].outputs {
                identifiers[id] = self[id].name.isEmpty ? builder.unnamedValue() : builder.value(named: self[id].name)
            }
            try builder.addNode(
                self[node].name, sourceOperator: self[node].sourceOperator, self[node].operator,
                inputs: self[node].inputs.map { $0.flatMap { identifiers[$0] } },
                outputs: self[node].outputs.compactMap { identifiers[$0] })
        }
        for output in outputs {
            if let value = identifiers[output.value] { builder.addOutput(output.name, value) }
        }
        return try builder.build()
    }
}

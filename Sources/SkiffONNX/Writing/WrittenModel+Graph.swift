internal import SkiffCore
internal import SkiffGraph

extension WrittenModel {
    /// The first operator set that models are written for where nobody asks for another.
    private static let usualOpset = 13

    /// What `graph` is written as.
    /// - Parameter opset: the version of ONNX's operators; `nil` takes the usual one, or the first later one that says all.
    /// - Throws: ``ONNXError`` with the node that cannot be written in its place; `version` for an operator set that is not
    ///   written.
    init(_ graph: Graph, opset: Int?) throws(ONNXError) {
        if let opset {
            guard ONNXWriter.opsets.contains(opset) else {
                throw ONNXError(.version(of: "opset", found: Int64(opset), supported: ONNXWriter.opsets))
            }
            let exporter = GraphExporter(graph, opset: opset, mayRaise: false)
            try exporter.export()
            try self.init(exporter)
            return
        }
        // An operator that Skiff does not know means what it means in the operator set it was written with.
        var opset = Self.usualOpset
        if let source = graph.metadata["opset"].flatMap({ Int($0) }), ONNXWriter.opsets.contains(source),
            graph.unknownNodes.contains(where: { graph[$0].isOfDefaultDomain })
        {
            opset = source
        }
        var reason: (version: Int, text: String)?
        while true {
            let exporter = GraphExporter(graph, opset: opset, mayRaise: true)
            do throws(ONNXError) {
                try exporter.export()
                try self.init(exporter)
                if let reason { notes.append("opset \(reason.version), which \(reason.text)") }
                return
            } catch {
                guard case .needsOpset(let version, let what, _) = error.reason, version > opset,
                    ONNXWriter.opsets.contains(version)
                else { throw error }
                opset = version
                reason = (version, "\(what) needs (node \"\(escaped(error.place.node ?? ""))\")")
            }
        }
    }

    private init(_ exporter: GraphExporter) throws(ONNXError) {
        let graph = exporter.graph
        name = graph.name
        metadata = graph.metadata
        opset = exporter.opset
        inputs = graph.inputs.map { Declaration(graph[$0].name, graph[$0].fact) }
        for id in graph.weights {
            // Weights that a user may replace are inputs, too.
            guard case .weight(_, isOverridable: true) = graph[id].source else { continue }
            inputs.append(Declaration(graph[id].name, graph[id].fact))
        }
        outputs = graph.outputs.map { Declaration($0.name, graph[$0.value].fact) }
        intermediates = try Self.declarations(exporter)
        weights = exporter.weights()
        nodes = exporter.nodes
        isLiteral = exporter.isLiteral
    }

    /// What the graph knows of values that inference alone does not find: behind operators that are not known, and open
    /// extents that the source names.
    private static func declarations(_ exporter: GraphExporter) throws(ONNXError) -> [Declaration] {
        let graph = exporter.graph
        let inferred = try connected { () throws(GraphError) in try graph.factsWithoutDeclarations() }
        let outputs = Set(graph.outputs.map(\.value))
        return graph.valueIDs.compactMap { id in
            guard graph.producer(of: id) != nil, !graph[id].name.isEmpty, !outputs.contains(id), let fact = graph[id].fact,
                fact.elementType != inferred[id.index]?.elementType || fact.shape != inferred[id.index]?.shape
            else { return nil }
            let order = exporter.order(of: id)
            guard order.isNatural else { return nil }
            return Declaration(graph[id].name, fact)
        }
    }
}

extension WrittenModel.Declaration {
    init(_ name: String, _ fact: Fact?) {
        self.init(name: name, elementType: fact?.elementType ?? .float32, shape: fact?.shape)
    }
}

extension Node {
    /// Whether this is an operator of ONNX's own domain that Skiff does not know.
    fileprivate var isOfDefaultDomain: Bool {
        if case .unknown(let unknown) = self.operator { unknown.domain.isEmpty } else { false }
    }
}

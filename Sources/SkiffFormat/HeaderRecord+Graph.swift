internal import SkiffCore
internal import SkiffGraph

extension HeaderRecord {
    /// The header of a graph whose weights lie as `tensors` say, in the order of values.
    /// - Throws: ``FormatError`` `notStorable`.
    init(_ graph: Graph, provenance: Provenance, tensors: [TensorRecord]) throws(FormatError) {
        var table = OperatorTable()
        var nodes: [NodeRecord] = []
        nodes.reserveCapacity(graph.nodes.count)
        for node in graph.nodes {
            nodes.append(
                NodeRecord(
                    name: node.name, operatorIndex: try table.index(of: node),
                    inputs: node.inputs.map { $0.map { UInt32($0.index + 1) } ?? 0 },
                    outputs: node.outputs.map { UInt32($0.index) }))
        }
        var remaining = tensors[...]
        var values: [ValueRecord] = []
        values.reserveCapacity(graph.values.count)
        for value in graph.values {
            switch value.source {
            case .weight(_, let isOverridable):
                values.append(
                    ValueRecord(name: value.name, tensor: remaining.popFirst(), isOverridable: isOverridable))
            case .input, .node:
                values.append(
                    ValueRecord(name: value.name, isOverridable: false, fact: value.fact.map(FactRecord.init)))
            }
        }
        self.init(
            name: graph.name, provenance: provenance, values: values, operators: table.records, nodes: nodes,
            inputs: graph.inputs.map { UInt32($0.index) },
            outputs: graph.outputs.map { OutputRecord(name: $0.name, value: UInt32($0.value.index)) })
    }

    /// The graph that the header describes, its weights being `tensors` in the order of values.
    /// - Throws: ``FormatError`` for F15 to F19.
    func graph(tensors: [Tensor]) throws(FormatError) -> Graph {
        let operators = try decodedOperators()
        try checkSources()
        do throws(GraphError) {
            var builder = GraphBuilder(name: name, metadata: provenance.metadata)
            try declareValues(in: &builder, tensors: tensors)
            for node in nodes {
                try builder.addNode(
                    node.name, sourceOperator: self.operators[Int(node.operatorIndex)].source,
                    operators[Int(node.operatorIndex)],
                    inputs: node.inputs.map { $0 == 0 ? nil : ValueID(Int($0) - 1) },
                    outputs: node.outputs.map { ValueID(Int($0)) })
            }
            for output in outputs { builder.addOutput(output.name, ValueID(Int(output.value))) }
            return try builder.build()
        } catch {
            // F19
            throw FormatError(.graph(error.reason), at: error.place)
        }
    }

    /// Makes all values in their order, so that positions in the file are positions in the graph.
    private func declareValues(in builder: inout GraphBuilder, tensors: [Tensor]) throws(GraphError) {
        for (position, value) in values.enumerated() {
            let id = value.name.isEmpty ? builder.unnamedValue() : builder.value(named: value.name)
            guard id.index == position else { throw GraphError(.duplicateName(value.name)) }
            if let fact = value.fact?.fact { builder.declare(id, fact) }
        }
        for input in inputs {
            let value = values[Int(input)]
            try builder.addInput(value.name, value.fact?.fact)
        }
        var remaining = tensors[...]
        for value in values where value.tensor != nil {
            guard let tensor = remaining.popFirst() else { continue }
            try builder.addWeight(value.name, tensor, isOverridable: value.isOverridable)
        }
    }

    /// The operators of the table, and the check of its order.
    private func decodedOperators() throws(FormatError) -> [Operator] {
        var next = 0
        for node in nodes {
            // F17
            guard node.operatorIndex <= next else {
                throw FormatError(
                    .operatorOrder("operator \(node.operatorIndex) is used before operator \(next)"),
                    at: Place(node: node.name))
            }
            if node.operatorIndex == next { next += 1 }
        }
        guard next == operators.count else {
            throw FormatError(.operatorOrder("\(operators.count) operators are there, nodes use \(next)"))
        }
        guard Set(operators).count == operators.count else {
            throw FormatError(.operatorOrder("two operators are equal"))
        }
        var decoded: [Operator] = []
        for record in operators { decoded.append(try record.decoded()) }
        return decoded
    }

    /// Checks that positions exist, that every value has one source, and that nodes read what came before.
    private func checkSources() throws(FormatError) {
        var isGiven = values.map { $0.tensor != nil }
        func give(_ position: UInt32, _ place: Place) throws(FormatError) {
            // F16
            guard position < isGiven.count else { throw Self.outside(position, values.count, place) }
            // F15
            guard !isGiven[Int(position)] else {
                throw FormatError(.valueSource("value \"\(escaped(values[Int(position)].name))\" is given twice"), at: place)
            }
            isGiven[Int(position)] = true
        }
        for input in inputs { try give(input, Place()) }
        for (position, value) in values.enumerated() where isGiven[position] {
            // F15
            guard !value.name.isEmpty else {
                throw FormatError(.valueSource("value \(position) is an input or a weight and has no name"))
            }
        }
        for node in nodes {
            let place = Place(node: node.name, operatorName: operators[Int(node.operatorIndex)].source)
            for input in node.inputs where input > 0 {
                // F16
                guard input <= isGiven.count else { throw Self.outside(input - 1, values.count, place) }
                guard isGiven[Int(input) - 1] else {
                    throw FormatError(
                        .reference("reads \"\(escaped(values[Int(input) - 1].name))\" before it is given"), at: place)
                }
            }
            for output in node.outputs { try give(output, place) }
        }
        for output in outputs where output.value >= values.count {
            throw Self.outside(output.value, values.count, Place(tensor: output.name))
        }
        if let position = isGiven.firstIndex(of: false) {
            throw FormatError(.valueSource("value \"\(escaped(values[position].name))\" is never given"))
        }
        for (position, value) in values.enumerated() where value.tensor != nil && value.fact != nil {
            throw FormatError(.valueSource("value \(position) is a weight and has a fact"))
        }
        for (position, value) in values.enumerated() where value.tensor == nil && value.isOverridable {
            throw FormatError(.valueSource("value \(position) is overridable and is no weight"))
        }
        try checkFacts()
    }

    private static func outside(_ position: UInt32, _ count: Int, _ place: Place) -> FormatError {
        FormatError(.reference("refers to value \(position), there are \(count)"), at: place)
    }

    private func checkFacts() throws(FormatError) {
        for value in values {
            guard let fact = value.fact else { continue }
            // F12
            guard fact.fact != nil else {
                throw FormatError(
                    .tensorType("element type \"\(escaped(fact.elementType))\" or an extent of it is not known"),
                    at: Place(tensor: value.name))
            }
        }
    }
}

extension FactRecord {
    fileprivate init(_ fact: Fact) {
        self.init(
            elementType: fact.elementType.rawValue,
            extents: fact.shape.map { shape in
                shape.map { dimension in
                    switch dimension {
                    // A negative extent cannot be inferred; as an enormous one it is refused when read.
                    case .fixed(let extent): .fixed(UInt64(bitPattern: Int64(extent)))
                    case .symbolic(let name): .symbolic(name)
                    case .unknown: .unknown
                    }
                }
            })
    }

    /// The fact that the record stands for; `nil` where it is none: an unknown type, an extent past the limits.
    fileprivate var fact: Fact? {
        guard let type = ElementType(rawValue: elementType) else { return nil }
        guard let extents else { return Fact(type, nil) }
        guard extents.count <= Limits.rank else { return nil }
        var shape: SymbolicShape = []
        for extent in extents {
            switch extent {
            case .fixed(let extent):
                guard extent <= UInt64(Limits.extent) else { return nil }
                shape.append(.fixed(Int(extent)))
            case .symbolic(let name): shape.append(.symbolic(name))
            case .unknown: shape.append(.unknown)
            }
        }
        return Fact(type, shape)
    }
}

/// The distinct operators of a graph in the order of their first use.
private struct OperatorTable {
    private struct Key: Hashable {
        var `operator`: Operator
        var source: String
    }

    private(set) var records: [OperatorRecord] = []
    private var positions: [Key: UInt32] = [:]

    mutating func index(of node: Node) throws(FormatError) -> UInt32 {
        let key = Key(operator: node.operator, source: node.sourceOperator)
        if let position = positions[key] { return position }
        let position = UInt32(records.count)
        do throws(FormatError) {
            records.append(try OperatorRecord(node.operator, source: node.sourceOperator))
        } catch {
            throw error.at(Place(node: node.name, operatorName: node.sourceOperator))
        }
        positions[key] = position
        return position
    }
}

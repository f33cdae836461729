internal import SkiffCore

extension Graph {
    /// The first thing in which `other` is not this graph, in words; `nil` where they are equal.
    ///
    /// Compared are names, order, operators with all attributes, facts, metadata, and weights by their elements' bits
    /// wherever they are stored. Linear in the graph and in the bytes of its weights.
    /// - Parameter comparesElements: whether weights' elements are compared, and what facts know of them; else only types
    ///   and shapes.
    public func firstDifference(from other: Graph, comparesElements: Bool = true) -> String? {
        difference("name", name, other.name)
            ?? difference("metadata", metadata.withoutSources, other.metadata.withoutSources)
            ?? difference("number of values", values.count, other.values.count)
            ?? difference("number of nodes", nodes.count, other.nodes.count)
            ?? difference("inputs", inputs.map(\.index), other.inputs.map(\.index))
            ?? difference("outputs", outputs, other.outputs)
            ?? nodes.indices.lazy.compactMap { nodeDifference($0, other) }.first
            ?? values.indices.lazy.compactMap { values[$0].firstDifference(from: other.values[$0], index: $0, comparesElements) }
                .first
    }

    /// The first thing in which `other` is not this graph where values are told apart by their names, in words; `nil`
    /// where there is none. Unlike ``firstDifference(from:)`` it leaves out the order of values that nothing orders, and how
    /// the source spelled an operator. A graph without a name is called as anything.
    /// - Parameter keys: entries of the metadata that may differ.
    public func firstDifferenceByName(from other: Graph, ignoringMetadata keys: Set<String> = []) -> String? {
        func compared(_ metadata: GraphMetadata) -> GraphMetadata {
            var metadata = metadata
            metadata.entries.removeAll { keys.contains($0.key) }
            return metadata
        }
        var named: [String: Value] = [:]
        for value in other.values where !value.name.isEmpty { named[value.name] = value }
        return (name.isEmpty ? nil : difference("name", name, other.name))
            ?? difference("metadata", compared(metadata.withoutSources), compared(other.metadata.withoutSources))
            ?? difference("number of nodes", nodes.count, other.nodes.count)
            ?? difference("inputs", inputs.map { self[$0].name }, other.inputs.map { other[$0].name })
            ?? difference(
                "outputs", outputs.map { [$0.name, self[$0.value].name] },
                other.outputs.map { [$0.name, other[$0.value].name] })
            ?? nodes.indices.lazy.compactMap { namedNodeDifference($0, other) }.first
            ?? values.lazy.compactMap { namedValueDifference($0, named) }.first
            ?? difference(
                "number of weights", values.count { $0.tensor != nil }, other.values.count { $0.tensor != nil })
    }

    private func namedNodeDifference(_ index: Int, _ other: Graph) -> String? {
        let (one, another) = (nodes[index], other.nodes[index])
        let place = "node \(index) \"\(escaped(one.name))\": "
        return difference(place + "name", one.name, another.name)
            ?? difference(place + "operator", one.operator, another.operator)
            ?? difference(
                place + "inputs", one.inputs.map { $0.map { self[$0].name } },
                another.inputs.map { $0.map { other[$0].name } })
            ?? difference(place + "outputs", one.outputs.map { self[$0].name }, another.outputs.map { other[$0].name })
    }

    private func namedValueDifference(_ value: Value, _ named: [String: Value]) -> String? {
        guard !value.name.isEmpty else { return nil }
        let place = "value \"\(escaped(value.name))\": "
        guard let other = named[value.name] else { return place + "is missing" }
        if case .weight(let tensor, let isOverridable) = value.source {
            guard case .weight(let another, let isOtherOverridable) = other.source else { return place + "is no weight" }
            if let found = difference(place + "overridable", isOverridable, isOtherOverridable)
                ?? tensor.firstDifference(from: another, place, true)
            {
                return found
            }
        }
        // Contents follow from weights, which are compared bit by bit.
        return difference(place + "fact", value.fact?.withoutContents, other.fact?.withoutContents)
    }

    private func nodeDifference(_ index: Int, _ other: Graph) -> String? {
        let (one, another) = (nodes[index], other.nodes[index])
        let place = "node \(index) \"\(escaped(one.name))\": "
        return difference(place + "name", one.name, another.name)
            ?? difference(place + "source operator", one.sourceOperator, another.sourceOperator)
            ?? difference(place + "operator", one.operator, another.operator)
            ?? difference(place + "inputs", one.inputs.map { $0?.index }, another.inputs.map { $0?.index })
            ?? difference(place + "outputs", one.outputs.map(\.index), another.outputs.map(\.index))
    }
}

extension GraphMetadata {
    /// Sources are known in a native file alone.
    fileprivate var withoutSources: GraphMetadata {
        var metadata = self
        metadata.sources = []
        return metadata
    }
}

extension Fact {
    fileprivate var withoutContents: Fact { Fact(elementType, shape) }
}

extension Value {
    fileprivate func firstDifference(from other: Value, index: Int, _ comparesElements: Bool) -> String? {
        let place = "value \(index) \"\(escaped(name))\": "
        return difference(place + "name", name, other.name)
            ?? sourceDifference(from: other.source, place, comparesElements)
            ?? difference(
                place + "fact", comparesElements ? fact : fact?.withoutReals,
                comparesElements ? other.fact : other.fact?.withoutReals)
    }

    private func sourceDifference(from other: Source, _ place: String, _ comparesElements: Bool) -> String? {
        switch (source, other) {
        case (.input, .input): nil
        case (.node(let node, let output), .node(let otherNode, let otherOutput)):
            difference(place + "node", node.index, otherNode.index)
                ?? difference(place + "output", output, otherOutput)
        case (.weight(let tensor, let isOverridable), .weight(let otherTensor, let isOtherOverridable)):
            difference(place + "overridable", isOverridable, isOtherOverridable)
                ?? tensor.firstDifference(from: otherTensor, place, comparesElements)
        default: difference(place + "source", source.kindText, other.kindText)
        }
    }
}

extension Fact {
    /// Without what comes of weights' elements; whole numbers are shapes.
    fileprivate var withoutReals: Fact {
        guard case .reals = contents else { return self }
        return Fact(elementType, shape)
    }
}

extension Value.Source {
    fileprivate var kindText: String {
        switch self {
        case .input: "input"
        case .weight: "weight"
        case .node: "node"
        }
    }
}

extension Tensor {
    fileprivate func firstDifference(from other: Tensor, _ place: String, _ comparesElements: Bool) -> String? {
        if let found = difference(place + "element type", elementType, other.elementType)
            ?? difference(place + "shape", shape, other.shape)
        {
            return found
        }
        guard comparesElements else { return nil }
        return firstDifferingElement(from: other).map { place + "weights differ at element \($0)" }
    }
}

private func difference<Subject: Equatable>(_ what: String, _ one: Subject, _ other: Subject) -> String? {
    one == other ? nil : "\(what) is \(text(one)), the other's is \(text(other))"
}

private func text<Subject>(_ subject: Subject) -> String {
    if case let fact as Fact? = subject { return fact?.description ?? "unknown" }
    return escaped(String(describing: subject))
}

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

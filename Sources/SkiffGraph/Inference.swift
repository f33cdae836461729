public import SkiffCore

extension Graph {
    /// This graph with the fact of every value that can be known from its inputs and weights.
    ///
    /// A value behind an operator we do not know keeps what the source declares of it.
    /// - Throws: ``GraphError`` with the node in its place where inputs do not fit an operator.
    func inferred() throws(GraphError) -> Graph {
        let facts = try inferFacts(binding: [:])
        var values = values
        for (index, fact) in facts.enumerated() { values[index].fact = fact }
        return Graph(
            name: name, values: values, nodes: nodes, inputs: inputs, outputs: outputs, metadata: metadata)
    }

    /// The fact of every value, by index of ``values``, when inputs have the facts of `binding`; inputs that are
    /// not bound keep what the source declares.
    /// - Throws: ``GraphError`` with the node in its place where inputs do not fit an operator.
    public func inferFacts(binding: [ValueID: Fact]) throws(GraphError) -> [Fact?] {
        try inferFacts(binding: binding, hearsDeclarations: true)
    }

    /// The fact of every value as it follows from inputs and weights alone, whatever the source declares of others.
    /// - Throws: as ``inferFacts(binding:)``.
    public func factsWithoutDeclarations() throws(GraphError) -> [Fact?] {
        try inferFacts(binding: [:], hearsDeclarations: false)
    }

    private func inferFacts(
        binding: [ValueID: Fact], hearsDeclarations: Bool
    ) throws(GraphError) -> [Fact?] {
        var facts = [Fact?](repeating: nil, count: values.count)
        for (index, value) in values.enumerated() {
            switch value.source {
            case .input: facts[index] = binding[ValueID(index)] ?? value.fact
            case .weight(let tensor, _): facts[index] = binding[ValueID(index)] ?? Fact(of: tensor)
            case .node: break
            }
        }
        for id in nodeIDs {
            let node = self[id]
            var inputs: [Fact?] = []
            var isKnown = true
            for input in node.inputs {
                guard let input else {
                    inputs.append(nil)
                    continue
                }
                if facts[input.index] == nil { isKnown = false }
                inputs.append(facts[input.index])
            }
            var results: [Fact?] = []
            if isKnown {
                do throws(GraphError) {
                    results = try node.operator.infer(inputs, outputCount: node.outputs.count)
                } catch {
                    throw error.at(place(of: id))
                }
            }
            for (position, output) in node.outputs.enumerated() {
                let inferred = position < results.count ? results[position] : nil
                let declared = hearsDeclarations ? self[output].fact : nil
                facts[output.index] = merged(inferred: inferred, declared: declared, binds: !binding.isEmpty)
            }
        }
        return facts
    }

    /// What inference found, with what it left open filled from the source's declaration. A binding makes the
    /// declaration stale: exporters write the traced extents there.
    private func merged(inferred: Fact?, declared: Fact?, binds: Bool) -> Fact? {
        guard var fact = inferred else { return declared }
        guard !binds, let declared, let known = declared.shape else { return fact }
        guard let shape = fact.shape else {
            fact.shape = known
            return fact
        }
        if shape.count == known.count {
            fact.shape = zip(shape, known).map { $0 == .unknown ? $1 : $0 }
        }
        return fact
    }
}

extension Fact {
    /// The fact of a tensor in a file: contents where they are few.
    public init(of tensor: Tensor) {
        self.init(tensor.elementType, shape: tensor.shape)
        guard tensor.elementCount <= Fact.contentsLimit else { return }
        if tensor.elementType.isInteger || tensor.elementType == .bool {
            contents = (try? tensor.integers()).map { .integers($0.map { .fixed(Int($0)) }) }
        } else if tensor.elementType.isFloatingPoint, tensor.elementCount <= 64 {
            contents = (try? tensor.doubles()).map { .reals($0) }
        }
    }
}

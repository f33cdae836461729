import Skiff

extension MutantMaker {
    func activationMutants() throws -> [Mutant] {
        let activations = nodes { node -> Unary? in
            if case .unary(let unary) = node.operator, unary.kind.isActivation { unary } else { nil }
        }
        var mutants: [Mutant] = []
        for (number, site) in spread(activations, sites + 2).enumerated() {
            let (id, unary) = site
            mutants.append(activation(id, .identity(Identity()), unary.kind.words, Unary.Kind.noWords, "missing"))
            let others = Unary.Kind.usual.filter { $0 != unary.kind }
            for step in 0..<2 {
                let other = others[(number + step) % others.count]
                mutants.append(activation(id, .unary(Unary(other)), unary.kind.words, other.words, other.words[0]))
            }
            if let mutant = removed(id, unary.kind) { mutants.append(mutant) }
        }
        let bare = nodes { node -> Bool? in
            guard let output = node.outputs.first, let reader = specimen.readers[output.index].first,
                specimen.readers[output.index].count == 1
            else { return nil }
            switch (node.operator, graph[reader].operator) {
            case (.batchNormalization, .binary), (.batchNormalization, .convolution), (.convolution, .binary),
                (.convolution, .batchNormalization):
                return true
            default: return nil
            }
        }
        for (id, _) in spread(bare) {
            var edit = GraphEdit()
            edit.after[id] = [.init(name: "\(graph.displayName(of: id))/relu", operator: .unary(Unary(.relu)))]
            mutants.append(
                Mutant(
                    .activation, "relu too much", edit, [id], Expectation(.activation, .words(Unary.Kind.noWords)),
                    reverse: Expectation(.activation, .words(Unary.Kind.relu.words))))
        }
        return mutants + softmaxMutants()
    }

    private func activation(
        _ id: NodeID, _ operator: Operator, _ own: [String], _ other: [String], _ detail: String
    ) -> Mutant {
        Mutant(
            .activation, "\(detail) for \(own[0])", edit(id, `operator`), [id], Expectation(.activation, .words(own)),
            reverse: Expectation(.activation, .words(other)))
    }

    /// The activation's layer is not there at all: the layer before it gives its value.
    private func removed(_ id: NodeID, _ kind: Unary.Kind) -> Mutant? {
        guard case let input? = graph[id].inputs.first, let value = input, specimen.readers[value.index].count == 1,
            let producer = graph.producer(of: value), !graph.outputs.contains(where: { $0.value == value })
        else { return nil }
        var edit = GraphEdit()
        edit.removed = [id]
        return Mutant(
            .activation, "no layer for \(kind.words[0])", edit, [id, producer],
            Expectation(.activation, .words(kind.words)), reverse: Expectation(.activation, .words(Unary.Kind.noWords)))
    }

    private func softmaxMutants() -> [Mutant] {
        var mutants: [Mutant] = []
        let softmaxes = nodes { node -> Softmax? in
            if case .softmax(let softmax) = node.operator { softmax } else { nil }
        }
        for (id, softmax) in spread(softmaxes) {
            let words = ["softmax"]
            mutants.append(
                Mutant(
                    .softmax, "missing", edit(id, .identity(Identity())), [id], Expectation(.softmax, .words(words)),
                    reverse: Expectation(.softmax, .words(Unary.Kind.noWords))))
            var batch = softmax
            batch.axis = 0
            mutants.append(
                Mutant(
                    .softmax, "axis 0 for \(softmax.axis)", edit(id, .softmax(batch)), [id], Expectation(.softmax),
                    reverse: Expectation(.softmax)))
            var edit = GraphEdit()
            edit.after[id] = [.init(name: "\(graph.displayName(of: id))/again", operator: .softmax(Softmax(axis: -1)))]
            mutants.append(
                Mutant(.softmax, "twice", edit, [id], Expectation(.softmax), reverse: Expectation(.softmax)))
        }
        for output in graph.outputs.prefix(1) {
            guard let id = graph.producer(of: output.value), !softmaxes.contains(where: { $0.id == id }),
                outputShape(id)?.count == 2, graph[id].outputs.count == 1
            else { continue }
            var edit = GraphEdit()
            edit.after[id] = [
                .init(name: "\(graph.displayName(of: id))/softmax", operator: .softmax(Softmax(axis: -1)))
            ]
            mutants.append(
                Mutant(
                    .softmax, "too much", edit, [id], Expectation(.softmax, .words(Unary.Kind.noWords)),
                    reverse: Expectation(.softmax, .words(["softmax"]))))
        }
        return mutants
    }
}

extension Unary.Kind {
    static let noWords = [
        "none", "no ", "missing", "identity", "linear", "without", "absent", "left out", "not there", "nothing",
    ]

    /// What the field uses, and confuses.
    static let usual: [Unary.Kind] = [
        .generalReLU(maximum: 6, negativeSlope: 0, threshold: 0), .leakyReLU(alpha: 0.01), .relu,
        .leakyReLU(alpha: 0.3), .leakyReLU(alpha: 0.2),
    ]

    var isActivation: Bool {
        switch self {
        case .relu, .generalReLU, .leakyReLU, .elu, .swish, .sigmoid, .tanh, .hardSwish, .hardSigmoid, .gelu, .selu:
            true
        default: false
        }
    }

    /// How an explanation may spell it.
    var words: [String] {
        switch self {
        case .relu: ["relu"]
        // Where nothing passes the maximum, as an experiment shows, it is a ReLU.
        case .generalReLU(let maximum?, 0, 0): ["relu\(Int(maximum))", "clip", "relu"]
        case .generalReLU(nil, let slope, 0): ["\(slope)"]
        case .leakyReLU(let alpha): ["\(alpha)"]
        case .elu: ["elu"]
        case .swish: ["swish", "silu"]
        case .hardSwish: ["hardswish", "hard_swish", "hard swish", "hard_silu"]
        case .hardSigmoid: ["hardsigmoid", "hard_sigmoid", "hard sigmoid"]
        case .gelu: ["gelu"]
        case .selu: ["selu"]
        default: ["\(self)"]
        }
    }
}

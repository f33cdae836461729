internal import SkiffCore
internal import SkiffGraph

/// Activations and softmaxes: missing, too much, of another kind.
enum ActivationExperiments {
    /// What networks have, the usual first.
    static let kinds: [(Unary.Kind, String)] = [
        (.relu, "ReLU"), (.generalReLU(maximum: 6, negativeSlope: 0, threshold: 0), "ReLU6"),
        (.leakyReLU(alpha: 0.01), "LeakyReLU of slope 0.01"), (.leakyReLU(alpha: 0.1), "LeakyReLU of slope 0.1"),
        (.leakyReLU(alpha: 0.2), "LeakyReLU of slope 0.2"), (.leakyReLU(alpha: 0.3), "LeakyReLU of slope 0.3"),
        (.elu(alpha: 1), "ELU"), (.selu(alpha: 1.673_263_2, gamma: 1.050_701), "SELU"), (.swish(alpha: 1), "SiLU"),
        (.swish(alpha: 1.702), "SiLU of 1.702"), (.gelu(approximate: false), "GELU"),
        (.gelu(approximate: true), "GELU by tanh"), (.sigmoid, "sigmoid"), (.tanh, "tanh"),
        (.hardSigmoid(alpha: 0.2, beta: 0.5), "hard sigmoid of slope 0.2"),
        (.hardSigmoid(alpha: 1 / 6, beta: 0.5), "hard sigmoid of slope 1/6"), (.hardSwish, "hard swish"), (.mish, "Mish"),
        (.softplus, "softplus"), (.softsign, "softsign"), (.celu(alpha: 1), "CELU"),
        (.generalReLU(maximum: 1, negativeSlope: 0, threshold: 0), "ReLU up to 1"), (.exponential, "exponential"),
    ]

    static func experiments(at site: Site) -> [Experiment] {
        switch site.node.operator {
        case .unary(let unary): isActivation(unary.kind) ? replaced(site, found: name(unary.kind), own: unary.kind) : []
        case .parametricReLU: replaced(site, found: "PReLU", own: nil)
        case .clip: replaced(site, found: "a clip", own: nil)
        case .softmax(let softmax): softmaxes(softmax, site) + replaced(site, found: name(softmax), own: nil)
        case .binary, .variadic, .convolution, .convolutionTranspose, .dense, .gemm, .matrixMultiplication,
            .batchNormalization, .identity, .layerNormalization, .groupNormalization, .instanceNormalization:
            added(site)
        default: []
        }
    }

    /// An activation that is missing in front of the piece: a model without it has no value beside the reference's.
    static func experiments(onInput position: Int, of piece: Graph, behind giver: Operator, name: String) -> [Experiment] {
        switch giver {
        case .clip, .parametricReLU, .softmax: return []
        case .unary(let unary) where isActivation(unary.kind): return []
        default: break
        }
        guard piece.inputs.indices.contains(position),
            piece[piece.inputs[position]].fact?.elementType.isFloatingPoint == true
        else { return [] }
        return kinds.prefix(12).enumerated().map { rank, kind in
            Experiment(
                kind: .activation, node: name, parameter: "activation", found: "none", expected: kind.1,
                edit: Edit(ahead: [position: [Edit.Inserted(operator: .unary(Unary(kind.0)))]]), rank: 0.8 + 0.02 * Double(rank))
        }
    }

    static func isActivation(_ kind: Unary.Kind) -> Bool {
        switch kind {
        case .relu, .generalReLU, .leakyReLU, .thresholdedReLU, .elu, .selu, .celu, .sigmoid, .tanh, .softplus, .softsign,
            .hardSigmoid, .hardSwish, .swish, .mish, .gelu, .exponential, .shrink:
            true
        default: false
        }
    }

    static func name(_ kind: Unary.Kind) -> String {
        if let known = kinds.first(where: { $0.0 == kind }) { return known.1 }
        switch kind {
        case .leakyReLU(let alpha): return "LeakyReLU of slope \(shortText(alpha))"
        case .elu(let alpha): return "ELU of \(shortText(alpha))"
        case .generalReLU(let maximum, let slope, _):
            return "ReLU" + (slope == 0 ? "" : " of slope \(shortText(slope))")
                + (maximum.map { " up to \(shortText($0))" } ?? "")
        default: return "\(kind)".prefix { $0 != "(" }.description
        }
    }

    private static func name(_ softmax: Softmax) -> String {
        switch softmax.kind {
        case .softmax: "softmax"
        case .logSoftmax: "log-softmax"
        case .hardmax: "hardmax"
        }
    }

    private static func replaced(_ site: Site, found: String, own: Unary.Kind?) -> [Experiment] {
        let isSoftmax = if case .softmax = site.node.operator { true } else { false }
        // What a clip or a slope needs as further operands goes.
        let extra = Set(site.node.inputs.indices.dropFirst())
        func changed(_ other: Operator, _ rank: Double, _ expected: String) -> Experiment {
            site.experiment(
                isSoftmax ? .softmax : .activation, rank: rank, "activation", found: found, expected: expected,
                edit: Edit(operators: [site.id: other], removed: extra.isEmpty ? [:] : [site.id: extra]))
        }
        var result = [changed(.identity(Identity()), 0.2, "none")]
        for (position, (kind, name)) in kinds.enumerated() where kind != own {
            result.append(changed(.unary(Unary(kind)), (isSoftmax ? 0.5 : 0.1) + 0.02 * Double(position), name))
        }
        if !isSoftmax, let rank = site.outputShape?.count, rank == 2 {
            var softmax = changed(.softmax(Softmax(axis: -1)), 0.3, "softmax")
            softmax.kind = .softmax
            result.append(softmax)
        }
        return result
    }

    private static func softmaxes(_ softmax: Softmax, _ site: Site) -> [Experiment] {
        guard let rank = site.outputShape?.count else { return [] }
        var result: [Experiment] = []
        let own = softmax.axis < 0 ? softmax.axis + rank : softmax.axis
        for axis in 0..<rank where axis != own {
            var other = softmax
            other.axis = axis
            other.flattensFromAxis = false
            var experiment = site.replacing(
                .softmax, rank: 0.3, "softmax axis", found: "\(own)", expected: "\(axis)", .softmax(other))
            experiment.needsBatch = axis == 0
            result.append(experiment)
        }
        for kind in Softmax.Kind.allCases where kind != softmax.kind {
            var other = softmax
            other.kind = kind
            result.append(
                site.replacing(
                    .softmax, rank: 0.3, "activation", found: name(softmax), expected: name(other), .softmax(other)))
        }
        var flattened = softmax
        flattened.flattensFromAxis.toggle()
        result.append(
            site.replacing(
                .softmax, rank: 0.5, "axes of the softmax", found: softmax.flattensFromAxis ? "all from \(own) on" : "\(own)",
                expected: softmax.flattensFromAxis ? "\(own)" : "all from \(own) on", .softmax(flattened)))
        result.append(
            site.experiment(
                .softmax, rank: 1, "softmax", found: "one", expected: "applied twice",
                edit: Edit(behind: [site.id: [Edit.Inserted(operator: .softmax(softmax))]])))
        return result
    }

    /// An activation behind a node that has none.
    private static func added(_ site: Site) -> [Experiment] {
        let isFollowed = site.readers.contains { reader in
            switch reader.operator {
            case .unary(let unary): isActivation(unary.kind)
            case .clip, .parametricReLU, .softmax: true
            default: false
            }
        }
        // An identity in a piece may stand where another model has its activation.
        let nearer = if case .identity = site.node.operator { 0.1 } else { 0.0 }
        guard !isFollowed, let rank = site.outputShape?.count else { return [] }
        func behind(_ kind: Explanation.Kind, _ other: Operator, _ rank: Double, _ expected: String) -> Experiment {
            site.experiment(
                kind, rank: rank, "activation", found: "none", expected: expected,
                edit: Edit(behind: [site.id: [Edit.Inserted(operator: other)]]))
        }
        var result: [Experiment] = []
        for (position, (kind, name)) in kinds.enumerated() {
            result.append(behind(.activation, .unary(Unary(kind)), 0.3 - nearer + 0.02 * Double(position), name))
        }
        guard site.isLast else { return result }
        let last = rank - 1
        for axis in Set([1, last]).filter({ $0 <= last && $0 > 0 }).sorted() {
            result.append(behind(.softmax, .softmax(Softmax(axis: axis)), 0.2, "softmax"))
            result.append(behind(.softmax, .softmax(Softmax(.logSoftmax, axis: axis)), 0.4, "log-softmax"))
        }
        return result
    }
}

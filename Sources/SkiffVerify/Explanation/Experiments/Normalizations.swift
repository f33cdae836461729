internal import SkiffCore
internal import SkiffGraph

/// Epsilon, gamma, beta and the moments of normalizations.
enum NormalizationExperiments {
    /// What frameworks have by default, those of image networks first: Keras 1e-3, PyTorch and Caffe 1e-5, Keras'
    /// ResNets 1.001e-5, and what papers and exporters write.
    static let epsilons: [Float] = [
        1e-3, 1e-5, 1.001e-5, 1e-4, 1e-6, 1e-7, 1e-8, 1e-12, 2e-5, 1e-2, 0,
    ]

    static func experiments(at site: Site) -> [Experiment] {
        guard let own = epsilon(of: site.node.operator) else { return [] }
        var result = epsilons.enumerated().compactMap { position, epsilon -> Experiment? in
            guard epsilon != own else { return nil }
            return changed(to: epsilon, at: site, rank: 0.05 * Double(position))
        }
        if case .batchNormalization(let normalization) = site.node.operator {
            result += batchNormalization(normalization, site)
        } else {
            result += missing([(1, .missingScale, "gamma"), (2, .missingOffset, "beta")], site)
        }
        if case .groupNormalization(let normalization) = site.node.operator { result += groups(normalization, site) }
        return result
    }

    static func epsilon(of operator: Operator) -> Float? {
        switch `operator` {
        case .batchNormalization(let normalization): normalization.epsilon
        case .instanceNormalization(let normalization): normalization.epsilon
        case .layerNormalization(let normalization): normalization.epsilon
        case .groupNormalization(let normalization): normalization.epsilon
        default: nil
        }
    }

    static func changed(to epsilon: Float, at site: Site, rank: Double) -> Experiment? {
        guard let own = self.epsilon(of: site.node.operator),
            let other = site.node.operator.with(epsilon: epsilon)
        else { return nil }
        return site.replacing(
            .epsilon, rank: rank, "epsilon", found: shortText(own), expected: shortText(epsilon), other)
    }

    private static func missing(_ operands: [(Int, Explanation.Kind, String)], _ site: Site) -> [Experiment] {
        let present = operands.filter { site.weight($0.0) != nil }
        var result = present.map { position, kind, name in
            site.experiment(
                kind, rank: 0.5, name, found: "it", expected: "missing", edit: Edit(removed: [site.id: [position]]))
        }
        if present.count == 2 {
            result.append(
                site.experiment(
                    .missingScale, rank: 1, "gamma and beta", found: "them", expected: "missing",
                    edit: Edit(removed: [site.id: Set(present.map(\.0))])))
        }
        return result
    }

    private static func batchNormalization(_ normalization: BatchNormalization, _ site: Site) -> [Experiment] {
        var result = missing([(1, .missingScale, "gamma"), (2, .missingOffset, "beta")], site)
        var training = normalization
        training.isTraining.toggle()
        training.momentum = nil
        if site.node.outputs.count == 1 {
            var experiment = site.replacing(
                .batchStatistics, rank: 0.5, "moments", found: normalization.isTraining ? "the batch's" : "the stored ones",
                expected: normalization.isTraining ? "the stored ones" : "those of the batch", .batchNormalization(training))
            experiment.expected = normalization.isTraining ? "stored" : "of the batch"
            experiment.needsBatch = true
            result.append(experiment)
        }
        result += exchanged(site)
        if let variance = site.weight(4), let numbers = try? variance.floats() {
            for (text, other) in [("its square root", numbers.map { $0.squareRoot() }), ("its square", numbers.map { $0 * $0 })] {
                result.append(
                    site.replacing(
                        .swappedWeights, rank: 1.5, "variance", found: "it as it is", expected: text, operand: 4,
                        try? Tensor(floats: other, shape: variance.shape)))
            }
        }
        return result
    }

    /// Gamma, beta, mean and variance in every other order.
    private static func exchanged(_ site: Site) -> [Experiment] {
        let names = [1: "gamma", 2: "beta", 3: "mean", 4: "variance"]
        let positions = (1...4).filter { site.weight($0) != nil }
        return permutations(positions).compactMap { order in
            guard order != positions else { return nil }
            let moved = zip(positions, order).filter { $0 != $1 }
            var tensors: [Int: Tensor] = [:]
            for (to, from) in moved { tensors[to] = site.weight(from) }
            let found = moved.map { names[$0.0] ?? "" }
            let expected = moved.map { names[$0.1] ?? "" }
            return site.experiment(
                .swappedWeights, rank: moved.count == 2 ? 1 : 2, found.joined(separator: ", ") + " =",
                found: "them in place", expected: expected.joined(separator: ", "), edit: Edit(tensors: [site.id: tensors]))
        }
    }

    private static func groups(_ normalization: GroupNormalization, _ site: Site) -> [Experiment] {
        guard !normalization.affinePerGroup, let shape = site.shape(ofInput: 0) else { return [] }
        let axis = normalization.axis < 0 ? normalization.axis + shape.count : normalization.axis
        guard shape.indices.contains(axis) else { return [] }
        return [1, 2, 4, 8, 16, 32, 64, shape[axis]].compactMap { count in
            guard count != normalization.groups, shape[axis] % count == 0 else { return nil }
            var other = normalization
            other.groups = count
            return site.replacing(
                .groupOrder, rank: 1, "groups", found: "\(normalization.groups)", expected: "\(count)",
                .groupNormalization(other))
        }
    }
}

/// Every order of a few things.
func permutations<Element>(_ list: [Element]) -> [[Element]] {
    guard list.count > 1 else { return [list] }
    var result: [[Element]] = [[]]
    for element in list {
        result = result.flatMap { prefix in
            (0...prefix.count).map { place in Array(prefix[..<place]) + [element] + Array(prefix[place...]) }
        }
    }
    return result
}

extension Operator {
    func with(epsilon: Float) -> Operator? {
        switch self {
        case .batchNormalization(var other):
            other.epsilon = epsilon
            return .batchNormalization(other)
        case .instanceNormalization(var other):
            other.epsilon = epsilon
            return .instanceNormalization(other)
        case .layerNormalization(var other):
            other.epsilon = epsilon
            return .layerNormalization(other)
        case .groupNormalization(var other):
            other.epsilon = epsilon
            return .groupNormalization(other)
        default: return nil
        }
    }
}

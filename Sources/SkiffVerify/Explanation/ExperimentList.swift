internal import SkiffCore
internal import SkiffGraph

/// All that is tried at a piece: the one place where families of experiments are registered.
struct ExperimentList {
    /// Families of changes at one node.
    private static let families: [@Sendable (Site) -> [Experiment]] = [
        WindowExperiments.experiments, PoolExperiments.experiments, NormalizationExperiments.experiments,
        KernelExperiments.experiments, ActivationExperiments.experiments, OperationExperiments.experiments,
        InputExperiments.experiments, PrecisionExperiments.experiments,
    ]

    /// Nodes up to which tensors of the whole network are tried in each other's places.
    private static let nodesForSwaps = 24

    let sites: [Site]
    /// What is tried, those that are wrong most often first.
    private(set) var experiments: [Experiment] = []

    init(_ region: Region, of candidate: Graph) {
        sites = Self.sites(region, candidate)
        var single = sites.flatMap { site in Self.families.flatMap { $0(site) } }
        single += Self.inputs(region, candidate)
        single += PairExperiments.experiments(of: sites)
        let joint = Self.joint(single)
        // A runtime that rounds does so at every layer.
        if joint.contains(where: { $0.computeType != nil }) { single.removeAll { $0.computeType != nil } }
        if sites.count <= Self.nodesForSwaps { single += sites.flatMap(SwapExperiments.experiments) }
        // Of a whole network what is wrong everywhere is tried before what is wrong at one node.
        let late = sites.count > 12 ? 4.0 : 0
        func order(_ experiment: Experiment) -> Double { experiment.rank + (experiment.changes == 1 ? late : 0) }
        experiments = (joint + single).enumerated().sorted {
            (order($0.element), $0.offset) < (order($1.element), $1.offset)
        }.map(\.element)
    }

    private static func sites(_ region: Region, _ candidate: Graph) -> [Site] {
        let piece = region.graph
        let consumers = piece.consumers()
        // Backwards from the output through whatever keeps shapes.
        var reaching: Set<NodeID> = []
        var current = piece.outputs.first?.value
        while let value = current, let producer = piece.producer(of: value), reaching.insert(producer).inserted {
            current = nil
            guard piece[producer].operator.keepsShape else { break }
            current = piece[producer].inputs.first.flatMap { $0 }
            if let next = current, consumers[next.index].count > 1 { current = nil }
        }
        return piece.nodeIDs.map { id in
            Site(
                piece: piece, id: id, candidate: candidate, origins: region.values,
                referenceShape: region.reference.shape, reachesOutput: reaching.contains(id))
        }
    }

    private static func inputs(_ region: Region, _ candidate: Graph) -> [Experiment] {
        let piece = region.graph
        return piece.inputs.enumerated().flatMap { position, id -> [Experiment] in
            let origin = region.values.indices.contains(id.index) ? region.values[id.index] : nil
            let reader = piece.nodeIDs.first { piece[$0].inputs.contains(id) }
            let name = reader.map { piece.displayName(of: $0) } ?? piece[id].name
            let found = InputExperiments.experiments(
                onInput: position, of: piece, isImage: origin.map { candidate.inputs.contains($0) } ?? false, name: name)
            guard let giver = origin.flatMap({ candidate.producer(of: $0) }) else { return found }
            return found
                + ActivationExperiments.experiments(
                    onInput: position, of: piece, behind: candidate[giver].operator, name: candidate.displayName(of: giver))
        }
    }

    /// One convention at all nodes where it could be changed, where those are several.
    private static func joint(_ single: [Experiment]) -> [Experiment] {
        var groups: [String: [Experiment]] = [:]
        var keys: [String] = []
        for experiment in single where experiment.edit.ahead.isEmpty {
            if groups[experiment.key] == nil { keys.append(experiment.key) }
            groups[experiment.key, default: []].append(experiment)
        }
        return keys.compactMap { key in
            guard let group = groups[key], let first = group.first else { return nil }
            var nodes: Set<String> = []
            let each = group.filter { nodes.insert($0.node).inserted }
            guard each.count > 1 else { return nil }
            var result = first
            result.node = each.count == 2 ? "\(first.node) and \(each[1].node)" : "\(each.count) layers from \(first.node) on"
            result.edit = each.dropFirst().reduce(first.edit) { $0.merged($1.edit) }
            result.expected = first.convention ?? first.expected
            result.rank += 0.5
            result.changes = each.count
            result.needsBatch = each.contains(where: \.needsBatch)
            return result
        }
    }
}

extension Operator {
    /// Whether the output has the first operand's shape, whatever it is.
    fileprivate var keepsShape: Bool {
        switch self {
        case .unary, .clip, .parametricReLU, .softmax, .identity, .cast, .batchNormalization, .instanceNormalization,
            .layerNormalization, .groupNormalization, .localResponseNormalization:
            true
        default: false
        }
    }
}

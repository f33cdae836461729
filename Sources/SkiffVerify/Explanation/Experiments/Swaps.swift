internal import SkiffCore
internal import SkiffGraph

/// Other tensors of the network in a weight's place.
enum SwapExperiments {
    /// Other tensors that are tried for one weight.
    private static let most = 64

    static func experiments(at site: Site) -> [Experiment] {
        if case .batchNormalization = site.node.operator { return normalizations(site) + single(site) }
        return single(site) + pairs(site)
    }

    private static func single(_ site: Site) -> [Experiment] {
        site.node.inputs.indices.flatMap { position -> [Experiment] in
            guard let own = site.weight(position), own.elementType.isFloatingPoint, own.elementCount > 1,
                let ownName = site.weightName(position)
            else { return [] }
            return others(like: own, in: site.candidate, near: ownName).map { name, tensor in
                site.replacing(
                    .swappedWeights, rank: 1.2, "tensor", found: escaped(ownName), expected: escaped(name), operand: position,
                    tensor)
            }
        }
    }

    /// Weights of the same type and shape, those that stand near first.
    private static func others(like own: Tensor, in graph: Graph, near name: String) -> [(name: String, tensor: Tensor)] {
        // What nothing reads was left over by whoever wrote the file.
        var isRead = [Bool](repeating: false, count: graph.values.count)
        for node in graph.nodes {
            for case let input? in node.inputs { isRead[input.index] = true }
        }
        let weights = graph.valueIDs.compactMap { id -> (name: String, tensor: Tensor)? in
            guard isRead[id.index], let tensor = graph[id].tensor, tensor.shape == own.shape, tensor.elementType == own.elementType else {
                return nil
            }
            return (graph[id].name, tensor)
        }
        guard let place = weights.firstIndex(where: { $0.name == name }) else { return Array(weights.prefix(most)) }
        let order = weights.indices.filter { $0 != place }.sorted { abs($0 - place) < abs($1 - place) }
        return order.prefix(most).map { weights[$0] }
    }

    /// All of another normalization's weights.
    private static func normalizations(_ site: Site) -> [Experiment] {
        guard let own = site.weight(3) else { return [] }
        let graph = site.candidate
        var result: [Experiment] = []
        for id in graph.nodeIDs where result.count < most {
            guard case .batchNormalization = graph[id].operator, graph.displayName(of: id) != site.name else { continue }
            var tensors: [Int: Tensor] = [:]
            var removed: Set<Int> = []
            for position in 1...4 {
                let inputs = graph[id].inputs
                let value = inputs.indices.contains(position) ? inputs[position] : nil
                if let value, let stored = graph.storedWeight(value) {
                    tensors[position] = stored.tensor
                } else {
                    removed.insert(position)
                }
            }
            guard tensors[3]?.shape == own.shape, !removed.contains(3), !removed.contains(4) else { continue }
            result.append(
                site.experiment(
                    .swappedWeights, rank: 1, "weights of", found: "its own", expected: escaped(graph.displayName(of: id)),
                    edit: Edit(tensors: [site.id: tensors], removed: removed.isEmpty ? [:] : [site.id: removed])))
        }
        return result
    }

    /// Weight and bias of another layer together.
    private static func pairs(_ site: Site) -> [Experiment] {
        guard let own = site.weight(1), let bias = site.weight(2) else { return [] }
        let graph = site.candidate
        var result: [Experiment] = []
        for id in graph.nodeIDs where result.count < most {
            let inputs = graph[id].inputs
            guard inputs.count > 2, graph[id].operator.kind == site.node.operator.kind,
                graph.displayName(of: id) != site.name, let first = inputs[1], let second = inputs[2],
                let weight = graph.storedWeight(first)?.tensor, weight.shape == own.shape,
                let other = graph.storedWeight(second)?.tensor, other.shape == bias.shape
            else { continue }
            result.append(
                site.experiment(
                    .swappedWeights, rank: 1, "weights of", found: "its own", expected: escaped(graph.displayName(of: id)),
                    edit: Edit(tensors: [site.id: [1: weight, 2: other]])))
        }
        return result
    }
}

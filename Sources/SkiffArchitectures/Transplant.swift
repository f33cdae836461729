internal import SkiffCore
public import SkiffGraph
public import SkiffInspect

/// Gives a network of one file the weights of another: the architecture of a model for a file that has none.
public enum Transplant {
    /// How the layers of both were matched.
    public enum Matching: String, Hashable, Sendable {
        case names
        /// By each layer's place among the residual blocks, under another framework's names.
        case roles
        /// By kind, order and shape.
        case order
    }

    /// The graph with every convolution's, normalization's and fully connected layer's weights from `weights`.
    /// Kernels stay as they lie: the operator takes their order of axes.
    /// - Throws: ``ArchitectureError`` `unmatched` for a weight that is not in the set, or has another shape.
    public static func graph(
        _ graph: Graph, _ inspection: Inspection, with weights: WeightSet
    ) throws(ArchitectureError) -> (graph: Graph, matching: Matching, leftOver: [String]) {
        let slots = slots(of: graph)
        guard !slots.isEmpty else {
            throw ArchitectureError(.unmatched("any layer of the architecture", found: weights.layers.map(\.name)))
        }
        var refusal: ArchitectureError?
        for matching in [Matching.names, .roles, .order] {
            guard let layers = match(slots, matching, graph, inspection, weights) else { continue }
            do throws(ArchitectureError) {
                let used = Set(layers.map(\.name))
                let leftOver = weights.layers.map(\.name).filter { !used.contains($0) }
                return (try rebuilt(graph, slots, layers, weights.metadata), matching, leftOver)
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
        let names = Set(weights.layers.map(\.name))
        let lacking = slots.first { !names.contains(layerName($0.name)) } ?? slots.first
        throw ArchitectureError(
            .unmatched(lacking?.name ?? "", found: weights.layers.map(\.name)))
    }

    /// A node that has weights of its own.
    private struct Slot {
        var node: NodeID
        var kind: TypedLayer.Kind
        /// The name of its kernel or mean in the graph.
        var name: String
    }

    private static func slots(of graph: Graph) -> [Slot] {
        graph.nodeIDs.compactMap { id in
            let kind: TypedLayer.Kind
            let position: Int
            switch graph[id].operator {
            case .convolution: (kind, position) = (.convolution, 1)
            case .dense, .gemm, .matrixMultiplication: (kind, position) = (.dense, 1)
            case .batchNormalization: (kind, position) = (.normalization, 3)
            default: return nil
            }
            guard graph[id].inputs.indices.contains(position), let value = graph[id].inputs[position],
                let stored = graph.storedWeight(value)
            else { return nil }
            return Slot(node: id, kind: kind, name: graph[stored.id].name)
        }
    }

    /// A weight's name without the variable: what the file calls the layer.
    private static func layerName(_ name: String) -> String {
        guard let end = name.lastIndex(where: { $0 == "." || $0 == "/" }) else { return name }
        return String(name[..<end])
    }

    private static func match(
        _ slots: [Slot], _ matching: Matching, _ graph: Graph, _ inspection: Inspection, _ weights: WeightSet
    ) -> [TypedLayer]? {
        let typed = weights.layers.compactMap(TypedLayer.init)
        switch matching {
        case .names:
            // Exporters store equal tensors once, under one layer's name: then names tell nothing, unless the file has
            // as many layers as there are names.
            let distinct = Set(slots.map { layerName($0.name) })
            guard distinct.count == slots.count || distinct.count == typed.count else { return nil }
            let byName = Dictionary(typed.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            return all(slots) { byName[layerName($0.name)] }
        case .roles:
            guard let roles = try? GraphRoles(graph, inspection) else { return nil }
            let places = Dictionary(roles.nodes.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
            for scheme in NameScheme.all {
                guard let map = RoleMap(weights, scheme: scheme) else { continue }
                if let layers = all(slots, { places[$0.node].flatMap { map[$0] } }) { return layers }
            }
            return nil
        case .order:
            var rest = Dictionary(grouping: typed, by: \.kind).mapValues { $0[...] }
            guard let layers = all(slots, { rest[$0.kind]?.popFirst() }), rest.values.allSatisfy(\.isEmpty) else {
                return nil
            }
            return layers
        }
    }

    /// A layer for every slot, of the slot's kind; `nil` where one has none.
    private static func all(_ slots: [Slot], _ layer: (Slot) -> TypedLayer?) -> [TypedLayer]? {
        var layers: [TypedLayer] = []
        for slot in slots {
            guard let found = layer(slot), found.kind == slot.kind else { return nil }
            layers.append(found)
        }
        return layers
    }

    // MARK: Rebuilding

    private static func rebuilt(
        _ graph: Graph, _ slots: [Slot], _ layers: [TypedLayer], _ metadata: GraphMetadata
    ) throws(ArchitectureError) -> Graph {
        var replacements: [ValueID: Tensor] = [:]
        // Exporters store equal tensors once; the new ones need not be equal.
        var own: [NodeID: [Int: Tensor]] = [:]
        var operators: [NodeID: Operator] = [:]
        for (slot, layer) in zip(slots, layers) {
            let node = graph[slot.node]
            let kernel = try kernel(node, layer, graph)
            if let changed = kernel.operator { operators[slot.node] = changed }
            let tensors: [Tensor?]
            switch slot.kind {
            case .convolution, .dense: tensors = [nil, kernel.tensor, layer.bias?.tensor]
            case .normalization:
                tensors = [nil, layer.gamma?.tensor, layer.beta?.tensor, layer.mean?.tensor, layer.variance?.tensor]
            }
            for (position, input) in node.inputs.enumerated() {
                guard let input, let old = graph.storedWeight(input), tensors.indices.contains(position) else { continue }
                guard let new = tensors[position], new.elementCount == old.tensor.elementCount else {
                    throw ArchitectureError(.unmatched(graph[old.id].name, found: layer.variables.map(\.name)))
                }
                let converted = try new.converted(to: old.tensor.elementType)
                if let standing = replacements[old.id], !standing.isSamePayload(as: converted) {
                    own[slot.node, default: [:]][position] = converted
                } else {
                    replacements[old.id] = converted
                }
            }
        }
        do throws(GraphError) {
            return try graph.replacing(replacements, operators, inputs: own, metadata: metadata)
        } catch {
            throw ArchitectureError(error)
        }
    }

    /// The kernel as the node takes it, and the node's operator where it has to take it otherwise.
    private static func kernel(
        _ node: Node, _ layer: TypedLayer, _ graph: Graph
    ) throws(ArchitectureError) -> (tensor: Tensor?, operator: Operator?) {
        guard let tensor = layer.kernel?.tensor, let value = node.inputs.dropFirst().first ?? nil,
            let (_, old) = graph.storedWeight(value)
        else { return (nil, nil) }
        let isSquare = tensor.shape.count == 2 && tensor.shape[0] == tensor.shape[1]
        if isSquare, let variable = layer.kernel, variable.isOutputFirst != node.takesOutputsFirst {
            do throws(CoreError) { return (try tensor.permuted([1, 0]), nil) } catch { throw ArchitectureError(error) }
        }
        if tensor.shape == old.shape { return (tensor, nil) }
        if case .convolution(var convolution) = node.operator, tensor.shape.count == old.shape.count {
            let isOutputFirst = convolution.kernelOrder == .outputInputSpatial
            let rank = old.shape.count
            let expected = isOutputFirst
                ? Array(old.shape[2...]) + [old.shape[1], old.shape[0]]
                : [old.shape[rank - 1], old.shape[rank - 2]] + old.shape[..<(rank - 2)]
            if tensor.shape == expected {
                convolution.kernelOrder = isOutputFirst ? .spatialInputOutput : .outputInputSpatial
                return (tensor, .convolution(convolution))
            }
        } else if tensor.shape.count == 2, tensor.shape == old.shape.reversed() {
            do throws(CoreError) { return (try tensor.permuted([1, 0]), nil) } catch { throw ArchitectureError(error) }
        }
        throw ArchitectureError(
            .unmatched(graph[value].name + " " + old.shape.shapeText, found: [layer.name + " " + tensor.shape.shapeText]))
    }
}

extension WeightSet.Variable {
    /// Whether a kernel is stored outputs first: PyTorch calls it `weight`, Keras `kernel`.
    fileprivate var isOutputFirst: Bool { role.split(separator: ":").first.map { $0.hasSuffix("weight") } ?? false }
}

extension Node {
    /// Whether a fully connected layer takes its kernel as (O, I).
    fileprivate var takesOutputsFirst: Bool { if case .gemm(let gemm) = self.operator { gemm.transposesB } else { false } }
}

extension Tensor {
    fileprivate func isSamePayload(as other: Tensor) -> Bool {
        storage === other.storage && byteRange == other.byteRange && shape == other.shape
    }

    /// The tensor, as Float where that is asked for and it is not.
    /// - Throws: ``ArchitectureError`` `unmatched` for any other type.
    fileprivate func converted(to type: ElementType) throws(ArchitectureError) -> Tensor {
        if elementType == type { return self }
        guard type == .float32, elementType.isFloatingPoint else {
            throw ArchitectureError(.unmatched("elements of type \(type.rawValue)", found: [elementType.rawValue]))
        }
        do throws(CoreError) {
            return try Tensor(floats: floats(), shape: shape)
        } catch {
            throw ArchitectureError(error)
        }
    }
}

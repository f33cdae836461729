import Skiff

/// Makes the mutants of one network: every kind of mistake, at sites spread over its depth.
struct MutantMaker {
    let specimen: Specimen
    /// Sites of each kind of mistake.
    var sites = 3

    var graph: Graph { specimen.graph }

    func all() throws -> [Mutant] {
        try windowMutants() + poolMutants() + strideMutants() + normalizationMutants() + kernelMutants()
            + tensorMutants() + elementMutants() + activationMutants() + arrangementMutants() + inputMutants()
    }

    /// Some of a list: the first, the last, and others spread evenly between them.
    func spread<Element>(_ list: [Element], _ count: Int? = nil) -> [Element] {
        let count = count ?? sites
        guard list.count > count, count > 1 else { return Array(list.prefix(count)) }
        return (0..<count).map { list[$0 * (list.count - 1) / (count - 1)] }
    }

    /// Nodes of an operator, in order, with what `pick` finds in them.
    func nodes<Found>(_ pick: (Node) -> Found?) -> [(id: NodeID, found: Found)] {
        graph.nodeIDs.compactMap { id in pick(graph[id]).map { (id, $0) } }
    }

    /// The float32 weight that a node reads at a position, as the file holds it.
    func weight(_ id: NodeID, _ position: Int) -> Tensor? {
        guard graph[id].inputs.indices.contains(position), let value = graph[id].inputs[position],
            let tensor = graph[value].tensor, tensor.elementType == .float32
        else { return nil }
        return tensor
    }

    func shape(_ id: NodeID, input position: Int = 0) -> Shape? {
        guard graph[id].inputs.indices.contains(position), let value = graph[id].inputs[position] else { return nil }
        return specimen.shapes[value]
    }

    func outputShape(_ id: NodeID) -> Shape? { graph[id].outputs.first.flatMap { specimen.shapes[$0] } }

    /// An edit with another tensor at an input.
    func edit(_ id: NodeID, _ position: Int, _ tensor: Tensor) -> GraphEdit {
        var edit = GraphEdit()
        edit.replace(graph, id, position, tensor, readers: specimen.readers)
        return edit
    }

    func edit(_ id: NodeID, _ operator: Operator) -> GraphEdit {
        var edit = GraphEdit()
        edit.operators[id] = `operator`
        return edit
    }

    /// Every float32 weight of at least `least` elements, with the node that reads it first, in order.
    func weightSites(least: Int = 1) -> [(id: NodeID, position: Int, tensor: Tensor)] {
        var seen: Set<ValueID> = []
        var sites: [(NodeID, Int, Tensor)] = []
        for id in graph.nodeIDs {
            for position in graph[id].inputs.indices.dropFirst() {
                guard let tensor = weight(id, position), tensor.elementCount >= least,
                    case let value? = graph[id].inputs[position], seen.insert(value).inserted
                else { continue }
                sites.append((id, position, tensor))
            }
        }
        return sites
    }
}

/// A stream of numbers that a seed decides: SplitMix64.
struct Draws {
    var state: UInt64

    init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func word() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ count: Int) -> Int { Int(word() % UInt64(max(count, 1))) }

    /// Mean 0, variance 1, near enough to normal.
    mutating func normal() -> Float {
        let w = word()
        let sum = (w & 0xFFFF) + (w >> 16 & 0xFFFF) + (w >> 32 & 0xFFFF) + (w >> 48)
        return Float((Double(sum) - 131_070) / 37_837)
    }

    mutating func uniform() -> Float { Float(word() >> 40) * 0x1p-24 }
}

extension Tensor {
    /// The same shape with other elements.
    func with(_ change: (inout [Float]) -> Void) throws -> Tensor {
        var elements = try floats()
        change(&elements)
        return try Tensor(floats: elements, shape: shape)
    }

    /// Elements moved: element `i` of the result is element `source(index of i)` of this.
    func rearranged(_ source: ([Int]) -> [Int]) throws -> Tensor {
        let elements = try floats()
        let strides = shape.rowMajorStrides
        var moved = elements
        for position in elements.indices {
            var rest = position
            let index = strides.map { stride in
                defer { rest %= stride }
                return rest / stride
            }
            moved[position] = elements[zip(source(index), strides).reduce(0) { $0 + $1.0 * $1.1 }]
        }
        return try Tensor(floats: moved, shape: shape)
    }

    func hasElements(of other: Tensor) -> Bool {
        guard shape == other.shape, let own = try? floats(), let others = try? other.floats() else { return false }
        return own == others
    }
}

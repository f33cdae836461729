internal import SkiffCore
internal import SkiffEngine
internal import SkiffGraph

/// What a value hangs on: the nearest values before it that the reference has too. Holds these until nothing needs them.
struct RegionBoundaries {
    private var boundaries: [ValueID: [ValueID]] = [:]
    /// The last node whose boundary a value is in.
    private var lastReader: [ValueID: Int] = [:]
    private var leaving: [Int: [ValueID]] = [:]
    private var kept: [ValueID: EvaluatorRun.ObservedValue] = [:]
    private var released = -1
    private let nodeCount: Int

    /// - Parameters:
    ///   - forced: values that the reference has, and that are fed to what reads them.
    ///   - observed: values whose boundaries are asked for.
    init(_ graph: Graph, forced: Set<ValueID>, observed: Set<ValueID>) {
        nodeCount = graph.nodes.count
        var reach: [ValueID: Set<ValueID>] = [:]
        for (index, node) in graph.nodes.enumerated() {
            var found: Set<ValueID> = []
            for case let id? in node.inputs {
                if forced.contains(id) { found.insert(id) } else if let before = reach[id] { found.formUnion(before) }
            }
            for output in node.outputs {
                reach[output] = found
                guard observed.contains(output) else { continue }
                boundaries[output] = Array(found)
                for id in found { lastReader[id] = index }
            }
        }
        for (id, index) in lastReader { leaving[index, default: []].append(id) }
    }

    /// Holds a value of the reference as long as a boundary has it.
    mutating func keep(_ id: ValueID, _ value: EvaluatorRun.ObservedValue) {
        if lastReader[id] != nil { kept[id] = value }
    }

    func boundary(of id: ValueID) -> [ValueID] { boundaries[id] ?? [] }

    /// The reference's values that a value hangs on, as tensors when they are asked for.
    func given(for id: ValueID) -> () throws(CoreError) -> [ValueID: Tensor] {
        let values = (boundaries[id] ?? []).compactMap { id in kept[id].map { (id, $0) } }
        return { () throws(CoreError) in
            var tensors: [ValueID: Tensor] = [:]
            for (id, value) in values { tensors[id] = try value.tensor() }
            return tensors
        }
    }

    /// Lets go of what only nodes before this one needed.
    mutating func release(before node: NodeID?) {
        let end = node?.index ?? nodeCount
        guard end - 1 > released else { return }
        for index in released + 1..<end {
            for id in leaving[index] ?? [] { kept[id] = nil }
        }
        released = end - 1
    }
}

internal import SkiffEngine
internal import SkiffGraph
internal import SkiffInspect

/// Which values a run has to show, until when each is held, and which lesions there are.
struct FlowPlan {
    let graph: Graph
    let outputs: FlowOutputs
    /// Additions that are measured, by node.
    private(set) var joins: [NodeID: [Join]] = [:]
    /// Additions whose branch is taken away, in the order of nodes.
    let lesions: [Join]
    private let lesionsOfNode: [NodeID: [Join]]
    /// Values that a run has to show.
    private(set) var observed: Set<ValueID> = []
    /// By node: the values that nothing needs any more once it has run.
    private(set) var releases: [Int: [ValueID]] = [:]
    /// Nodes that the outputs need, in order.
    let nodes: [NodeID]
    /// By value: whether it hangs on the elements of an input, and not on shapes and weights alone.
    private let isData: [Bool]
    /// By value: the index of the last node of ``nodes`` that reads it; −1 where none does.
    private let lastReader: [Int]

    init(_ graph: Graph, _ outputs: FlowOutputs, _ joins: [Join], lesions: [Join]) {
        self.graph = graph
        self.outputs = outputs
        nodes = Self.needed(in: graph)
        isData = Self.data(in: graph)
        var lastReader = [Int](repeating: -1, count: graph.values.count)
        for node in nodes {
            for case let input? in graph[node].inputs { lastReader[input.index] = node.index }
        }
        self.lastReader = lastReader
        self.joins = Dictionary(grouping: joins, by: \.node)
        self.lesions = lesions.sorted { $0.node < $1.node }
        lesionsOfNode = Dictionary(grouping: lesions, by: \.node)
        hold()
    }

    /// Nodes that the outputs hang on.
    private static func needed(in graph: Graph) -> [NodeID] {
        var isNeeded = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isNeeded[output.value.index] = true }
        var nodes: [NodeID] = []
        for id in graph.nodeIDs.reversed() where graph[id].outputs.contains(where: { isNeeded[$0.index] }) {
            nodes.append(id)
            for case let input? in graph[id].inputs { isNeeded[input.index] = true }
        }
        return nodes.reversed()
    }

    private static func data(in graph: Graph) -> [Bool] {
        var isData = [Bool](repeating: false, count: graph.values.count)
        for input in graph.inputs { isData[input.index] = true }
        for node in graph.nodes {
            switch node.operator {
            case .shapeOf, .sizeOf: continue
            default: break
            }
            guard node.inputs.contains(where: { $0.map { isData[$0.index] } ?? false }) else { continue }
            for output in node.outputs { isData[output.index] = true }
        }
        return isData
    }

    /// Sees to it that operands are held until their addition, and values that pass an addition with a lesion until
    /// then.
    private mutating func hold() {
        var until: [ValueID: Int] = [:]
        for join in joins.values.joined() {
            // The sum itself, so that the addition is run where nothing behind it is.
            for value in [join.shortcut, join.output] + join.others where graph[value].tensor == nil {
                until[value] = max(until[value] ?? -1, join.node.index)
            }
        }
        // By node, the last lesion in front of it.
        var lastLesion: [Int] = []
        var position = 0
        for index in graph.nodes.indices {
            lastLesion.append(position > 0 ? lesions[position - 1].node.index : -1)
            while position < lesions.count, lesions[position].node.index == index { position += 1 }
        }
        for id in graph.valueIDs where lastReader[id.index] >= 0 && graph[id].tensor == nil {
            let lesion = lastLesion[lastReader[id.index]]
            // The addition itself gives a value that no lesion reads.
            guard lesion >= 0, lesion >= (graph.producer(of: id)?.index ?? -1) else { continue }
            until[id] = max(until[id] ?? -1, lesion)
        }
        observed = Set(until.keys)
        for (value, node) in until { releases[node, default: []].append(value) }
    }

    func lesions(at node: NodeID) -> [Join] { lesionsOfNode[node] ?? [] }

    /// What is left to run behind an addition.
    func rest(behind join: Join) -> Rest {
        let rest = nodes[(nodes.firstIndex { $0 > join.node } ?? nodes.endIndex)...]
        var seen = Set<ValueID>()
        var given: [ValueID] = []
        for node in rest {
            for case let input? in graph[node].inputs where seen.insert(input).inserted {
                let liesInFront = graph.producer(of: input).map { $0 <= join.node } ?? true
                if liesInFront, graph[input].tensor == nil { given.append(input) }
            }
        }
        return Rest(
            nodes: Array(rest),
            data: given.filter { isData[$0.index] }, constants: given.filter { !isData[$0.index] })
    }

    struct Rest {
        var nodes: [NodeID]
        /// Values from in front of the addition, or the addition's, that hang on the inputs.
        var data: [ValueID]
        /// Values from in front that are the same for all inputs of these shapes.
        var constants: [ValueID]
    }
}

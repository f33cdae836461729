internal import SkiffCore
internal import SkiffGraph

/// Makes the model that a graph is written as: node by node, each by the function that ``Operator/write(_:)`` names.
final class GraphExporter {
    let graph: Graph
    let opset: Int
    /// The operator set that the graph was read with, where it was ONNX.
    let sourceOpset: Int?
    /// Whether the operator set may be raised to one in which a node is said as it was read.
    let mayRaise: Bool
    let preference: LayoutPreference
    private(set) var nodes: [WrittenModel.Node] = []
    private(set) var isLiteral = true
    private var takenNames: Set<String> = []
    private var takenNodeNames: Set<String> = []
    /// Names of what stands for each value, by the order of its axes.
    private var written: [ValueID: [AxisOrder: String]] = [:]
    /// The order in which each value is given.
    private var given: [ValueID: AxisOrder] = [:]
    private var views: [ValueID: [(key: ViewKey, weight: WrittenModel.Weight)]] = [:]
    private var constants: [WrittenModel.Weight] = []
    private var sharedConstants: [String: String] = [:]
    /// Weights that became attributes.
    private var absorbed: Set<ValueID> = []
    /// Values whose elements lie channels-first though the graph has them flattened channels-last, and the extents before.
    var flattenedMaps: [ValueID: Shape] = [:]
    private(set) lazy var consumers = graph.consumers()
    private(set) lazy var outputValues = Set(graph.outputs.map(\.value))

    private struct ViewKey: Hashable {
        var extents: Shape
        var permutation: [Int]?
        var shape: Shape
    }

    init(_ graph: Graph, opset: Int, mayRaise: Bool) {
        self.graph = graph
        self.opset = opset
        self.mayRaise = mayRaise
        sourceOpset = graph.metadata.sourceFormat == "ONNX" ? graph.metadata["opset"].flatMap { Int($0) } : nil
        preference = LayoutPreference(graph)
        takenNames = Set(graph.values.map(\.name)).union(graph.outputs.map(\.name))
        takenNames.remove("")
    }

    /// - Throws: ``ONNXError`` with the node that cannot be written in its place.
    func export() throws(ONNXError) {
        for input in graph.inputs { written[input] = [.natural: graph[input].name] }
        for id in graph.nodeIDs {
            do throws(ONNXError) {
                try graph[id].operator.write(NodeExport(self, id))
            } catch {
                throw error.at(graph.place(of: id))
            }
        }
        for output in graph.outputs { try export(output) }
    }

    private func export(_ output: GraphOutput) throws(ONNXError) {
        let name = try name(of: output.value, in: .natural)
        if name == output.name { return }
        add(WrittenModel.Node(
            name: "", operatorName: "Identity", inputs: [name], outputs: [output.name], attributes: []))
        restate()
    }

    /// All weights, in the graph's order, then those that stand for attributes.
    func weights() -> [WrittenModel.Weight] {
        var all: [WrittenModel.Weight] = []
        for id in graph.valueIDs {
            guard let tensor = graph[id].tensor else { continue }
            if let views = views[id] {
                all += views.map(\.weight)
            } else if !absorbed.contains(id) {
                all.append(WrittenModel.Weight(name: graph[id].name, view: WeightView(tensor)))
            }
        }
        return all + constants
    }

    // MARK: Names

    /// A name that nothing has yet.
    func freeName(_ wanted: String) -> String {
        var name = wanted
        var count = 1
        while !takenNames.insert(name).inserted {
            count += 1
            name = "\(wanted)_\(count)"
        }
        return name
    }

    /// Notes that the model does not say the graph node by node.
    func restate() { isLiteral = false }

    func order(of id: ValueID) -> AxisOrder { given[id] ?? .natural }

    /// What stands for `id` with its axes in `order`; made where nothing does yet.
    func name(of id: ValueID, in order: AxisOrder) throws(ONNXError) -> String {
        if let name = written[id]?[order] { return name }
        if case .weight(let tensor, let isOverridable) = graph[id].source {
            if isOverridable, written[id] == nil {
                written[id] = [.natural: weightName(id, WeightView(tensor))]
                return try name(of: id, in: order)
            }
            if !isOverridable {
                let view = WeightView(
                    tensor, extents: tensor.shape, permutation: order.axes, shape: order.arranged(tensor.shape))
                let name = weightName(id, view)
                written[id, default: [:]][order] = name
                return name
            }
        }
        guard let from = written[id]?.keys.min(by: { ($0 == given[id] ? 0 : 1) < ($1 == given[id] ? 0 : 1) }),
            let source = written[id]?[from]
        else { throw ONNXError(.graph(.undefinedValue(graph[id].name))) }
        if flattenedMaps[id] != nil { throw ONNXError(.unwritable("is flattened in another order than it is read")) }
        let rank = (order.axes ?? from.axes)?.count ?? 0
        let permutation = (0..<rank).map { from.position(of: order.axis(at: $0)) }
        let wanted = order.isNatural && isGivenApart(id) ? graph[id].name : freeName(transposedName(id, order))
        add(WrittenModel.Node(
            name: wanted, operatorName: "Transpose", inputs: [source], outputs: [wanted],
            attributes: [.init(name: "perm", value: .integers(permutation.map { Int64($0) }))]))
        restate()
        written[id, default: [:]][order] = wanted
        return wanted
    }

    private func transposedName(_ id: ValueID, _ order: AxisOrder) -> String {
        "\(graph[id].name)/\(order.isNatural ? "channels_last" : "channels_first")"
    }

    /// Whether a value's own name is kept for its natural order, though it is given in another: it is an output's.
    private func isGivenApart(_ id: ValueID) -> Bool {
        guard let order = given[id], !order.isNatural else { return false }
        return graph.outputs.contains { $0.value == id && $0.name == graph[id].name }
    }

    /// The name that a node's output gets, given in `order`; empty for one that the graph leaves out.
    func give(_ id: ValueID, in order: AxisOrder) -> String {
        let own = graph[id].name
        if own.isEmpty { return "" }
        given[id] = order
        if !order.isNatural { restate() }
        // An output of that name belongs to another value.
        let isOthers = graph.outputs.contains { $0.name == own && $0.value != id }
        let name = isGivenApart(id) || isOthers ? freeName(transposedName(id, order)) : own
        if isOthers { restate() }
        written[id] = [order: name]
        return name
    }

    /// Adds a node. ONNX Runtime refuses models in which two nodes have one name.
    func add(_ node: WrittenModel.Node) {
        var node = node
        let own = node.name
        var count = 1
        while !node.name.isEmpty, !takenNodeNames.insert(node.name).inserted {
            count += 1
            node.name = "\(own)_\(count)"
            restate()
        }
        nodes.append(node)
    }

    // MARK: Weights

    /// The name of a weight seen in some way; the first way has the weight's own name.
    func weightName(_ id: ValueID, _ view: WeightView) -> String {
        let key = ViewKey(extents: view.extents, permutation: view.permutation, shape: view.shape)
        if let known = views[id]?.first(where: { $0.key == key }) { return known.weight.name }
        let isFirst = views[id] == nil
        if view.permutation != nil || view.shape != view.tensor.shape || !isFirst { restate() }
        let name = isFirst ? graph[id].name : freeName("\(graph[id].name)/\(view.shape.map(String.init).joined(separator: "x"))")
        views[id, default: []].append((key, WrittenModel.Weight(name: name, view: view)))
        return name
    }

    /// Takes a weight's elements into an attribute.
    func absorb(_ id: ValueID) {
        absorbed.insert(id)
        restate()
    }

    /// A small tensor of our own; equal ones are one.
    func constant(_ wanted: String, _ tensor: Tensor) -> String {
        let bytes = tensor.withUnsafeBytes { Array($0) }
        let key = "\(tensor.elementType.rawValue)\(tensor.shape)\(bytes)"
        if let known = sharedConstants[key] { return known }
        restate()
        let name = freeName(wanted)
        constants.append(WrittenModel.Weight(name: name, view: WeightView(tensor)))
        if bytes.count <= 256 { sharedConstants[key] = name }
        return name
    }
}

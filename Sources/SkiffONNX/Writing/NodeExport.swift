internal import SkiffCore
internal import SkiffGraph

/// A node while it is written: the counterpart of ``NodeImport``.
final class NodeExport {
    typealias Attribute = WrittenModel.Attribute

    let exporter: GraphExporter
    let id: NodeID
    let node: Node
    var opset: Int { exporter.opset }

    init(_ exporter: GraphExporter, _ id: NodeID) {
        self.exporter = exporter
        self.id = id
        node = exporter.graph[id]
    }

    // MARK: What is known

    /// Whether the graph was read from ONNX, and so each node can be said as it was.
    var isONNX: Bool { exporter.sourceOpset != nil }

    func input(_ index: Int) -> ValueID? { node.inputs.indices.contains(index) ? node.inputs[index] : nil }
    func fact(_ index: Int) -> Fact? { input(index).flatMap { exporter.graph[$0].fact } }
    func shape(_ index: Int) -> SymbolicShape? { fact(index)?.shape }
    func rank(_ index: Int) -> Int? { shape(index)?.count }
    func elementType(_ index: Int) -> ElementType { fact(index)?.elementType ?? .float32 }

    /// The weight that an input is, where nobody can replace it.
    func weight(_ index: Int) -> Tensor? {
        guard let id = input(index), case .weight(let tensor, isOverridable: false) = exporter.graph[id].source else {
            return nil
        }
        return tensor
    }

    /// The whole numbers of an input that is a weight.
    func integers(_ index: Int) throws(ONNXError) -> [Int]? {
        guard let tensor = weight(index), tensor.elementCount <= Fact.contentsLimit else { return nil }
        return try located { () throws(CoreError) in try tensor.integers().map { Int($0) } }
    }

    /// The numbers of an input that is a small weight.
    func reals(_ index: Int) throws(ONNXError) -> [Double]? {
        guard let tensor = weight(index), tensor.elementCount <= Fact.contentsLimit else { return nil }
        return try located { () throws(CoreError) in try tensor.doubles() }
    }

    /// The axis from the front; as it is where the rank is not known.
    func normalized(_ axis: Int, rank: Int?) -> Int { axis < 0 ? axis + (rank ?? 0) : axis }

    /// - Throws: ``ONNXError`` `opset` where the model is written for an earlier operator set.
    func require(_ version: Int, _ what: String) throws(ONNXError) {
        guard opset < version else { return }
        throw ONNXError(.needsOpset(version, what: what, found: opset))
    }

    /// As ``require(_:_:)`` where the operator set may be raised and the source had it: the node stays what it was.
    func prefer(_ version: Int, _ what: String) throws(ONNXError) {
        if exporter.mayRaise, let source = exporter.sourceOpset, source >= version { try require(version, what) }
    }

    func inexpressible(_ why: String) -> ONNXError { ONNXError(.unwritable(why)) }

    // MARK: Order of axes

    /// The order in which a node is written whose map inputs and outputs may stand in any: that of a map it reads, else the
    /// one in which its result is wanted.
    func followedOrder() -> AxisOrder {
        guard let output = node.outputs.first, let rank = exporter.graph[output].fact?.shape?.count, rank >= 3 else {
            return .natural
        }
        for case let input? in node.inputs where exporter.graph[input].fact?.shape?.count == rank {
            let order = exporter.order(of: input)
            if !order.isNatural { return order }
        }
        return exporter.preference.wantsChannelsFirst(output) ? .channelsFirst(rank: rank) : .natural
    }

    /// The name of an input with axes in `order`; empty where it is left out.
    func name(_ index: Int, _ order: AxisOrder = .natural) throws(ONNXError) -> String {
        guard let id = input(index) else { return "" }
        return try exporter.name(of: id, in: order)
    }

    /// All inputs as the graph has them.
    func names() throws(ONNXError) -> [String] {
        var names: [String] = []
        for index in node.inputs.indices { names.append(try name(index)) }
        return names
    }

    /// An input that is broadcast to a value of `rank` axes which stand in `order`.
    func operand(_ index: Int, _ order: AxisOrder, rank: Int?) throws(ONNXError) -> String {
        guard !order.isNatural, let rank, let id = input(index) else { return try name(index) }
        guard let own = shape(index) else { throw inexpressible("input \(index) has an unknown rank") }
        if own.count == rank { return try name(index, order) }
        if own.allSatisfy({ $0 == 1 }) { return try name(index) }
        let missing = rank - own.count
        if let tensor = weight(index) {
            let extents = [Int](repeating: 1, count: missing) + tensor.shape
            let arranged = order.arranged(extents)
            let keeps = order.keepsElements(of: SymbolicShape(extents))
            let view = WeightView(
                tensor, extents: extents, permutation: keeps ? nil : order.axes,
                shape: Array(arranged.drop { $0 == 1 }))
            return exporter.weightName(id, view)
        }
        let widened = try unsqueezed(try name(index), axes: Array(0..<missing))
        return transposed(widened, (0..<rank).map { order.axis(at: $0) })
    }

    // MARK: Writing

    /// The node that gives the graph node's outputs, in `order`.
    func give(
        _ operatorName: String, _ inputs: [String], _ attributes: [Attribute?] = [], in order: AxisOrder = .natural,
        domain: String = ""
    ) throws(ONNXError) {
        if domain.isEmpty { try checkTypes(operatorName) }
        let last = inputs.lastIndex { !$0.isEmpty } ?? -1
        let outputs = node.outputs.map { exporter.give($0, in: order) }
        exporter.add(WrittenModel.Node(
            name: node.name, operatorName: operatorName, domain: domain, inputs: Array(inputs.prefix(last + 1)),
            outputs: outputs, attributes: attributes.compactMap { $0 }))
    }

    /// - Throws: ``ONNXError`` `needsOpset` where the operator takes elements of the input's type only later. What a source
    /// has in its own operator set stays as it is.
    private func checkTypes(_ operatorName: String) throws(ONNXError) {
        guard exporter.sourceOpset != opset else { return }
        let index = operatorName == "Where" ? 1 : 0
        guard let type = fact(index)?.elementType else { return }
        let version = OperatorTable.firstOpset(operatorName, of: type)
        if ONNXWriter.opsets.contains(version) { try require(version, "\(operatorName) of \(type.rawValue)") }
    }

    /// A value between the graph's.
    func derive(_ operatorName: String, _ inputs: [String], _ attributes: [Attribute?] = []) -> String {
        let last = inputs.lastIndex { !$0.isEmpty } ?? -1
        let name = exporter.freeName("\(baseName)/\(operatorName)")
        exporter.restate()
        exporter.add(WrittenModel.Node(
            name: name, operatorName: operatorName, inputs: Array(inputs.prefix(last + 1)), outputs: [name],
            attributes: attributes.compactMap { $0 }))
        return name
    }

    private var baseName: String {
        node.outputs.lazy.map { self.exporter.graph[$0].name }.first { !$0.isEmpty } ?? node.name
    }

    /// A list of whole numbers where ONNX wants a tensor.
    func constant(_ suffix: String, integers: [Int]) throws(ONNXError) -> String {
        let tensor = try located { () throws(CoreError) in
            try Tensor(integers: integers.map { Int64($0) }, shape: [integers.count])
        }
        return exporter.constant("\(baseName)/\(suffix)", tensor)
    }

    /// Numbers of an element type.
    func constant(_ suffix: String, _ values: [Double], _ type: ElementType, shape: Shape = []) throws(ONNXError) -> String {
        let tensor = try located { () throws(CoreError) in try Tensor(values, as: type, shape: shape) }
        return exporter.constant("\(baseName)/\(suffix)", tensor)
    }

    /// `value` with axes put in.
    func unsqueezed(_ value: String, axes: [Int]) throws(ONNXError) -> String {
        if opset < 13 { return derive("Unsqueeze", [value], [attribute("axes", axes)]) }
        return derive("Unsqueeze", [value, try constant("axes", integers: axes)])
    }

    func transposed(_ value: String, _ permutation: [Int]) -> String {
        derive("Transpose", [value], [attribute("perm", permutation)])
    }

    /// An input of a weight's kind in another order of axes, seen in another shape: `permutation` of its axes, then `shape`.
    func view(_ index: Int, _ permutation: [Int], shape: Shape? = nil) throws(ONNXError) -> String {
        guard let id = input(index) else { return "" }
        if let tensor = weight(index) {
            let arranged = permutation.map { tensor.shape[$0] }
            let keeps = AxisOrder(permutation).keepsElements(of: SymbolicShape(tensor.shape))
            return exporter.weightName(id, WeightView(
                tensor, extents: tensor.shape, permutation: keeps ? nil : permutation, shape: shape ?? arranged))
        }
        var value = try name(index)
        if permutation != Array(permutation.indices) { value = transposed(value, permutation) }
        guard let shape else { return value }
        return derive("Reshape", [value, try constant("shape", integers: shape)])
    }
}

// Attributes by the type of their value.
func attribute(_ name: String, _ value: Int) -> WrittenModel.Attribute { .init(name: name, value: .integer(Int64(value))) }
func attribute(_ name: String, _ value: Bool) -> WrittenModel.Attribute { .init(name: name, value: .integer(value ? 1 : 0)) }
func attribute(_ name: String, _ value: Float) -> WrittenModel.Attribute { .init(name: name, value: .real(value)) }
func attribute(_ name: String, _ value: String) -> WrittenModel.Attribute { .init(name: name, value: .text(value)) }
func attribute(_ name: String, _ value: [Int]) -> WrittenModel.Attribute {
    .init(name: name, value: .integers(value.map { Int64($0) }))
}

extension Tensor {
    /// Numbers rounded to an element type.
    /// - Throws: ``CoreError`` `malformed` for types that are no numbers of at least a byte.
    init(_ values: [Double], as type: ElementType, shape: Shape) throws(CoreError) {
        let bytes: [UInt8]
        switch type {
        case .float32: bytes = values.littleEndianBytes { Float($0).bitPattern.littleEndian }
        case .float64: bytes = values.littleEndianBytes { $0.bitPattern.littleEndian }
        case .float16: bytes = values.littleEndianBytes { halfFromFloat(Float($0)).littleEndian }
        case .bfloat16: bytes = values.littleEndianBytes { bfloatFromFloat(Float($0)).littleEndian }
        case .int64, .uint64: bytes = values.littleEndianBytes { Int64($0).littleEndian }
        case .int32, .uint32: bytes = values.littleEndianBytes { Int32(truncatingIfNeeded: Int64($0)).littleEndian }
        case .int16, .uint16: bytes = values.littleEndianBytes { Int16(truncatingIfNeeded: Int64($0)).littleEndian }
        case .int8, .uint8, .bool: bytes = values.littleEndianBytes { Int8(truncatingIfNeeded: Int64($0)) }
        default: throw CoreError(.malformed("elements of type \(type.rawValue) are not made of numbers"))
        }
        try self.init(elementType: type, shape: shape, bytes: bytes)
    }
}

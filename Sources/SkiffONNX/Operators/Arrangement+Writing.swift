internal import SkiffCore
internal import SkiffGraph

/// Identity; Dropout, which gives a mask besides, where the source has it.
func writeIdentity(_ node: NodeExport) throws(ONNXError) {
    let order = node.followedOrder()
    let isDropout = node.isONNX && node.node.sourceOperator == "Dropout"
    if node.node.outputs.count > 1 {
        // Its mask is bool from Dropout-10 on.
        try node.require(10, "Dropout with a mask")
        return try node.give("Dropout", [try node.name(0)])
    }
    if let input = node.input(0), let output = node.node.outputs.first, let map = node.exporter.flattenedMaps[input] {
        node.exporter.flattenedMaps[output] = map
    }
    try node.give(isDropout ? "Dropout" : "Identity", [try node.name(0, order)], in: order)
}

extension Cast {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        try node.give("Cast", [try node.name(0, order)], [attribute("to", Int(elementType.onnxNumber))], in: order)
    }
}

extension Concatenation {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        var inputs: [String] = []
        for index in node.node.inputs.indices { inputs.append(try node.name(index, order)) }
        try node.give("Concat", inputs, [attribute("axis", node.axis(axis, in: order, since: 11))], in: order)
    }
}

extension Split {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        let input = try node.name(0, order)
        let axis = attribute("axis", node.axis(axis, in: order, since: 11))
        let count = node.node.outputs.count
        guard node.opset >= 13 else {
            var given = sizes ?? equalParts(node, count)
            if let id = node.input(1) {
                given = try node.integers(1)
                if given == nil { try node.require(13, "Split into parts that are computed") }
                node.exporter.absorb(id)
            }
            return try node.give("Split", [input], [axis, given.map { attribute("split", $0) }], in: order)
        }
        if node.input(1) != nil { return try node.give("Split", [input, try node.name(1)], [axis], in: order) }
        if let sizes = sizes ?? (node.opset < 18 ? equalParts(node, count) : nil) {
            return try node.give("Split", [input, try node.constant("split", integers: sizes)], [axis], in: order)
        }
        try node.give("Split", [input], [axis, node.opset < 18 ? nil : attribute("num_outputs", count)], in: order)
    }

    /// Before Split-18 parts that are not told are equal; the last one is smaller only there.
    private func equalParts(_ node: NodeExport, _ count: Int) -> [Int]? {
        guard let shape = node.shape(0), let extent = shape[node.normalized(axis, rank: shape.count)].fixedValue,
            count > 0, extent % count != 0
        else { return nil }
        let part = (extent + count - 1) / count
        return (0..<count).map { max(0, min(part, extent - $0 * part)) }
    }
}

/// Slice: ranges as inputs from opset 10 on, as attributes before.
func writeSlice(_ node: NodeExport) throws(ONNXError) {
    let order = node.followedOrder()
    let input = try node.name(0, order)
    if order.isNatural, node.opset >= 10 {
        return try node.give("Slice", [input] + Array(try node.names().dropFirst()))
    }
    guard let starts = try node.integers(1), let ends = try node.integers(2), let rank = node.rank(0) else {
        if node.opset < 10 { return try node.require(10, "Slice with a range that is computed") }
        return try node.give("Slice", try node.names())
    }
    let axes = try node.input(3) == nil ? Array(starts.indices) : node.integers(3)
    let steps = try node.input(4) == nil ? starts.map { _ in 1 } : node.integers(4)
    guard let axes, let steps else { return try node.require(10, "Slice with a range that is computed") }
    for case let id? in node.node.inputs.dropFirst() { node.exporter.absorb(id) }
    try node.giveSlice(
        input, Slicing(starts: starts, ends: ends, axes: axes.map { order.position(of: node.normalized($0, rank: rank)) },
        steps: steps), in: order)
}

/// Which part of a value is taken.
struct Slicing {
    var starts: [Int]
    var ends: [Int]
    var axes: [Int]
    var steps: [Int]
}

extension NodeExport {
    /// An axis of a map as it stands in `order`; one that counts from the end is counted from the front before operators
    /// admit that.
    func axis(_ axis: Int, in order: AxisOrder, since: Int) -> Int {
        guard let rank = rank(0), !order.isNatural || (axis < 0 && opset < since) else { return axis }
        return order.position(of: normalized(axis, rank: rank))
    }

    func giveSlice(_ input: String, _ range: Slicing, in order: AxisOrder) throws(ONNXError) {
        guard opset >= 10 else {
            guard range.steps.allSatisfy({ $0 == 1 }) else { return try require(10, "Slice with steps") }
            return try give(
                "Slice", [input],
                [attribute("axes", range.axes), attribute("ends", range.ends), attribute("starts", range.starts)], in: order)
        }
        var inputs = [
            input, try constant("starts", integers: range.starts), try constant("ends", integers: range.ends),
            try constant("axes", integers: range.axes),
        ]
        if range.steps.contains(where: { $0 != 1 }) { inputs.append(try constant("steps", integers: range.steps)) }
        try give("Slice", inputs, in: order)
    }

    /// What stands for an input in whatever order of axes, with nothing made.
    func nameInAnyOrder(_ index: Int) throws(ONNXError) -> String {
        guard let id = input(index) else { return "" }
        return try name(index, exporter.order(of: id))
    }

    /// What stands for an input with its elements, not its axes, in the graph's order.
    func flatName(_ index: Int) throws(ONNXError) -> String {
        guard let id = input(index) else { return "" }
        let order = exporter.order(of: id)
        return try name(index, order.keepsElements(of: shape(index)) ? order : .natural)
    }

    /// A list of axes that an operator has as attribute before `since` and as input from there on: the attribute, or the
    /// input's name.
    func axesList(
        _ axes: [Int]?, input index: Int = 1, since: Int, rank: Int?, _ what: String
    ) throws(ONNXError) -> (attribute: WrittenModel.Attribute?, input: String) {
        if opset >= since {
            if input(index) != nil { return (nil, try name(index)) }
            return (nil, try axes.map { (axes) throws(ONNXError) in try constant("axes", integers: axes) } ?? "")
        }
        var list = axes
        if let id = input(index) {
            try prefer(since, what)
            guard let known = try integers(index) else {
                try require(since, "\(what) over axes that are computed")
                return (nil, "")
            }
            list = known
            exporter.absorb(id)
        }
        return (list.map { attribute("axes", opset < 11 ? $0.map { normalized($0, rank: rank) } : $0) }, "")
    }
}

extension Pad {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        if mode == .wrap { try node.require(19, "Pad that wraps") }
        let input = try node.name(0, order)
        let mode = mode == .constant ? nil : attribute("mode", mode.rawValue)
        let isLiteral = order.isNatural && node.opset >= 11 && node.input(1) != nil
        if isLiteral, node.input(3) == nil || node.opset >= 18 {
            var inputs = try node.names()
            if node.input(2) == nil, value != 0, self.mode == .constant {
                while inputs.count < 3 { inputs.append("") }
                inputs[2] = try fill(node)
            }
            return try node.give("Pad", inputs, [mode])
        }
        if node.input(3) != nil { try node.prefer(18, "Pad of some axes") }
        guard let pads = try self.pads(node), let rank = node.rank(0), pads.count == 2 * rank else {
            return try node.require(node.input(3) != nil ? 18 : 11, "Pad by numbers that are computed")
        }
        let arranged = order.arranged(Array(pads.prefix(rank))) + order.arranged(Array(pads.suffix(rank)))
        for index in [1, 3] { if let id = node.input(index) { node.exporter.absorb(id) } }
        guard node.opset >= 11 else { return try writeAttributes(node, input, arranged, mode, order) }
        var inputs = [input, try node.constant("pads", integers: arranged)]
        if node.input(2) != nil { inputs.append(try node.name(2)) } else if value != 0 { inputs.append(try fill(node)) }
        try node.give("Pad", inputs, [mode], in: order)
    }

    private func fill(_ node: NodeExport) throws(ONNXError) -> String {
        try node.constant("value", [Double(value)], node.elementType(0))
    }

    /// Pad-2: everything is an attribute.
    private func writeAttributes(
        _ node: NodeExport, _ input: String, _ pads: [Int], _ mode: WrittenModel.Attribute?, _ order: AxisOrder
    ) throws(ONNXError) {
        var fill = value
        if let id = node.input(2) {
            guard let number = try node.reals(2)?.first, Double(Float(number)) == number || number.isNaN else {
                return try node.require(11, "Pad with a value that is no constant of float")
            }
            fill = Float(number)
            node.exporter.absorb(id)
        }
        try node.give("Pad", [input], [mode, attribute("pads", pads), fill == 0 ? nil : attribute("value", fill)], in: order)
    }

    /// A begin for each axis of the graph's value, then the ends; `nil` where they are not known.
    private func pads(_ node: NodeExport) throws(ONNXError) -> [Int]? {
        guard let given = try node.input(1) == nil ? pads : node.integers(1) else { return nil }
        guard node.input(3) != nil else { return given }
        guard let axes = try node.integers(3), let rank = node.rank(0), given.count == 2 * axes.count else { return nil }
        var all = [Int](repeating: 0, count: 2 * rank)
        for (index, axis) in axes.enumerated() {
            let axis = node.normalized(axis, rank: rank)
            guard all.indices.contains(axis) else { return nil }
            all[axis] = given[index]
            all[rank + axis] = given[axes.count + index]
        }
        return all
    }
}

extension Cropping {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.mapOrder(layout, spatialRank: before.count)
        let first = layout.firstSpatialAxis
        let axes = before.indices.map { order.position(of: first + $0) }
        // An end from behind; past every extent where nothing is taken from there.
        let ends = after.map { $0 == 0 ? Int(Int64.max) : -$0 }
        let range = Slicing(starts: before, ends: ends, axes: axes, steps: before.map { _ in 1 })
        try node.giveSlice(try node.name(0, order), range, in: order)
    }
}

extension Tile {
    func write(_ node: NodeExport) throws(ONNXError) {
        if node.input(1) != nil { return try node.give("Tile", try node.names()) }
        try node.give("Tile", [try node.name(0), try node.constant("repeats", integers: repeats ?? [])])
    }
}

extension DepthToSpace {
    func write(_ node: NodeExport) throws(ONNXError) {
        if mode == .columnRowDepth { try node.require(11, "DepthToSpace in the order CRD") }
        try try node.give(
            "DepthToSpace", try node.names(),
            [attribute("blocksize", blockSize), mode == .columnRowDepth ? attribute("mode", "CRD") : nil])
    }
}

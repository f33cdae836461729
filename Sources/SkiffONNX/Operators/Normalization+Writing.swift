internal import SkiffCore
internal import SkiffGraph

extension BatchNormalization {
    func write(_ node: NodeExport) throws(ONNXError) {
        // Before version 14 training has five outputs, two of which no graph here has.
        if isTraining { try node.require(14, "BatchNormalization in training") }
        let rank = node.rank(0)
        let channels = node.normalized(axis, rank: rank)
        guard channels == 1 || rank != nil else { throw node.inexpressible("its map has an unknown rank") }
        let order = channels == 1 ? .natural : AxisOrder.withChannels(axis: channels, rank: rank ?? 0)
        var inputs = [try node.name(0, order)]
        for (index, neutral) in [(1, 1.0), (2, 0.0)] {
            inputs.append(try node.input(index) == nil ? neutralList(node, neutral) : node.name(index))
        }
        inputs += [try node.name(3), try node.name(4)]
        try try node.give(
            "BatchNormalization", inputs,
            [
                attribute("epsilon", epsilon), momentum.map { attribute("momentum", $0) },
                isTraining ? attribute("training_mode", 1) : nil,
            ],
            in: order)
    }

    /// A scale or an offset that changes nothing, as long as the moments.
    private func neutralList(_ node: NodeExport, _ value: Double) throws(ONNXError) -> String {
        guard let count = node.shape(3)?.first?.fixedValue else {
            throw node.inexpressible("has no scale or offset, and its number of channels is not known")
        }
        return try node.constant(
            value == 0 ? "offset" : "scale", [Double](repeating: value, count: count), node.elementType(3), shape: [count])
    }
}

extension InstanceNormalization {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.give("InstanceNormalization", try node.names(), [attribute("epsilon", epsilon)])
    }
}

extension LocalResponseNormalization {
    func write(_ node: NodeExport) throws(ONNXError) {
        try try node.give(
            "LRN", try node.names(),
            [attribute("alpha", alpha), attribute("beta", beta), attribute("bias", bias), attribute("size", size)])
    }
}

extension LayerNormalization {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.followedOrder()
        if order.isNatural {
            if node.opset >= 17, let scale = try scale(node) {
                return try try node.give(
                    "LayerNormalization", [try node.name(0), scale, try node.name(2)],
                    [attribute("axis", firstAxis), attribute("epsilon", epsilon)])
            }
            try node.prefer(17, "LayerNormalization")
        }
        guard node.node.outputs.count == 1 else { return try node.require(17, "LayerNormalization that gives its moments") }
        guard let rank = node.rank(0) else { return try node.require(17, "LayerNormalization of unknown rank") }
        try writeFormula(node, order, rank)
    }

    /// The scale; ones where there is none and the extents are known.
    private func scale(_ node: NodeExport) throws(ONNXError) -> String? {
        if node.input(1) != nil { return try node.name(1) }
        guard let shape = node.shape(0),
            let extents = Array(shape.dropFirst(node.normalized(firstAxis, rank: shape.count))).fixedShape,
            let count = extents.checkedElementCount, count <= 1 << 24
        else { return nil }
        return try node.constant("scale", [Double](repeating: 1, count: count), node.elementType(0), shape: extents)
    }

    private func writeFormula(_ node: NodeExport, _ order: AxisOrder, _ rank: Int) throws(ONNXError) {
        let type = node.elementType(0)
        let wide: ElementType = type == .float64 ? .float64 : .float32
        var x = try node.name(0, order)
        if type != wide { x = node.derive("Cast", [x], [attribute("to", Int(wide.onnxNumber))]) }
        let axes = (node.normalized(firstAxis, rank: rank)..<rank).map { order.position(of: $0) }.sorted()
        func mean(_ value: String) throws(ONNXError) -> String {
            if node.opset < 18 { return node.derive("ReduceMean", [value], [attribute("axes", axes), attribute("keepdims", 1)]) }
            return node.derive("ReduceMean", [value, try node.constant("axes", integers: axes)], [attribute("keepdims", 1)])
        }
        let centred = node.derive("Sub", [x, try mean(x)])
        let variance = try mean(node.derive("Mul", [centred, centred]))
        let shifted = node.derive("Add", [variance, try node.constant("epsilon", [Double(epsilon)], wide)])
        typealias Pending = (name: String, inputs: [String], attributes: [WrittenModel.Attribute])
        var pending: Pending = ("Div", [centred, node.derive("Sqrt", [shifted])], [])
        func push(_ name: String, _ operands: [String], _ attributes: [WrittenModel.Attribute] = []) {
            let value = node.derive(pending.name, pending.inputs, pending.attributes)
            pending = (name, [value] + operands, attributes)
        }
        if type != wide { push("Cast", [], [attribute("to", Int(type.onnxNumber))]) }
        if node.input(1) != nil { push("Mul", [try node.operand(1, order, rank: rank)]) }
        if node.input(2) != nil { push("Add", [try node.operand(2, order, rank: rank)]) }
        try node.give(pending.name, pending.inputs, pending.attributes, in: order)
    }
}

extension GroupNormalization {
    func write(_ node: NodeExport) throws(ONNXError) {
        let rank = node.rank(0)
        let channels = node.normalized(axis, rank: rank)
        guard channels == 1 || rank != nil else { throw node.inexpressible("its map has an unknown rank") }
        let order = channels == 1 ? .natural : AxisOrder.withChannels(axis: channels, rank: rank ?? 0)
        let isSaid = affinePerGroup ? (18..<21).contains(node.opset) : node.opset >= 21
        if isSaid, node.input(1) != nil, node.input(2) != nil {
            return try try node.give(
                "GroupNormalization", [try node.name(0, order), try node.name(1), try node.name(2)],
                [attribute("epsilon", epsilon), attribute("num_groups", groups)], in: order)
        }
        try node.prefer(affinePerGroup ? 18 : 21, "GroupNormalization")
        try writeInstances(node, order)
    }

    /// With each group as one channel of InstanceNormalization.
    private func writeInstances(_ node: NodeExport, _ order: AxisOrder) throws(ONNXError) {
        guard let rank = node.rank(0) else { throw node.inexpressible("its map has an unknown rank") }
        let type = node.elementType(0)
        func affine(_ index: Int, _ neutral: Double) throws(ONNXError) -> String {
            if affinePerGroup, node.input(index) != nil { return try node.name(index) }
            return try node.constant(
                neutral == 0 ? "zeros" : "ones", [Double](repeating: neutral, count: groups), type, shape: [groups])
        }
        let input = try node.name(0, order)
        let grouped = node.derive("Reshape", [input, try node.constant("groups", integers: [0, groups, -1])])
        let normal = node.derive(
            "InstanceNormalization", [grouped, try affine(1, 1), try affine(2, 0)], [attribute("epsilon", epsilon)])
        let shape = node.derive("Shape", [input])
        var steps: [(name: String, index: Int)] = []
        if !affinePerGroup {
            if node.input(1) != nil { steps.append(("Mul", 1)) }
            if node.input(2) != nil { steps.append(("Add", 2)) }
        }
        guard let last = steps.popLast() else { return try node.give("Reshape", [normal, shape], in: order) }
        var value = node.derive("Reshape", [normal, shape])
        for step in steps { value = node.derive(step.name, [value, try perChannel(step.index, node, rank)]) }
        try node.give(last.name, [value, try perChannel(last.index, node, rank)], in: order)
    }

    /// A list along the channels, which are the second axis.
    private func perChannel(_ index: Int, _ node: NodeExport, _ rank: Int) throws(ONNXError) -> String {
        let ones = [Int](repeating: 1, count: rank - 2)
        guard let count = node.shape(index)?.first?.fixedValue else {
            return try node.unsqueezed(try node.name(index), axes: Array(1..<rank - 1))
        }
        return ones.isEmpty ? try node.name(index) : try node.view(index, [0], shape: [count] + ones)
    }
}

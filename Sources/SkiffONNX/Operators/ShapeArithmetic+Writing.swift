internal import SkiffCore
internal import SkiffGraph

extension ShapeOf {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.input(0).map { node.exporter.order(of: $0) } ?? .natural
        let isWhole = start == 0 && end == nil
        if order.isNatural, isWhole || node.opset >= 15 {
            return try try node.give(
                "Shape", [try node.name(0)], [start == 0 ? nil : attribute("start", start), end.map { attribute("end", $0) }])
        }
        if !isWhole { try node.prefer(15, "Shape of some axes") }
        var extents = node.derive("Shape", [try node.name(0, order)])
        if let rank = node.rank(0), !order.isNatural {
            let places = (0..<rank).map { order.position(of: $0) }
            let indices = try node.constant("axes", integers: places)
            if isWhole { return try node.give("Gather", [extents, indices], [attribute("axis", 0)]) }
            extents = node.derive("Gather", [extents, indices], [attribute("axis", 0)])
        }
        let range = Slicing(starts: [start], ends: [end ?? Int(Int64.max)], axes: [0], steps: [1])
        try node.giveSlice(extents, range, in: .natural)
    }
}

extension ConstantOfShape {
    func write(_ node: NodeExport) throws(ONNXError) {
        let tensor = try located { () throws(CoreError) in try Tensor([value], as: elementType, shape: [1]) }
        try node.give("ConstantOfShape", try node.names(), [.init(name: "value", value: .tensor(tensor))])
    }
}

extension IdentityMatrix {
    func write(_ node: NodeExport) throws(ONNXError) {
        try try node.give(
            "EyeLike", try node.names(),
            [elementType.map { attribute("dtype", Int($0.onnxNumber)) }, diagonal == 0 ? nil : attribute("k", diagonal)])
    }
}

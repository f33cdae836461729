internal import SkiffCore
internal import SkiffGraph

extension ScatterReduction {
    /// The attribute, which came in two steps.
    fileprivate func said(_ node: NodeExport) throws(ONNXError) -> WrittenModel.Attribute? {
        switch self {
        case .none: return nil
        case .add, .multiply:
            try node.require(16, "scattering that adds or multiplies")
            return attribute("reduction", self == .add ? "add" : "mul")
        case .maximum, .minimum:
            try node.require(18, "scattering that takes the larger or smaller")
            return attribute("reduction", self == .maximum ? "max" : "min")
        }
    }
}

extension ScatterND {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(11, "ScatterND")
        try node.give("ScatterND", try node.names(), [try reduction.said(node)])
    }
}

extension ScatterElements {
    func write(_ node: NodeExport) throws(ONNXError) {
        let reduction = try reduction.said(node)
        try try node.give(
            node.opset < 11 ? "Scatter" : "ScatterElements", try node.names(),
            [attribute("axis", node.axis(axis, in: .natural, since: 11)), reduction])
    }
}

extension GatherElements {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(11, "GatherElements")
        try node.give("GatherElements", try node.names(), [attribute("axis", axis)])
    }
}

extension GatherND {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(batchDimensions == 0 ? 11 : 12, "GatherND")
        try try node.give(
            "GatherND", try node.names(), [batchDimensions == 0 ? nil : attribute("batch_dims", batchDimensions)])
    }
}

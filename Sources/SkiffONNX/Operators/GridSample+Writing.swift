internal import SkiffCore
internal import SkiffGraph

extension GridSample {
    func write(_ node: NodeExport) throws(ONNXError) {
        try node.require(16, "GridSample")
        if let rank = node.rank(0), rank != 4 { try node.require(20, "GridSample of other than images") }
        let mode =
            switch mode {
            case .nearest: "nearest"
            case .linear: node.opset < 20 ? "bilinear" : "linear"
            case .cubic: node.opset < 20 ? "bicubic" : "cubic"
            }
        try try node.give(
            "GridSample", try node.names(),
            [attribute("align_corners", alignsCorners), attribute("mode", mode), attribute("padding_mode", outside.rawValue)])
    }
}

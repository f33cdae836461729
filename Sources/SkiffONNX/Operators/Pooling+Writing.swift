internal import SkiffCore
internal import SkiffGraph

extension Pooling {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.mapOrder(layout, spatialRank: kernel.count)
        let isDilated = window.dilations.contains { $0 != 1 }
        let (name, ceilSince, dilationsSince): (String, Int, Int)
        var own: [WrittenModel.Attribute?] = []
        switch kind {
        case .maximum:
            (name, ceilSince, dilationsSince) = ("MaxPool", 10, 10)
            own.append(indicesAreColumnMajor ? attribute("storage_order", 1) : nil)
        case .average(let countsPadding):
            (name, ceilSince, dilationsSince) = ("AveragePool", 10, 19)
            own.append(attribute("count_include_pad", countsPadding))
        case .norm(let p):
            (name, ceilSince, dilationsSince) = ("LpPool", 18, 18)
            own.append(attribute("p", p))
        }
        if ceilMode { try node.require(ceilSince, "\(name) that rounds extents up") }
        if leavesOutWindow(node), node.exporter.sourceOpset != node.opset {
            try node.require(22, "\(name) that leaves out a window which begins behind the input")
        }
        if isDilated { try node.require(dilationsSince, "\(name) with dilations") }
        if node.node.outputs.count > 1, !order.isNatural { throw node.inexpressible("indices of maxima of channels-last maps") }
        try try node.give(
            name, [try node.name(0, order)],
            // Said where the version has them, as PyTorch's exporter says them.
            [
                node.opset < ceilSince ? nil : attribute("ceil_mode", ceilMode),
                node.opset < dilationsSince ? nil : attribute("dilations", window.dilations),
            ] + own
                + [
                    attribute("kernel_shape", kernel),
                    window.padding(node, extents: node.spatialExtents(layout), kernel: kernel),
                    attribute("strides", window.strides),
                ],
            in: order)
    }

    /// Whether extents rounded up would count a window that begins in the padding behind the input or past it. Only from
    /// version 22 on it is left out, as PyTorch and ONNX Runtime leave it out in every version.
    private func leavesOutWindow(_ node: NodeExport) -> Bool {
        guard ceilMode, window.padding != .sameUpper, window.padding != .sameLower,
            let inputs = node.spatialExtents(layout), inputs.count == kernel.count
        else { return false }
        return kernel.indices.contains { axis in
            guard let extent = inputs[axis].fixedValue else { return false }
            // The extents of the output were found of these numbers with checked arithmetic.
            let (before, after) = window.resolvedPadding(axis: axis, extent: extent, kernel: kernel[axis])
            let room = extent + before + after - (kernel[axis] - 1) * window.dilations[axis] - 1
            let stride = window.strides[axis]
            return room % stride != 0 && (room / stride + 1) * stride >= extent + before
        }
    }
}

extension GlobalPooling {
    func write(_ node: NodeExport) throws(ONNXError) {
        let (name, attributes): (String, [WrittenModel.Attribute]) =
            switch kind {
            case .maximum: ("GlobalMaxPool", [])
            case .average: ("GlobalAveragePool", [])
            case .norm(let p): ("GlobalLpPool", [attribute("p", p)])
            }
        guard layout == .channelsFirst || node.rank(0) != nil else { throw node.inexpressible("its map has an unknown rank") }
        let order = node.mapOrder(layout, spatialRank: (node.rank(0) ?? 2) - 2)
        let input = try node.name(0, order)
        if keepsDimensions { return try node.give(name, [input], attributes, in: order) }
        // (N, C, 1…) as (N, C).
        try node.give("Flatten", [node.derive(name, [input], attributes)], [attribute("axis", 1)])
    }
}

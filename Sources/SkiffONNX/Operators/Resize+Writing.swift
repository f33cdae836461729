internal import SkiffCore
internal import SkiffGraph

extension Resize {
    func write(_ node: NodeExport) throws(ONNXError) {
        if node.opset < 11 { return try writeEarly(node) }
        let order = node.followedOrder()
        try checkVersion(node)
        if coordinates == .tensorFlowNearest || coordinates == .tfHalfPixelForNearest && node.opset >= 13 {
            return try writeHalfPixelNearest(node, order)
        }
        try write(node, order, coordinates: spelledCoordinates, rounding: nil)
    }

    private func checkVersion(_ node: NodeExport) throws(ONNXError) {
        if antialias { try node.require(18, "Resize with antialias") }
        if aspectRatio != .stretch { try node.require(18, "Resize that keeps the aspect ratio") }
        if coordinates == .halfPixelSymmetric { try node.require(19, "Resize at half_pixel_symmetric") }
        if axes != nil { try node.prefer(18, "Resize of some axes") }
    }

    private var spelledCoordinates: String {
        switch coordinates {
        case .halfPixel: "half_pixel"
        case .halfPixelSymmetric: "half_pixel_symmetric"
        case .pytorchHalfPixel: "pytorch_half_pixel"
        case .alignCorners: "align_corners"
        case .asymmetric: "asymmetric"
        case .tfCropAndResize: "tf_crop_and_resize"
        case .tfHalfPixelForNearest, .tensorFlowNearest: "tf_half_pixel_for_nn"
        }
    }

    private func write(
        _ node: NodeExport, _ order: AxisOrder, coordinates: String, rounding given: Rounding?
    ) throws(ONNXError) {
        var own: [WrittenModel.Attribute?] = []
        switch mode {
        case .nearest(let rounding): own = [attribute("mode", "nearest"), attribute("nearest_mode", (given ?? rounding).spelling)]
        case .linear: own = [attribute("mode", "linear")]
        case .cubic(let coefficient): own = [attribute("cubic_coeff_a", coefficient), attribute("mode", "cubic")]
        }
        let policy: String? =
            switch aspectRatio {
            case .stretch: nil
            case .notLarger: "not_larger"
            case .notSmaller: "not_smaller"
            }
        let (operands, axes) = try operands(node, order)
        try try node.give(
            "Resize", [try node.name(0, order)] + operands,
            [
                antialias ? attribute("antialias", 1) : nil, axes.map { attribute("axes", $0) },
                attribute("coordinate_transformation_mode", coordinates),
                excludesOutside ? attribute("exclude_outside", 1) : nil,
                extrapolationValue == 0 ? nil : attribute("extrapolation_value", extrapolationValue),
                policy.map { attribute("keep_aspect_ratio_policy", $0) },
            ] + own,
            in: order)
    }

    /// Region, scales and sizes, and the axes that they speak of where not all.
    private func operands(_ node: NodeExport, _ order: AxisOrder) throws(ONNXError) -> ([String], [Int]?) {
        let hasSizes = node.input(3) != nil && node.shape(3) != [0]
        guard axes != nil && node.opset < 18 || !order.isNatural else {
            let region = try optional(node, 1)
            if hasSizes { return ([region, try optional(node, 2), try node.name(3)], axes) }
            return ([region, try node.name(2), node.input(3) == nil ? "" : try optional(node, 3)], axes)
        }
        let empty = try noOperand(node)
        for index in 1...3 where node.weight(index)?.shape == [0] { node.input(index).map(node.exporter.absorb) }
        guard let rank = node.rank(0) else { throw node.inexpressible("its input has an unknown rank") }
        let resized = (axes ?? Array(0..<rank)).map { order.position(of: node.normalized($0, rank: rank)) }
        if node.opset >= 18, axes != nil {
            let list = try node.name(hasSizes ? 3 : 2)
            let region = try optional(node, 1)
            return (hasSizes ? [region, empty, list] : [region, list], resized)
        }
        if axes != nil { try checkConstant(node, hasSizes ? 3 : 2) }
        guard coordinates != .tfCropAndResize else { throw node.inexpressible("a region of a channels-last map") }
        if hasSizes { return ([empty, empty, try allSizes(node, order, resized, rank)], nil) }
        guard let given = try node.reals(2), given.count == resized.count else {
            throw node.inexpressible("its scales are not known before the graph runs")
        }
        var scales = [Double](repeating: 1, count: rank)
        for (axis, scale) in zip(resized, given) { scales[axis] = scale }
        if let id = node.input(2) { node.exporter.absorb(id) }
        return ([empty, try node.constant("scales", scales, .float32, shape: [rank])], nil)
    }

    /// What stands where an operand is left out: before Resize-13 an empty tensor.
    private func noOperand(_ node: NodeExport) throws(ONNXError) -> String {
        node.opset >= 13 ? "" : try node.constant("none", [], .float32, shape: [0])
    }

    /// An operand that may be left out. In the operator set it was read in it stays as it was, left out or empty;
    /// elsewhere what is empty is left out.
    private func optional(_ node: NodeExport, _ index: Int) throws(ONNXError) -> String {
        let version11 = 11...12
        let isSame = node.exporter.sourceOpset.map {
            $0 == node.opset || version11.contains($0) && version11.contains(node.opset)
        }
        guard let id = node.input(index) else { return isSame == true ? "" : try noOperand(node) }
        guard node.opset >= 13, isSame != true, node.weight(index)?.shape == [0] else { return try node.name(index) }
        node.exporter.absorb(id)
        return ""
    }

    /// Numbers that speak of some axes can be told for all of them where they are known.
    private func checkConstant(_ node: NodeExport, _ index: Int) throws(ONNXError) {
        if coordinates == .tfCropAndResize { try node.require(18, "Resize of a region of some axes") }
        if node.weight(index) == nil { try node.require(18, "Resize of some axes by numbers that are computed") }
    }

    /// Extents of all axes: those that are resized, and of the others the input's own.
    private func allSizes(
        _ node: NodeExport, _ order: AxisOrder, _ resized: [Int], _ rank: Int
    ) throws(ONNXError) -> String {
        guard let sizes = try node.integers(3), sizes.count == resized.count, let id = node.input(3) else {
            throw node.inexpressible("its sizes are not known before the graph runs")
        }
        node.exporter.absorb(id)
        let shape = node.shape(0) ?? []
        var known = order.arranged(shape)
        for (axis, size) in zip(resized, sizes) { known[axis] = .fixed(size) }
        if let fixed = known.fixedShape { return try node.constant("sizes", integers: fixed) }
        let extents = node.derive("Shape", [try node.name(0, order)])
        var parts: [String] = []
        for axis in 0..<rank {
            if resized.contains(axis), let size = known[axis].fixedValue {
                parts.append(try node.constant("size", integers: [size]))
            } else {
                let index = try node.constant("axis", integers: [axis])
                parts.append(node.derive("Gather", [extents, index], [attribute("axis", 0)]))
            }
        }
        return node.derive("Concat", parts, [attribute("axis", 0)])
    }

    /// TensorFlow's half pixel of the nearest mode, ⌊(x + 0.5) / scale⌋, is ONNX's half pixel with ties to the right; where
    /// such a position is nearly a whole number the roundings of both could part, so each position is tried.
    private func writeHalfPixelNearest(_ node: NodeExport, _ order: AxisOrder) throws(ONNXError) {
        guard case .nearest(.floor) = mode else { throw node.inexpressible("tf_half_pixel_for_nn with such a nearest_mode") }
        guard let from = node.shape(0), let to = node.exporter.graph[node.node.outputs[0]].fact?.shape,
            from.count == to.count
        else { throw node.inexpressible("its input has an unknown rank") }
        for (before, after) in zip(from, to) where before != after {
            guard let input = before.fixedValue, let output = after.fixedValue else {
                throw node.inexpressible("extents are not known, so which elements TensorFlow takes is not, either")
            }
            let isApart = (0..<output).allSatisfy { index in
                let position = (Double(index) + 0.5) * Double(input) / Double(output)
                return (position - position.rounded()).magnitude > 1e-4
            }
            guard isApart else { return try writePicked(node, order, from, to) }
        }
        try write(node, order, coordinates: "half_pixel", rounding: .roundPreferCeil)
    }

    /// With the elements that are taken named one by one.
    private func writePicked(
        _ node: NodeExport, _ order: AxisOrder, _ from: SymbolicShape, _ to: SymbolicShape
    ) throws(ONNXError) {
        var value = try node.name(0, order)
        let changed = from.indices.filter { from[$0] != to[$0] }
        for (step, axis) in changed.enumerated() {
            guard let input = from[axis].fixedValue, let output = to[axis].fixedValue else { continue }
            let picked = (0..<output).map { index in
                coordinates == .tensorFlowNearest
                    ? min(Int((Float(index) + 0.5) * (Float(input) / Float(output))), input - 1)
                    : min(Int((Double(index) + 0.5) / (Double(output) / Double(input))), input - 1)
            }
            let attributes: [WrittenModel.Attribute] = [attribute("axis", order.position(of: axis))]
            let inputs = [value, try node.constant("elements", integers: picked)]
            if step == changed.count - 1 { return try node.give("Gather", inputs, attributes, in: order) }
            value = node.derive("Gather", inputs, attributes)
        }
        try node.give("Identity", [value], in: order)
    }

    /// Upsample-9 and Resize-10 sample at position / scale, and nearest takes the element before.
    private func writeEarly(_ node: NodeExport) throws(ONNXError) {
        let name = node.opset < 10 ? "Upsample" : "Resize"
        let order = node.followedOrder()
        let mode: String
        switch self.mode {
        case .linear: mode = "linear"
        case .nearest: mode = "nearest"
        case .cubic: return try node.require(11, "Resize of that mode")
        }
        guard coordinates == .asymmetric, axes == nil, order.isNatural, node.input(3) == nil, node.input(2) != nil,
            try roundsAsEarly(node)
        else { return try node.require(11, "Resize at such positions") }
        try node.give(name, [try node.name(0), try node.name(2)], [attribute("mode", mode)])
    }

    private func roundsAsEarly(_ node: NodeExport) throws(ONNXError) -> Bool {
        guard case .nearest(let rounding) = mode else { return true }
        guard let scales = try node.reals(2) else { return node.opset < 10 && rounding == .floor }
        if scales.allSatisfy({ $0 >= 1 }) { return rounding == .floor && scales.contains { $0 > 1 } }
        return node.opset == 10 && scales.allSatisfy { $0 <= 1 } && rounding == .ceil
    }
}

extension Resize.Rounding {
    fileprivate var spelling: String {
        switch self {
        case .roundPreferFloor: "round_prefer_floor"
        case .roundPreferCeil: "round_prefer_ceil"
        case .floor: "floor"
        case .ceil: "ceil"
        }
    }
}

extension Upsampling {
    func write(_ node: NodeExport) throws(ONNXError) {
        let order = node.mapOrder(layout, spatialRank: factors.count)
        let scales = try node.constant(
            "scales", [1, 1] + factors.map { Double($0) }, .float32, shape: [factors.count + 2])
        let input = try node.name(0, order)
        guard node.opset >= 11 else {
            guard interpolation == .nearest else { return try node.require(11, "bilinear Resize at half pixels") }
            return try try node.give(
                node.opset < 10 ? "Upsample" : "Resize", [input, scales], [attribute("mode", "nearest")], in: order)
        }
        let none = node.opset >= 13 ? "" : try node.constant("none", [], .float32, shape: [0])
        let attributes: [WrittenModel.Attribute] =
            interpolation == .nearest
            ? [
                attribute("coordinate_transformation_mode", "asymmetric"), attribute("mode", "nearest"),
                attribute("nearest_mode", "floor"),
            ]
            : [attribute("coordinate_transformation_mode", "half_pixel"), attribute("mode", "linear")]
        try node.give("Resize", [input, none, scales], attributes, in: order)
    }
}

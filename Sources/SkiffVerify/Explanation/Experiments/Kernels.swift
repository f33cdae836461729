internal import SkiffCore
internal import SkiffGraph

/// The order in which a kernel's or matrix's elements are taken.
enum KernelExperiments {
    static func experiments(at site: Site) -> [Experiment] {
        switch site.node.operator {
        case .convolution(let convolution):
            kernels(site, convolution.kernelOrder) + groups(convolution, site)
        case .convolutionTranspose(let convolution): kernels(site, convolution.kernelOrder)
        case .dense, .matrixMultiplication: matrix(site)
        case .gemm(let gemm): matrix(site) + transposed(gemm, site)
        default: []
        }
    }

    private static func kernels(_ site: Site, _ order: KernelOrder) -> [Experiment] {
        guard let weight = site.weight(1), weight.shape.count >= 3, weight.elementType.byteWidth != nil else { return [] }
        let axes = order.axes(rank: weight.shape.count)
        var result: [Experiment] = []
        func exchanged(_ one: Int, _ other: Int) -> [Int] {
            var list = Array(weight.shape.indices)
            list.swapAt(one, other)
            return list
        }
        if let (height, width) = axes.spatial.pair, weight.shape[height] > 1, weight.shape[height] == weight.shape[width] {
            let order = exchanged(height, width)
            result.append(
                site.replacing(
                    .kernelAxes, rank: 0, "kernel axes", found: "(H,W)", expected: "(W,H)", operand: 1,
                    try? weight.permuted(order)))
        }
        if weight.shape[axes.input] == weight.shape[axes.output], weight.shape[axes.input] > 1 {
            let order = exchanged(axes.input, axes.output)
            result.append(
                site.replacing(
                    .kernelAxes, rank: 0, "kernel axes", found: "(O,I)", expected: "(I,O)", operand: 1,
                    try? weight.permuted(order)))
        }
        result += flips(weight, axes.spatial, site)
        result += readings(weight, axes, site)
        return result
    }

    private static func flips(_ weight: Tensor, _ spatial: [Int], _ site: Site) -> [Experiment] {
        let long = spatial.filter { weight.shape[$0] > 1 }
        guard !long.isEmpty else { return [] }
        let names = spatial.count == 1 ? ["L"] : spatial.count == 2 ? ["H", "W"] : ["D", "H", "W"]
        var sets = [(long, "turned by 180°", 0.0)]
        if long.count > 1 {
            for axis in long {
                let name = spatial.firstIndex(of: axis).flatMap { $0 < names.count ? names[$0] : nil } ?? "\(axis)"
                sets.append(([axis], "turned along \(name)", 1))
            }
        }
        return sets.map { axes, text, rank in
            site.replacing(
                .kernelFlip, rank: rank, "kernel", found: "it as it is", expected: text, operand: 1,
                weight.reversed(along: axes))
        }
    }

    /// The same bytes read as if axes lay in another order.
    private static func readings(
        _ weight: Tensor, _ axes: (spatial: [Int], output: Int, input: Int), _ site: Site
    ) -> [Experiment] {
        let rank = weight.shape.count
        guard rank <= 4 else { return [] }
        var letters = [String](repeating: "", count: rank)
        (letters[axes.output], letters[axes.input]) = ("O", "I")
        for (axis, letter) in zip(axes.spatial, rank == 3 ? ["L"] : ["H", "W"]) { letters[axis] = letter }
        return permutations(Array(0..<rank)).compactMap { stored in
            guard stored != Array(0..<rank) else { return nil }
            let shape = stored.map { weight.shape[$0] }
            let back = (0..<rank).compactMap { stored.firstIndex(of: $0) }
            return site.replacing(
                .kernelAxes, rank: 1.5, "kernel's bytes read as", found: "them as (\(letters.joined(separator: ",")))",
                expected: "(\(stored.map { letters[$0] }.joined(separator: ",")))", operand: 1,
                try? weight.reshaped(shape).permuted(back))
        }
    }

    /// Channels of groups side by side instead of one behind the other.
    private static func groups(_ convolution: Convolution, _ site: Site) -> [Experiment] {
        guard let input = site.shape(ofInput: 0), let output = site.outputShape, input.count == output.count else { return [] }
        let axis = convolution.layout.channelAxis(rank: input.count)
        var counts: [Int] = convolution.groups > 1 ? [convolution.groups] : []
        if convolution.groups > 1, output[axis] > convolution.groups { counts.append(output[axis] / convolution.groups) }
        var result: [Experiment] = []
        for (position, count) in counts.enumerated() {
            let text = position == 0 ? "side by side" : "one behind the other"
            for (isInput, extent) in [(true, input[axis]), (false, output[axis])] {
                guard extent % count == 0, count > 1, extent / count > 1, let gather = gathered(axis, shuffled(extent, count))
                else { continue }
                var edit = Edit()
                if isInput { edit.before[site.id] = [gather] } else { edit.behind[site.id] = [gather] }
                result.append(
                    site.experiment(
                        .groupOrder, rank: 0.5, "order of \(isInput ? "input" : "output") channels", found: "groups in order",
                        expected: "\(count) groups \(text)", edit: edit))
            }
        }
        return result
    }

    /// Where channel (g, c) of `groups` × `extent / groups` stands when c is taken first.
    static func shuffled(_ extent: Int, _ groups: Int) -> [Int] {
        (0..<extent).map { $0 % groups * (extent / groups) + $0 / groups }
    }

    private static func matrix(_ site: Site) -> [Experiment] {
        guard let weight = site.weight(1), weight.shape.count == 2, weight.elementType.byteWidth != nil else { return [] }
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        var result: [Experiment] = []
        result.append(
            site.replacing(
                .transposedWeight, rank: rows == columns ? 0 : 1, "matrix", found: "it as it is",
                expected: rows == columns ? "transposed" : "read as its transpose", operand: 1,
                try? weight.reshaped([columns, rows]).permuted([1, 0])))
        for (axis, text) in [(0, "inputs reversed"), (1, "outputs reversed")] {
            result.append(
                site.replacing(
                    .transposedWeight, rank: 2.5, "matrix with its", found: "them in order", expected: text, operand: 1,
                    weight.reversed(along: [axis])))
        }
        return result
    }

    private static func transposed(_ gemm: Gemm, _ site: Site) -> [Experiment] {
        [(1 as Float, "1"), (0, "0")].compactMap { value, text in
            guard value != gemm.beta, site.node.inputs.count > 2 else { return nil }
            var other = gemm
            other.beta = value
            return site.replacing(.missingBias, rank: 1, "beta", found: shortText(gemm.beta), expected: text, .gemm(other))
        }
    }
}

/// Operands that move along with an inserted operator.
func gathered(_ axis: Int, _ order: [Int]) -> Edit.Inserted? {
    guard let indices = try? Tensor(integers: order.map(Int64.init), shape: [order.count]) else { return nil }
    return Edit.Inserted(operator: .gather(Gather(axis: axis)), operands: [indices])
}

extension Array {
    /// Both elements of an array of two.
    var pair: (Element, Element)? { count == 2 ? (self[0], self[1]) : nil }
}

extension Tensor {
    /// The same bytes in another shape.
    /// - Throws: ``CoreError`` where it has other elements.
    func reshaped(_ shape: Shape) throws(CoreError) -> Tensor {
        try Tensor(
            elementType: elementType, shape: shape, storage: storage, byteRange: byteRange, byteOrder: byteOrder)
    }

    /// A float copy with the elements along some axes in reverse.
    func reversed(along axes: [Int]) -> Tensor? {
        guard elementType.isFloatingPoint, let elements = try? floats() else { return nil }
        let strides = shape.rowMajorStrides
        let turned = elements.indices.map { position in
            var from = position
            for axis in axes {
                let index = position / strides[axis] % shape[axis]
                from += (shape[axis] - 1 - 2 * index) * strides[axis]
            }
            return elements[from]
        }
        return try? Tensor(elementType, turned, shape: shape)
    }

    /// Floats in the given real type.
    /// - Throws: ``CoreError`` where they do not fill the shape.
    init(_ elementType: ElementType, _ values: [Float], shape: Shape) throws(CoreError) {
        switch elementType {
        case .float16:
            try self.init(
                elementType: .float16, shape: shape, bytes: values.littleEndianBytes { halfFromFloat($0).littleEndian })
        case .bfloat16:
            try self.init(
                elementType: .bfloat16, shape: shape, bytes: values.littleEndianBytes { bfloatFromFloat($0).littleEndian })
        case .float64: try self.init(doubles: values.map(Double.init), shape: shape)
        default: try self.init(floats: values, shape: shape)
        }
    }
}

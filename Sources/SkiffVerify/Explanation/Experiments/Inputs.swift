internal import SkiffCore
internal import SkiffGraph

/// Channel order and preprocessing of images, and the order in which maps are flattened.
enum InputExperiments {
    static func experiments(at site: Site) -> [Experiment] {
        switch site.node.operator {
        case .flatten, .reshape: flattened(site)
        case .dense, .gemm, .matrixMultiplication: rows(site)
        default: []
        }
    }

    /// What could be wrong with an input of the piece.
    static func experiments(onInput position: Int, of piece: Graph, isImage: Bool, name: String) -> [Experiment] {
        guard piece.inputs.indices.contains(position),
            let shape = piece[piece.inputs[position]].fact?.shape?.fixedShape,
            piece[piece.inputs[position]].fact?.elementType.isFloatingPoint == true, shape.count >= 2
        else { return [] }
        var result: [Experiment] = []
        func ahead(
            _ kind: Explanation.Kind, _ rank: Double, _ parameter: String, found: String, _ expected: String,
            _ chain: [Edit.Inserted?]
        ) {
            let chain = chain.compactMap { $0 }
            guard !chain.isEmpty else { return }
            result.append(
                Experiment(
                    kind: kind, node: name, parameter: parameter, found: found, expected: expected,
                    edit: Edit(ahead: [position: chain]), rank: rank))
        }
        let axes = shape.indices.dropFirst().filter { shape[$0] == 3 }
        let channelAxes = shape.count == 2 ? [] : axes.filter { $0 == 1 || $0 == shape.count - 1 }
        for axis in channelAxes {
            for order in permutations([0, 1, 2]) where order != [0, 1, 2] {
                let names = order.map { ["R", "G", "B"][$0] }.joined()
                ahead(
                    .channelOrder, order == [2, 1, 0] ? 0 : 1, "channel order", found: "RGB", names == "BGR" ? "BGR" : names,
                    [gathered(axis, order)])
            }
            if isImage { preprocessings(modes, axis, shape.count, ahead) }
        }
        if isImage, channelAxes.isEmpty {
            preprocessings(modes.filter(\.isUniform), nil, shape.count, ahead)
        }
        if shape.count == 4 {
            for layout in [Layout.channelsFirst, .channelsLast] {
                let first = layout.firstSpatialAxis
                guard shape[first] == shape[first + 1], shape[first] > 1 else { continue }
                var order = [0, 1, 2, 3]
                order.swapAt(first, first + 1)
                ahead(
                    .flattenOrder, 1, "axes of the map", found: "(H,W)", "(W,H)",
                    [Edit.Inserted(operator: .transpose(Transpose(permutation: order)))])
            }
        }
        return result
    }

    /// One way to prepare an image of 0…255: the order of channels and per channel a factor and an offset.
    private struct Mode {
        var name: String
        var isReversed = false
        var factors: [Double]
        var offsets: [Double]

        /// Whether all channels are treated alike, so that it makes sense for one of them.
        var isUniform: Bool { !isReversed && Set(factors).count == 1 && Set(offsets).count == 1 }
    }

    /// The modes of `keras.applications.imagenet_utils.preprocess_input`, and none and plain scaling.
    private static let modes = [
        Mode(name: "none", factors: [1, 1, 1], offsets: [0, 0, 0]),
        Mode(name: "/ 255", factors: [1 / 255, 1 / 255, 1 / 255], offsets: [0, 0, 0]),
        Mode(name: "tf", factors: [1 / 127.5, 1 / 127.5, 1 / 127.5], offsets: [-1, -1, -1]),
        Mode(
            name: "torch", factors: [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
            offsets: [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]),
        Mode(name: "caffe", isReversed: true, factors: [1, 1, 1], offsets: [-103.939, -116.779, -123.68]),
        Mode(name: "caffe without BGR", factors: [1, 1, 1], offsets: [-123.68, -116.779, -103.939]),
        Mode(name: "0 to 255 of 0 to 1", factors: [255, 255, 255], offsets: [0, 0, 0]),
    ]

    /// - Parameter axis: the channels'; `nil` where there are not three.
    private static func preprocessings(
        _ modes: [Mode], _ axis: Int?, _ rank: Int,
        _ keep: (Explanation.Kind, Double, String, String, String, [Edit.Inserted?]) -> Void
    ) {
        for own in modes {
            for other in modes where other.name != own.name {
                // Undo one, do the other: x = (y − offset) / factor.
                let isReversed = own.isReversed != other.isReversed
                var factors: [Float] = []
                var offsets: [Float] = []
                for channel in 0..<(axis == nil ? 1 : 3) {
                    let from = isReversed ? 2 - channel : channel
                    let factor = other.factors[channel] / own.factors[from]
                    factors.append(Float(factor))
                    offsets.append(Float(other.offsets[channel] - own.offsets[from] * factor))
                }
                var chain: [Edit.Inserted?] = []
                if isReversed, let axis { chain.append(gathered(axis, [2, 1, 0])) }
                chain += scaled(factors, offsets, axis ?? 0, rank)
                keep(.preprocessing, own.name == "none" ? 0.3 : 0.6, "preprocessing", own.name, other.name, chain)
            }
        }
    }

    private static func scaled(_ factors: [Float], _ offsets: [Float], _ axis: Int, _ rank: Int) -> [Edit.Inserted?] {
        var shape = Shape(repeating: 1, count: rank)
        if shape.indices.contains(axis) { shape[axis] = factors.count }
        func operand(_ kind: Binary.Kind, _ numbers: [Float]) -> Edit.Inserted? {
            guard let tensor = try? Tensor(floats: numbers, shape: shape) else { return nil }
            return Edit.Inserted(operator: .binary(Binary(kind)), operands: [tensor])
        }
        var chain: [Edit.Inserted?] = []
        if factors.contains(where: { $0 != 1 }) { chain.append(operand(.multiply, factors)) }
        if offsets.contains(where: { $0 != 0 }) { chain.append(operand(.add, offsets)) }
        return chain
    }

    /// Orders of the axes of a map (N, a, b, c) before it is flattened.
    private static let orders: [(order: [Int], name: String)] = [
        ([0, 2, 3, 1], "(H,W,C) for (C,H,W)"), ([0, 3, 1, 2], "(C,H,W) for (H,W,C)"), ([0, 1, 3, 2], "last two axes exchanged"),
        ([0, 2, 1, 3], "first two axes exchanged"), ([0, 3, 2, 1], "axes reversed"),
    ]

    private static func flattened(_ site: Site) -> [Experiment] {
        guard let input = site.shape(ofInput: 0), let output = site.outputShape, output.count < input.count,
            (3...4).contains(input.count)
        else { return [] }
        let list = input.count == 3 ? [([0, 2, 1], "axes exchanged")] : orders.map { ($0.order, $0.name) }
        return list.map { order, name in
            // A reshape to given extents takes whatever order the map has.
            let transposed = Edit.Inserted(operator: .transpose(Transpose(permutation: order)))
            return site.experiment(
                .flattenOrder, rank: 0.3, "flattened", found: "it in its own order", expected: name,
                edit: Edit(before: [site.id: [transposed]]))
        }
    }

    /// A matrix whose rows stand for the elements of a flattened map in another order.
    private static func rows(_ site: Site) -> [Experiment] {
        guard let input = site.shape(ofInput: 0), input.count == 2, let id = site.node.inputs.first ?? nil,
            let map = flattenedMap(id, site), map.count >= 2, map.reduce(1, *) == input[1]
        else { return [] }
        let list = map.count == 2 ? [([0, 2, 1], "axes exchanged")] : orders.map { ($0.order, $0.name) }
        return list.compactMap { order, name in
            guard order.count == map.count + 1 else { return nil }
            func reshape(_ shape: [Int]) -> Edit.Inserted {
                Edit.Inserted(operator: .reshape(Reshape(shape: shape, allowsZero: false, keepsBatch: true)))
            }
            let chain = [
                reshape(map), Edit.Inserted(operator: .transpose(Transpose(permutation: order))), reshape([input[1]]),
            ]
            return site.experiment(
                .flattenOrder, rank: 0.3, "flattened", found: "it in its own order", expected: name,
                edit: Edit(before: [site.id: chain]))
        }
    }

    /// Extents of the map that was flattened to this value in the candidate, without the batch.
    private static func flattenedMap(_ id: ValueID, _ site: Site) -> Shape? {
        guard site.piece.producer(of: id) == nil, var value = site.origins[id.index] else { return nil }
        for _ in 0..<8 {
            guard let producer = site.candidate.producer(of: value), let source = site.candidate[producer].inputs.first ?? nil
            else { return nil }
            switch site.candidate[producer].operator {
            case .identity, .cast, .unary: value = source
            case .flatten, .reshape:
                let extents = site.candidate[source].fact?.shape?.dropFirst().map { $0.fixedValue ?? -1 }
                guard let extents, extents.allSatisfy({ $0 > 0 }) else { return nil }
                return extents
            default: return nil
            }
        }
        return nil
    }
}

internal import SkiffCore
internal import SkiffGraph

/// Weights, and values, of fewer bits.
enum PrecisionExperiments {
    static func experiments(at site: Site) -> [Experiment] {
        guard let weight = site.weight(1), weight.elementType == .float32, let axis = outputAxis(site),
            weight.elementCount > 0
        else { return rounded(site) }
        let shape = weight.shape
        let forms: [(name: String, round: @Sendable ([Float]) -> [Float])] = [
            ("float16", { $0.map(half) }), ("bfloat16", { $0.map(bfloat) }),
            ("int8, one scale for each output channel", { integers($0, shape, axis, steps: 127) }),
            ("int8, one scale", { integers($0, shape, nil, steps: 127) }),
            ("int8, one scale for 128 steps", { integers($0, shape, nil, steps: 128) }),
            ("int8, a scale for each output channel, 128 steps", { integers($0, shape, axis, steps: 128) }),
        ]
        return forms.enumerated().map { position, form in
            site.replacing(
                .weightPrecision, rank: 0.5 + 0.1 * Double(position), "weights", found: "float32", expected: form.name,
                operand: 1, try? Tensor(floats: form.round(weight.floats()), shape: shape))
        } + computed(site, weight)
    }

    /// The axis of outputs in the weight; `nil` for operators without such a weight.
    static func outputAxis(_ site: Site) -> Int? {
        guard let rank = site.weight(1)?.shape.count else { return nil }
        switch site.node.operator {
        case .convolution(let convolution): return convolution.kernelOrder.axes(rank: rank).output
        case .convolutionTranspose(let convolution): return convolution.kernelOrder.axes(rank: rank).output
        case .dense, .matrixMultiplication: return rank - 1
        case .gemm(let gemm): return gemm.transposesB ? 0 : 1
        default: return nil
        }
    }

    @Sendable static func half(_ number: Float) -> Float { floatFromHalf(halfFromFloat(number)) }
    @Sendable static func bfloat(_ number: Float) -> Float { Float(bitPattern: UInt32(bfloatFromFloat(number)) << 16) }

    /// Symmetric steps of the largest magnitude over `steps`, of the whole tensor or of each index along `axis`.
    private static func integers(_ numbers: [Float], _ shape: Shape, _ axis: Int?, steps: Float) -> [Float] {
        let stride = axis.map { shape.rowMajorStrides[$0] } ?? 1
        let extent = axis.map { shape[$0] } ?? 1
        var largest = [Float](repeating: 0, count: extent)
        for (position, number) in numbers.enumerated() {
            let index = position / stride % extent
            largest[index] = max(largest[index], abs(number))
        }
        return numbers.enumerated().map { position, number in
            let scale = largest[position / stride % extent] / steps
            guard scale > 0, scale.isFinite else { return number }
            return min(max((number / scale).rounded(.toNearestOrEven), -steps), 127) * scale
        }
    }

    /// What a layer without a matrix gives whose output is rounded.
    private static func rounded(_ site: Site) -> [Experiment] {
        switch site.node.operator {
        case .batchNormalization, .binary, .variadic, .pooling, .globalPooling, .unary, .softmax, .reduction,
            .layerNormalization, .groupNormalization, .instanceNormalization:
            break
        default: return []
        }
        guard let output = site.node.outputs.first, site.piece[output].fact?.elementType == .float32 else { return [] }
        let types: [ElementType] = [.bfloat16, .float16]
        return types.map { type in
            var experiment = site.experiment(
                .computePrecision, rank: 0.7, "arithmetic in", found: "it in float32", expected: type.rawValue,
                edit: Edit(behind: [site.id: casts(type)]))
            experiment.computeType = type
            return experiment
        }
    }

    private static func casts(_ type: ElementType) -> [Edit.Inserted] {
        [Edit.Inserted(operator: .cast(Cast(to: type))), Edit.Inserted(operator: .cast(Cast(to: .float32)))]
    }

    /// What a layer gives whose operands and output are rounded, and whose sums are not.
    private static func computed(_ site: Site, _ weight: Tensor) -> [Experiment] {
        let types: [(ElementType, @Sendable (Float) -> Float)] = [(.bfloat16, bfloat), (.float16, half)]
        return types.map { type, round in
            let cast = casts(type)
            var experiment = site.replacing(
                .computePrecision, rank: 0.7, "arithmetic in", found: "it in float32", expected: type.rawValue, operand: 1,
                try? Tensor(floats: weight.floats().map(round), shape: weight.shape))
            experiment.edit.behind[site.id] = cast
            experiment.edit.before[site.id] = cast
            experiment.computeType = type
            return experiment
        }
    }
}

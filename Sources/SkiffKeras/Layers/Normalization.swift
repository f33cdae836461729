internal import SkiffCore
internal import SkiffGraph

/// BatchNormalization; in Keras 1 only its mode 0, which normalizes by feature.
struct BatchNormalizationLayer: LayerDefinition {
    let operation: BatchNormalization
    let scales: Bool
    let centers: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        guard try options.integer("mode", default: 0) == 0 else {
            throw KerasError(.unsupported("batch normalization of Keras 1 by samples"))
        }
        guard try !options.flag("renorm", default: false) else {
            throw KerasError(.unsupported("batch renormalization"))
        }
        let axes = try options.integers("axis") ?? [-1]
        guard axes.count == 1 else { throw KerasError(.unsupported("batch normalization over several axes")) }
        operation = BatchNormalization(
            epsilon: Float(try options.real("epsilon", default: 1e-3)), axis: axes[0])
        scales = try options.flag("scale", default: true)
        centers = try options.flag("center", default: true)
    }

    var weights: [WeightRequirement] {
        (scales ? [WeightRequirement("gamma", [nil])] : []) + (centers ? [WeightRequirement("beta", [nil])] : []) + [
            WeightRequirement("moving_mean", [nil], isTrainable: false),
            WeightRequirement("moving_variance", [nil], isTrainable: false),
        ]
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let inputs: [ValueID?] = [
            try site.inputs.count == 1 ? site.input() : site.inputs.first,
            scales ? try importer.weight(site, "gamma") : nil, centers ? try importer.weight(site, "beta") : nil,
            try importer.weight(site, "moving_mean"), try importer.weight(site, "moving_variance"),
        ]
        return try importer.node(site, .batchNormalization(operation), inputs)
    }
}

/// LayerNormalization over the last axes.
struct LayerNormalizationLayer: LayerDefinition {
    let axes: [Int]
    let epsilon: Float
    let scales: Bool
    let centers: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        axes = try (options.integers("axis") ?? [-1]).sorted()
        epsilon = Float(try options.real("epsilon", default: 1e-3))
        guard try !options.flag("rms_scaling", default: false) else {
            throw KerasError(.unsupported("layer normalization by root mean square"))
        }
        scales = try options.flag("scale", default: true)
        centers = try options.flag("center", default: true)
    }

    var weights: [WeightRequirement] {
        let shape = [Int?](repeating: nil, count: axes.count)
        return (scales ? [WeightRequirement("gamma", shape)] : []) + (centers ? [WeightRequirement("beta", shape)] : [])
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let input = try site.input()
        guard let first = axes.first else { throw KerasError(.unsupported("layer normalization over no axis")) }
        let rank = importer.rank(of: input)
        for (offset, axis) in axes.enumerated() {
            let fromEnd = axis < 0 ? axis : rank.map { axis - $0 }
            guard fromEnd == nil || fromEnd == offset - axes.count else {
                throw KerasError(.unsupported("layer normalization over other axes than the last"))
            }
        }
        let inputs: [ValueID?] = [
            input, scales ? try importer.weight(site, "gamma") : nil, centers ? try importer.weight(site, "beta") : nil,
        ]
        let operation = LayerNormalization(epsilon: epsilon, firstAxis: first)
        return try importer.node(site, .layerNormalization(operation), inputs)
    }
}

struct GroupNormalizationLayer: LayerDefinition {
    let groups: Int
    let axis: Int
    let epsilon: Float
    let scales: Bool
    let centers: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        groups = try options.integer("groups", default: 32)
        axis = try options.integer("axis", default: -1)
        epsilon = Float(try options.real("epsilon", default: 1e-3))
        scales = try options.flag("scale", default: true)
        centers = try options.flag("center", default: true)
        guard scales, centers else { throw KerasError(.unsupported("group normalization without gamma or beta")) }
    }

    var weights: [WeightRequirement] { [WeightRequirement("gamma", [nil]), WeightRequirement("beta", [nil])] }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let gamma = try importer.weight(site, "gamma")
        // −1 makes one group of each channel.
        let operation = GroupNormalization(
            groups: groups == -1 ? importer.extent(of: gamma, axis: 0) : groups, epsilon: epsilon, axis: axis,
            affinePerGroup: false)
        let beta = try importer.weight(site, "beta")
        return try importer.node(site, .groupNormalization(operation), [site.input(), gamma, beta])
    }
}

/// Normalization by moments that were measured before training: (x − mean) / max(√variance, 1e-7), or back.
struct NormalizationLayer: LayerDefinition {
    let axes: [Int]
    let inverts: Bool
    /// Moments that stand in the configuration; else they are weights.
    let mean: [Double]?
    let variance: [Double]?

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        axes = try options.integers("axis") ?? []
        inverts = try options.flag("invert", default: false)
        mean = try options.reals("mean")
        variance = try options.reals("variance")
        guard axes.count <= 1 else { throw KerasError(.unsupported("normalization over several axes")) }
    }

    var weights: [WeightRequirement] {
        if mean != nil { return [] }
        let shape = [Int?](repeating: nil, count: axes.count)
        return [
            WeightRequirement("mean", shape, isTrainable: false),
            WeightRequirement("variance", shape, isTrainable: false),
            WeightRequirement("count", [], isTrainable: false),
        ]
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let input = try site.input()
        let mean = if let mean { mean } else { try importer.numbers(site, "mean") }
        let variance = if let variance { variance } else { try importer.numbers(site, "variance") }
        let deviation = variance.map { max($0.squareRoot(), 1e-7) }
        let meanValue = try importer.constant(site, "mean", mean, shape: shape(mean, input, importer))
        let scale = try importer.constant(site, "deviation", deviation, shape: shape(deviation, input, importer))
        if inverts {
            let scaled = try importer.node(site, .binary(Binary(.multiply)), [input, scale], suffix: "scaled")
            return try importer.node(site, .binary(Binary(.add)), [scaled, meanValue])
        }
        let centred = try importer.node(site, .binary(Binary(.subtract)), [input, meanValue], suffix: "centred")
        return try importer.node(site, .binary(Binary(.divide)), [centred, scale])
    }

    /// Numbers along the axis, 1 behind it.
    private func shape(_ numbers: [Double], _ input: ValueID, _ importer: ModelImporter) throws(KerasError) -> Shape {
        if numbers.count == 1 { return [] }
        guard let axis = axes.first, axis != -1 else { return [numbers.count] }
        guard let rank = importer.rank(of: input), axis < rank, axis >= -rank else {
            throw KerasError(.unsupported("normalization along axis \(axis) of a value of unknown rank"))
        }
        let behind = axis < 0 ? -axis - 1 : rank - axis - 1
        return [numbers.count] + [Int](repeating: 1, count: behind)
    }
}

/// x · scale + offset, each a number or one per channel.
struct RescalingLayer: LayerDefinition {
    let scale: [Double]
    let offset: [Double]

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        scale = try options.reals("scale") ?? [1]
        offset = try options.reals("offset") ?? [0]
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let input = try site.input()
        let factor = try importer.constant(site, "scale", scale, shape: scale.count == 1 ? [] : [scale.count])
        if offset == [0] { return try importer.node(site, .binary(Binary(.multiply)), [input, factor]) }
        let scaled = try importer.node(site, .binary(Binary(.multiply)), [input, factor], suffix: "scaled")
        let shift = try importer.constant(site, "offset", offset, shape: offset.count == 1 ? [] : [offset.count])
        return try importer.node(site, .binary(Binary(.add)), [scaled, shift])
    }
}

/// LayerScale of keras.applications' ConvNeXt: x · gamma, one number per channel.
struct LayerScaleLayer: LayerDefinition {
    let width: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        width = try options.integer("projection_dim")
    }

    var weights: [WeightRequirement] { [WeightRequirement("gamma", [width])] }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .binary(Binary(.multiply)), [site.input(), try importer.weight(site, "gamma")])
    }
}

internal import SkiffCore
internal import SkiffGraph

/// Add, Subtract, Multiply, Average, Maximum, Minimum of any number of inputs.
struct MergingLayer: LayerDefinition {
    let className: String

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) { className = layer.className }

    init(className: String) { self.className = className }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let operation = try operation(inputs: site.inputs.count)
        let ranks = site.inputs.map { importer.rank(of: $0) }
        let rank = ranks.compactMap { $0 }.max() ?? 0
        var inputs: [ValueID?] = []
        for (index, input) in site.inputs.enumerated() {
            guard let own = ranks[index], own > 0, own < rank else {
                inputs.append(input)
                continue
            }
            // Keras puts axes of extent one behind the batch where ranks differ, NumPy puts them in front of it.
            let widening = Unsqueeze(axes: Array(1...(rank - own)))
            inputs.append(try importer.node(site, .unsqueeze(widening), [input], suffix: "widened_\(index)"))
        }
        return try importer.node(site, operation, inputs)
    }

    private func operation(inputs: Int) throws(KerasError) -> Operator {
        guard inputs > 0 else { throw KerasError(.missing("inputs of the layer")) }
        switch (className, inputs) {
        case ("Add", 2): return .binary(Binary(.add))
        case ("Add", _): return .variadic(Variadic(.sum))
        case ("Multiply", 2): return .binary(Binary(.multiply))
        case ("Multiply", _): return .variadic(Variadic(.product))
        case ("Subtract", 2): return .binary(Binary(.subtract))
        case ("Average", _): return .variadic(Variadic(.mean))
        case ("Maximum", _): return .variadic(Variadic(.maximum))
        case ("Minimum", _): return .variadic(Variadic(.minimum))
        default: throw KerasError(.unsupported("\(className) of \(inputs) inputs"))
        }
    }
}

/// CustomScaleLayer of keras.applications' InceptionResNetV2: the first input, and the second times a number.
struct ScaledAdditionLayer: LayerDefinition {
    let scale: Double

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        guard let scale = options["scale"]?.doubleValue else {
            throw KerasError(.unsupported("scaled addition without a scale"))
        }
        self.scale = scale
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        guard site.inputs.count == 2 else { throw KerasError(.unsupported("scaled addition of other than two inputs")) }
        let factor = try importer.constant(site, "scale", [scale], shape: [])
        let scaled = try importer.node(
            site, .binary(Binary(.multiply)), [site.inputs[1], factor], suffix: "scaled")
        return try importer.node(site, .binary(Binary(.add)), [site.inputs[0], scaled])
    }
}

/// Merge of Keras 1, which names what it does in `mode`.
struct LegacyMergingLayer: LayerDefinition {
    let layer: any LayerDefinition

    init(_ options: LayerOptions, _ configuration: LayerConfiguration) throws(KerasError) {
        let mode = try options.text("mode", default: "sum")
        switch mode {
        case "sum": layer = MergingLayer(className: "Add")
        case "mul": layer = MergingLayer(className: "Multiply")
        case "ave": layer = MergingLayer(className: "Average")
        case "max": layer = MergingLayer(className: "Maximum")
        case "concat": layer = ConcatenationLayer(axis: try options.integer("concat_axis", default: -1))
        default: throw KerasError(.unsupported("merge mode \(mode)"))
        }
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try layer.emit(site, into: &importer)
    }
}

/// Dropout, noise and random augmentation, which do nothing when a network runs; Identity.
struct IdentityLayer: LayerDefinition {
    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {}

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .identity(Identity()), [site.input()])
    }
}

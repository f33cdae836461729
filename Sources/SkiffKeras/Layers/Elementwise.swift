internal import SkiffGraph

/// Add, Subtract, Multiply, Average, Maximum, Minimum of any number of inputs.
struct MergingLayer: LayerDefinition {
    let className: String

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) { className = layer.className }

    init(className: String) { self.className = className }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        // Keras puts axes of extent one behind the batch where ranks differ, NumPy puts them in front of it.
        guard Set(site.inputs.compactMap { importer.rank(of: $0) }).count <= 1 else {
            throw KerasError(.unsupported("inputs of different ranks"))
        }
        return try importer.node(site, try operation(inputs: site.inputs.count), site.inputs)
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

internal import SkiffGraph

struct UpsamplingLayer: LayerDefinition {
    let operation: Upsampling

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let axes = try spatialAxes(of: layer.className)
        let name = try options.text("interpolation", default: "nearest")
        guard let interpolation = Upsampling.Interpolation(rawValue: name) else {
            throw KerasError(.unsupported("interpolation \(name)"))
        }
        operation = Upsampling(
            factors: try options.extents("size", "length", axes: axes, default: 2), interpolation: interpolation,
            layout: try options.layout())
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .upsampling(operation), [site.input()])
    }
}

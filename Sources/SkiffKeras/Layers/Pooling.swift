internal import SkiffGraph

/// MaxPooling and AveragePooling in one to three spatial axes; padding never counts.
struct PoolingLayer: LayerDefinition {
    let operation: Pooling

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let axes = try spatialAxes(of: layer.className)
        let kernel = try options.extents("pool_size", "pool_length", axes: axes, default: 2)
        let ones = [Int](repeating: 1, count: axes)
        let isStrided = options["strides", "stride"] != nil
        var border = try padding(options, kernel: kernel, dilations: ones)
        if options.isTheano, case .explicit = border {
            // Theano pads an odd window of more than three elements by more than its half.
            let before = kernel.map { $0 > 2 && $0 % 2 == 1 ? $0 - 2 : $0 - 1 }
            border = .explicit(before: before, after: zip(kernel, before).map { $0 - 1 - $1 })
        }
        operation = Pooling(
            kind: layer.className.hasPrefix("Max") ? .maximum : .average(countsPadding: false), kernel: kernel,
            window: Window(
                strides: isStrided ? try options.extents("strides", "stride", axes: axes) : kernel, dilations: ones,
                padding: border),
            layout: try options.layout())
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .pooling(operation), [site.input()])
    }
}

struct GlobalPoolingLayer: LayerDefinition {
    let operation: GlobalPooling

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        operation = GlobalPooling(
            kind: layer.className.hasPrefix("GlobalMax") ? .maximum : .average, layout: try options.layout(),
            keepsDimensions: try options.flag("keepdims", default: false))
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .globalPooling(operation), [site.inputs.first])
    }
}

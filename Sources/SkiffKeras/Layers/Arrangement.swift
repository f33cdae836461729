internal import SkiffCore
internal import SkiffGraph

struct ConcatenationLayer: LayerDefinition {
    let axis: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        axis = try options.integer("axis", default: -1)
    }

    init(axis: Int) { self.axis = axis }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .concatenation(Concatenation(axis: axis)), site.inputs)
    }
}

struct PaddingLayer: LayerDefinition {
    let operation: Pad

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let margins = try options.margins("padding", axes: spatialAxes(of: layer.className))
        let isLast = try options.layout() == .channelsLast
        let wrap = { (margin: [Int]) in isLast ? [0] + margin + [0] : [0, 0] + margin }
        operation = Pad(mode: .constant, pads: wrap(margins.before) + wrap(margins.after))
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .pad(operation), [site.input()])
    }
}

struct CroppingLayer: LayerDefinition {
    let operation: Cropping

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let margins = try options.margins("cropping", axes: spatialAxes(of: layer.className))
        operation = Cropping(before: margins.before, after: margins.after, layout: try options.layout())
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .cropping(operation), [site.input()])
    }
}

/// Flatten. Channels-first data is flattened in the order of channels-last data, so that weights behind it fit both.
struct FlattenLayer: LayerDefinition {
    let layout: Layout

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        layout = try options.layout()
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        var input = try site.input()
        if layout == .channelsFirst {
            guard let rank = importer.rank(of: input) else {
                throw KerasError(.unsupported("flattening channels-first data of unknown rank"))
            }
            if rank > 2 {
                let permutation = [0] + Array(2..<rank) + [1]
                input = try importer.node(
                    site, .transpose(Transpose(permutation: permutation)), [input], suffix: "channels_last")
            }
        }
        return try importer.node(site, .flatten(Flatten(axis: 1)), [input])
    }
}

struct ReshapeLayer: LayerDefinition {
    let shape: [Int]

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        guard let extents = options["target_shape", "dims"]?.arrayValue else {
            throw KerasError(.missing("configuration \"target_shape\""))
        }
        var shape: [Int] = []
        for extent in extents {
            // Keras 3 takes None for −1.
            guard let number = extent.isNull ? -1 : extent.intValue, number >= -1, number <= Limits.extent else {
                throw KerasError(.configuration(key: "target_shape", expected: "extents", found: extent.text()))
            }
            shape.append(number)
        }
        self.shape = shape
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let operation = Reshape(shape: shape, allowsZero: true, keepsBatch: true)
        return try importer.node(site, .reshape(operation), [site.input()])
    }
}

/// Permute, whose axes count from 1 behind the batch.
struct PermuteLayer: LayerDefinition {
    let dims: [Int]

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        dims = try options.integers("dims") ?? []
        guard !dims.isEmpty, dims.sorted() == Array(1...dims.count) else {
            throw KerasError(
                .configuration(key: "dims", expected: "the axes from 1 on", found: dims.shapeText))
        }
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .transpose(Transpose(permutation: [0] + dims)), [site.input()])
    }
}

/// RepeatVector: (N, F) as (N, n, F).
struct RepeatVectorLayer: LayerDefinition {
    let count: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        count = try options.extents("n", axes: 1)[0]
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let row = try importer.node(site, .unsqueeze(Unsqueeze(axes: [1])), [site.input()], suffix: "row")
        return try importer.node(site, .tile(Tile(repeats: [1, count, 1])), [row])
    }
}

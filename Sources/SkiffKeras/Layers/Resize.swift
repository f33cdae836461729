internal import SkiffCore
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

/// Images of a given size: the layer Resizing, and `image.resize` of TensorFlow and Keras.
struct ResizingLayer: LayerDefinition {
    let size: [Int]
    let mode: Resize.Mode
    let layout: Layout

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let size = if options["size"] == nil {
            try [options.integer("height"), options.integer("width")]
        } else {
            try options.extents("size", axes: 2)
        }
        try self.init(size: size, options)
    }

    init(size: [Int], _ options: LayerOptions) throws(KerasError) {
        for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "preserve_aspect_ratio", "antialias"] {
            guard try !options.flag(key, default: false) else { throw KerasError(.unsupported("resizing with \(key)")) }
        }
        guard size.allSatisfy({ $0 > 0 && $0 <= Limits.extent }) else {
            throw KerasError(
                .configuration(key: "size", expected: "positive whole numbers", found: size.shapeText))
        }
        self.size = size
        layout = try options.layout()
        switch try options.text("interpolation", "method", default: "bilinear") {
        case "bilinear": mode = .linear
        case "nearest": mode = .nearest(.floor)
        case let name: throw KerasError(.unsupported("interpolation \(name)"))
        }
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try emit(site, of: site.input(), into: &importer)
    }

    func emit(
        _ site: CallSite, of input: ValueID, into importer: inout ModelImporter
    ) throws(KerasError) -> ValueID {
        guard let rank = importer.rank(of: input), rank == 4 else {
            throw KerasError(.unsupported("resizing of a value that is no batch of images"))
        }
        // TensorFlow's half pixel: linear between centres, nearest by the element that holds the centre.
        let operation = Resize(
            mode: mode, coordinates: mode == .linear ? .halfPixel : .tensorFlowNearest,
            axes: layout == .channelsLast ? [1, 2] : [2, 3])
        let sizes = try importer.constant(site, "sizes", integers: size)
        return try importer.node(site, .resize(operation), [input, nil, nil, sizes])
    }
}

/// CenterCrop. RandomCrop only of images that have its size: of others Keras' versions take the centre, a resized
/// image or all when a network runs.
struct CenterCropLayer: LayerDefinition {
    let size: [Int]
    let layout: Layout
    let mustFit: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        size = try [options.integer("height"), options.integer("width")]
        layout = try options.layout()
        mustFit = layer.className == "RandomCrop"
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let input = try site.input()
        guard let shape = importer.shape(of: input), shape.count == 4 else {
            throw KerasError(.unsupported("cropping of a value that is no batch of images"))
        }
        let first = layout == .channelsLast ? 1 : 2
        var before: [Int] = []
        var after: [Int] = []
        for (target, dimension) in zip(size, shape[first...]) {
            // Keras resizes what is smaller.
            guard let extent = dimension.fixedValue, target > 0, extent >= target else {
                throw KerasError(.unsupported("cropping of an image whose size is open, or smaller"))
            }
            guard !mustFit || extent == target else {
                throw KerasError(.unsupported("random crop of an image of another size"))
            }
            before.append((extent - target) / 2)
            after.append(extent - target - (extent - target) / 2)
        }
        return try importer.node(site, .cropping(Cropping(before: before, after: after, layout: layout)), [input])
    }
}

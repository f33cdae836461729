/// Images as a network takes them: many make a batch.
public struct ImageInput: Sendable {
    public var tensor: Tensor
    /// What was taken for granted, in words.
    public var notes: [String]
}

/// An image's file: PNG, binary PPM or binary PGM.
public struct ImageFile: Sendable {
    public let path: String
    public let picture: Picture

    /// Whether the file at `path` is an image that is read, or one that is not (``Lookalike`` names it then).
    public static func recognizes(_ path: String) -> Bool {
        guard let storage = try? Storage(mapping: path),
            let head = try? storage.bytes(in: 0..<min(16, storage.byteCount))
        else { return false }
        return Picture.recognizes(head) || otherKind(head) != nil
    }

    /// - Throws: ``SkiffError`` with the file's path: for other kinds of images too.
    public init(contentsOf path: String) throws(SkiffError) {
        self.path = path
        picture = try located(Place(file: path)) {
            let storage = try Storage(mapping: path)
            if let kind = Self.otherKind(try storage.bytes(in: 0..<min(16, storage.byteCount))) {
                throw SkiffError(.arrays("is a \(kind) image, which Skiff does not read", hint: "save it as PNG"))
            }
            return try Picture(storage)
        }
    }

    private static func otherKind(_ head: [UInt8]) -> String? {
        let kinds: [(name: String, bytes: [UInt8])] = [
            ("JPEG", [0xFF, 0xD8, 0xFF]), ("GIF", Array("GIF8".utf8)), ("TIFF", [0x49, 0x49, 0x2A, 0]),
            ("TIFF", [0x4D, 0x4D, 0, 0x2A]),
        ]
        if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "WebP" }
        if head.starts(with: Array("BM".utf8)), head.count > 9, head[6..<10].allSatisfy({ $0 == 0 }) { return "BMP" }
        return kinds.first { head.starts(with: $0.bytes) }?.name
    }
}

extension Model {
    /// Makes a batch of images for an input: resized so that each just covers what the model takes (bilinear with
    /// antialiasing), its middle cut out, channels and layout as the model has them, pixels preprocessed.
    /// - Parameters:
    ///   - name: The input.
    ///   - preprocessing: What pixels are put through; as the network's family has it where it is `nil`.
    /// - Throws: ``SkiffError`` where the input takes no images, or not so many.
    public func imageInput(
        _ images: [ImageFile], for name: String, preprocessing: ImagePreprocessing? = nil
    ) throws(SkiffError) -> ImageInput {
        let plan = try ImagePlan(self, input: name, images)
        var notes: [String] = []
        var mode = ImagePreprocessing.raw
        if let preprocessing {
            mode = preprocessing
        } else {
            let usual = usualPreprocessing(of: plan.id, channels: plan.channels)
            mode = usual.0
            notes.append(
                "images are preprocessed as \(mode.rawValue): \(mode.convention.rawValue) (\(usual.reason)); "
                    + "--preprocess says otherwise")
        }
        let sizes = Set(images.map { [$0.picture.width, $0.picture.height] })
        if sizes != [[plan.width, plan.height]] {
            notes.append("images are scaled to cover \(plan.width)×\(plan.height) and cut to their middle")
        }
        if images.contains(where: { $0.picture.channels.hasAlpha }) { notes.append("transparency is left out") }
        return ImageInput(tensor: try plan.tensor(images, mode), notes: notes)
    }
}

/// What an input takes of images.
private struct ImagePlan {
    let id: ValueID
    let layout: Layout
    let channels: Int
    let width: Int
    let height: Int
    let isBytes: Bool
    private let name: String
    private let path: String

    init(_ model: Model, input name: String, _ images: [ImageFile]) throws(SkiffError) {
        self.name = name
        path = model.path
        func refused(_ text: String, _ hint: String?) -> SkiffError {
            SkiffError(.arrays(text, hint: hint), at: Place(file: model.path, tensor: name))
        }
        let graph = model.graph
        guard let id = graph.inputs.first(where: { graph[$0].name == name }), let first = images.first else {
            throw refused("is no input that takes images", nil)
        }
        self.id = id
        guard let fact = graph[id].fact, let shape = fact.shape, shape.count == 4,
            fact.elementType.isFloatingPoint || fact.elementType == .uint8
        else {
            throw refused(
                "input \(graph[id].fact?.description ?? "of unknown shape") takes no images",
                "give it an array, .npy or .npz")
        }
        isBytes = fact.elementType == .uint8
        let isLast = shape[3].fixedValue.map { $0 <= 4 } ?? false
        let isFirst = shape[1].fixedValue.map { $0 <= 4 } ?? false
        layout = graph.layout(ofInput: id) ?? (isLast && !isFirst ? .channelsLast : .channelsFirst)
        channels = shape[layout.channelAxis(rank: 4)].fixedValue ?? 3
        guard channels == 1 || channels == 3 else {
            throw refused("input takes \(channels) channels, images have 1 or 3", "give it an array, .npy or .npz")
        }
        let spatial = layout.firstSpatialAxis
        height = shape[spatial].fixedValue ?? model.usualExtent ?? first.picture.height
        width = shape[spatial + 1].fixedValue ?? model.usualExtent ?? first.picture.width
        if let samples = shape[0].fixedValue, samples != images.count {
            throw refused("takes \(samples) images at a time, given are \(images.count)", nil)
        }
    }

    func tensor(_ images: [ImageFile], _ preprocessing: ImagePreprocessing) throws(SkiffError) -> Tensor {
        let shape = layout == .channelsFirst
            ? [images.count, channels, height, width] : [images.count, height, width, channels]
        return try located(Place(file: path, tensor: name)) {
            let byteCount = try checkedTensorBytes(shape: shape, elementType: .float32)
            guard byteCount <= Limits.availableEvaluationBytes() / 2 else { throw CoreError(.memory(bytes: byteCount)) }
            try Limits.checkMemory(2 * byteCount)
            var values: [Float] = []
            values.reserveCapacity(byteCount / 4)
            let tables = preprocessing.tables(channels: channels)
            for image in images {
                let fitted = try located(Place(file: image.path)) {
                    let picture = channels == 1 ? image.picture.grey : image.picture.colour
                    return try picture.covering(width: width, height: height)
                }
                append(fitted, tables, to: &values)
            }
            guard isBytes else { return try Tensor(floats: values, shape: shape) }
            return try Tensor(
                elementType: .uint8, shape: shape,
                bytes: values.map { UInt8(min(255, max(0, $0.rounded(.toNearestOrEven)))) })
        }
    }

    private func append(_ picture: Picture, _ tables: [(source: Int, values: [Float])], to values: inout [Float]) {
        let count = width * height
        func value(_ pixel: Int, _ channel: Int) -> Float {
            tables[channel].values[Int(picture.samples[pixel * channels + tables[channel].source])]
        }
        if layout == .channelsLast {
            for pixel in 0..<count { for channel in 0..<channels { values.append(value(pixel, channel)) } }
        } else {
            for channel in 0..<channels { for pixel in 0..<count { values.append(value(pixel, channel)) } }
        }
    }
}

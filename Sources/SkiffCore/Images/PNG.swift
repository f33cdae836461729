/// Portable Network Graphics: every colour type and bit depth, palettes, transparency, interlacing.
///
/// Samples of 16 bits become their upper eight, as Pillow and libpng's `png_set_strip_16` take them; fewer than eight
/// are spread over 0…255. Gamma and colour profiles are not applied. Source: ISO/IEC 15948:2003, the W3C's PNG
/// specification.
public enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    public static func recognizes(_ head: [UInt8]) -> Bool { head.starts(with: signature) }

    /// - Throws: ``CoreError`` with the chunk that breaks a rule; `limit` past ``Limits/imagePixels``.
    public static func read(_ storage: Storage) throws(CoreError) -> Picture {
        var file = PNGFile(storage)
        try file.walk()
        guard let header = file.header else { throw PNGFile.failure("has no chunk IHDR") }
        guard !file.data.isEmpty else { throw PNGFile.failure("has no chunk IDAT") }
        if header.colour == .palette, file.palette.isEmpty { throw PNGFile.failure("has no palette (PLTE)") }
        let size = try header.checkedScanlineBytes()
        let stream = Storage(file.data)
        file.data = []
        var scanlines = try stream.withUnsafeBytes { bytes throws(CoreError) in
            try boundedInflate(bytes, framing: .zlib, size: size)
        }
        var decoder = PNGDecoder(header, palette: file.palette, transparency: file.transparency)
        return try decoder.picture(&scanlines)
    }
}

/// What the chunk IHDR says.
struct PNGHeader {
    enum Colour: UInt8 {
        case grey = 0, colour = 2, palette = 3, greyAlpha = 4, colourAlpha = 6

        var samples: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .colour: 3
            case .colourAlpha: 4
            }
        }

        var depths: [Int] {
            switch self {
            case .grey: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            case .colour, .greyAlpha, .colourAlpha: [8, 16]
            }
        }
    }

    /// One of Adam7's passes, or the whole image: every `step`-th pixel from `start`.
    struct Pass {
        var start: (x: Int, y: Int)
        var step: (x: Int, y: Int)
        var width: Int
        var height: Int
    }

    var width: Int
    var height: Int
    var depth: Int
    var colour: Colour
    var isInterlaced: Bool

    /// - Parameter bytes: the chunk's 13.
    init(_ bytes: [UInt8]) throws(CoreError) {
        guard bytes.count == 13 else { throw PNGFile.failure("IHDR has \(bytes.count) bytes, expected 13") }
        width = Int(PNGFile.word(bytes[0..<4]))
        height = Int(PNGFile.word(bytes[4..<8]))
        depth = Int(bytes[8])
        guard let colour = Colour(rawValue: bytes[9]), colour.depths.contains(depth) else {
            throw PNGFile.failure("has colour type \(bytes[9]) with \(depth) bits, which PNG does not have")
        }
        guard bytes[10] == 0, bytes[11] == 0, bytes[12] < 2 else {
            throw PNGFile.failure(
                "has compression \(bytes[10]), filter method \(bytes[11]), interlacing \(bytes[12]), of which PNG knows "
                    + "0, 0 and 0 or 1")
        }
        self.colour = colour
        isInterlaced = bytes[12] == 1
        try Picture.checkSize(width: width, height: height, bytesPerPixel: 2 * colour.samples * 2 + 4)
    }

    var bitsPerPixel: Int { depth * colour.samples }

    var passes: [Pass] {
        guard isInterlaced else { return [Pass(start: (0, 0), step: (1, 1), width: width, height: height)] }
        let grid = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
        ]
        return grid.compactMap { x, y, stepX, stepY in
            guard x < width, y < height else { return nil }
            return Pass(
                start: (x, y), step: (stepX, stepY), width: (width - x + stepX - 1) / stepX,
                height: (height - y + stepY - 1) / stepY)
        }
    }

    func rowBytes(_ pass: Pass) -> Int { (pass.width * bitsPerPixel + 7) / 8 }

    /// Bytes of all rows with their filter types. Extents are below 2³¹ and pixels within the limit.
    func checkedScanlineBytes() throws(CoreError) -> Int {
        var total = 0
        for pass in passes {
            let (bytes, overflow) = pass.height.multipliedReportingOverflow(by: rowBytes(pass) + 1)
            guard !overflow, bytes <= Limits.tensorBytes else {
                throw CoreError(.limit(name: "image bytes", declared: bytes, allowed: Limits.tensorBytes))
            }
            total += bytes
        }
        return total
    }
}

/// The chunks of a file, checked one after the other.
struct PNGFile {
    private let storage: Storage
    private(set) var header: PNGHeader?
    /// Red, green and blue of each entry.
    private(set) var palette: [UInt8] = []
    private(set) var transparency: [UInt8] = []
    /// The contents of all IDAT, one after the other.
    var data: [UInt8] = []
    private var hasDataEnded = false
    /// More than any palette has.
    private static let paletteBytes = 800

    init(_ storage: Storage) { self.storage = storage }

    static func failure(_ text: String, at offset: Int? = nil) -> CoreError {
        CoreError(.malformed("PNG image \(text)"), at: Place(byteOffset: offset))
    }

    static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    mutating func walk() throws(CoreError) {
        var position = PNG.signature.count
        while true {
            guard storage.byteCount - position >= 12 else {
                throw Self.failure("ends before its chunk IEND", at: position)
            }
            let head = try storage.bytes(in: position..<position + 8)
            let length = Int(Self.word(head[0..<4]))
            let kind = String(decoding: head[4..<8], as: UTF8.self)
            guard head[4..<8].allSatisfy({ (65...90).contains($0 & 0xDF) && $0 < 0x80 }) else {
                throw Self.failure("has a chunk without a name", at: position)
            }
            guard length <= storage.byteCount - position - 12 else {
                throw Self.failure(
                    "has a chunk \(kind) of \(length) bytes, \(storage.byteCount - position - 12) are left",
                    at: position)
            }
            let body = position + 8..<position + 8 + length
            let stored = try storage.bytes(in: body.upperBound..<body.upperBound + 4)
            let computed = storage.withUnsafeBytes(in: position + 4..<body.upperBound) { crc32($0) }
            guard Self.word(stored[...]) == computed else {
                throw Self.failure("has a chunk \(kind) whose checksum is wrong", at: position)
            }
            if header == nil, kind != "IHDR" { throw Self.failure("begins with \(kind), expected IHDR", at: position) }
            if kind == "IEND" { return }
            do throws(CoreError) {
                try take(kind, isCritical: head[4] & 0x20 == 0, body)
            } catch {
                throw error.at(Place(byteOffset: position))
            }
            position = body.upperBound + 4
        }
    }

    private mutating func take(_ kind: String, isCritical: Bool, _ body: Range<Int>) throws(CoreError) {
        if kind != "IDAT", !data.isEmpty { hasDataEnded = true }
        switch kind {
        case "IHDR":
            guard header == nil else { throw Self.failure("has two chunks IHDR") }
            header = try PNGHeader(try storage.bytes(in: body))
        case "PLTE": try takePalette(try storage.bytes(in: body.prefix(Self.paletteBytes)))
        case "tRNS": try takeTransparency(try storage.bytes(in: body.prefix(Self.paletteBytes)))
        case "IDAT":
            guard !hasDataEnded else { throw Self.failure("has chunks IDAT that do not follow each other") }
            data += try storage.bytes(in: body)
        default:
            guard !isCritical else { throw Self.failure("needs a chunk \(kind), which no reader of PNG knows") }
        }
    }

    private mutating func takePalette(_ bytes: [UInt8]) throws(CoreError) {
        guard let header, palette.isEmpty, data.isEmpty else { throw Self.failure("has a palette out of its place") }
        // Images of true colour may suggest one.
        let most = header.colour == .palette ? 1 << header.depth : 256
        let takesOne = header.colour.samples > 2 || header.colour == .palette
        guard takesOne, !bytes.isEmpty, bytes.count % 3 == 0, bytes.count / 3 <= most else {
            throw Self.failure("has a palette of \(bytes.count) bytes")
        }
        palette = bytes
    }

    private mutating func takeTransparency(_ bytes: [UInt8]) throws(CoreError) {
        guard let header, transparency.isEmpty, data.isEmpty else {
            throw Self.failure("has transparency (tRNS) out of its place")
        }
        let isSound =
            switch header.colour {
            case .grey: bytes.count == 2
            case .colour: bytes.count == 6
            case .palette: !bytes.isEmpty && bytes.count <= palette.count / 3
            case .greyAlpha, .colourAlpha: false
            }
        guard isSound else { throw Self.failure("has transparency (tRNS) of \(bytes.count) bytes") }
        transparency = bytes
    }
}

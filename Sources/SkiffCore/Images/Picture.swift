/// An image of 8-bit samples, rows from the top, pixel by pixel.
public struct Picture: Hashable, Sendable {
    /// What a pixel consists of; the raw value is the number of its samples.
    public enum Channels: Int, Hashable, Sendable {
        case grey = 1, greyAlpha = 2, colour = 3, colourAlpha = 4

        public var hasAlpha: Bool { self == .greyAlpha || self == .colourAlpha }
        public var isGrey: Bool { self == .grey || self == .greyAlpha }
    }

    /// In pixels, each at least 1.
    public let width: Int
    public let height: Int
    public let channels: Channels
    /// height × width × channels numbers.
    public let samples: [UInt8]

    /// - Throws: ``CoreError`` `malformed` where `samples` does not fill the extents, or one is not positive.
    public init(width: Int, height: Int, channels: Channels, samples: [UInt8]) throws(CoreError) {
        guard width > 0, height > 0, [height, width, channels.rawValue].checkedElementCount == samples.count else {
            throw CoreError(.malformed("\(samples.count) samples are no image of \(width) × \(height) pixels"))
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    /// Whether a file that begins so is an image that ``init(_:)`` reads.
    public static func recognizes(_ head: [UInt8]) -> Bool { PNG.recognizes(head) || Netpbm.recognizes(head) }

    /// Reads PNG, binary PPM and binary PGM.
    /// - Throws: ``CoreError`` with the place in the file where it breaks a rule; `limit` past ``Limits/imagePixels``.
    public init(_ storage: Storage) throws(CoreError) {
        do throws(CoreError) {
            let head = try storage.bytes(in: 0..<min(8, storage.byteCount))
            if PNG.recognizes(head) {
                self = try PNG.read(storage)
            } else if Netpbm.recognizes(head) {
                self = try Netpbm.read(storage)
            } else {
                throw CoreError(.malformed("is no image that Skiff reads: PNG, binary PPM or PGM"))
            }
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// - Throws: ``CoreError`` `limit`, `memory`: before anything of that size is made.
    static func checkSize(width: Int, height: Int, bytesPerPixel: Int) throws(CoreError) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0 else { throw CoreError(.malformed("image has \(width) × \(height) pixels")) }
        guard !overflow, pixels <= Limits.imagePixels else {
            throw CoreError(
                .limit(name: "image pixels", declared: overflow ? .max : pixels, allowed: Limits.imagePixels))
        }
        try Limits.checkMemory(pixels * bytesPerPixel)
    }

    // MARK: Colours

    /// The image without its alpha samples, which are dropped and not blended: so Pillow converts, and with it what
    /// networks were trained on.
    public var opaque: Picture {
        guard channels.hasAlpha else { return self }
        let kept = channels.rawValue - 1
        let samples = [UInt8](unsafeUninitializedCapacity: width * height * kept) { buffer, initialized in
            for pixel in 0..<width * height {
                for channel in 0..<kept {
                    buffer[pixel * kept + channel] = self.samples[pixel * (kept + 1) + channel]
                }
            }
            initialized = width * height * kept
        }
        return Picture(checked: width, height, kept == 1 ? .grey : .colour, samples)
    }

    /// Red, green and blue; equal ones of a grey image.
    public var colour: Picture {
        let image = opaque
        guard image.channels == .grey else { return image }
        let samples = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, initialized in
            for index in 0..<3 * width * height { buffer[index] = image.samples[index / 3] }
            initialized = 3 * width * height
        }
        return Picture(checked: width, height, .colour, samples)
    }

    /// Luma by ITU-R 601-2, as Pillow rounds it: (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶.
    public var grey: Picture {
        let image = opaque
        guard image.channels == .colour else { return image }
        let weights = [19595, 38470, 7471]
        let samples = (0..<width * height).map { pixel -> UInt8 in
            var sum = 0x8000
            for part in 0..<3 { sum += weights[part] * Int(image.samples[3 * pixel + part]) }
            return UInt8(sum >> 16)
        }
        return Picture(checked: width, height, .grey, samples)
    }

    /// - Precondition: `samples` fills the extents.
    init(checked width: Int, _ height: Int, _ channels: Channels, _ samples: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }
}

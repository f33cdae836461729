import SkiffCore
import SkiffTestSupport
import Testing

/// Files of `Fixtures/make/images.py`, and what their pixels are by the rule they were written by, and by Pillow.
private enum ImageFixtures {
    static let expected: [String: Tensor] = {
        guard let npz = try? NPZ(Fixtures.storage("images/expected.npz")) else { return [:] }
        return Dictionary(npz.entries.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    }()

    static let files = names(inFolder: Fixtures.path("images")).filter { $0 != "expected.npz" }

    static func picture(_ name: String) throws -> Picture { try Picture(Fixtures.storage("images/" + name)) }

    static func bytes(_ name: String) throws -> [UInt8] {
        try #require(expected[name]).integers().map { UInt8($0) }
    }
}

extension Picture {
    fileprivate var rgba: [UInt8] {
        (0..<width * height).flatMap { pixel -> [UInt8] in
            let part = Array(samples[pixel * channels.rawValue..<(pixel + 1) * channels.rawValue])
            switch channels {
            case .grey: return [part[0], part[0], part[0], 255]
            case .greyAlpha: return [part[0], part[0], part[0], part[1]]
            case .colour: return part + [255]
            case .colourAlpha: return part
            }
        }
    }
}

@Suite struct ImageTests {
    @Test func `every colour type, depth, filter and interlacing is read, as are PPM and PGM`() throws {
        #expect(ImageFixtures.files.count > 60)
        for name in ImageFixtures.files {
            let picture = try ImageFixtures.picture(name)
            let shape = try #require(ImageFixtures.expected[name]).shape
            #expect([picture.height, picture.width, 4] == shape, "\(name)")
            #expect(try picture.rgba == ImageFixtures.bytes(name), "\(name)")
        }
    }

    @Test func `resizing gives what Pillow gives`() throws {
        let picture = try ImageFixtures.picture("pillow-rgb.png")
        var sizes = 0
        for (name, tensor) in ImageFixtures.expected where name.hasPrefix("resize-") {
            let resized = try picture.resized(width: tensor.shape[1], height: tensor.shape[0])
            let expected = try ImageFixtures.bytes(name)
            let worst = zip(resized.samples, expected).map { abs(Int($0) - Int($1)) }.max()
            // Where one side grows and the other shrinks, Pillow may take columns first.
            let isMixed = (tensor.shape[0] > picture.height) != (tensor.shape[1] > picture.width)
            #expect((worst ?? 255) <= (isMixed ? 1 : 0), "\(name)")
            #expect(resized.samples.count == expected.count)
            sizes += 1
        }
        #expect(sizes == 8)
    }

    @Test func `covering and cropping give what torchvision's Resize and CenterCrop give`() throws {
        let picture = try ImageFixtures.picture("pillow-rgb.png").covering(width: 16, height: 16)
        #expect(try picture.samples == ImageFixtures.bytes("centre-16"))
        let small = try ImageFixtures.picture("pillow-rgb.png")
        #expect(small.croppedToCentre(width: 99, height: 99) == small)
        let tall = try small.covering(width: 10, height: 90)
        #expect([tall.width, tall.height] == [10, 90])
    }

    @Test func `grey is Pillow's, and colour of grey is grey`() throws {
        let grey = try ImageFixtures.picture("pillow-rgb.png").grey
        #expect(try grey.samples == ImageFixtures.bytes("grey"))
        #expect(grey.colour.grey == grey)
        #expect(try ImageFixtures.picture("pillow-alpha.png").opaque.channels == .colour)
    }

    @Test func `files that end early are errors at every length`() throws {
        for name in ["type2-08-interlaced.png", "type3-04-clear.png", "pillow.pgm"] {
            let bytes = try Fixtures.bytes("images/" + name)
            for count in stride(from: 0, to: bytes.count, by: bytes.count > 2000 ? 7 : 1) {
                #expect(throws: CoreError.self, "\(name) \(count)") { try Picture(Storage(Array(bytes[..<count]))) }
            }
        }
    }

    @Test func `a changed byte is found by a checksum`() throws {
        let bytes = try Fixtures.bytes("images/type3-04-clear.png")
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x41
            #expect(throws: CoreError.self, "\(position)") { try Picture(Storage(changed)) }
        }
    }

    /// A file of these chunks with right checksums.
    private func png(_ chunks: [(String, [UInt8])]) -> Storage {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func word(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        for (kind, bytes) in chunks {
            let body = Array(kind.utf8) + bytes
            file += word(UInt32(bytes.count)) + body + word(body.withUnsafeBytes { crc32($0) })
        }
        return Storage(file)
    }

    private func header(_ width: UInt32, _ height: UInt32, depth: UInt8 = 8, colour: UInt8 = 0, interlace: UInt8 = 0) -> [UInt8] {
        [width, height].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
            + [depth, colour, 0, 0, interlace]
    }

    private func data(_ rows: [UInt8]) throws -> (String, [UInt8]) {
        ("IDAT", try rows.withUnsafeBytes { try deflated($0, framing: .zlib) })
    }

    @Test func `hostile files are refused with the reason`() throws {
        let sound = try data([0, 1, 2, 0, 3, 4])
        let good = ("IHDR", header(2, 2))
        let end = ("IEND", [UInt8]())
        #expect(try Picture(png([good, sound, end])).samples == [1, 2, 3, 4])
        let palette = ("IHDR", header(2, 2, colour: 3))
        let entries = try data([0, 1, 0, 0, 1, 3])
        let filter = try data([7, 1, 2, 0, 3, 4])
        let cases: [(text: String, chunks: [(String, [UInt8])])] = [
            ("expected IHDR", [sound, end]),
            ("no chunk IDAT", [good, end]),
            ("two chunks IHDR", [good, good, sound, end]),
            ("image pixels", [("IHDR", header(1 << 30, 1 << 30)), sound, end]),
            ("0 × 2 pixels", [("IHDR", header(0, 2)), sound, end]),
            // 16 GB declared, a few bytes there.
            ("inflated bytes", [("IHDR", header(1 << 14, 1 << 14, depth: 16)), sound, end]),
            ("colour type 5", [("IHDR", header(2, 2, colour: 5)), sound, end]),
            ("colour type 3 with 16", [("IHDR", header(2, 2, depth: 16, colour: 3)), sound, end]),
            ("interlacing 2", [("IHDR", header(2, 2, interlace: 2)), sound, end]),
            ("holds 6 bytes", [("IHDR", header(2, 3)), sound, end]),
            ("more than the declared", [("IHDR", header(2, 1)), sound, end]),
            ("filter 7", [good, filter, end]),
            ("no palette", [palette, sound, end]),
            ("entry 3 of a palette of 2", [palette, ("PLTE", [1, 2, 3, 4, 5, 6]), entries, end]),
            ("palette of 5 bytes", [palette, ("PLTE", [1, 2, 3, 4, 5]), sound, end]),
            ("palette out of its place", [good, sound, ("PLTE", [1, 2, 3]), end]),
            ("transparency (tRNS) of 3", [good, ("tRNS", [1, 2, 3]), sound, end]),
            ("do not follow each other", [good, sound, ("tEXt", [1]), sound, end]),
            ("needs a chunk ABCD", [good, ("ABCD", []), sound, end]),
            ("without a name", [good, ("A\u{1}CD", []), sound, end]),
            ("deflate stream", [good, ("IDAT", [1, 2, 3]), end]),
        ]
        for (text, chunks) in cases {
            let error = #expect(throws: CoreError.self, "\(text)") { try Picture(png(chunks)) }
            #expect(error.map { $0.message.contains(text) } ?? false, "\(text): \(error?.message ?? "")")
        }
        // Chunks that may be passed over are.
        #expect(try Picture(png([good, ("tEXt", [1]), ("abCd", [2]), sound, end])).width == 2)
    }

    @Test func `hostile headers of PPM are refused`() {
        for text in ["P6 2 2 0 ", "P6 2 2 70000 ", "P6 9999999999 2 255 ", "P6 2", "P5 100000 100000 255 ", "P6 2 2 255 abc"] {
            #expect(throws: CoreError.self, "\(text)") { try Picture(Storage(Array(text.utf8))) }
        }
    }
}

import SkiffCore
@testable import SkiffFormat
import SkiffTestSupport
import Testing

/// Numbers that are always the same.
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    /// Near enough to what training leaves: the sum of 12 uniform numbers, times `scale`.
    mutating func weights(_ count: Int, scale: Float = 0.02) -> [Float] {
        (0..<count).map { _ in
            var sum: Float = 0
            for _ in 0..<12 { sum += Float(next() >> 40) * 0x1p-24 }
            return (sum - 6) * scale
        }
    }
}

private func littleEndian<Element>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
}

private let kernels = ["portable", "avx2", "avx512"].compactMap(BlockCodec.Kernels.named)

private func coded(_ bytes: [UInt8], _ type: ElementType, by kernels: BlockCodec.Kernels = .best) -> [UInt8] {
    var output: [UInt8] = []
    bytes.withUnsafeBytes { BlockCodec.encode($0, elementType: type, kernels: kernels, into: &output) }
    return output
}

private func decoded(
    _ coded: [UInt8], _ type: ElementType, count: Int, by kernels: BlockCodec.Kernels = .best
) throws(CoreError) -> [UInt8] {
    var output = [UInt8](repeating: 0xa5, count: count)
    var failure: CoreError?
    output.withUnsafeMutableBytes { output in
        coded.withUnsafeBytes { coded in
            do throws(CoreError) {
                try BlockCodec.decode(coded, elementType: type, kernels: kernels, into: output)
            } catch {
                failure = error
            }
        }
    }
    if let failure { throw failure }
    return output
}

/// Codes by every set of kernels, decodes by every one; gives the coded size.
@discardableResult
private func roundTrip(_ bytes: [UInt8], _ type: ElementType, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
    let block = coded(bytes, type)
    #expect(block.count <= bytes.count, sourceLocation: sourceLocation)
    for set in kernels {
        #expect(coded(bytes, type, by: set) == block, sourceLocation: sourceLocation)
        #expect(try decoded(block, type, count: bytes.count, by: set) == bytes, sourceLocation: sourceLocation)
    }
    return block.count
}

/// Blocks of `bytes`, each there and back; gives the ratio of sizes.
private func ratio(_ bytes: [UInt8], _ type: ElementType) throws -> Double {
    let size = BlockCodec.blockElements(type) * (type.bitWidth ?? 8) / 8
    var total = 0
    for start in stride(from: 0, to: bytes.count, by: size) {
        total += try roundTrip(Array(bytes[start..<min(start + size, bytes.count)]), type)
    }
    return Double(total) / Double(bytes.count)
}

@Suite struct CodecTests {
    @Test func `blocks are of 64 elements or a multiple`() {
        for type in ElementType.allCases where type != .string {
            let elements = BlockCodec.blockElements(type)
            #expect(elements > 0 && elements % 64 == 0)
            #expect(elements * (type.bitWidth ?? 8) % 8 == 0)
        }
        #expect(BlockCodec.blockElements(.float32) == 65536)
    }

    @Test(arguments: ElementType.allCases.filter { $0 != .string })
    func `elements of every type and number come back`(type: ElementType) throws {
        var random = Sequence64(state: 1)
        let bits = type.bitWidth ?? 8
        let block = BlockCodec.blockElements(type)
        let width = min(8, max(1, bits / 8))
        for count in [0, 1, 2, 3, 63, 64, 65, 511, 512, 2047, 2049, 8191, 8193, 32768, block - 1, block] {
            let bytes = (count * bits + 7) / 8
            try roundTrip(random.bytes(bytes), type)
            try roundTrip([UInt8](repeating: 0, count: bytes), type)
            // Bytes of few values, each place of an element with others.
            try roundTrip((0..<bytes).map { UInt8(16 * ($0 % width)) | UInt8((random.next() & random.next()) & 7) }, type)
        }
    }

    @Test func `weights as training leaves them shrink`() throws {
        var random = Sequence64(state: 2)
        let weights = random.weights(200_000)
        #expect(try ratio(littleEndian(weights), .float32) < 0.835)
        #expect(try ratio(littleEndian(weights.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }), .bfloat16) < 0.68)
        #expect(try ratio(littleEndian(weights.map(Double.init)), .float64) < 0.49)
        let few = random.weights(64, scale: 0.1)
        #expect(try ratio(littleEndian(few), .float32) < 0.95)
        let integers = weights.map { Int8(max(-127, min(127, ($0 * 800).rounded()))) }
        #expect(try ratio(littleEndian(integers), .int8) < 0.85)
    }

    @Test func `floats that had 16 bits once take 16 bits or less`() throws {
        var random = Sequence64(state: 3)
        let weights = random.weights(100_000)
        let brain = weights.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
        #expect(try ratio(littleEndian(brain), .float32) < 0.34)
        // Without a type for halves everywhere: the mantissa's upper 10 bits.
        let half = weights.map { Float(bitPattern: $0.bitPattern & 0xffff_e000) }
        #expect(try ratio(littleEndian(half), .float32) < 0.44)
    }

    @Test(arguments: [50, 90])
    func `pruned weights take what the others take, and their places`(percent: UInt64) throws {
        var random = Sequence64(state: 4)
        let weights = random.weights(150_000)
        let kept = Double(100 - percent) / 100
        // Entropy of which are kept, and 27 of 32 bits of each.
        let bound = (kept * 0.85 + (percent == 50 ? 1.0 : 0.47) / 32) * 1.02
        let pruned = weights.map { random.next() % 100 < percent ? 0 : $0 }
        #expect(try ratio(littleEndian(pruned), .float32) < bound)
        // A product with a mask of zeros leaves the sign.
        let masked = weights.map { random.next() % 100 < percent ? $0 * 0 : $0 }
        #expect(try ratio(littleEndian(masked), .float32) < bound + (1 - kept) / 32 * 1.02)
    }

    @Test func `repeated rows are stored once`() throws {
        var random = Sequence64(state: 5)
        let row = random.weights(100)
        let rows = (0..<600).flatMap { $0 % 7 == 3 ? random.weights(100) : row }
        #expect(try ratio(littleEndian(rows), .float32) < 0.16)
        #expect(try ratio(littleEndian([Float](repeating: 0.25, count: 60_000)), .float32) < 0.001)
        let channels = (0..<600).flatMap { $0 % 2 == 0 ? random.weights(100) : [Float](repeating: 0, count: 100) }
        #expect(try ratio(littleEndian(channels), .float32) < 0.425)
    }

    @Test func `what is no number comes back bit for bit`() throws {
        var random = Sequence64(state: 6)
        let special: [UInt32] = [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001, 1, 0x807f_ffff]
        let bits = (0..<70_000).map { _ in
            random.next() % 3 == 0 ? special[Int(random.next() % 8)] : UInt32(truncatingIfNeeded: random.next())
        }
        #expect(try ratio(littleEndian(bits), .float32) < 1)
        #expect(try ratio(littleEndian(bits.map { $0 & 0x807f_ffff }), .float32) < 1)
    }

    @Test func `weights of a fixture come back, smaller`() throws {
        let archive = try NPZ(Fixtures.storage("weights-torch/archive.npz"))
        var bytes = 0
        var total = 0
        for entry in archive.entries where entry.tensor.elementType == .float32 {
            let tensor = try entry.tensor.floats()
            bytes += tensor.count * 4
            total += try roundTrip(littleEndian(tensor), .float32)
        }
        #expect(bytes > 50_000)
        #expect(Double(total) < 0.86 * Double(bytes))
    }
}

/// Blocks that were changed: an error or other elements, the same for every set of kernels, and never more.
@Suite struct HostileBlockTests {
    /// Blocks with each mode in them.
    private static let samples: [(ElementType, [UInt8])] = {
        var random = Sequence64(state: 7)
        let weights = random.weights(3000)
        let row = random.weights(20)
        return [
            (.float32, littleEndian(Array(weights.prefix(600)))),
            (.float32, littleEndian(Array(weights.prefix(64)))),
            (.float32, littleEndian(weights.map { random.next() % 2 == 0 ? $0 * 0 : $0 })),
            (.float32, littleEndian((0..<40).flatMap { $0 % 3 == 0 ? random.weights(20) : row })),
            (.bfloat16, littleEndian(weights.prefix(700).map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) })),
            (.float64, littleEndian(weights.prefix(200).map(Double.init))),
            (.uint8, (0..<900).map { _ in UInt8(random.next() & random.next() & 63) }),
            // Of 32 lanes, and of 64.
            (.uint8, (0..<17_000).map { _ in UInt8(random.next() & random.next() & 15) }),
            (.int8, (0..<66_000).map { _ in UInt8(random.next() & random.next() & random.next() & random.next() & 3) }),
        ]
    }()

    private func check(_ block: [UInt8], _ type: ElementType, count: Int) -> Bool {
        let results = kernels.map { set in Result { () throws(CoreError) in try decoded(block, type, count: count, by: set) } }
        for other in results.dropFirst() {
            switch (results[0], other) {
            case (.success(let a), .success(let b)): #expect(a == b)
            case (.failure(let a), .failure(let b)): #expect(a.message == b.message)
            default: Issue.record("one set of kernels fails and another does not")
            }
        }
        if case .failure = results[0] { return true }
        return false
    }

    @Test func `every truncation is an error`() {
        for (type, bytes) in Self.samples {
            let block = coded(bytes, type)
            for length in stride(from: 0, to: block.count, by: block.count > 3000 ? 97 : 1) {
                #expect(check(Array(block.prefix(length)), type, count: bytes.count))
            }
            #expect(check(block + [0], type, count: bytes.count))
            #expect(check(block, type, count: bytes.count + 8))
        }
    }

    @Test func `every changed byte gives an error or elements`() {
        var errors = 0
        var changes = 0
        var random = Sequence64(state: 8)
        for (type, bytes) in Self.samples {
            let block = coded(bytes, type)
            for place in stride(from: 0, to: block.count, by: block.count > 3000 ? 41 : 1) {
                for flip in [1, 128, UInt8(truncatingIfNeeded: random.next() | 2)] {
                    var changed = block
                    changed[place] ^= flip
                    changes += 1
                    if check(changed, type, count: bytes.count) { errors += 1 }
                }
            }
        }
        // Bytes that stand as they are cannot tell; tables and states do.
        #expect(errors > changes / 8)
    }

    @Test func `noise is an error`() {
        var random = Sequence64(state: 9)
        for (type, bytes) in Self.samples {
            for _ in 0..<300 {
                let length = Int(random.next() % UInt64(min(bytes.count, 700)))
                _ = check(random.bytes(length), type, count: bytes.count)
            }
        }
    }
}

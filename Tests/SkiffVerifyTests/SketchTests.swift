import SkiffCore
@testable import SkiffVerify
import Testing

@Suite struct SketchTests {
    private func tensor(
        _ seed: UInt64, _ shape: Shape, _ type: ElementType = .float32, position: Int = 0
    ) throws -> Tensor {
        try SeededInput(seed: seed).tensor(forInput: position, elementType: type, shape: shape)
    }

    // The numbers are those of Docs/reader/capsule_reader.py.
    @Test func `numbers are those that the document defines`() throws {
        let map = try tensor(7, [3, 7, 61, 5])
        let sketch = try Sketch(of: map)
        #expect(sketch.elementCount == 6405)
        #expect(sketch.mean == -0x1.783615f095674p-6)
        #expect(sketch.fingerprint == 15_223_818_149_999_844_131)
        #expect(sketch.projections[0] == -0x1.8d395020d5800p+4)
        #expect(sketch.projections[63] == 0x1.92e1db59d6c00p+5)
        let turned = try Sketch(of: map, axes: [0, 3, 1, 2])
        #expect(turned.fingerprint == 2_814_812_090_946_519_421)
        #expect(turned.projections[0] == 0x1.4eead2102aa00p+6)
        #expect(turned.projections[63] == 0x1.d86ee2b9ea000p+2)
        #expect(turned.mean == -0x1.783615f095674p-6)
        #expect(turned.rms == 0x1.fb66a3f2572b2p-1)
        let whole = try Sketch(of: tensor(3, [11], .int64, position: 2))
        #expect(whole.fingerprint == 6_174_402_444_353_345_037)
        #expect(whole.projections[1] == -15)
        #expect((whole.minimum, whole.maximum) == (1, 7))
    }

    @Test func `elements that are not finite are counted and count as zero`() throws {
        var elements = try tensor(7, [6405]).floats()
        elements[5] = .nan
        elements[600] = .infinity
        elements[6000] = -.infinity
        elements[77] = -0.0
        let sketch = try Sketch(of: Tensor(floats: elements, shape: [6405]))
        #expect((sketch.nanCount, sketch.positiveInfinityCount, sketch.negativeInfinityCount) == (1, 1, 1))
        #expect(sketch.rms == 0x1.fb507573186b2p-1)
        #expect(sketch.fingerprint == 10_484_027_083_978_565_803)
        #expect(sketch.projections[5] == 0x1.3604ca24e8000p+0)
        elements[77] = 0
        elements[5] = -.nan
        #expect(try Sketch(of: Tensor(floats: elements, shape: [6405])) == sketch)
        #expect(try Sketch(of: Tensor(floats: [.nan], shape: [1])).rms == 0)
        #expect(try Sketch(of: Tensor(floats: [], shape: [0, 3])).elementCount == 0)
    }

    @Test func `the order of axes in memory does not matter, nor does the type that holds the numbers`() throws {
        let last = try tensor(1, [2, 9, 8, 5])
        let first = try last.permuted([0, 3, 1, 2])
        #expect(try Sketch(of: last, axes: [0, 3, 1, 2]) == Sketch(of: first))
        #expect(try Sketch(of: Tensor(doubles: first.doubles(), shape: first.shape)) == Sketch(of: first))
        let swapped = try Tensor(
            elementType: .float32, shape: [4],
            storage: Storage([63, 128, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 191, 128, 0, 0]), byteRange: 0..<16, byteOrder: .big)
        #expect(try Sketch(of: swapped) == Sketch(of: Tensor(floats: [1, 2, 0, -1], shape: [4])))
    }

    /// Differences of every kind: everywhere, sparse, in one column, in one channel, in few elements, in one.
    private static func difference(_ kind: Int, _ draw: UInt64, _ shape: Shape) throws -> [Float] {
        let noise = try SeededInput(seed: draw &* 977 &+ 13).tensor(forInput: kind, elementType: .float32, shape: shape)
        let (channels, height, width) = (shape[1], shape[2], shape[3])
        let place = Int(SeededInput.mix(draw) >> 3)
        return try noise.floats().enumerated().map { index, value in
            let column = index % width
            let row = index / width % height
            let channel = index / width / height % channels
            return switch kind {
            case 0: value
            case 1: SeededInput.mix(draw &+ UInt64(index)) & 63 == 0 ? value : 0
            case 2: column == place % width ? value : 0
            case 3: channel == place % channels ? 1e-3 * value : 0
            case 4: row == height - 1 && column == width - 1 ? (value < 0 ? -1 : 1) : 0
            default: index == place % noise.elementCount ? value : 0
            }
        }
    }

    @Test(arguments: 0..<6)
    func `estimates lie about the truth as the document says`(kind: Int) throws {
        let shape = [2, 12, 28, 32]
        let draws = 150
        var outside = 0
        var squares = 0.0
        for draw in 0..<draws {
            let base = try tensor(UInt64(draw), shape).doubles()
            let difference = try Self.difference(kind, UInt64(draw), shape).map(Double.init)
            let truth = (difference.reduce(0) { $0 + $1 * $1 } / Double(base.count)).squareRoot()
            let a = try Sketch(of: Tensor(doubles: base, shape: shape))
            let b = try Sketch(of: Tensor(doubles: zip(base, difference).map { $0 + $1 }, shape: shape))
            let distance = try #require(a.distance(from: b))
            #expect(!distance.isIdentical)
            #expect(distance.leastMaximum <= difference.map(abs).max().map { $0 * (1 + 1e-12) } ?? 0)
            if !distance.interval.contains(truth) { outside += 1 }
            squares += distance.rms * distance.rms / (truth * truth)
        }
        // One of 1000 may lie outside: three of 150 are a chance of one in 2000. The mean of 150 squares is within four
        // of its standard deviations, 0.177 / √150.
        #expect(outside < 3)
        #expect(abs(squares / Double(draws) - 1) < 0.058)
    }

    @Test func `sketches of other sizes, and of other elements that are not finite, have no distance`() throws {
        let one = try Sketch(of: tensor(1, [10]))
        #expect(one.distance(from: try Sketch(of: tensor(1, [11]))) == nil)
        var elements = try tensor(1, [10]).floats()
        elements[3] = .nan
        #expect(one.distance(from: try Sketch(of: Tensor(floats: elements, shape: [10]))) == nil)
        #expect(one.distance(from: one)?.isIdentical == true)
        elements[3] = 1e-30
        let two = try Sketch(of: Tensor(floats: elements, shape: [10]))
        elements[3] = 2e-30
        let three = try Sketch(of: Tensor(floats: elements, shape: [10]))
        #expect(two.distance(from: three)?.isIdentical == false)
        #expect(throws: CoreError.self) { try Sketch(of: tensor(1, [10]), axes: [1]) }
    }
}

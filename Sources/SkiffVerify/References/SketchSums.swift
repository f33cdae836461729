internal import SkiffCore

/// The sums of a ``Sketch`` while elements come in.
///
/// 512 elements are a block of 64 rows by 8 lanes. Each lane of a block gets a word of signs, one per row, is put through
/// the Hadamard transform over its rows, gets a second word of signs, and is added to the projections: 12 operations for
/// an element, all of them over 8 lanes side by side, in place of 64.
final class SketchSums {
    typealias Lanes = SIMD8<Double>
    static let lanes = 8
    static let rows = Sketch.projectionCount
    static let blockSize = lanes * rows
    /// The start of the sequence of signs. Another one than any of ``SeededInput``.
    private static let start = SeededInput.mix(0x6361_7073_756C_6531 &+ SeededInput.increment)

    private let block = UnsafeMutablePointer<Lanes>.allocate(capacity: SketchSums.rows)
    private let totals = UnsafeMutablePointer<Lanes>.allocate(capacity: SketchSums.rows)
    private var filled = 0
    private var words: UInt64 = 0
    private var result = Sketch()
    private var sum = Lanes.zero
    private var squares = Lanes.zero
    private var least = Double.infinity
    private var largest = -Double.infinity

    init() {
        block.initialize(repeating: .zero, count: Self.rows)
        totals.initialize(repeating: .zero, count: Self.rows)
    }

    deinit {
        block.deallocate()
        totals.deallocate()
    }

    /// Adds little-endian elements of whole words.
    @inline(__always)
    func add<Word: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ word: Word.Type, _ convert: (Word) -> Double
    ) {
        let width = MemoryLayout<Word>.size
        add(bytes.count / width) { index in
            convert(Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * width, as: Word.self)))
        }
    }

    /// Adds `count` elements.
    @inline(__always)
    func add(_ count: Int, _ element: (Int) -> Double) {
        var next = 0
        while next < count {
            let piece = min(Self.blockSize - filled, count - next)
            elements { target in
                for offset in 0..<piece { target[filled + offset] = element(next + offset) }
            }
            filled += piece
            next += piece
            if filled == Self.blockSize { addBlock() }
        }
    }

    /// The sketch of everything added.
    func sketch() -> Sketch {
        if filled > 0 { addBlock() }
        let finite = result.elementCount - result.nonFiniteCount
        if finite > 0 {
            result.mean = Self.folded(sum) / Double(finite)
            result.rms = (Self.folded(squares) / Double(finite)).squareRoot()
            result.minimum = least
            result.maximum = largest
        }
        for row in 0..<Self.rows { result.projections[row] = Self.folded(totals[row]) }
        return result
    }

    /// The sum of the lanes, the first one first.
    private static func folded(_ lanes: Lanes) -> Double {
        var sum = lanes[0]
        for lane in 1..<Self.lanes { sum += lanes[lane] }
        return sum
    }

    @inline(__always)
    private func elements<Result>(_ body: (UnsafeMutablePointer<Double>) -> Result) -> Result {
        block.withMemoryRebound(to: Double.self, capacity: Self.blockSize, body)
    }

    private func addBlock() {
        let hasAll = hash()
        if filled < Self.blockSize || !hasAll { addExceptions() } else { addExtremes() }
        for row in 0..<Self.rows {
            sum += block[row]
            squares += block[row] * block[row]
        }
        var signs = SIMD8<UInt64>.zero
        var laterSigns = SIMD8<UInt64>.zero
        for lane in 0..<Self.lanes {
            signs[lane] = nextWord()
            laterSigns[lane] = nextWord()
        }
        for row in 0..<Self.rows { block[row] = Self.flipped(block[row], signs, UInt64(row)) }
        transform()
        for row in 0..<Self.rows { totals[row] += Self.flipped(block[row], laterSigns, UInt64(row)) }
        result.elementCount += filled
        filled = 0
    }

    private func nextWord() -> UInt64 {
        words &+= 1
        return SeededInput.mix(Self.start &+ words &* SeededInput.increment)
    }

    /// The lanes whose bit `row` is set, negated.
    @inline(__always)
    private static func flipped(_ lanes: Lanes, _ signs: SIMD8<UInt64>, _ row: UInt64) -> Lanes {
        let mask = (signs &>> row) &<< 63
        return unsafeBitCast(unsafeBitCast(lanes, to: SIMD8<UInt64>.self) ^ mask, to: Lanes.self)
    }

    /// The Hadamard transform of each lane over the rows: (a, b) becomes (a + b, a − b), neighbours first.
    private func transform() {
        var half = 1
        while half < Self.rows {
            var first = 0
            while first < Self.rows {
                for row in first..<first + half {
                    let (a, b) = (block[row], block[row + half])
                    block[row] = a + b
                    block[row + half] = a - b
                }
                first += 2 * half
            }
            half *= 2
        }
    }

    /// Takes the elements into the fingerprint, and makes −0 a 0.
    /// - Returns: whether all are finite.
    private func hash() -> Bool {
        let exponent: UInt64 = 0x7FF0_0000_0000_0000
        return elements { elements in
            var hash = result.fingerprint
            var place = UInt64(result.elementCount) &* SeededInput.increment
            var exceptions = 0
            for index in 0..<filled {
                let value = elements[index] + 0
                elements[index] = value
                let bits = value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern
                exceptions += bits & exponent == exponent ? 1 : 0
                place &+= SeededInput.increment
                hash &+= SeededInput.mix(bits &+ place)
            }
            result.fingerprint = hash
            return exceptions == 0
        }
    }

    private func addExtremes() {
        var low = block[0]
        var high = block[0]
        for row in 1..<Self.rows {
            low.replace(with: block[row], where: block[row] .< low)
            high.replace(with: block[row], where: block[row] .> high)
        }
        for lane in 0..<Self.lanes {
            least = Swift.min(least, low[lane])
            largest = Swift.max(largest, high[lane])
        }
    }

    /// Counts elements that are not finite, and puts 0 in their place and in the places that are left over.
    private func addExceptions() {
        elements { elements in
            for index in 0..<filled {
                let value = elements[index]
                if value.isFinite {
                    least = Swift.min(least, value)
                    largest = Swift.max(largest, value)
                    continue
                }
                if value.isNaN {
                    result.nanCount += 1
                } else if value > 0 {
                    result.positiveInfinityCount += 1
                } else {
                    result.negativeInfinityCount += 1
                }
                elements[index] = 0
            }
            for index in filled..<Self.blockSize { elements[index] = 0 }
        }
    }
}

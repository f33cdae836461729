import CSkiffKernels
import Foundation
import Testing

/// One table of kernels that this processor can run.
struct KernelSet: CustomTestStringConvertible, Sendable {
    let name: String
    let elementBytes: Int32

    var testDescription: String { "\(name), \(elementBytes) bytes" }
    var epsilon: Double { elementBytes == 8 ? 0x1p-52 : 0x1p-23 }
    var smallest: Double { elementBytes == 8 ? 0x1p-1074 : 0x1p-149 }

    var kernels: skiff_kernels {
        guard let table = skiff_kernels_find(name, elementBytes) else { preconditionFailure("\(name) was there") }
        return table.pointee
    }

    var lanes: Int { Int(kernels.lanes) }

    static let all = ["portable", "avx2", "avx512"].flatMap { name in
        [Int32(4), 8].filter { skiff_kernels_find(name, $0) != nil }.map { KernelSet(name: name, elementBytes: $0) }
    }

    /// A number as elements of this table hold it.
    func rounded(_ x: Double) -> Double { elementBytes == 8 ? x : Double(Float(x)) }

    /// One unit in the last place of a number, and a half of it for the rounding of what it is compared with.
    func unit(_ x: Double) -> Double { 1.5 * max(abs(x) * epsilon, smallest) }
}

/// Elements of a table's type, with others around them that nothing may change.
final class Elements {
    private static let margin = 40
    private let block: UnsafeMutableRawPointer
    private let set: KernelSet
    private let first: Int
    let count: Int

    /// - Parameter shift: Elements by which the first one is off the block's alignment.
    init(_ set: KernelSet, count: Int, shift: Int = 0) {
        self.set = set
        self.count = count
        first = Self.margin + shift
        block = .allocate(byteCount: (count + first + Self.margin) * Int(set.elementBytes), alignment: 64)
        for index in -first..<count + Self.margin { write(-7.25, at: index) }
    }

    deinit { block.deallocate() }

    var pointer: UnsafeMutableRawPointer { block + first * Int(set.elementBytes) }

    private func write(_ value: Double, at index: Int) {
        let offset = (first + index) * Int(set.elementBytes)
        if set.elementBytes == 8 {
            block.storeBytes(of: value, toByteOffset: offset, as: Double.self)
        } else {
            block.storeBytes(of: Float(value), toByteOffset: offset, as: Float.self)
        }
    }

    subscript(index: Int) -> Double {
        get {
            let offset = (first + index) * Int(set.elementBytes)
            if set.elementBytes == 8 { return block.load(fromByteOffset: offset, as: Double.self) }
            return Double(block.load(fromByteOffset: offset, as: Float.self))
        }
        set {
            precondition(index >= 0 && index < count)
            write(newValue, at: index)
        }
    }

    /// Whether nothing stands around the elements, and between runs of `width` every `stride`, but what did before.
    func isUntouchedAround(width: Int, every stride: Int) -> Bool {
        let around = Array(-first..<0) + Array(count..<count + Self.margin)
        let between = (0..<count).filter { $0 % stride >= width }
        return (around + between).allSatisfy { self[$0] == -7.25 }
    }
}

/// Numbers drawn from a seed, and what a case found wrong.
struct Draw {
    let set: KernelSet
    private var state: UInt64
    var failure: String?

    init(_ set: KernelSet, seed: UInt64) {
        self.set = set
        state = seed &* 0x2545_f491_4f6c_dd1d
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func flag() -> Bool { next() & 1 == 1 }

    /// From −1 to 1.
    mutating func real() -> Double { Double(next() >> 11) * 0x1p-52 - 1 }

    /// A count around the places where vectors and tiles end, or a prime.
    mutating func extent() -> Int {
        let edges = [1, set.lanes, 2 * set.lanes, 4 * set.lanes].flatMap { [$0 - 1, $0, $0 + 1] }.filter { $0 > 0 }
        let primes = [2, 3, 5, 7, 11, 13, 29, 67]
        return flag() ? edges[int(0...edges.count - 1)] : primes[int(0...primes.count - 1)]
    }

    /// - Parameter isOdd: NaN, infinities, denormals and negative zero are among them.
    /// - Parameter extreme: The largest of them; sums of such numbers stay in Float's range.
    mutating func elements(
        _ count: Int, isOdd: Bool = false, extreme: Double = 1e30, scale: Double = 1
    ) -> Elements {
        let odd = [.nan, .infinity, -.infinity, 1e-42, -1e-42, 0x1p-1070, -0.0, 0, extreme, -extreme]
        let elements = Elements(set, count: count, shift: int(0...1))
        for index in 0..<count {
            elements[index] = isOdd && int(0...9) == 0 ? odd[int(0...9)] : real() * scale
        }
        return elements
    }

    mutating func output(_ count: Int) -> Elements { Elements(set, count: count, shift: int(0...1)) }

    /// Notes the first element that is not as expected.
    mutating func expect(
        _ found: Double, _ expected: Double, within tolerance: Double = 0, _ what: @autoclosure () -> String
    ) {
        if found == expected || found.isNaN && expected.isNaN || abs(found - expected) <= tolerance { return }
        fail("\(what()): found \(found), expected \(expected) within \(tolerance)")
    }

    mutating func expectUntouched(_ output: Elements, width: Int, every stride: Int) {
        if !output.isUntouchedAround(width: width, every: stride) { fail("wrote where nothing belongs to it") }
    }

    mutating func fail(_ text: String) { failure = failure ?? text }
}

/// Runs cases from seeds: always the same ones, and some that no run had before. `SKIFF_TEST_SEED` runs one alone.
func forSeeds(_ set: KernelSet, _ count: Int = 150, _ body: (inout Draw) -> Void) {
    var seeds = Array(0..<UInt64(count)) + (0..<20).map { _ in UInt64.random(in: 0..<1 << 40) }
    if let only = ProcessInfo.processInfo.environment["SKIFF_TEST_SEED"].flatMap({ UInt64($0) }) { seeds = [only] }
    for seed in seeds {
        var draw = Draw(set, seed: seed)
        body(&draw)
        if let failure = draw.failure {
            Issue.record("\(set.testDescription): \(failure); repeat with SKIFF_TEST_SEED=\(seed)")
            return
        }
    }
}

/// min(max(x, lower), upper); NaN passes.
func clamped(_ x: Double, _ lower: Double, _ upper: Double) -> Double {
    let raised = lower > x ? lower : x
    return upper < raised ? upper : raised
}

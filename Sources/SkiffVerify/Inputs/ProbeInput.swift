public import SkiffCore
public import SkiffGraph

/// Test images built to show what conversions get wrong, the same on every machine and in every version.
///
/// They are made for real inputs of three to five axes, and for images of bytes (uint8, four axes, at most four
/// channels); every other input is ``SeededInput``'s, and so are inputs without elements and those with more than 2²⁴
/// positions in a sample or a picture. All arithmetic on words is modulo 2⁶⁴; `mix` and `G = 0x9E3779B97F4A7C15` are
/// ``SeededInput``'s. `div` and `mod` are those of whole numbers that are not negative.
///
/// Input `k` (in the model's order, from 0) has N samples of C channels and D × H × W positions, D = H = 1 for
/// sequences and D = 1 for images. `s = mix(seed + (k + 1) · G)`, sample `n` has `q = mix(s + (n + 1) · G)`, and
/// element `(z, y, x, c)` of it, whatever the layout, the word `w = mix(q + (e + 1) · G)` with `e = ((z · H + y) · W +
/// x) · C + c`.
///
/// **Natural** samples are photographs in their statistics, with channels that differ: the level of `(z, y, x, c)` is
/// that of row `z + y`, column `x` of picture `j = (c div 3) mod 4`, colour `c mod 3`, plus 12, 0 or −12 for that
/// colour, plus `(w mod 33) − 16` where c ≥ 12. With C = 1 it is `((r + g) + b) / 3` of picture 0. Picture `j` is
/// `NaturalImages.make(count: 1, height: D + H − 1, width: W, seed: mix(q + (j + 1) · G))`; for sequences it has eight
/// rows, of which row 4 is taken. Sums are rounded to Float one by one, from left to right.
///
/// **Adversarial** samples have strong edges that all differ, in every channel, and no symmetry. Their level is 128
/// plus the whole number that is the sum of
/// - `(w mod 193) − 96`, which excites every tap of every kernel;
/// - `40 · (c mod 3) − 40 + 8 · ((c div 3) mod 5)`: channels differ in the mean;
/// - `((c + 1) mod 3 + 1) · (24 · x div W) − ((c mod 3) + 1) · (32 · y div H)`: no flip and no transposition keeps
///   them;
/// - for y < b: `64 + 16 · (c mod 3)`; for y ≥ H − b: `−160 − 16 · ((c + 1) mod 3)`; both only where H > 1;
/// - for x < b: `−64 − 16 · ((c + 2) mod 3)`; for x ≥ W − b: `176 + 16 · (c mod 3)`;
/// - 160 where y < b and x < b, −144 where y ≥ H − b and x ≥ W − b, both only where H > 1;
/// - where D > 1, for z < b: 64; for z ≥ D − b: −96;
///
/// with `b = max(1, m div 16)`, m the least of W, H where H > 1, and D where D > 1.
///
/// A **framed** sample is natural, and adversarial where y < b, y ≥ H − b, x < b, x ≥ W − b, z < b or z ≥ D − b (of the
/// axes that the conditions above count).
///
/// A single sample is framed; of several those with even `n` are natural and those with odd `n` adversarial. The
/// element is `(level − 128) / 64`, `level / 256`, `level − 128`, or `level` within 0…255, by ``range``; for uint8 the
/// last one, rounded to nearest, ties to even.
public struct ProbeInput: Sendable {
    public var seed: UInt64
    public var range: ProbeRange

    public init(seed: UInt64 = 0, range: ProbeRange = .normalised) {
        self.seed = seed
        self.range = range
    }

    private static let mostPositions = 1 << 24

    /// The tensor for input `position`.
    /// - Parameter layout: Where channels lie; by the extents where it is `nil` (``layout(of:)``).
    /// - Throws: ``CoreError`` as ``SeededInput/tensor(forInput:elementType:shape:)``.
    public func tensor(
        forInput position: Int, elementType: ElementType, shape: Shape, layout: Layout? = nil
    ) throws(CoreError) -> Tensor {
        guard let frame = Frame(shape, layout ?? Self.layout(of: shape), isBytes: elementType == .uint8),
            elementType.isFloatingPoint || elementType == .uint8
        else {
            return try SeededInput(seed: seed).tensor(forInput: position, elementType: elementType, shape: shape)
        }
        let byteCount = try checkedTensorBytes(shape: shape, elementType: .float32)
        // The tensor, what it is made from, and pictures at twice the extent.
        let (needed, overflow) = byteCount.multipliedReportingOverflow(by: 2)
        guard !overflow, needed <= Limits.availableEvaluationBytes() else { throw CoreError(.memory(bytes: byteCount)) }
        try Limits.checkMemory(needed + frame.rows * frame.width * 3 * 4 * 5)
        let start = SeededInput.mix(seed &+ (UInt64(position) &+ 1) &* SeededInput.increment)
        var levels = [Float](repeating: 0, count: frame.samples * frame.sampleCount)
        for sample in 0..<frame.samples {
            let state = SeededInput.mix(start &+ (UInt64(sample) &+ 1) &* SeededInput.increment)
            ProbeSample(frame, state).fill(
                &levels, at: sample, kind: frame.samples == 1 ? .framed : sample % 2 == 0 ? .natural : .adversarial)
        }
        if elementType == .uint8 {
            let bytes = levels.map { UInt8(min(255, max(0, $0)).rounded(.toNearestOrEven)) }
            return try Tensor(elementType: .uint8, shape: shape, bytes: bytes)
        }
        return try Tensor(floats: levels.map(range.value), shape: shape)
    }

    /// Where channels lie by the extents alone: behind, where at most four are there and more in front, else in front.
    public static func layout(of shape: Shape) -> Layout {
        guard shape.count >= 3, let last = shape.last else { return .channelsFirst }
        return last <= 4 && shape[1] > 4 ? .channelsLast : .channelsFirst
    }

    /// The axes of an input by what they are.
    struct Frame {
        var samples: Int
        var depth = 1
        var height = 1
        var width: Int
        var channels: Int
        var isChannelsLast: Bool
        var isSequence: Bool

        /// `nil` where no images are made for such a shape.
        init?(_ shape: Shape, _ layout: Layout, isBytes: Bool) {
            guard (3...5).contains(shape.count), !isBytes || shape.count == 4,
                let count = shape.checkedElementCount, count > 0
            else { return nil }
            isChannelsLast = layout == .channelsLast
            isSequence = shape.count == 3
            samples = shape[0]
            channels = shape[layout.channelAxis(rank: shape.count)]
            let spatial = Array(shape[layout.firstSpatialAxis..<layout.firstSpatialAxis + shape.count - 2])
            width = spatial[spatial.count - 1]
            if spatial.count > 1 { height = spatial[spatial.count - 2] }
            if spatial.count > 2 { depth = spatial[0] }
            guard max(count / samples / channels, rows * width) <= ProbeInput.mostPositions, !isBytes || channels <= 4
            else { return nil }
        }

        var sampleCount: Int { depth * height * width * channels }
        /// Rows of a picture.
        var rows: Int { isSequence ? 8 : depth + height - 1 }

        /// Breadth of the edges.
        var band: Int {
            var least = width
            if height > 1 { least = min(least, height) }
            if depth > 1 { least = min(least, depth) }
            return max(1, least / 16)
        }

        func offset(_ z: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int {
            isChannelsLast
                ? ((z * height + y) * width + x) * channels + channel
                : ((channel * depth + z) * height + y) * width + x
        }
    }
}

/// One sample on its way: levels around 128.
private struct ProbeSample {
    enum Kind { case natural, adversarial, framed }

    let frame: ProbeInput.Frame
    let state: UInt64
    let band: Int

    init(_ frame: ProbeInput.Frame, _ state: UInt64) {
        self.frame = frame
        self.state = state
        band = frame.band
    }

    func fill(_ levels: inout [Float], at sample: Int, kind: Kind) {
        let base = sample * frame.sampleCount
        let pictures = kind == .adversarial ? [] : pictures()
        var element: UInt64 = 0
        for z in 0..<frame.depth {
            for y in 0..<frame.height {
                for x in 0..<frame.width {
                    let isNatural = kind == .natural || (kind == .framed && !isEdge(z, y, x))
                    for channel in 0..<frame.channels {
                        element &+= 1
                        let word = SeededInput.mix(state &+ element &* SeededInput.increment)
                        levels[base + frame.offset(z, y, x, channel)] =
                            isNatural
                            ? natural(pictures, z, y, x, channel, word)
                            : Float(128 + adversarial(z, y, x, channel, word))
                    }
                }
            }
        }
    }

    private func pictures() -> [[Float]] {
        (0..<min(4, (frame.channels + 2) / 3)).map { index in
            NaturalImages.make(
                count: 1, height: frame.rows, width: frame.width,
                seed: SeededInput.mix(state &+ (UInt64(index) &+ 1) &* SeededInput.increment))
        }
    }

    private func natural(
        _ pictures: [[Float]], _ z: Int, _ y: Int, _ x: Int, _ channel: Int, _ word: UInt64
    ) -> Float {
        let row = frame.isSequence ? 4 : z + y
        let pixel = (row * frame.width + x) * 3
        if frame.channels == 1 { return (pictures[0][pixel] + pictures[0][pixel + 1] + pictures[0][pixel + 2]) / 3 }
        let colour = channel % 3
        var level = pictures[channel / 3 % 4][pixel + colour] + Float(12 - 12 * colour)
        if channel >= 12 { level += Float(Int(word % 33) - 16) }
        return level
    }

    private func isEdge(_ z: Int, _ y: Int, _ x: Int) -> Bool {
        x < band || x >= frame.width - band
            || (frame.height > 1 && (y < band || y >= frame.height - band))
            || (frame.depth > 1 && (z < band || z >= frame.depth - band))
    }

    private func adversarial(_ z: Int, _ y: Int, _ x: Int, _ channel: Int, _ word: UInt64) -> Int {
        let (colour, next, other) = (channel % 3, (channel + 1) % 3, (channel + 2) % 3)
        var level = Int(word % 193) - 96 + 40 * colour - 40 + 8 * (channel / 3 % 5)
        level += (next + 1) * (24 * x / frame.width) - (colour + 1) * (32 * y / frame.height)
        let (isLeft, isRight) = (x < band, x >= frame.width - band)
        if isLeft { level += -64 - 16 * other }
        if isRight { level += 176 + 16 * colour }
        if frame.height > 1 {
            let (isTop, isBottom) = (y < band, y >= frame.height - band)
            if isTop { level += 64 + 16 * colour }
            if isBottom { level += -160 - 16 * next }
            if isTop, isLeft { level += 160 }
            if isBottom, isRight { level += -144 }
        }
        if frame.depth > 1 {
            if z < band { level += 64 }
            if z >= frame.depth - band { level += -96 }
        }
        return level
    }
}

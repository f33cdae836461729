/// Steps that quantizers choose for a channel of numbers, of which every number is a whole multiple then.
///
/// A symmetric quantizer to n bits divides the largest magnitude by 2^(n−1) − 1, or 2^(n−1); one with a zero point divides the
/// range by 2^n − 1, of which rounding the zero point may leave one step less.
struct ChannelGrid: Sendable, Equatable {
    /// Steps in the largest magnitude, or in the range.
    private static let candidates: [(steps: Double, ofRange: Bool, levels: Int)] = [
        (7, false, 16), (8, false, 16), (14, true, 16), (15, true, 16), (127, false, 256), (128, false, 256),
        (254, true, 256), (255, true, 256),
    ]
    /// How far from a whole number a multiple may be: Float's rounding of step and product moves 255 by less than 1e-4.
    private static let tolerance = 1e-3

    /// The candidates that no number contradicted, as bits.
    private(set) var remaining: UInt8

    static let none = ChannelGrid(remaining: 0)
    static let all = ChannelGrid(remaining: UInt8(truncatingIfNeeded: 1 << candidates.count - 1))

    /// The fewest levels of a quantizer that gives such numbers; `nil` where none does.
    var levels: Int? { Self.candidates.indices.first { remaining & 1 << $0 != 0 }.map { Self.candidates[$0].levels } }

    /// Whether a tensor of so many channels can be told from one that fits by chance.
    static func isEligible(_ axis: ChannelAxis, elements: Int) -> Bool {
        axis.channels > 0 && elements / axis.channels >= 8 && elements >= 256
    }

    func intersection(_ other: ChannelGrid) -> ChannelGrid { ChannelGrid(remaining: remaining & other.remaining) }

    /// The candidates that numbers, finite ones from the element `first` on, leave. Soon done where none is left.
    func narrowed(
        by numbers: UnsafeBufferPointer<Float>, first: Int, axis: ChannelAxis, sums: ChannelSums
    ) -> ChannelGrid {
        var left = self
        for (index, candidate) in Self.candidates.enumerated() where left.remaining & 1 << index != 0 {
            for offset in numbers.indices {
                let channel = (first + offset) / axis.inner % axis.channels
                let low = sums.minima[channel], high = sums.maxima[channel]
                let extent = candidate.ofRange ? high - low : max(-low, high)
                guard extent > 0 else { continue }
                let multiple = Double(numbers[offset]) * candidate.steps / extent
                if abs(multiple - multiple.rounded()) > Self.tolerance {
                    left.remaining &= ~(1 << index)
                    break
                }
            }
        }
        return left
    }
}

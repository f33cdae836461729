internal import CSkiffStatistics

/// Sums by channel while a tensor is read, of all its channels or of those that a chunk touches.
///
/// One thread has it at a time: the one that reads the chunk, then the one that adds it up.
final class ChannelSums: @unchecked Sendable {
    /// The first channel.
    let lowest: Int
    let count: Int
    private let reals: UnsafeMutablePointer<Double>
    private let counts: UnsafeMutablePointer<Int64>

    init(_ range: Range<Int>) {
        lowest = range.lowerBound
        count = range.count
        reals = .allocate(capacity: 5 * count)
        counts = .allocate(capacity: 2 * count)
        reals.initialize(repeating: 0, count: 5 * count)
        counts.initialize(repeating: 0, count: 2 * count)
        (reals + count).update(repeating: .infinity, count: count)
        (reals + 2 * count).update(repeating: -.infinity, count: count)
    }

    deinit {
        reals.deallocate()
        counts.deallocate()
    }

    var sums: UnsafeMutablePointer<Double> { reals }
    var minima: UnsafeMutablePointer<Double> { reals + count }
    var maxima: UnsafeMutablePointer<Double> { reals + 2 * count }
    /// Of finite numbers, once ``settleMeans(total:)`` was called; 0 where there are none.
    var means: UnsafeMutablePointer<Double> { reals + 3 * count }
    /// Sums of squared distances from ``means``.
    var squares: UnsafeMutablePointer<Double> { reals + 4 * count }
    var zeros: UnsafeMutablePointer<Int64> { counts }
    /// Numbers that are not finite.
    var leftOut: UnsafeMutablePointer<Int64> { counts + count }

    /// The arrays as the kernels take them, for numbers in rows of that axis.
    func view(of axis: ChannelAxis) -> skiff_channels {
        skiff_channels(
            channels: Int64(axis.channels), inner: Int64(axis.inner), lowest: Int64(lowest), sum: sums, minimum: minima,
            maximum: maxima, zeros: zeros, left_out: leftOut)
    }

    /// Adds what a chunk found to those of its channels.
    func add(_ other: ChannelSums) {
        let shift = other.lowest - lowest
        for index in 0..<other.count where (0..<count).contains(index + shift) {
            let at = index + shift
            sums[at] += other.sums[index]
            minima[at] = min(minima[at], other.minima[index])
            maxima[at] = max(maxima[at], other.maxima[index])
            squares[at] += other.squares[index]
            zeros[at] += other.zeros[index]
            leftOut[at] += other.leftOut[index]
        }
    }

    /// - Parameter total: elements of each channel.
    func settleMeans(total: Int) {
        for index in 0..<count {
            let finite = total - Int(leftOut[index])
            means[index] = finite > 0 ? sums[index] / Double(finite) : 0
        }
    }
}

extension ChannelAxis {
    /// The channels that `count` numbers from the `first` on are of: some in a row, or all.
    func touched(first: Int, count: Int) -> Range<Int> {
        let runs = (first + count - 1) / inner - first / inner + 1
        let start = first / inner % channels
        guard runs <= channels, start + runs <= channels else { return 0..<channels }
        return start..<start + runs
    }
}

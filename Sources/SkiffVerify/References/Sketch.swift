public import SkiffCore

/// What a capsule keeps of a tensor: moments, 64 random projections and a fingerprint. The distance of two sketches
/// estimates the distance of their tensors.
///
/// Elements count in canonical order: row-major, channels first. So a sketch does not hang on how a map lies in memory.
/// Docs/Capsule.md defines every number bit for bit.
///
/// Each projection is a sum of ±x, with the signs drawn anew for each. So (P(a) − P(b))² has the expectation Σ(a − b)²,
/// and the mean of 64 of them a relative standard deviation of at most √(2/64).
///
/// Sources: Johnson and Lindenstrauss 1984; signs instead of normal deviates, Achlioptas, "Database-friendly random
/// projections", 2003; signs on both sides of a Hadamard transform, Ailon and Chazelle, "The fast Johnson–Lindenstrauss
/// transform", 2009.
public struct Sketch: Hashable, Sendable {
    public static let projectionCount = 64

    /// All elements, finite or not.
    public var elementCount = 0
    /// Mean, root of the mean square, least and largest of the finite elements; 0 where there are none.
    public var mean = 0.0
    public var rms = 0.0
    public var minimum = 0.0
    public var maximum = 0.0
    /// Elements that are not finite, which count as 0 in the projections.
    public var nanCount = 0
    public var positiveInfinityCount = 0
    public var negativeInfinityCount = 0
    /// A hash of all elements in their order; −0 counts as 0, and every NaN as one.
    public var fingerprint: UInt64 = 0
    public var projections = [Double](repeating: 0, count: Self.projectionCount)

    public var nonFiniteCount: Int { nanCount + positiveInfinityCount + negativeInfinityCount }

    init() {}

    /// - Parameter axes: the canonical order: axis `i` of it is axis `axes[i]` of the tensor; `nil` where that is the
    ///   tensor's own.
    /// - Throws: ``CoreError`` for elements that are not real or whole numbers of at least a byte, and for axes that are
    ///   not of this rank.
    public init(of tensor: Tensor, axes: [Int]? = nil) throws(CoreError) {
        let sums = SketchSums()
        let axes = axes ?? Array(tensor.shape.indices)
        switch tensor.elementType {
        case .float32:
            try tensor.forEachPermutedPiece(axes) { bytes throws(CoreError) in
                sums.add(bytes, UInt32.self) { Double(Float(bitPattern: $0)) }
            }
        case .float64:
            try tensor.forEachPermutedPiece(axes) { bytes throws(CoreError) in
                sums.add(bytes, UInt64.self) { Double(bitPattern: $0) }
            }
        default:
            let elements = try tensor.permuted(axes).doubles()
            sums.add(elements.count) { elements[$0] }
        }
        self = sums.sketch()
    }
}

extension Sketch {
    /// How far two tensors of one shape are from each other, as far as their sketches tell.
    public struct Distance: Hashable, Sendable {
        /// The estimated root of the mean squared difference, over elements that are finite.
        public var rms: Double
        /// What the largest difference is at least: the differences of the extremes and of the means.
        public var leastMaximum: Double
        /// Whether every element is the same; with false agreement of one in 2⁶⁴.
        public var isIdentical: Bool

        /// The true RMS lies between ``rms`` times these bounds in 999 of 1000 draws of the signs: √(64 / χ²) with the
        /// quantiles 0.9995 and 0.0005 of χ² with 64 degrees of freedom. Where few blocks of 64 elements hold all of the
        /// difference the estimate is closer.
        public static let bounds = 0.770...1.390

        /// The interval that the true RMS lies in, in 999 of 1000 draws.
        public var interval: ClosedRange<Double> { rms * Self.bounds.lowerBound...rms * Self.bounds.upperBound }
    }

    /// `nil` where the tensors have different numbers of elements or of elements that are not finite, or where sums
    /// leave Double.
    public func distance(from other: Sketch) -> Distance? {
        guard elementCount == other.elementCount, nanCount == other.nanCount,
            positiveInfinityCount == other.positiveInfinityCount,
            negativeInfinityCount == other.negativeInfinityCount
        else { return nil }
        if self == other { return Distance(rms: 0, leastMaximum: 0, isIdentical: true) }
        var sum = 0.0
        for (left, right) in zip(projections, other.projections) { sum += (left - right) * (left - right) }
        let finite = elementCount - nonFiniteCount
        let rms = finite > 0 ? (sum / Double(Self.projectionCount) / Double(finite)).squareRoot() : 0
        let least = max(abs(minimum - other.minimum), abs(maximum - other.maximum), abs(mean - other.mean))
        guard rms.isFinite, least.isFinite else { return nil }
        // Projections that are equal where fingerprints are not: a difference too small for sums of Double.
        return Distance(rms: rms, leastMaximum: least, isIdentical: false)
    }
}

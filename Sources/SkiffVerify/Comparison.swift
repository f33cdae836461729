public import SkiffCore

/// How far one tensor is from another of the same shape, element by element.
///
/// Sums and roots are over the pairs of finite numbers. NaN on both sides, and one infinity on both sides, are
/// agreement; any other pair that is not finite is a mismatch.
public struct Comparison: Hashable, Sendable {
    /// One element of both tensors.
    public struct Pair: Hashable, Sendable {
        /// Position in the shape, outermost axis first.
        public var index: Shape
        public var candidate: Double
        public var reference: Double
    }

    public var elementCount: Int
    /// Largest and mean |candidate − reference|.
    public var maximumError: Double
    public var meanError: Double
    /// √(mean (candidate − reference)²).
    public var rmsError: Double
    /// √(mean reference²).
    public var referenceRMS: Double
    /// Cosine of the angle between both as vectors; 1 where both are zero.
    public var cosine: Double
    /// The pair with the largest error; `nil` where no pair of finite numbers differs.
    public var worst: Pair?
    /// The first pair that is not finite and does not agree, and how many there are.
    public var nonFiniteMismatch: Pair?
    public var nonFiniteMismatchCount: Int
    /// Pairs outside |candidate − reference| ≤ absolute + relative · |reference|, for the tolerances asked for.
    public var exceedingCount: Int
    /// Largest |candidate − reference| / |reference|; infinite where only the reference is zero.
    public var maximumRelativeError = 0.0

    /// ``rmsError`` over ``referenceRMS``; infinite where only the reference is zero.
    public var relativeRMS: Double {
        rmsError == 0 ? 0 : referenceRMS == 0 ? .infinity : rmsError / referenceRMS
    }

    /// Every element is the same number, or NaN on both sides.
    public var isIdentical: Bool { worst == nil && nonFiniteMismatch == nil }

    /// Compares arrays of equal length. `shape` is theirs; it names positions.
    init(
        _ candidate: [Double], _ reference: [Double], shape: Shape,
        absoluteTolerance: Double = 0, relativeTolerance: Double = 0
    ) {
        var sums = Sums()
        var worst: (position: Int, error: Double)?
        var mismatch: Int?
        var mismatches = 0
        var exceeding = 0
        var relative = 0.0
        let count = min(candidate.count, reference.count)
        for position in 0..<count {
            let c = candidate[position]
            let r = reference[position]
            guard c.isFinite, r.isFinite else {
                if !(c.isNaN && r.isNaN) && c != r {
                    mismatches += 1
                    mismatch = mismatch ?? position
                }
                continue
            }
            let error = abs(c - r)
            sums.add(c, r, error)
            if error > (worst?.error ?? 0) { worst = (position, error) }
            if error > 0 { relative = max(relative, error / abs(r)) }
            if error > absoluteTolerance + relativeTolerance * abs(r) { exceeding += 1 }
        }
        elementCount = count
        maximumError = worst?.error ?? 0
        meanError = sums.mean(sums.error)
        rmsError = sums.mean(sums.squaredError).squareRoot()
        referenceRMS = sums.mean(sums.squaredReference).squareRoot()
        cosine = sums.cosine
        func pair(_ position: Int) -> Pair {
            Pair(
                index: shape.index(ofPosition: position), candidate: candidate[position],
                reference: reference[position])
        }
        self.worst = worst.map { pair($0.position) }
        nonFiniteMismatch = mismatch.map(pair)
        nonFiniteMismatchCount = mismatches
        exceedingCount = exceeding + mismatches
        maximumRelativeError = relative
    }

    init(
        elementCount: Int, maximumError: Double, meanError: Double, rmsError: Double, referenceRMS: Double, cosine: Double,
        worst: Pair?, nonFiniteMismatch: Pair?, nonFiniteMismatchCount: Int, exceedingCount: Int,
        maximumRelativeError: Double
    ) {
        self.elementCount = elementCount
        self.maximumError = maximumError
        self.meanError = meanError
        self.rmsError = rmsError
        self.referenceRMS = referenceRMS
        self.cosine = cosine
        self.worst = worst
        self.nonFiniteMismatch = nonFiniteMismatch
        self.nonFiniteMismatchCount = nonFiniteMismatchCount
        self.exceedingCount = exceedingCount
        self.maximumRelativeError = maximumRelativeError
    }

    /// The cosine of the angle between two vectors by their product and squares; 1 where both are zero.
    static func cosine(_ product: Double, _ left: Double, _ right: Double) -> Double {
        if left == 0, right == 0 { return 1 }
        guard left > 0, right > 0 else { return 0 }
        return min(1, max(-1, product / left.squareRoot() / right.squareRoot()))
    }
}

private struct Sums {
    var count = 0
    var error = 0.0
    var squaredError = 0.0
    var squaredReference = 0.0
    var squaredCandidate = 0.0
    var product = 0.0

    mutating func add(_ candidate: Double, _ reference: Double, _ difference: Double) {
        count += 1
        error += difference
        squaredError += difference * difference
        squaredReference += reference * reference
        squaredCandidate += candidate * candidate
        product += candidate * reference
    }

    func mean(_ sum: Double) -> Double { count == 0 ? 0 : sum / Double(count) }

    var cosine: Double { Comparison.cosine(product, squaredCandidate, squaredReference) }
}

extension Array where Element == Int {
    /// The index of the element at a row-major position.
    func index(ofPosition position: Int) -> Shape {
        var rest = position
        return rowMajorStrides.map { stride in
            defer { rest %= stride }
            return rest / stride
        }
    }
}

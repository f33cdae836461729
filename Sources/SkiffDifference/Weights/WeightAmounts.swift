internal import SkiffCore

/// How much the elements of one weight differ from those of another, summed as they are walked.
struct WeightAmounts: Sendable {
    /// Elements walked, and those whose values differ.
    var count = 0
    var changed = 0
    /// Elements that differ within the tolerance.
    var withinTolerance = 0
    /// Elements that are zero on the right and not on the left.
    var zeroed = 0
    /// Sums of squares: of the left elements, of the right ones, and of the difference.
    var leftSquares = 0.0
    var rightSquares = 0.0
    var differenceSquares = 0.0
    /// The largest difference and its position, row-major in the order walked.
    var largest = 0.0
    var largestPosition = 0
    var hasNonfinite = false
    /// Whether every right element is the left one rounded to float16, to bfloat16; and the other way round.
    var isRightHalf = true
    var isRightBrain = true
    var isLeftHalf = true
    var isLeftBrain = true
    /// Whether every difference is within half a step of the scale that elements were quantized with.
    var isWithinHalfStep = true

    /// Root of the mean square of the difference over that of the left elements; infinite where those are all zero.
    var relativeError: Double {
        guard differenceSquares > 0 else { return differenceSquares.isNaN ? .nan : 0 }
        return leftSquares > 0 ? (differenceSquares / leftSquares).squareRoot() : .infinity
    }

    /// Adds elements that follow those walked so far.
    /// - Parameters:
    ///   - tolerance: the part of the larger of two elements that is taken for rounding.
    ///   - checksRounding: whether to find out if one side is the other rounded.
    ///   - mark: told of the position of each element that differs.
    mutating func add(
        _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>, tolerance: Float = 0,
        checksRounding: Bool, _ mark: (Int) -> Void
    ) {
        let length = min(left.count, right.count)
        for index in 0..<length {
            let (a, b) = (left[index], right[index])
            let wide = Double(a)
            leftSquares += wide * wide
            rightSquares += Double(b) * Double(b)
            if a == b || (a.isNaN && b.isNaN) {
                if checksRounding { checkRounding(a, b) }
                continue
            }
            let difference = Double(b) - wide
            if tolerance > 0, abs(a - b) <= tolerance * max(abs(a), abs(b)) + .leastNormalMagnitude {
                withinTolerance += 1
                continue
            }
            changed += 1
            if b == 0 { zeroed += 1 }
            differenceSquares += difference * difference
            if abs(difference) > largest { (largest, largestPosition) = (abs(difference), count + index) }
            if !difference.isFinite { hasNonfinite = true }
            if checksRounding { checkRounding(a, b) }
            mark(count + index)
        }
        count += length
    }

    private mutating func checkRounding(_ a: Float, _ b: Float) {
        if isRightHalf, floatFromHalf(halfFromFloat(a)) != b { isRightHalf = false }
        if isLeftHalf, floatFromHalf(halfFromFloat(b)) != a { isLeftHalf = false }
        if isRightBrain, Float(bitPattern: UInt32(bfloatFromFloat(a)) << 16) != b { isRightBrain = false }
        if isLeftBrain, Float(bitPattern: UInt32(bfloatFromFloat(b)) << 16) != a { isLeftBrain = false }
    }

    /// Whether there is a rounding left to check.
    var mayBeRounded: Bool { isRightHalf || isLeftHalf || isRightBrain || isLeftBrain }
}

internal import SkiffCore
internal import SkiffEngine

/// Sums over the elements of shortcut and branch at one addition, in Double and in the order of the elements.
struct Moments {
    private(set) var elements = 0
    private(set) var shortcut = 0.0
    private(set) var branch = 0.0
    private(set) var product = 0.0
    private(set) var sampleRatios: ClosedRange<Double>?
    /// Whether every sample so far had a ratio.
    private var hasAllRatios = true

    /// Root of the mean square.
    func root(_ sum: Double) -> Double { elements > 0 ? (sum / Double(elements)).squareRoot() : 0 }

    var cosine: Double? {
        let scale = shortcut.squareRoot() * branch.squareRoot()
        guard scale > 0, scale.isFinite else { return nil }
        return min(1, max(-1, product / scale))
    }

    /// Of the sum: (a + b)² is a² + 2ab + b².
    var sumRMS: Double { root(max(0, shortcut + 2 * product + branch)) }

    /// - Parameter samples: how many there are along the first axis; `nil` where that is not known.
    mutating func add(shortcut left: Reals, branch right: Reals, samples: Int?) {
        let count = min(left.count, right.count)
        let parts = samples.flatMap { $0 > 0 && count % $0 == 0 ? $0 : nil }
        let length = count / (parts ?? 1)
        for part in 0..<(parts ?? 1) {
            let sums = Self.sums(left, right, (part * length)..<((part + 1) * length))
            shortcut += sums.left
            branch += sums.right
            product += sums.product
            guard parts != nil else { hasAllRatios = false; continue }
            note(sums.left > 0 ? (sums.right / sums.left).squareRoot() : nil)
        }
        elements += count
    }

    private mutating func note(_ ratio: Double?) {
        guard hasAllRatios, let ratio, ratio.isFinite else {
            hasAllRatios = false
            sampleRatios = nil
            return
        }
        sampleRatios = min(ratio, sampleRatios?.lowerBound ?? ratio)...max(ratio, sampleRatios?.upperBound ?? ratio)
    }

    private static func sums(
        _ left: Reals, _ right: Reals, _ range: Range<Int>
    ) -> (left: Double, right: Double, product: Double) {
        switch (left, right) {
        case (.float(let a), .float(let b)): sums(a, b, range)
        case (.float(let a), .double(let b)): sums(a, b, range)
        case (.double(let a), .float(let b)): sums(a, b, range)
        case (.double(let a), .double(let b)): sums(a, b, range)
        }
    }

    private static func sums<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
        _ left: [A], _ right: [B], _ range: Range<Int>
    ) -> (left: Double, right: Double, product: Double) {
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                var sums = (left: 0.0, right: 0.0, product: 0.0)
                for index in range {
                    let a = Double(left[index])
                    let b = Double(right[index])
                    sums.left += a * a
                    sums.right += b * b
                    sums.product += a * b
                }
                return sums
            }
        }
    }
}

/// Elements of a value as a run has them.
enum Reals {
    case float([Float])
    case double([Double])

    var count: Int {
        switch self {
        case .float(let elements): elements.count
        case .double(let elements): elements.count
        }
    }

    func double(_ index: Int) -> Double {
        switch self {
        case .float(let elements): Double(elements[index])
        case .double(let elements): elements[index]
        }
    }

    /// `nil` for whole numbers and truth values.
    init?(_ value: EvaluatorRun.ObservedValue) {
        switch value.elements {
        case .float(let elements): self = .float(elements)
        case .double(let elements): self = .double(elements)
        case .integer, .boolean: return nil
        }
    }

    var elements: EvaluatorRun.Elements {
        switch self {
        case .float(let elements): .float(elements)
        case .double(let elements): .double(elements)
        }
    }

    /// The shape that two values have together in an elementwise operator; `nil` where they do not fit.
    static func broadcastShape(_ left: Shape, _ right: Shape) -> Shape? {
        let rank = max(left.count, right.count)
        var shape: Shape = []
        for axis in 0..<rank {
            let a = axis < rank - left.count ? 1 : left[axis - rank + left.count]
            let b = axis < rank - right.count ? 1 : right[axis - rank + right.count]
            guard a == b || a == 1 || b == 1 else { return nil }
            shape.append(a == 1 ? b : a)
        }
        return shape
    }

    /// The elements repeated as an elementwise operator repeats them; `nil` where the shapes do not fit.
    func broadcast(from shape: Shape, to target: Shape) -> Reals? {
        if shape == target { return self }
        guard shape.count <= target.count, let count = target.checkedElementCount else { return nil }
        var strides = [Int](repeating: 0, count: target.count)
        var stride = 1
        for axis in shape.indices.reversed() {
            let place = axis + target.count - shape.count
            guard shape[axis] == target[place] || shape[axis] == 1 else { return nil }
            strides[place] = shape[axis] == 1 ? 0 : stride
            stride *= shape[axis]
        }
        let elements = (0..<count).map { index in
            var rest = index
            var source = 0
            for axis in target.indices.reversed() {
                source += rest % target[axis] * strides[axis]
                rest /= target[axis]
            }
            return source
        }
        switch self {
        case .float(let values): return .float(elements.map { values[$0] })
        case .double(let values): return .double(elements.map { values[$0] })
        }
    }

    /// Sums of several values of one length; the value itself where it is one.
    static func sum(_ values: [Reals]) -> Reals? {
        guard let first = values.first else { return nil }
        guard values.count > 1 else { return first }
        return .double((0..<first.count).map { index in values.reduce(0) { $0 + $1.double(index) } })
    }
}

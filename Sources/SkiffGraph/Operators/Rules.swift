internal import SkiffCore

// The vocabulary that shape rules are written in, beside ``Operand`` and ``Operands``.

func rangeText(_ range: ClosedRange<Int>) -> String {
    range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
}

/// `axis` counted from the start. Negative counts from the end.
/// - Throws: ``GraphError`` `attribute` outside −rank to rank − 1.
func normalizedAxis(_ axis: Int, rank: Int, name: String = "axis") throws(GraphError) -> Int {
    guard rank > 0, axis >= -rank, axis < rank else {
        throw GraphError(
            .attribute(name: name, expected: rank > 0 ? "\(-rank) to \(rank - 1)" : "none, of rank 0", found: "\(axis)")
        )
    }
    return axis < 0 ? axis + rank : axis
}

/// Axes counted from the start, in the order given.
/// - Throws: ``GraphError`` `attribute` for an axis outside the rank, or named twice where that is not allowed.
func normalizedAxes(
    _ axes: [Int], rank: Int, name: String = "axes", allowsRepeats: Bool = false
) throws(GraphError) -> [Int] {
    var result: [Int] = []
    var isTaken = [Bool](repeating: false, count: rank)
    for axis in axes {
        let axis = try normalizedAxis(axis, rank: rank, name: name)
        guard !isTaken[axis] else {
            if allowsRepeats { continue }
            throw GraphError(.attribute(name: name, expected: "distinct axes", found: axes.shapeText))
        }
        isTaken[axis] = true
        result.append(axis)
    }
    return result
}

/// - Throws: ``GraphError`` `attribute` where a list has another length, or a number below `minimum`.
func requireList(_ list: [Int], count: Int, minimum: Int, name: String) throws(GraphError) {
    guard list.count == count else {
        throw GraphError(.attribute(name: name, expected: "\(count) numbers", found: listText(list)))
    }
    guard list.allSatisfy({ $0 >= minimum }) else {
        throw GraphError(.attribute(name: name, expected: "numbers of at least \(minimum)", found: listText(list)))
    }
}

/// A list for messages, cut where it is long.
func listText(_ list: [Int]) -> String {
    list.count <= Limits.rank ? list.shapeText : "\(list.count) numbers"
}

/// One extent for two that must be equal; an open one takes the other's.
/// - Throws: ``GraphError`` `extent` naming what was expected of `input`.
func unifyExtent(
    _ expected: Dimension, _ found: Dimension, input: String, axis: String
) throws(GraphError) -> Dimension {
    switch (expected, found) {
    case (.fixed(let left), .fixed(let right)):
        guard left == right else {
            throw GraphError(.extent(input: input, expected: "\(left)", found: "\(right) \(axis)"))
        }
        return expected
    case (_, .fixed), (.unknown, _): return found
    default: return expected
    }
}

/// The extent of two that are broadcast together; `nil` where they cannot be.
private func broadcastExtent(_ left: Dimension, _ right: Dimension) -> Dimension? {
    switch (left, right) {
    case (1, _): right
    case (_, 1): left
    case (.fixed(let one), .fixed(let other)): one == other ? left : nil
    case (.fixed, _): left
    case (_, .fixed): right
    case (.symbolic, .symbolic) where left == right: left
    default: .unknown
    }
}

/// The shape of two that are broadcast together, aligned at the last axis (NumPy). An open extent against a fixed
/// one above 1 becomes the fixed one. `nil` where a rank is unknown.
/// - Throws: ``GraphError`` `broadcast`.
func broadcast(_ left: SymbolicShape?, _ right: SymbolicShape?) throws(GraphError) -> SymbolicShape? {
    guard let left, let right else { return nil }
    let (longer, shorter) = left.count >= right.count ? (left, right) : (right, left)
    var result = longer
    let offset = longer.count - shorter.count
    for axis in shorter.indices {
        guard let extent = broadcastExtent(longer[offset + axis], shorter[axis]) else {
            throw GraphError(.broadcast(left.shapeText, right.shapeText))
        }
        result[offset + axis] = extent
    }
    return result
}

/// Checks that `operand` broadcasts to `target` without changing it.
/// - Throws: ``GraphError`` `extent`, `rank`.
func requireBroadcast(_ operand: Operand, to target: SymbolicShape?) throws(GraphError) {
    guard let target, let shape = operand.shape else { return }
    guard shape.count <= target.count else {
        throw GraphError(.rank(input: operand.name, expected: "at most \(target.count)", found: shape.count))
    }
    for (extent, goal) in zip(shape.reversed(), target.reversed()) {
        guard let fixed = extent.fixedValue, fixed != 1, let goal = goal.fixedValue, goal != fixed else { continue }
        throw GraphError(
            .extent(
                input: operand.name, expected: "a shape that broadcasts to \(target.shapeText)", found: shape.shapeText)
        )
    }
}

/// - Throws: ``GraphError`` `overflow`.
func checkedSum(_ left: Int, _ right: Int, _ what: String) throws(GraphError) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw GraphError(.overflow(what)) }
    return sum
}

/// - Throws: ``GraphError`` `overflow`.
func checkedProduct(_ left: Int, _ right: Int, _ what: String) throws(GraphError) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    guard !overflow else { throw GraphError(.overflow(what)) }
    return product
}

internal import SkiffCore

/// The product of extents.
/// - Throws: ``EngineError`` `limit` where it leaves `Int`.
func checkedProduct(_ factors: [Int]) throws(EngineError) -> Int {
    guard let product = factors.checkedElementCount else { throw sizeOverflow }
    return product
}

/// a · b + c.
/// - Throws: ``EngineError`` `limit` where it leaves `Int`.
func checkedMultiplyAdd(_ a: Int, _ b: Int, _ c: Int) throws(EngineError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    let (sum, carry) = product.addingReportingOverflow(c)
    guard !overflow, !carry else { throw sizeOverflow }
    return sum
}

private var sizeOverflow: EngineError {
    EngineError(.limit(name: "elements of a working copy", declared: Int.max, allowed: Int.max - 1))
}

/// An axis counted from the front, for one that may be counted from the end.
/// - Throws: ``EngineError`` `operand` where there is no such axis.
func checkedAxis(_ axis: Int, rank: Int) throws(EngineError) -> Int {
    guard axis >= -rank, axis < rank else {
        throw EngineError(.operand("axis \(axis) is outside rank \(rank)"))
    }
    return axis < 0 ? axis + rank : axis
}

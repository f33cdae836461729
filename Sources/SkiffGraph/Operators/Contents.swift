internal import SkiffCore

// Elements of small tensors, carried through the operators that exporters compute shapes with.

extension Fact.Contents {
    /// Most elements that are computed while shapes are inferred: shapes have at most ``Limits/rank``.
    static let foldingLimit = 64

    var count: Int {
        switch self {
        case .integers(let values): values.count
        case .reals(let values): values.count
        }
    }

    /// The elements at `positions`; `nil` where they are many or a position is outside.
    func picking(_ positions: [Int]) -> Fact.Contents? {
        guard positions.count <= Self.foldingLimit, positions.allSatisfy({ $0 >= 0 && $0 < count }) else { return nil }
        switch self {
        case .integers(let values): return .integers(positions.map { values[$0] })
        case .reals(let values): return .reals(positions.map { values[$0] })
        }
    }
}

extension Fact {
    /// This fact with contents as its element type holds them: numbers outside the type are unknown, reals are
    /// rounded. Contents that do not fill the shape are dropped.
    func holding(_ contents: Contents?) -> Fact {
        var fact = self
        fact.contents = nil
        guard let contents, contents.count <= Contents.foldingLimit,
            let count = shape?.fixedShape?.checkedElementCount, count == contents.count
        else { return fact }
        switch contents {
        case .integers(let values):
            guard elementType.isInteger || elementType == .bool else { return fact }
            fact.contents = .integers(values.map { elementType.holds($0) ? $0 : .unknown })
        case .reals(let values):
            guard elementType.isFloatingPoint else { return fact }
            fact.contents = .reals(values.map(elementType.rounded))
        }
        return fact
    }

    /// The whole-number elements, each unknown one `unknown`; `nil` where their number is open or large.
    var integerElements: [Dimension]? {
        if case .integers(let values) = contents { return values.count <= Contents.foldingLimit ? values : nil }
        guard elementType.isInteger || elementType == .bool,
            let count = shape?.fixedShape?.checkedElementCount, count <= Contents.foldingLimit
        else { return nil }
        return Array(repeating: .unknown, count: count)
    }

    /// The real elements, where all are known and few.
    var realElements: [Double]? {
        guard case .reals(let values) = contents, values.count <= Contents.foldingLimit else { return nil }
        return values
    }
}

extension ElementType {
    fileprivate func holds(_ value: Dimension) -> Bool {
        guard case .fixed(let number) = value else { return true }
        return switch self {
        case .bool: number == 0 || number == 1
        case .int8: Int8(exactly: number) != nil
        case .int16: Int16(exactly: number) != nil
        case .int32: Int32(exactly: number) != nil
        case .int64: true
        case .uint8: UInt8(exactly: number) != nil
        case .uint16: UInt16(exactly: number) != nil
        case .uint32: UInt32(exactly: number) != nil
        case .uint64: number >= 0
        default: false
        }
    }

    /// The nearest number of this type.
    func rounded(_ value: Double) -> Double {
        switch self {
        case .float32: Double(Float(value))
        case .float16: Double(floatFromHalf(halfFromFloat(Float(value))))
        case .bfloat16: Double(Float(bitPattern: UInt32(bfloatFromFloat(Float(value))) << 16))
        default: value
        }
    }
}

/// Flat positions of an input's elements, one for each element of an output of `shape`, that lies at
/// `offset` + Σ index · stride. `nil` where there are more than are folded.
func flatPositions(shape: Shape, offset: Int = 0, strides: [Int]) -> [Int]? {
    guard let count = shape.checkedElementCount, count <= Fact.Contents.foldingLimit else { return nil }
    var positions: [Int] = count == 0 ? [] : [offset]
    for (extent, stride) in zip(shape, strides) where count > 0 {
        positions = positions.flatMap { position in (0..<extent).map { position &+ $0 &* stride } }
    }
    return positions
}

/// Flat positions of an input of shape `from` that is broadcast to `to`; `nil` where a shape is open or large.
func broadcastPositions(from: SymbolicShape?, to: SymbolicShape?) -> [Int]? {
    guard let from = from?.fixedShape, let to = to?.fixedShape, from.count <= to.count,
        from.checkedElementCount != nil
    else { return nil }
    let strides = zip(from, from.rowMajorStrides).map { $0 == 1 ? 0 : $1 }
    return flatPositions(shape: to, strides: Array(repeating: 0, count: to.count - from.count) + strides)
}

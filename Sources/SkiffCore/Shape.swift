/// One extent of a value's shape, in elements.
///
/// A model may leave an extent open (`None` in Keras, `dim_param` in ONNX): such an extent has a name, and two
/// open extents of one name are equal. An extent that inference cannot express is `unknown`.
public enum Dimension: Hashable, Sendable, CustomStringConvertible {
    case fixed(Int)
    case symbolic(String)
    case unknown

    /// The extent in elements where it is known.
    public var fixedValue: Int? {
        if case .fixed(let extent) = self { extent } else { nil }
    }

    public var description: String {
        switch self {
        case .fixed(let extent): String(extent)
        case .symbolic(let name): name
        case .unknown: "?"
        }
    }
}

extension Dimension: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self = .fixed(value) }
}

/// A tensor's extents in elements, outermost first; the last axis is the contiguous one (row-major).
public typealias Shape = [Int]

/// A value's extents where some may be open.
public typealias SymbolicShape = [Dimension]

extension Array where Element == Dimension {
    /// The extents when all of them are known.
    public var fixedShape: Shape? {
        var shape = Shape()
        shape.reserveCapacity(count)
        for dimension in self {
            guard case .fixed(let extent) = dimension else { return nil }
            shape.append(extent)
        }
        return shape
    }

    public init(_ shape: Shape) { self = shape.map { .fixed($0) } }

    /// `[N, 3, 224, 224]`, the spelling of messages and tables.
    public var shapeText: String { "[" + map { escaped($0.description) }.joined(separator: ", ") + "]" }
}

extension Array where Element == Int {
    public var shapeText: String { "[" + map(String.init).joined(separator: ", ") + "]" }

    /// Number of elements, or `nil` where the product leaves `Int` or an extent is negative.
    public var checkedElementCount: Int? {
        var product = 1
        var hasZero = false
        for extent in self {
            if extent < 0 { return nil }
            if extent == 0 { hasZero = true; continue }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return hasZero ? 0 : product
    }

    /// Row-major strides in elements. The shape's element count must have been checked.
    public var rowMajorStrides: [Int] {
        var strides = [Int](repeating: 1, count: count)
        var running = 1
        for axis in indices.reversed() {
            strides[axis] = running
            running = running &* Swift.max(self[axis], 1)
        }
        return strides
    }
}

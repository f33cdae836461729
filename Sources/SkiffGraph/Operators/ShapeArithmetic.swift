public import SkiffCore

/// The input's extents from ``start`` to ``end``, as int64. Source: ONNX Shape 1, 13, 15 to 25.
public struct ShapeOf: OperatorAttributes {
    public var start: Int
    /// Past the last axis where `nil`.
    public var end: Int?
    public init(start: Int = 0, end: Int? = nil) {
        self.start = start
        self.end = end
    }
}

/// The input's number of elements, an int64 scalar. Source: ONNX Size.
public struct SizeOf: OperatorAttributes {
    public init() {}
}

/// One value in a shape that is input 0. Source: ONNX ConstantOfShape 9 to 25.
public struct ConstantOfShape: OperatorAttributes {
    public var elementType: ElementType
    /// The value as a Double; whole numbers to 2⁵³ are exact, bool is 0 or 1.
    public var value: Double
    public init(elementType: ElementType, value: Double) {
        self.elementType = elementType
        self.value = value
    }
}

/// start, start + step, … below (or above) limit. Inputs: 0 start; 1 limit; 2 step; scalars. Source: ONNX Range.
public struct RangeOfNumbers: OperatorAttributes {
    public init() {}
}

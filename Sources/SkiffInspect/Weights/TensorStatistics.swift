public import SkiffCore
public import SkiffGraph

/// What the elements of one weight are like.
public struct TensorStatistics: Sendable {
    /// The elements by size: `counts[i]` of them lie in the `i`-th of equal steps from `lower` to `upper`, the last step
    /// including `upper`. Elements that are not finite are not counted.
    public struct Histogram: Hashable, Sendable {
        public var lower: Double
        public var upper: Double
        public var counts: [Int]

        public init(lower: Double, upper: Double, counts: [Int]) {
            self.lower = lower
            self.upper = upper
            self.counts = counts
        }
    }

    public var value: ValueID
    public var name: String
    public var elementType: ElementType
    public var shape: Shape
    /// The first layer that reads it, an index into ``Inspection/layers``; `nil` where none does.
    public var layer: Int?
    public var elements: Int
    /// Of the finite elements.
    public var mean: Double
    /// Of the finite elements, with their number as divisor.
    public var standardDeviation: Double
    public var minimum: Double
    public var maximum: Double
    public var zeros: Int
    public var histogram: Histogram

    public init(
        value: ValueID, name: String, elementType: ElementType, shape: Shape, layer: Int?, elements: Int, mean: Double,
        standardDeviation: Double, minimum: Double, maximum: Double, zeros: Int, histogram: Histogram
    ) {
        self.value = value
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.layer = layer
        self.elements = elements
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.minimum = minimum
        self.maximum = maximum
        self.zeros = zeros
        self.histogram = histogram
    }
}

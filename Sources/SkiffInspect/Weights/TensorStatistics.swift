public import SkiffCore
public import SkiffGraph

/// What the elements of one weight are like.
public struct TensorStatistics: Sendable {
    /// The elements by size: `counts[i]` of them lie in the `i`-th of equal steps from `lower` to `upper`, the last step
    /// including `upper`. Elements that are not finite are not counted. Where all are equal there is one step.
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

    /// The elements by magnitude: `counts[i]` of them are at least 2^(lowest + i) and less than twice that. Zeros and
    /// what is not finite are not counted; denormal numbers of float32 and float64 are, below the lowest exponent.
    public struct ExponentHistogram: Hashable, Sendable {
        public var lowest: Int
        public var counts: [Int]

        public init(lowest: Int = 0, counts: [Int] = []) {
            self.lowest = lowest
            self.counts = counts
        }
    }

    /// The statistics of each output channel, of its finite elements.
    public struct Channels: Sendable {
        public var mean: [Double]
        public var standardDeviation: [Double]
        /// Infinity where a channel has no finite element, as `maximum` has minus infinity.
        public var minimum: [Double]
        public var maximum: [Double]
        public var zeros: [Int]
        /// Elements that are NaN or infinite.
        public var nonFinite: [Int]
        /// Elements of one channel.
        public var elements: Int
        /// Channels whose elements are all zero.
        public var allZero: [Int] { mean.indices.filter { elements > 0 && zeros[$0] == elements } }
        public var count: Int { mean.count }
    }

    public var value: ValueID
    public var name: String
    public var elementType: ElementType
    public var shape: Shape
    /// The first layer that computes with it, an index into ``Inspection/layers``; `nil` where none does.
    public var layer: Int?
    public var elements: Int
    /// Of the finite elements; 0 where there are none.
    public var mean: Double
    /// Of the finite elements, with their number as divisor.
    public var standardDeviation: Double
    /// Infinity where there is no finite element, as `maximum` is minus infinity.
    public var minimum: Double
    public var maximum: Double
    public var zeros: Int
    public var histogram: Histogram

    public var role = WeightRole.operand
    /// Bytes of the elements, as the file type has them.
    public var bytes = 0
    public var nans = 0
    public var positiveInfinities = 0
    public var negativeInfinities = 0
    /// Numbers below the smallest normal one of the element type.
    public var denormals = 0
    public var exponents = ExponentHistogram()
    /// Bits of the fraction, from its top, that at least one element uses; 23 for a float32 tensor that uses all of its
    /// precision.
    public var fractionBits = 0
    /// Distinct elements; `nil` where there are more than 256. Zeros of both signs are one.
    public var distinct: Int?
    /// What a narrower type would hold without loss, or how few values there are.
    public var form: NumberForm?
    /// `nil` for weights without output channels: biases, normalizations.
    public var channels: Channels?
    /// The first of the tensors with the same bytes, where that is another one, an index into
    /// ``WeightStatistics/tensors``; shapes may differ. `nil` for tensors of equal elements.
    public var duplicateOf: Int?
    /// `false` where elements are no real numbers: nothing but name, type, shape and bytes is told then.
    public var isMeasured = true

    public var nonFinite: Int { nans + positiveInfinities + negativeInfinities }
    /// Zeros among the elements, from 0 to 1.
    public var sparsity: Double { elements == 0 ? 0 : Double(zeros) / Double(elements) }
    /// Whether all elements are one finite number.
    public var isConstant: Bool { isMeasured && elements > 0 && nonFinite == 0 && minimum == maximum }
    /// The largest magnitude of a finite element.
    public var largestMagnitude: Double { minimum <= maximum ? max(-minimum, maximum) : 0 }

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

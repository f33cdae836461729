public import SkiffCore

/// When two tensors count as the same.
public struct ParityPolicy: Hashable, Sendable {
    public enum Criterion: Hashable, Sendable {
        /// The RMS error is at most `multiple` times the rounding noise, measured as the RMS distance between
        /// this network's runs in Float and in Double.
        case roundingNoise(multiple: Double)
        /// |candidate − reference| ≤ absolute + relative · |reference| for every element, as numpy.allclose.
        case tolerance(absolute: Double, relative: Double)
    }

    public var criterion: Criterion

    public init(_ criterion: Criterion = .roundingNoise(multiple: ParityPolicy.noiseMultiple)) {
        self.criterion = criterion
    }

    /// Rounding noise that is allowed for, in multiples of the measured one.
    ///
    /// On the committed fixtures the frameworks' values lie at 0.3 to 1.8 of it: they sum in other orders, and both
    /// sides round. Of the mistakes that the tests make, a BatchNormalization epsilon of 1.1e-3 for 1e-3 lies at 370
    /// and more at every value behind it, one weight of a small layer scaled by 1.001 at 59 and more. An epsilon of
    /// 1.001e-3 for 1e-3 lies at 6 to 11: there begins what nobody can tell from rounding.
    public static let noiseMultiple = 8.0

    /// The least noise there can be, relative to the RMS of the values: what rounding each element once, to
    /// nearest, leaves on average.
    ///
    /// The error of one rounding is uniform within half a unit in the last place. Over numbers of any size that
    /// is an RMS of half a unit roundoff. It stands in where a run's noise is smaller by chance, as behind a
    /// ReLU with few outputs or a saturated softmax.
    public static func singleRounding(of elementType: ElementType) -> Double {
        switch elementType {
        case .float16: 0x1p-12
        case .bfloat16: 0x1p-9
        case .float64: 0x1p-54
        case .float32: 0x1p-25
        default: 0
        }
    }

    /// Unit in which an error is counted: the measured noise, or what one rounding leaves where that is more.
    func noiseUnit(measured: Double, referenceRMS: Double, elementType: ElementType) -> Double {
        max(measured, Self.singleRounding(of: elementType) * referenceRMS)
    }

    /// The largest error that a single element may have.
    ///
    /// A wrong border or corner hides in the RMS of a large map, so the worst element is judged too: it may be
    /// `multiple` times as far off as the worst element of the noise, or as `multiple` units, whichever is more.
    /// The worst element of an honest framework lies at 5 to 10 units.
    func largestError(unit: Double, largestNoise: Double, multiple: Double) -> Double {
        multiple * max(largestNoise, multiple * unit)
    }

    var absoluteTolerance: Double {
        if case .tolerance(let absolute, _) = criterion { absolute } else { 0 }
    }

    var relativeTolerance: Double {
        if case .tolerance(_, let relative) = criterion { relative } else { 0 }
    }

    /// Whether a verdict needs the noise of values that are not identical.
    var needsNoise: Bool {
        if case .roundingNoise = criterion { true } else { false }
    }
}

internal import CSkiffKernels
internal import SkiffCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Float and Double as the operators' formulas need them, with the functions of the system's libm.
protocol Real: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Codable, Sendable {
    /// A register tile's row: as many elements as one row of a kernel's output block.
    associatedtype Lanes: SIMD & BitwiseCopyable & Sendable where Lanes.Scalar == Self
    init(rounding value: Double)
    static func decode(_ tensor: Tensor) throws(CoreError) -> [Self]
    static func tensor(_ elements: [Self], shape: Shape) throws(CoreError) -> Tensor
    var double: Double { get }
    static func multiplyAdd(_ sum: Lanes, _ factor: Self, _ lanes: Lanes) -> Lanes
    static func multiplyAdd(_ sum: Lanes, _ left: Lanes, _ right: Lanes) -> Lanes
    static func exponential(_ x: Self) -> Self
    static func exponentialLessOne(_ x: Self) -> Self
    static func logarithm(_ x: Self) -> Self
    static func logarithmOfOnePlus(_ x: Self) -> Self
    static func power(_ x: Self, _ y: Self) -> Self
    static func remainder(_ x: Self, _ y: Self) -> Self
    static func error(_ x: Self) -> Self
    static func sine(_ x: Self) -> Self
    static func cosine(_ x: Self) -> Self
    static func tangent(_ x: Self) -> Self
    static func arcSine(_ x: Self) -> Self
    static func arcCosine(_ x: Self) -> Self
    static func arcTangent(_ x: Self) -> Self
    static func hyperbolicSine(_ x: Self) -> Self
    static func hyperbolicCosine(_ x: Self) -> Self
    static func hyperbolicTangent(_ x: Self) -> Self
    static func areaSine(_ x: Self) -> Self
    static func areaCosine(_ x: Self) -> Self
    static func areaTangent(_ x: Self) -> Self
}

extension Float: Real {
    typealias Lanes = SIMD8<Float>
    @inline(__always) init(rounding value: Double) { self = Float(value) }
    @inline(__always) var double: Double { Double(self) }
    @inline(__always) static func multiplyAdd(_ sum: Lanes, _ factor: Float, _ lanes: Lanes) -> Lanes {
        sum + lanes * factor
    }
    @inline(__always) static func multiplyAdd(_ sum: Lanes, _ left: Lanes, _ right: Lanes) -> Lanes {
        sum + left * right
    }
    static func exponential(_ x: Float) -> Float { expf(x) }
    static func exponentialLessOne(_ x: Float) -> Float { expm1f(x) }
    static func logarithm(_ x: Float) -> Float { logf(x) }
    static func logarithmOfOnePlus(_ x: Float) -> Float { log1pf(x) }
    static func power(_ x: Float, _ y: Float) -> Float { powf(x, y) }
    static func remainder(_ x: Float, _ y: Float) -> Float { fmodf(x, y) }
    static func error(_ x: Float) -> Float { erff(x) }
    static func sine(_ x: Float) -> Float { sinf(x) }
    static func cosine(_ x: Float) -> Float { cosf(x) }
    static func tangent(_ x: Float) -> Float { tanf(x) }
    static func arcSine(_ x: Float) -> Float { asinf(x) }
    static func arcCosine(_ x: Float) -> Float { acosf(x) }
    static func arcTangent(_ x: Float) -> Float { atanf(x) }
    static func hyperbolicSine(_ x: Float) -> Float { sinhf(x) }
    static func hyperbolicCosine(_ x: Float) -> Float { coshf(x) }
    static func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
    static func areaSine(_ x: Float) -> Float { asinhf(x) }
    static func areaCosine(_ x: Float) -> Float { acoshf(x) }
    static func areaTangent(_ x: Float) -> Float { atanhf(x) }
}

extension Double: Real {
    typealias Lanes = SIMD4<Double>
    @inline(__always) init(rounding value: Double) { self = value }
    @inline(__always) var double: Double { self }
    @inline(__always) static func multiplyAdd(_ sum: Lanes, _ factor: Double, _ lanes: Lanes) -> Lanes {
        sum + lanes * factor
    }
    @inline(__always) static func multiplyAdd(_ sum: Lanes, _ left: Lanes, _ right: Lanes) -> Lanes {
        sum + left * right
    }
    static func exponential(_ x: Double) -> Double { exp(x) }
    static func exponentialLessOne(_ x: Double) -> Double { expm1(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func logarithmOfOnePlus(_ x: Double) -> Double { log1p(x) }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
    static func remainder(_ x: Double, _ y: Double) -> Double { fmod(x, y) }
    static func error(_ x: Double) -> Double { erf(x) }
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func tangent(_ x: Double) -> Double { tan(x) }
    static func arcSine(_ x: Double) -> Double { asin(x) }
    static func arcCosine(_ x: Double) -> Double { acos(x) }
    static func arcTangent(_ x: Double) -> Double { atan(x) }
    static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
    static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
    static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    static func areaSine(_ x: Double) -> Double { asinh(x) }
    static func areaCosine(_ x: Double) -> Double { acosh(x) }
    static func areaTangent(_ x: Double) -> Double { atanh(x) }
}

/// Processors that this process may run on.
func processorCount() -> Int {
    let allowed = Int(skiff_processors())
    let count = allowed > 0 ? allowed : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return Swift.max(1, Swift.min(count, Evaluator.threadLimit))
}

/// How values are stored and how sums are accumulated.
public enum Precision: String, Sendable, CaseIterable {
    /// Values stored as Float, sums in Float, in plain order: what a framework does. Its distance to
    /// ``double`` measures the rounding noise of a network on an input.
    case float
    /// Values stored as Float, sums accumulated in Double: the default answer.
    case reference
    /// Values stored and summed in Double.
    case double
}

/// A ``Precision`` as types, so that every loop is specialised for it.
protocol Arithmetic: Sendable {
    /// What values are kept as.
    associatedtype Stored: Real
    /// What sums and functions are computed in.
    associatedtype Sum: Real
    static var precision: Precision { get }
    static func widened(_ value: Stored) -> Sum
    static func rounded(_ value: Sum) -> Stored
}

enum FloatArithmetic: Arithmetic {
    static var precision: Precision { .float }
    @inline(__always) static func widened(_ value: Float) -> Float { value }
    @inline(__always) static func rounded(_ value: Float) -> Float { value }
}

enum ReferenceArithmetic: Arithmetic {
    static var precision: Precision { .reference }
    @inline(__always) static func widened(_ value: Float) -> Double { Double(value) }
    @inline(__always) static func rounded(_ value: Double) -> Float { Float(value) }
}

enum DoubleArithmetic: Arithmetic {
    static var precision: Precision { .double }
    @inline(__always) static func widened(_ value: Double) -> Double { value }
    @inline(__always) static func rounded(_ value: Double) -> Double { value }
}

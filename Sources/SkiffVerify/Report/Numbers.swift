internal import SkiffCore

/// A number in at most eight characters: `0.9`, `12.3`, `1.2e-07`.
package func brief(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude >= 9999.5 || magnitude < 0.001 { return scientific(value) }
    let isWhole = magnitude >= 99.95 || value == value.rounded()
    let digits = isWhole ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.095 ? 2 : 4
    return fixed(value, digits)
}

/// `1.2e-07`: one digit behind the point.
package func scientific(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : brief(value) }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 9.95 { mantissa /= 10; exponent += 1 }
    while mantissa < 0.995 { mantissa *= 10; exponent -= 1 }
    let digits = abs(exponent)
    return (value < 0 ? "-" : "") + fixed(mantissa, 1) + (exponent < 0 ? "e-" : "e+")
        + (digits < 10 ? "0" : "") + String(digits)
}

/// `value`, below 10⁹ in magnitude, with `digits` behind the point.
package func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let unit = Int(scale)
    let fraction = String(whole % unit)
    return sign + String(whole / unit) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// An element of a Float tensor with as many digits as tell it from its neighbours, one of a Double tensor with as many
/// as tell it from `other`.
package func elementText(_ value: Double, beside other: Double? = nil) -> String {
    guard value.isFinite else { return brief(value) }
    let single = Float(value)
    guard single.isFinite, other.map({ Float($0) != single || $0 == value }) ?? true else { return "\(value)" }
    return single == 0 && value != 0 ? "\(value)" : "\(single)"
}

extension Comparison.Pair {
    /// `at [0, 3]: 0.25 here, 0.5 in the reference`.
    package var text: String {
        "at \(index.shapeText): \(elementText(candidate, beside: reference)) here, "
            + "\(elementText(reference, beside: candidate)) in the reference"
    }
}

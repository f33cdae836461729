/// `1.2 %`, `0.0034 %`: a part of a whole.
func percentText(_ part: Double) -> String {
    // A hundred times a large number may leave Double.
    guard (part * 100).isFinite else { return "\(part)" }
    return significant(part * 100) + " %"
}

/// Two or three digits that count.
func amountText(_ value: Double) -> String { value.isFinite ? significant(value) : "\(value)" }

private func significant(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude == 0 { return "0" }
    if magnitude >= 99.5, magnitude < 1e15 { return String(Int(value.rounded())) }
    var (scaled, exponent) = (magnitude, 0)
    while scaled >= 9.95, exponent < 400 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    while scaled < 0.995, exponent > -400 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    let digits = Int((scaled * 10).rounded())
    let sign = value < 0 ? "-" : ""
    if exponent < -4 || exponent > 14 { return "\(sign)\(digits / 10).\(digits % 10)e\(exponent)" }
    if exponent >= 1 { return "\(sign)\(digits)" }
    let zeros = String(repeating: "0", count: max(0, -exponent - 1))
    if exponent == 0 { return digits % 10 == 0 ? "\(sign)\(digits / 10)" : "\(sign)\(digits / 10).\(digits % 10)" }
    return "\(sign)0.\(zeros)\(digits % 10 == 0 ? String(digits / 10) : String(digits))"
}

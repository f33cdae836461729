/// `25,636,712`.
package func groupedText(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return (number < 0 ? "-" : "") + String(text.reversed())
}

/// `102.5 MB`, in powers of a thousand.
package func bytesText(_ bytes: Int) -> String { scaledText(bytes, units: ["bytes", "kB", "MB", "GB", "TB"]) }

/// `3.87 GMAC`; `?` where the number is not known.
package func multiplyAddsText(_ count: Int?) -> String {
    count.map { scaledText($0, units: ["MAC", "kMAC", "MMAC", "GMAC", "TMAC", "PMAC"]) } ?? "?"
}

/// Three significant digits and a unit.
private func scaledText(_ number: Int, units: [String]) -> String {
    var value = Double(number)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    if unit == 0 { return "\(number) \(units[0])" }
    let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
    return "\(fixedText(value, decimals: decimals)) \(units[unit])"
}

/// A number that is not negative with so many decimals, rounded to nearest.
private func fixedText(_ value: Double, decimals: Int) -> String {
    var factor = 1
    for _ in 0..<decimals { factor *= 10 }
    guard let scaled = Int(exactly: (value * Double(factor)).rounded()) else { return String(value) }
    guard decimals > 0 else { return String(scaled) }
    let rest = String(scaled % factor)
    return "\(scaled / factor)." + String(repeating: "0", count: decimals - rest.count) + rest
}

/// `2`, or `2×1` where the axes differ.
func extentsText(_ extents: [Int]) -> String {
    guard let first = extents.first else { return "1" }
    return extents.allSatisfy { $0 == first } ? String(first) : extents.map(String.init).joined(separator: "×")
}

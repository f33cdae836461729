internal import SkiffCore

/// A number that is not negative with so many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
    var factor = 1
    for _ in 0..<decimals { factor *= 10 }
    let scaled = Int((abs(value) * Double(factor)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(scaled) }
    let rest = String(scaled % factor)
    return sign + "\(scaled / factor)." + String(repeating: "0", count: decimals - rest.count) + rest
}

/// Three significant digits.
func short(_ value: Double) -> String {
    guard value.isFinite else { return fixed(value, 0) }
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 9995 || size < 0.000995 {
        var mantissa = value
        var exponent = 0
        while abs(mantissa) >= 9.95 { mantissa /= 10; exponent += 1 }
        while abs(mantissa) < 0.995 { mantissa *= 10; exponent -= 1 }
        return "\(fixed(mantissa, 1))e\(exponent)"
    }
    return fixed(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3)
}

/// `12 %`, `0.4 %`, `< 0.001 %`.
func percent(_ share: Double) -> String {
    let value = share * 100
    guard value.isFinite else { return fixed(value, 0) }
    if value == 0 { return "0 %" }
    if value < 0.001 { return "< 0.001 %" }
    if value >= 99_999.5 { return "\(short(share))×" }
    let isWhole = value >= 9.95 || value.rounded() == value
    return fixed(value, isWhole ? 0 : value >= 0.095 ? 1 : value >= 0.0095 ? 2 : 3) + " %"
}

/// Numbers as bars whose lengths are their logarithms.
struct LogScale {
    private let low: Double
    private let high: Double
    private static let width = 12
    private static let parts = Array(" ▏▎▍▌▋▊▉").map(String.init)

    /// From the power of ten below the least number to the one above the largest, half a decade at least.
    init(_ values: [Double]) {
        let logarithms = values.filter { $0 > 0 && $0.isFinite }.map { logarithm($0) }
        low = max(-6, ((logarithms.min() ?? -1) - 0.1).rounded(.down))
        high = min(6, max(low + 1, ((logarithms.max() ?? 0) + 0.1).rounded(.up)))
    }

    /// What both ends stand for.
    var title: String {
        let (left, right) = (power(low), power(high))
        let space = max(1, Self.width - left.count - right.count)
        return left + String(repeating: " ", count: space) + right
    }

    func bar(_ value: Double) -> String {
        guard value > 0, !value.isNaN else { return "" }
        let place = min(1, max(0, (logarithm(min(value, 1e12)) - low) / (high - low)))
        let eighths = max(1, Int((place * Double(Self.width * 8)).rounded()))
        let rest = eighths % 8
        return String(repeating: "█", count: eighths / 8) + (rest > 0 ? Self.parts[rest] : "")
    }

    private func power(_ exponent: Double) -> String {
        var value = 1.0
        for _ in 0..<Int(abs(exponent)) { value *= 10 }
        if exponent < -3 || exponent > 4 { return "1e\(Int(exponent))" }
        return exponent < 0 ? fixed(1 / value, Int(-exponent)) : fixed(value, 0)
    }
}

/// The decimal logarithm of a positive number, good to some digits: enough for a drawing.
private func logarithm(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 0 }
    let exponent = Double(value.exponent)
    // ln m for 1 ≤ m < 2 by the series of artanh.
    let t = (value.significand - 1) / (value.significand + 1)
    let square = t * t
    var term = t
    var sum = 0.0
    for order in stride(from: 1.0, through: 15, by: 2) {
        sum += term / order
        term *= square
    }
    return (exponent * 0.693_147_180_559_945_3 + 2 * sum) / 2.302_585_092_994_046
}

/// Numbers as bars of eight heights, from the least to the largest; more numbers than columns share one, the largest
/// shows.
func sparkline(_ values: [Double?], width: Int) -> String {
    let heights = Array("▁▂▃▄▅▆▇█").map(String.init)
    let columns = min(width, values.count)
    guard columns > 0 else { return "" }
    let known = values.compactMap { $0 }.filter(\.isFinite)
    guard let low = known.min(), let high = known.max() else { return "" }
    return (0..<columns).map { column -> String in
        let start = column * values.count / columns
        let part = values[start..<max((column + 1) * values.count / columns, start + 1)]
        guard let value = part.compactMap({ $0 }).filter({ !$0.isNaN }).max() else { return " " }
        guard high > low else { return heights[3] }
        let place = (min(value, high) - low) / (high - low)
        return heights[min(7, max(0, Int((place * 7).rounded())))]
    }.joined()
}

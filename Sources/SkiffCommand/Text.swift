internal import Skiff


/// `102.6 MB`: decimal units, as file systems and model pages count.
func byteText(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(decimal(value, value < 9.95 ? 2 : value < 99.5 ? 1 : 0)) \(units[unit])"
}

/// `0.41 s`, `1 min 12 s`.
func timeText(_ duration: Duration) -> String {
    let seconds = seconds(duration)
    if seconds < 0.0995 { return "\(decimal(seconds * 1000, seconds < 0.00995 ? 1 : 0)) ms" }
    if seconds < 99.5 { return "\(decimal(seconds, seconds < 9.95 ? 2 : 1)) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
}

func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// `value` with `digits` behind the point.
func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((abs(value) * scale).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(whole % Int(scale))
    return sign + String(whole / Int(scale)) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A number in a table: four significant digits.
func short(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude >= 99999.5 || magnitude < 0.0001 {
        var mantissa = value
        var exponent = 0
        while abs(mantissa) >= 9.9995 { mantissa /= 10; exponent += 1 }
        while abs(mantissa) < 0.99995 { mantissa *= 10; exponent -= 1 }
        return decimal(mantissa, 3) + "e" + String(exponent)
    }
    return decimal(value, magnitude >= 999.95 ? 1 : magnitude >= 99.995 ? 2 : magnitude >= 0.99995 ? 3 : 4)
}

/// Rows as aligned columns, two spaces between; the columns in `right` are flush right.
func table(_ rows: [[String]], right: Set<Int> = []) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].displayWidth : 0 }.max() ?? 0 }
    return rows.map { row in
        var line = ""
        for (column, cell) in row.enumerated() {
            let space = String(repeating: " ", count: widths[column] - cell.displayWidth)
            if column > 0 { line += "  " }
            line += right.contains(column) ? space + cell : column == row.count - 1 ? cell : cell + space
        }
        return line
    }
}

/// The file's name without its folders.
func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}

/// The file's name without folders and extension.
func stem(_ path: String) -> String {
    let name = fileName(path)
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
    return String(name[..<dot])
}

internal import SkiffCore

/// A number in at most eight characters: `0.9`, `12.3`, `1.2e-07`.
func brief(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude >= 9999.5 || magnitude < 0.001 { return scientific(value) }
    let isWhole = magnitude >= 99.95 || value == value.rounded()
    let digits = isWhole ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.095 ? 2 : 4
    return fixed(value, digits)
}

/// `1.2e-07`: one digit behind the point.
func scientific(_ value: Double) -> String {
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
func fixed(_ value: Double, _ digits: Int) -> String {
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

extension ParityReport {
    /// The report as `skiff verify` prints it: a table of outputs, a line on intermediate values, the first
    /// value that differs, the verdict.
    /// - Parameter listsAll: intermediate values get rows too.
    public func text(colors: Bool = false, listsAll: Bool = false) -> String {
        var lines: [String] = []
        for input in inputs {
            let other = input.referenceShape.map { ", \($0.shapeText) in the reference" } ?? ""
            let origin = seed.map { ", made up from seed \($0)" } ?? ""
            lines.append("input \(escaped(input.name)) \(input.shape.shapeText)\(other)\(origin)")
        }
        for assumption in assumptions { lines.append("assumed: \(assumption)") }
        lines += [""] + table(listsAll ? values : outputs, colors: colors)
        if !intermediates.isEmpty { lines += ["", intermediatesLine] }
        if !unmatched.isEmpty {
            let names = unmatched.prefix(3).map { escaped($0) }.joined(separator: ", ")
            lines.append("\(unmatched.count) recorded arrays are no values of the model: \(names)"
                + (unmatched.count > 3 ? ", …" : ""))
        }
        if let first = firstDivergence { lines += [""] + divergenceLines(first) }
        lines += ["", verdictLine(colors: colors)]
        return lines.joined(separator: "\n")
    }

    private var intermediatesLine: String {
        let agreeing = intermediates.filter(\.verdict.isAgreement).count
        var line = "\(agreeing) of \(intermediates.count) intermediate values agree"
        if decidesByOutputs, passed, agreeing < intermediates.count {
            return "\(agreeing) of \(intermediates.count) values of equal names agree; the others are other steps to "
                + "the same outputs, as folding leaves them"
        }
        if let worst = intermediates.filter({ $0.ratio != nil }).max(by: { ($0.ratio ?? 0) < ($1.ratio ?? 0) }) {
            line += ", the largest error is \(brief(worst.ratio ?? 0)) × noise at \(escaped(worst.name))"
        }
        return line
    }

    private func divergenceLines(_ first: ValueParity) -> [String] {
        var head = "first difference: \(escaped(first.name))"
        if let node = first.node, node != first.name {
            head += ", from \(escaped(node)) (\(escaped(first.operatorName ?? "")))"
        } else if let name = first.operatorName {
            head += " (\(escaped(name)))"
        }
        var lines = [head]
        if let reason = first.reason { lines.append("  \(reason)") }
        if let worst = first.comparison?.worst {
            lines.append(
                "  worst at \(worst.index.shapeText): \(worst.candidate) here, \(worst.reference) in the reference")
        }
        return lines
    }

    private func verdictLine(colors: Bool) -> String {
        let count = decidingValues.count
        let agreeing = decidingValues.filter(\.verdict.isAgreement).count
        let kind = decidesByOutputs || intermediates.isEmpty ? "output" : "value"
        guard passed else {
            let text =
                switch count {
                case 0: "nothing was compared"
                case 1: "the \(kind) does not agree"
                default: "\(count - agreeing) of \(count) \(kind)s do not agree"
                }
            return Style.red.applied(to: "parity failed: \(text)", colors)
        }
        let what = count == 1 ? "the \(kind)" : "all \(count) \(kind)s"
        let text =
            switch (verdict, policy.criterion) {
            case (.identical, _): "\(what) identical to the last bit"
            case (_, .roundingNoise(let multiple)): "\(what) within \(brief(multiple)) × rounding noise"
            case (_, .tolerance): "\(what) within the tolerances"
            }
        return Style.green.applied(to: "parity: \(text)", colors)
    }

    private func table(_ values: [ValueParity], colors: Bool) -> [String] {
        var rows = [["value", "shape", "max error", "RMS error", "cosine", "× noise", "verdict"]]
        for value in values {
            let comparison = value.comparison
            let name = value.recording.map { recordings.count > 1 ? "\($0): \(value.name)" : value.name } ?? value.name
            rows.append([
                escaped(name), value.shape.shapeText, comparison.map { scientific($0.maximumError) } ?? "–",
                comparison.map { scientific($0.rmsError) } ?? "–", comparison.map { fixed($0.cosine, 6) } ?? "–",
                value.ratio.map(brief) ?? "–", value.verdict.rawValue,
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                guard column == 6 else { return column < 2 ? cell + space : space + cell }
                return index == 0 ? cell : Style(verdict: values[index - 1].verdict).applied(to: cell, colors)
            }
            let line = "  " + cells.joined(separator: "  ")
            return index == 0 ? Style.dim.applied(to: line, colors) : line
        }
    }

    private var recordings: Set<String> { Set(values.compactMap(\.recording)) }
}

/// Terminal colours (ECMA-48, "Select graphic rendition").
enum Style: String {
    case red = "31"
    case green = "32"
    case dim = "2"

    init(verdict: ValueParity.Verdict) { self = verdict.isAgreement ? .green : .red }

    func applied(to text: String, _ isOn: Bool) -> String {
        isOn ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}

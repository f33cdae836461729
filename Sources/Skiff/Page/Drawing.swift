/// Numbers and paths of SVG drawings.
enum Drawing {
    /// A coordinate with at most one digit behind the point.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e7 else { return "0" }
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }

    static func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, style: String, radius: Double? = nil,
        index: Int? = nil, title: String? = nil
    ) -> Markup {
        .element(
            "rect",
            [
                "class": style, "x": number(x), "y": number(y), "width": number(width), "height": number(height),
                "rx": radius.map(number), "data-i": index.map { String($0) },
            ], title.map { [.element("title", [:], [.name($0)])] } ?? [])
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) -> Markup {
        path("M\(number(x1)) \(number(y1))L\(number(x2)) \(number(y2))", style: style)
    }

    static func path(_ data: String, style: String) -> Markup { .element("path", ["class": style, "d": data]) }

    /// A label. `anchor` is `start`, `middle` or `end`.
    static func label(
        _ text: String, _ x: Double, _ y: Double, anchor: String = "middle", style: String = "label"
    ) -> Markup {
        .element(
            "text", ["class": style, "x": number(x), "y": number(y), "text-anchor": anchor == "start" ? nil : anchor],
            [.name(text)])
    }

    /// A power of ten as people write it: `0.01`, `1`, `100`, `10⁴`.
    static func powerOfTen(_ exponent: Int) -> String {
        if (0...3).contains(exponent) { return "1" + String(repeating: "0", count: exponent) }
        if (-3..<0).contains(exponent) { return "0." + String(repeating: "0", count: -exponent - 1) + "1" }
        let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
        return "10" + String(exponent).map { $0.wholeNumberValue.map { digits[$0] } ?? "⁻" }.joined()
    }
}

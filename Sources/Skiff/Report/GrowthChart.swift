/// The error of every value along the depth, on a logarithmic axis: with what it inherits, and of the layer by itself.
struct GrowthChart {
    /// A value's errors; `nil` where they were not measured.
    struct Point {
        var total: Double?
        var local: Double?
        var severity: Severity
    }

    var points: [Point]
    /// The line that agreement does not cross; `nil` where there is none.
    var threshold: Double?
    /// Indices of points, with what stands at the foot of the axis from there on.
    var sections: [(start: Int, title: String)]
    /// Points of guilty layers, in their order.
    var guilty: [Int]
    var description: String

    static let width = 960.0
    static let height = 330.0
    static let left = 56.0
    static let right = 944.0
    static let top = 28.0
    /// Where an error of exactly zero lies.
    static let zero = 290.0
    private static let bottom = 268.0

    /// Powers of ten at both ends.
    private let lowest: Int
    private let highest: Int

    init(
        points: [Point], threshold: Double?, sections: [(start: Int, title: String)], guilty: [Int], description: String
    ) {
        self.points = points
        self.threshold = threshold
        self.sections = sections
        self.guilty = guilty
        self.description = description
        let measured = points.flatMap { [$0.total, $0.local] }.compactMap { $0 }.filter { $0 > 0 && $0.isFinite }
        let bounds = measured + (threshold.map { [$0, $0 * 10, 0.1] } ?? [])
        var low = 0
        var high = 1
        if let least = bounds.min(), let most = bounds.max() {
            low = max(Self.exponent(least), -30)
            high = min(Self.exponent(most) + 1, 30)
        }
        lowest = max(low, high - 24)
        highest = max(high, lowest + 1)
    }

    /// The greatest whole number e with 10ᵉ ≤ value.
    private static func exponent(_ value: Double) -> Int {
        var exponent = 0
        var power = 1.0
        while power > value, exponent > -320 { power /= 10; exponent -= 1 }
        while power * 10 <= value, exponent < 308 { power *= 10; exponent += 1 }
        return exponent
    }

    private func x(_ index: Int) -> Double {
        guard points.count > 1 else { return (Self.left + Self.right) / 2 }
        return Self.left + (Self.right - Self.left) * Double(index) / Double(points.count - 1)
    }

    private func y(_ value: Double) -> Double {
        guard value > 0 else { return Self.zero }
        guard value.isFinite else { return Self.top }
        let share = (Self.logarithm(value) - Double(lowest)) / Double(highest - lowest)
        return Self.bottom - (Self.bottom - Self.top) * min(max(share, 0), 1)
    }

    /// log₁₀ to a thousandth, which is finer than a pixel.
    private static func logarithm(_ value: Double) -> Double {
        let exponent = exponent(value)
        var rest = value
        for _ in 0..<abs(exponent) { rest = exponent > 0 ? rest / 10 : rest * 10 }
        var result = 0.0
        var bit = 0.5
        for _ in 0..<12 {
            rest *= rest
            if rest >= 10 {
                rest /= 10
                result += bit
            }
            bit /= 2
        }
        return Double(exponent) + result
    }

    var markup: Markup {
        .element(
            "svg",
            [
                "class": "growth", "viewBox": "0 0 960 330", "role": "img", "aria-label": printable(description),
                "data-count": String(points.count), "data-low": String(lowest), "data-high": String(highest),
            ], axes + thresholdLine + guiltyLines + series + [cursor])
    }

    private var axes: [Markup] {
        var shapes: [Markup] = []
        let step = max(1, (highest - lowest + 7) / 8)
        for exponent in stride(from: lowest, through: highest, by: step) {
            let height = Self.bottom - (Self.bottom - Self.top) * Double(exponent - lowest) / Double(highest - lowest)
            shapes.append(Drawing.line(Self.left, height, Self.right, height, style: "grid"))
            shapes.append(Drawing.label(Drawing.powerOfTen(exponent), Self.left - 8, height + 4, anchor: "end"))
        }
        shapes.append(Drawing.line(Self.left, Self.zero, Self.right, Self.zero, style: "axis"))
        shapes.append(Drawing.label("0", Self.left - 8, Self.zero + 4, anchor: "end"))
        for (position, section) in sections.enumerated() {
            let start = x(section.start) - (section.start == 0 ? 0 : (x(1) - x(0)) / 2)
            let next = position + 1 < sections.count ? x(sections[position + 1].start) : Self.right
            if section.start > 0 { shapes.append(Drawing.line(start, Self.top, start, Self.zero, style: "grid")) }
            let fits = next - start >= Double(section.title.count) * 7
            if fits { shapes.append(Drawing.label(section.title, (start + next) / 2, Self.zero + 20)) }
        }
        return shapes
    }

    private var thresholdLine: [Markup] {
        guard let threshold else { return [] }
        let height = y(threshold)
        return [
            Drawing.line(Self.left, height, Self.right, height, style: "threshold"),
            Drawing.label(
                "\(brief(threshold)) × noise", Self.right, height - 6, anchor: "end", style: "label strong"),
        ]
    }

    private var guiltyLines: [Markup] {
        guilty.enumerated().flatMap { number, index in
            [
                Drawing.line(x(index), Self.top - 6, x(index), Self.zero, style: "guilty-line"),
                Drawing.label(
                    guilty.count == 1 ? "guilty layer" : String(number + 1), min(max(x(index), 90), 900), Self.top - 12,
                    style: "label strong"),
            ]
        }
    }

    private var series: [Markup] {
        var line = ""
        var isDrawing = false
        var dots: [Severity: String] = [:]
        var diamonds = ""
        for (index, point) in points.enumerated() {
            if let local = point.local {
                diamonds += "M\(Drawing.number(x(index))) \(Drawing.number(y(local) - 4.5))l4.5 4.5-4.5 4.5-4.5-4.5z"
            }
            guard let total = point.total else {
                isDrawing = false
                continue
            }
            let place = "\(Drawing.number(x(index))) \(Drawing.number(y(total)))"
            line += (isDrawing ? "L" : "M") + place
            isDrawing = true
            dots[point.severity, default: ""] += "M\(place)h0"
        }
        var shapes: [Markup] = []
        if !line.isEmpty { shapes.append(Drawing.path(line, style: "total")) }
        for severity in Severity.allCases {
            if let data = dots[severity] {
                shapes.append(Drawing.path(data, style: "rim\(points.count > 400 ? " small" : "")"))
                shapes.append(Drawing.path(data, style: "dots \(severity.style)\(points.count > 400 ? " small" : "")"))
            }
        }
        if !diamonds.isEmpty { shapes.append(Drawing.path(diamonds, style: "local")) }
        return shapes
    }

    /// What the script moves to the value that is pointed at.
    private var cursor: Markup {
        .element("path", ["class": "cursor", "id": "cursor", "d": "M0 28V290"], [])
    }
}

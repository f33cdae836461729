/// Numbers of elements between bounds, as bars of equal width under a logarithmic height.
struct Histogram {
    var bars: GuiltyLayer.Histogram
    /// Another histogram, drawn as a line over the bars where it has their bounds.
    var outline: GuiltyLayer.Histogram?
    /// A bound that is marked.
    var threshold: Double?
    var label: String

    private static let left = 46.0
    private static let right = 430.0
    private static let top = 14.0
    private static let bottom = 150.0

    /// Bars there are; more bounds or counts than belong together are left aside.
    private var count: Int { min(bars.counts.count, max(bars.bounds.count - 1, 0)) }

    private var highest: Int { max(1, max(bars.counts.max() ?? 1, outline?.counts.max() ?? 1)) }

    private func x(_ index: Int) -> Double {
        Self.left + (Self.right - Self.left) * Double(index) / Double(max(count, 1))
    }

    private func height(_ number: Int) -> Double {
        guard number > 0 else { return Self.bottom }
        // One element is to be seen, so a count of one has a height.
        let share = Self.logarithm(Double(number) * 2) / Self.logarithm(Double(highest) * 2)
        return Self.bottom - (Self.bottom - Self.top) * share
    }

    /// log₂ of a number of at least one, linear between powers of two.
    private static func logarithm(_ value: Double) -> Double {
        guard value.isFinite, value >= 1 else { return 0 }
        return Double(value.exponent) + value.significand - 1
    }

    var markup: Markup {
        var shapes: [Markup] = []
        var power = 1
        while power <= highest {
            shapes.append(Drawing.line(Self.left, height(power), Self.right, height(power), style: "grid"))
            shapes.append(Drawing.label(power.description, Self.left - 6, height(power) + 4, anchor: "end"))
            guard power < Int.max / 100 else { break }
            power *= highest > 20_000 ? 100 : 10
        }
        for index in 0..<count where bars.counts[index] > 0 {
            let top = height(bars.counts[index])
            let isWrong = threshold.map { bars.bounds[index] >= $0 } ?? false
            shapes.append(
                Drawing.rectangle(
                    x(index) + 0.5, top, max(x(index + 1) - x(index) - 1, 0.5), Self.bottom - top,
                    style: isWrong ? "bar wrong" : "bar",
                    title: "\(brief(bars.bounds[index])) to \(brief(bars.bounds[index + 1])): \(bars.counts[index])"))
        }
        shapes.append(Drawing.line(Self.left, Self.bottom, Self.right, Self.bottom, style: "axis"))
        shapes += outlinePath + thresholdLine + ticks
        return .element(
            "svg",
            ["class": "histogram", "viewBox": "0 0 440 178", "role": "img", "aria-label": printable(description)],
            shapes)
    }

    private var outlinePath: [Markup] {
        guard let outline, outline.counts.count >= count, count > 0 else { return [] }
        var data = "M\(Drawing.number(Self.left)) \(Drawing.number(Self.bottom))"
        for index in 0..<count {
            data += "V\(Drawing.number(height(outline.counts[index])))H\(Drawing.number(x(index + 1)))"
        }
        return [Drawing.path(data + "V\(Drawing.number(Self.bottom))", style: "outline")]
    }

    private var thresholdLine: [Markup] {
        guard let threshold, let index = bars.bounds.firstIndex(where: { $0 >= threshold }), index <= count else {
            return []
        }
        return [Drawing.line(x(index), Self.top - 8, x(index), Self.bottom, style: "threshold")]
    }

    private var ticks: [Markup] {
        let step = max(1, (count + 5) / 6)
        return stride(from: 0, through: count, by: step).filter { bars.bounds.indices.contains($0) }.map { index in
            Drawing.label(brief(bars.bounds[index]), x(index), Self.bottom + 18)
        }
    }

    private var description: String {
        let total = bars.counts.prefix(count).reduce(0) { $0 &+ $1 }
        var text = "\(label): \(total) elements"
        if let first = bars.bounds.first, let last = bars.bounds.last {
            text += " from \(brief(first)) to \(brief(last))"
        }
        if let threshold {
            let beyond = (0..<count).filter { bars.bounds[$0] >= threshold }.reduce(0) { $0 &+ bars.counts[$1] }
            text += ", \(beyond) of them at \(brief(threshold)) × noise or more"
        }
        return text
    }
}

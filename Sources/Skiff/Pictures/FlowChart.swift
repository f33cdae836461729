/// What residual blocks do to the signal along the depth: sizes of shortcut and branch on a logarithmic axis, their cosine,
/// and what becomes of the outputs without each branch.
struct FlowChart {
    /// Powers of ten at both ends of an axis.
    private struct Decades {
        var lowest = -1
        var highest = 0

        init(of values: [Double]) {
            let logarithms = values.filter { $0 > 0 && $0.isFinite }.map { LogAxis.logarithm($0) }
            guard let least = logarithms.min(), let most = logarithms.max() else { return }
            lowest = max(Int(least.rounded(.down)), -40)
            highest = min(max(Int(most.rounded(.up)), lowest + 1), lowest + 40)
        }

        /// 0 at the lower end, 1 at the upper; what lies beyond stays there.
        func share(_ value: Double) -> Double {
            guard value > 0 else { return 0 }
            guard value.isFinite else { return 1 }
            return min(max((LogAxis.logarithm(value) - Double(lowest)) / Double(highest - lowest), 0), 1)
        }
    }

    private static let left = 52.0
    private static let right = 46.0
    private static let sizes = (top: 66.0, height: 140.0)
    private static let cosines = (top: 236.0, height: 56.0)
    private static let lesions = (top: 322.0, height: 96.0)

    let flow: SignalFlow
    let inspection: Inspection
    private let decades: Decades
    private let stages: [Int?]

    init(_ flow: SignalFlow, _ inspection: Inspection) {
        self.flow = flow
        self.inspection = inspection
        decades = Decades(of: flow.blocks.flatMap { [$0.shortcutRMS, $0.branchRMS] })
        var stageOfBlock: [Int: Int] = [:]
        for (index, stage) in inspection.stages.enumerated() {
            for block in stage.blocks { stageOfBlock[block] = index }
        }
        stages = flow.blocks.map { stageOfBlock[$0.block] }
    }

    private var hasLesions: Bool { flow.blocks.contains { $0.lesion != nil } }
    private var hasClasses: Bool { flow.blocks.contains { $0.lesion?.top1Agreement != nil } }

    var height: Double { (hasLesions ? Self.lesions.top + Self.lesions.height : Self.cosines.top + Self.cosines.height) + 40 }

    /// What a reader of the curves should know.
    var explanation: String {
        var text = "RMS is the root of the mean square over all elements, where shortcut and branch are added. Where the curves "
            + "lie far apart, the larger one passes almost unchanged."
        if hasLesions {
            text += " Bars: how much the \(changed)s change when that block's branch is taken away and its shortcut stays."
        }
        return text
    }

    var description: String {
        var text = "Curves of \(flow.blocks.count) residual blocks along the depth."
        let ratios = flow.blocks.enumerated().compactMap { index, block in block.ratio.map { (index, $0) } }
        if let least = ratios.min(by: { $0.1 < $1.1 }), let most = ratios.max(by: { $0.1 < $1.1 }) {
            text += " Branch over shortcut goes from \(brief(least.1)) at \(name(least.0)) to \(brief(most.1)) at \(name(most.0))."
        }
        let changes = flow.blocks.enumerated().compactMap { index, block in block.lesion.map { (index, $0.change) } }
        if let least = changes.min(by: { $0.1 < $1.1 }), let most = changes.max(by: { $0.1 < $1.1 }) {
            text += " Without its branch, \(name(most.0)) changes the output most, by \(brief(most.1)); "
                + "\(name(least.0)) least, by \(brief(least.1))."
        }
        return text
    }

    /// What the bars are of.
    private var changed: String {
        flow.blocks.contains { $0.lesion?.scoreChange != nil } ? "score" : "output"
    }

    private func name(_ index: Int) -> String {
        let block = flow.blocks[index].block
        return inspection.blocks.indices.contains(block) ? inspection.blocks[block].name : "block \(block + 1)"
    }

    func shapes(width: Double, hasTitle: Bool = true) -> [Markup] {
        let x = { (index: Int) -> Double in
            let room = width - Self.left - Self.right
            return Self.left + room * (Double(index) + 0.5) / Double(max(flow.blocks.count, 1))
        }
        var shapes: [Markup] = []
        if hasTitle {
            shapes.append(Drawing.label("What the blocks do to the signal", 0, 14, anchor: "start", style: "stage"))
        }
        shapes.append(
            Drawing.label(
                TextWidth.fitted(
                    flow.isMadeUp ? flow.input : "\(flow.samples) sample\(flow.samples == 1 ? "" : "s"), \(flow.input)",
                    size: 11, width: width),
                hasTitle ? 0 : 12, 31, anchor: "start", style: "small"))
        shapes += sections(width, x) + sizeCurves(width, x) + cosineCurve(width, x)
        if hasLesions { shapes += lesionBars(width, x) }
        return shapes
    }

    private var bottom: Double { height - 34 }

    /// Lines between stages, with their names at the foot.
    private func sections(_ width: Double, _ x: (Int) -> Double) -> [Markup] {
        var shapes: [Markup] = []
        let step = flow.blocks.count > 1 ? x(1) - x(0) : width
        var start = 0
        while start < stages.count {
            var end = start + 1
            while end < stages.count, stages[end] == stages[start] { end += 1 }
            let (from, to) = (x(start) - step / 2, x(end - 1) + step / 2)
            if start > 0 { shapes.append(Drawing.line(from, Self.sizes.top, from, bottom, style: "grid")) }
            if let stage = stages[start] {
                let long = "stage \(stage + 1)"
                let text = TextWidth.of(long, size: 11) < to - from ? long : String(stage + 1)
                if TextWidth.of(text, size: 11) < to - from {
                    shapes.append(Drawing.label(text, (from + to) / 2, bottom + 16, style: "small"))
                }
            }
            start = end
        }
        return shapes
    }

    private func sizeCurves(_ width: Double, _ x: (Int) -> Double) -> [Markup] {
        let (top, tall) = Self.sizes
        let y = { (value: Double) in top + tall * (1 - decades.share(value)) }
        var shapes: [Markup] = []
        let step = max(1, (decades.highest - decades.lowest + 4) / 5)
        for exponent in stride(from: decades.lowest, through: decades.highest, by: step) {
            let height = top + tall * (1 - Double(exponent - decades.lowest) / Double(decades.highest - decades.lowest))
            shapes.append(Drawing.line(Self.left, height, width - Self.right, height, style: "grid"))
            shapes.append(Drawing.label(Drawing.powerOfTen(exponent), Self.left - 7, height + 4, anchor: "end", style: "small"))
        }
        shapes += key(["shortcut", "branch"], titles: ["shortcut, RMS", "branch, RMS"], width, top - 9)
        shapes.append(curve(flow.blocks.map(\.shortcutRMS), "shortcut", x, y))
        shapes.append(curve(flow.blocks.map(\.branchRMS), "branch", x, y))
        return shapes
    }

    private func cosineCurve(_ width: Double, _ x: (Int) -> Double) -> [Markup] {
        let (top, tall) = Self.cosines
        var shapes: [Markup] = []
        for (value, text) in [(1.0, "1"), (0, "0"), (-1, "−1")] {
            let height = top + tall * (1 - value) / 2
            shapes.append(Drawing.line(Self.left, height, width - Self.right, height, style: value == 0 ? "axis" : "grid"))
            shapes.append(Drawing.label(text, Self.left - 7, height + 4, anchor: "end", style: "small"))
        }
        shapes += key(["cosine"], titles: ["cosine between both"], width, top - 9)
        shapes.append(curve(flow.blocks.map(\.cosine), "cosine", x) { top + tall * (1 - min(max($0, -1), 1)) / 2 })
        return shapes
    }

    private func lesionBars(_ width: Double, _ x: (Int) -> Double) -> [Markup] {
        let (top, tall) = Self.lesions
        let changes = flow.blocks.map { $0.lesion?.change }
        let most = max(changes.compactMap { $0 }.filter(\.isFinite).max() ?? 0, 1e-12)
        var shapes: [Markup] = []
        for share in [0.0, 0.5, 1] {
            let height = top + tall * (1 - share)
            shapes.append(Drawing.line(Self.left, height, width - Self.right, height, style: share == 0 ? "axis" : "grid"))
            shapes.append(Drawing.label(brief(most * share), Self.left - 7, height + 4, anchor: "end", style: "small"))
            if hasClasses {
                shapes.append(
                    Drawing.label("\(Int(share * 100)) %", width - Self.right + 7, height + 4, anchor: "start", style: "small"))
            }
        }
        shapes.append(Drawing.rectangle(Self.left, top - 18, 14, 9, style: "lesion"))
        shapes.append(
            Drawing.label("\(changed) change without the branch", Self.left + 20, top - 9, anchor: "start", style: "small"))
        let step = flow.blocks.count > 1 ? x(1) - x(0) : 40
        let bar = min(max(step * 0.62, 0.7), 26)
        for (index, change) in changes.enumerated() {
            guard let change else { continue }
            let share = change.isFinite ? min(max(change / most, 0), 1) : 1
            shapes.append(
                Drawing.rectangle(
                    x(index) - bar / 2, top + tall * (1 - share), bar, max(tall * share, 0.6), style: "lesion",
                    title: "\(name(index)): output changes by \(brief(change))"))
        }
        guard hasClasses else { return shapes }
        let offset = Self.left + 40 + TextWidth.of("output change without the branch", size: 11)
        shapes.append(circle(offset, top - 13))
        shapes.append(Drawing.label("samples of the same class", offset + 9, top - 9, anchor: "start", style: "small"))
        for (index, block) in flow.blocks.enumerated() {
            guard let share = block.lesion?.top1Agreement, share.isFinite else { continue }
            shapes.append(circle(x(index), top + tall * (1 - min(max(share, 0), 1)), radius: min(4, max(step / 2.5, 1.2))))
        }
        return shapes
    }

    private func circle(_ x: Double, _ y: Double, radius: Double = 4) -> Markup {
        .element(
            "circle",
            ["class": "agreement", "cx": Drawing.number(x), "cy": Drawing.number(y), "r": Drawing.number(radius)], [Markup]())
    }

    private func key(_ styles: [String], titles: [String], _ width: Double, _ y: Double) -> [Markup] {
        var x = Self.left
        return zip(styles, titles).flatMap { style, title -> [Markup] in
            let shapes = [
                Drawing.path("M\(Drawing.number(x)) \(Drawing.number(y - 4))h16", style: "series \(style)"),
                Drawing.label(title, x + 21, y, anchor: "start", style: "small"),
            ]
            x += 21 + TextWidth.of(title, size: 11) + 18
            return shapes
        }
    }

    /// A line through what was measured, with a dot each; a gap where nothing was.
    private func curve(
        _ values: [Double?], _ style: String, _ x: (Int) -> Double, _ y: (Double) -> Double
    ) -> Markup {
        var data = ""
        var isDrawing = false
        for (index, value) in values.enumerated() {
            guard let value, value.isFinite else {
                isDrawing = false
                continue
            }
            data += "\(isDrawing ? "L" : "M")\(Drawing.number(x(index))) \(Drawing.number(y(value)))"
            isDrawing = true
            // A single point is to be seen, too.
            if values.count <= 80 { data += "m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0m1.5 0" }
        }
        return Drawing.path(data, style: "series \(style)")
    }
}

/// Logarithms without a mathematical library.
enum LogAxis {
    /// log₁₀ of a positive finite number to a thousandth, which is finer than a pixel.
    static func logarithm(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        // log₂ by squaring: each step tells one more bit.
        var rest = value.significand
        var result = Double(value.exponent)
        var bit = 0.5
        for _ in 0..<20 {
            rest *= rest
            if rest >= 2 {
                rest /= 2
                result += bit
            }
            bit /= 2
        }
        return result * 0.301_029_995_663_981_2
    }
}

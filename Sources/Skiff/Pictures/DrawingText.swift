/// Walks a drawing in the order of data and writes it down for a program that lays it out itself.
struct DrawingText {
    /// What a language calls things.
    struct Syntax {
        /// A box; the parts are lines of its label.
        var box: (_ id: String, _ lines: [String], _ unit: NetworkDrawing.Unit) -> String
        /// The addition behind a block.
        var sum: (_ id: String, _ sign: String) -> String
        var port: (_ id: String, _ text: String) -> String
        var open: (_ id: String, _ lines: [String]) -> String
        var close: String
        /// An edge; the kind is that of a shortcut, `nil` for what just follows.
        var edge: (_ from: String, _ to: String, _ kind: Edge, _ label: String) -> String
    }

    enum Edge: Equatable {
        case flow
        case shortcut(ResidualBlock.Shortcut)
        case skip
    }

    private let drawing: NetworkDrawing
    private let syntax: Syntax
    private var lines: [String] = []
    private var edges: [String] = []
    /// The node that gives a unit's value; for skips.
    private var ends: [Int: String] = [:]
    private var starts: [Int: String] = [:]
    private var groups = 0

    static func lines(of drawing: NetworkDrawing, _ syntax: Syntax) -> [String] {
        var text = DrawingText(drawing, syntax)
        text.walk()
        return text.lines + text.edges
    }

    private init(_ drawing: NetworkDrawing, _ syntax: Syntax) {
        self.drawing = drawing
        self.syntax = syntax
    }

    private mutating func walk() {
        let layout = DrawingLayout(drawing)
        var last: String?
        for (index, text) in DrawingRenderer.limited(drawing.inputs).enumerated() {
            lines.append(syntax.port("in\(index)", text))
        }
        for placed in layout.columns {
            let head = [placed.column.title + (placed.column.stride.map { " (\($0))" } ?? "")]
                + (placed.column.details.isEmpty ? [] : [placed.column.details.joined(separator: " · ")])
            begin(head)
            last = stack(placed.stack, after: last, isFirst: last == nil)
            lines.append(syntax.close)
        }
        for (index, text) in DrawingRenderer.limited(drawing.outputs).enumerated() {
            lines.append(syntax.port("out\(index)", text))
            if let last { edges.append(syntax.edge(last, "out\(index)", .flow, "")) }
        }
        for skip in drawing.skips {
            if let from = ends[skip.from], let to = starts[skip.to] { edges.append(syntax.edge(from, to, .skip, "")) }
        }
    }

    private mutating func begin(_ head: [String]) {
        lines.append(syntax.open("g\(groups)", head))
        groups += 1
    }

    /// - Returns: the node that gives the stack's value.
    private mutating func stack(_ stack: StackSketch, after previous: String?, isFirst: Bool) -> String? {
        var last = previous
        var isFirst = isFirst
        for (position, entry) in stack.entries.enumerated() {
            let isGroup = entry.run.repeats > 1 && entry.sketches.count > 1
            if isGroup { begin([StackSketch.repeatText(entry.run.repeats)]) }
            for (place, sketch) in entry.sketches.enumerated() {
                let index = entry.run.pattern.indices.contains(place) ? entry.run.pattern[place] : nil
                let repeats = isGroup ? 1 : entry.run.repeats
                let id = index.map { "u\($0)" } ?? "gap\(groups)x\(position)"
                last = unit(sketch, id: id, repeats: repeats, after: last, isFirst: isFirst)
                isFirst = false
                for (member, unit) in entry.run.members.enumerated()
                where member % max(entry.run.pattern.count, 1) == place {
                    ends[unit] = last
                    starts[unit] = sketch.stack == nil ? id : nil
                }
            }
            if isGroup { lines.append(syntax.close) }
        }
        return last
    }

    private mutating func unit(
        _ sketch: UnitSketch, id: String, repeats: Int, after previous: String?, isFirst: Bool
    ) -> String {
        let sources = isFirst
            ? DrawingRenderer.limited(drawing.inputs).indices.map { "in\($0)" }
            : sketch.unit.isFed ? [previous].compactMap { $0 } : []
        var end = id
        if let inner = sketch.stack {
            begin([sketch.unit.title])
            end = stack(inner, after: sources.first, isFirst: isFirst) ?? id
            lines.append(syntax.close)
        } else {
            var texts = PieceLanes.lines(of: sketch.unit.pieces)
            if repeats > 1 { texts.append(StackSketch.repeatText(repeats)) }
            lines.append(syntax.box(id, texts, sketch.unit))
            for source in sources { edges.append(syntax.edge(source, id, .flow, "")) }
        }
        guard let shortcut = sketch.unit.shortcut else { return end }
        let sum = "s\(id)"
        lines.append(syntax.sum(sum, sketch.unit.concatenates ? "∥" : "+"))
        edges.append(syntax.edge(end, sum, .flow, ""))
        for source in sources {
            edges.append(syntax.edge(source, sum, .shortcut(shortcut.kind), shortcut.labels.joined(separator: ", ")))
        }
        return sum
    }
}

/// What the forms and colours of a drawing mean; only those that it has.
struct DrawingLegend {
    private struct Entry {
        var sample: [Markup]
        var text: String
    }

    private let layout: DrawingLayout
    private var kinds: Set<NetworkDrawing.Piece.Kind> = []
    private var shortcuts: Set<ResidualBlock.Shortcut> = []
    private var hasActivation = false
    private var hasRepeats = false
    private var concatenates = false

    init(_ layout: DrawingLayout) {
        self.layout = layout
        var pending = layout.columns.map(\.stack)
        while let stack = pending.popLast() {
            for entry in stack.entries {
                hasRepeats = hasRepeats || entry.run.repeats > 1
                for sketch in entry.sketches {
                    let unit = sketch.unit
                    for chip in sketch.chips {
                        kinds.insert(chip.piece.kind)
                        hasActivation = hasActivation || chip.piece.activates
                    }
                    if unit.concatenates {
                        concatenates = true
                    } else if let shortcut = unit.shortcut {
                        shortcuts.insert(shortcut.kind)
                    }
                    hasActivation = hasActivation || unit.activatesFirst || unit.activatesLast
                    if let inner = sketch.stack { pending.append(inner) }
                }
            }
        }
    }

    private var entries: [Entry] {
        var entries: [Entry] = []
        for kind in NetworkDrawing.Piece.Kind.allCases where kinds.contains(kind) {
            guard let text = Self.text(of: kind) else { continue }
            let radius = kind == .gate || kind == .pooling ? 6.0 : 3.0
            entries.append(
                Entry(sample: [Drawing.rectangle(0, -10, 20, 12, style: "chip \(kind.rawValue)", radius: radius)], text: text))
        }
        if hasActivation {
            entries.append(
                Entry(sample: [Drawing.rectangle(0, -5, 20, 2.6, style: "activation", radius: 1.3)], text: "activation"))
        }
        for kind in ResidualBlock.Shortcut.allCases where shortcuts.contains(kind) {
            entries.append(Entry(sample: [Drawing.path("M0 -4H22", style: "arc \(kind.rawValue)")], text: Self.text(of: kind)))
        }
        if !shortcuts.isEmpty {
            entries.append(
                Entry(
                    sample: [
                        .element("circle", ["class": "sum", "cx": "10", "cy": "-4", "r": "6"], [Markup]()),
                        Drawing.path("M6.5 -4h7M10 -7.5v7", style: "plus"),
                    ], text: "addition"))
        }
        if concatenates {
            entries.append(Entry(sample: [Drawing.path("M0 -4H22", style: "arc identity")], text: "all maps before"))
            entries.append(
                Entry(
                    sample: [
                        .element("circle", ["class": "sum", "cx": "10", "cy": "-4", "r": "6"], [Markup]()),
                        Drawing.path("M8.2 -7.5v7M11.8 -7.5v7", style: "plus"),
                    ], text: "concatenation"))
        }
        if !layout.drawing.skips.isEmpty {
            entries.append(Entry(sample: [Drawing.path("M0 -4H22", style: "skip")], text: "past other boxes"))
        }
        return entries
    }

    /// The entries in rows below `top`; `bottom` is where they end.
    func markup(top: Double, width: Double) -> (shapes: [Markup], bottom: Double) {
        var shapes: [Markup] = []
        var (x, y) = (DrawingLayout.margin, top + 10)
        for entry in entries {
            let length = 27 + TextWidth.of(entry.text, size: 11) + 18
            if x + length > width - DrawingLayout.margin, x > DrawingLayout.margin {
                x = DrawingLayout.margin
                y += 19
            }
            shapes.append(
                .element(
                    "g", ["transform": "translate(\(Drawing.number(x)) \(Drawing.number(y)))"],
                    entry.sample + [Drawing.label(entry.text, 27, 0, anchor: "start", style: "small")]))
            x += length
        }
        return (shapes, y + 6)
    }

    private static func text(of kind: NetworkDrawing.Piece.Kind) -> String? {
        switch kind {
        case .convolution: "convolution"
        case .pointwise: "1×1 convolution"
        case .depthwise: "depthwise"
        case .grouped: "grouped"
        case .dilated: "dilated"
        case .matrix: "fully connected"
        case .attention: "attention"
        case .pooling: "pooling"
        case .gate: "squeeze-and-excitation"
        case .resampling: "upsampling"
        case .joining, .other: nil
        }
    }

    private static func text(of kind: ResidualBlock.Shortcut) -> String {
        switch kind {
        case .identity: "identity shortcut"
        case .projection: "projection"
        case .pool: "pooled shortcut"
        case .pad: "zero-padded shortcut"
        case .other: "other shortcut"
        }
    }
}

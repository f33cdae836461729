/// Pieces of a box in the order of data, those that do not read each other side by side.
struct PieceLanes {
    /// What lies between two pieces that everything goes through: lanes side by side, the pieces of each from the top.
    struct Segment {
        var lanes: [[Int]]
        /// The first row.
        var row: Int
    }

    private(set) var segments: [Segment] = []
    /// By piece: how many others lie above it.
    private(set) var rows: [Int] = []

    /// Whether some piece does not read the one before it.
    static func isBranched(_ pieces: [NetworkDrawing.Piece]) -> Bool {
        pieces.indices.dropFirst().contains { !pieces[$0].reads.contains($0 - 1) }
    }

    /// Positions of pieces that no other of the box reads.
    static func ends(of pieces: [NetworkDrawing.Piece]) -> [Int] {
        let read = Set(pieces.flatMap(\.reads))
        return pieces.indices.filter { !read.contains($0) }
    }

    init(_ pieces: [NetworkDrawing.Piece]) {
        var lastReader = [Int](repeating: -1, count: pieces.count)
        for (index, piece) in pieces.enumerated() {
            rows.append(1 + (piece.reads.map { rows[$0] }.max() ?? -1))
            for read in piece.reads { lastReader[read] = max(lastReader[read], rows[index]) }
        }
        let count = (rows.max() ?? -1) + 1
        for row in 0..<count {
            let members = pieces.indices.filter { rows[$0] == row }
            let above = pieces.indices.filter { rows[$0] < row }
            let isGate = members.count == 1 && above.allSatisfy { lastReader[$0] >= 0 && lastReader[$0] <= row }
            if isGate || segments.isEmpty || isClosed { segments.append(Segment(lanes: [], row: row)) }
            for member in members { place(member, pieces[member]) }
            isClosed = isGate
        }
    }

    /// Whether the last segment is a piece that everything goes through.
    private var isClosed = false

    private mutating func place(_ member: Int, _ piece: NetworkDrawing.Piece) {
        let last = segments.count - 1
        let lane = piece.reads.count > 1
            ? nil : segments[last].lanes.firstIndex { $0.last.map { piece.reads.contains($0) } ?? false }
        if let lane { segments[last].lanes[lane].append(member) } else { segments[last].lanes.append([member]) }
    }

    /// A line for each segment: `1×1, 64 ‖ 1×1, 96 → 3×3, 128`.
    static func lines(of pieces: [NetworkDrawing.Piece]) -> [String] {
        guard isBranched(pieces) else { return pieces.map(UnitSketch.text) }
        return PieceLanes(pieces).segments.map { segment in
            segment.lanes.map { $0.map { UnitSketch.text(of: pieces[$0]) }.joined(separator: " → ") }
                .joined(separator: " ‖ ")
        }
    }

    /// All in one line: `concat → (1×1, 64 ‖ 1×1, 96 → 3×3, 128)`.
    static func text(of pieces: [NetworkDrawing.Piece], limit: Int) -> String {
        let lines = lines(of: pieces)
        let shown = lines.prefix(limit).map { $0.contains(" ‖ ") && lines.count > 1 ? "(\($0))" : $0 }
        return (shown + (lines.count > limit ? ["…"] : [])).joined(separator: " → ")
    }
}

extension UnitSketch {
    /// Widths of lanes in each segment, and of the widest segment.
    struct LaneWidths {
        var lanes: PieceLanes
        var widths: [[Double]]
        var total: Double
        static let gap = 9.0
        /// Boxes wider than this have their pieces below each other.
        static let widest = 460.0

        init?(_ unit: NetworkDrawing.Unit) {
            guard !unit.isUShaped, unit.inner.isEmpty, PieceLanes.isBranched(unit.pieces) else { return nil }
            lanes = PieceLanes(unit.pieces)
            widths = lanes.segments.map { segment in
                segment.lanes.map { lane in
                    max(46, lane.map { TextWidth.of(UnitSketch.text(of: unit.pieces[$0]), size: UnitSketch.fontSize) + 12 }.max() ?? 0)
                }
            }
            total = widths.map { $0.reduce(-Self.gap) { $0 + $1 + Self.gap } }.max() ?? 0
            if total > Self.widest { return nil }
        }
    }
}

/// Lines inside of a box whose pieces are not simply behind each other.
extension DrawingRenderer {
    private func n(_ value: Double) -> String { Drawing.number(value) }

    func laneWires(_ sketch: UnitSketch, left: Double, top: Double, centre: Double) -> [Markup] {
        let pieces = sketch.unit.pieces
        guard sketch.isBranched, sketch.chips.count == pieces.count else { return [] }
        let height = UnitSketch.chipHeight
        func x(_ piece: Int) -> Double { left + sketch.chips[piece].x + sketch.chips[piece].width / 2 }
        func y(_ piece: Int) -> Double { top + sketch.chips[piece].y }
        var shapes: [Markup] = []
        var readers = [Int](repeating: 0, count: pieces.count)
        let start = top + sketch.boxTop
        let end = start + sketch.boxHeight
        for (index, piece) in pieces.enumerated() {
            if piece.readsBefore {
                shapes.append(wire(centre, start, x(index), y(index), turn: start + 4))
            }
            for read in piece.reads {
                readers[read] += 1
                // Below each other for want of room: only what follows directly has a line.
                guard sketch.lanes != nil || read == index - 1 else { continue }
                let startsLane = sketch.lanes?.segments.contains { $0.lanes.contains { $0.first == index } } ?? true
                let turn = startsLane && piece.reads.count == 1 ? y(read) + height + 5 : y(index) - 5
                shapes.append(wire(x(read), y(read) + height, x(index), y(index), turn: turn))
            }
        }
        for index in pieces.indices where pieces[index].isReadBehind && readers[index] == 0 {
            shapes.append(wire(x(index), y(index) + height, centre, end, turn: end - 4))
        }
        return shapes
    }

    private func wire(_ x: Double, _ y: Double, _ toX: Double, _ toY: Double, turn: Double) -> Markup {
        guard abs(x - toX) > 0.5 else { return Drawing.line(x, y, toX, toY, style: "wire") }
        return Drawing.path("M\(n(x)) \(n(y))V\(n(turn))H\(n(toX))V\(n(toY))", style: "wire")
    }
}

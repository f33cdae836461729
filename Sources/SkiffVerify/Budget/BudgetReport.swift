/// What a search within a budget chose, and what it measured on the way.
public struct BudgetReport: Hashable, Sendable {
    /// How one candidate is stored.
    public struct Choice: Hashable, Sendable {
        public var name: String
        public var way: String
        /// Position among the candidate's ways.
        public var index: Int
        public var elementBytes: Int
        public var bytes: Int
        /// How far outputs move with this candidate alone stored so; `nil` where that was not measured.
        public var errorAlone: Double?
    }

    /// All candidates that are stored in one way.
    public struct Row: Hashable, Sendable {
        public var way: String
        public var candidates: Int
        public var elementBytes: Int
        public var bytes: Int
        /// The errors of the candidates alone, added in squares.
        public var error: Double
    }

    /// What can be had for how far outputs move.
    public struct Point: Hashable, Sendable {
        /// Relative RMS of the outputs, the worst over them.
        public var error: Double
        /// Bytes of all candidates in the file.
        public var bytes: Int
        /// Measured with all weights rounded at once; else the errors of single weights added in squares.
        public var isMeasured: Bool
    }

    public var budget: Double
    /// How far outputs move with all candidates stored as chosen: measured, not added up.
    public var error: Double
    /// In the order of the candidates.
    public var choices: [Choice]
    /// By bytes, the most first.
    public var frontier: [Point]

    init(
        _ candidates: [BudgetSearch.Candidate], choice: [Int], budget: Double, error: Double, alone: [[Double]],
        frontier: [Point]
    ) {
        self.budget = budget
        self.error = error
        choices = candidates.indices.map { index in
            let (candidate, way) = (candidates[index], choice[index])
            return Choice(
                name: candidate.name, way: candidate.ways[way].name, index: way, elementBytes: candidate.elementBytes,
                bytes: candidate.ways[way].bytes, errorAlone: alone.isEmpty ? nil : alone[index][way])
        }
        self.frontier = frontier.sorted { ($1.bytes, $0.error) < ($0.bytes, $1.error) }
    }

    /// Bytes of all candidates in the file.
    public var bytes: Int { choices.reduce(0) { $0 + $1.bytes } }

    /// By way, in the order in which they come first.
    public var rows: [Row] {
        var rows: [Row] = []
        for choice in choices {
            let squared = (choice.errorAlone ?? 0) * (choice.errorAlone ?? 0)
            if let index = rows.firstIndex(where: { $0.way == choice.way }) {
                rows[index].candidates += 1
                rows[index].elementBytes += choice.elementBytes
                rows[index].bytes += choice.bytes
                rows[index].error += squared
            } else {
                rows.append(
                    Row(
                        way: choice.way, candidates: 1, elementBytes: choice.elementBytes, bytes: choice.bytes,
                        error: squared))
            }
        }
        return rows.map { row in
            var row = row
            row.error = row.error.squareRoot()
            return row
        }.sorted { ($1.bytes, $0.way) < ($0.bytes, $1.way) }
    }
}

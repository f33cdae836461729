/// Ways to store weights in an order from nothing lost to nothing left to save: each rung gives one candidate fewer
/// bytes, and those come first whose saved bytes cost the least squared error.
struct BudgetLadder {
    struct Rung {
        var candidate: Int
        /// The way that it has from this rung on.
        var way: Int
        var savedBytes: Int
        /// What it adds to the sum of squares.
        var squaredError: Double
    }

    let rungs: [Rung]
    private let candidates: Int
    private let losslessBytes: Int

    /// - Parameter alone: the error of each way of each candidate, the first way's being 0.
    init(_ candidates: [BudgetSearch.Candidate], alone: [[Double]]) {
        self.candidates = candidates.count
        losslessBytes = candidates.reduce(0) { $0 + ($1.ways.first?.bytes ?? 0) }
        var rungs: [Rung] = []
        for (index, candidate) in candidates.enumerated() {
            rungs += Self.hull(candidate.ways.map(\.bytes), alone[index]).map { way, saved, squared in
                Rung(candidate: index, way: way, savedBytes: saved, squaredError: squared)
            }
        }
        // Rungs of one candidate stay in their order: each costs more than the one before.
        self.rungs = rungs.enumerated().sorted { left, right in
            let (a, b) = (left.element.cost, right.element.cost)
            return a != b ? a < b : left.offset < right.offset
        }.map(\.element)
    }

    /// The ways worth taking: from each, the next one is that which costs least for each byte it saves.
    private static func hull(_ bytes: [Int], _ errors: [Double]) -> [(way: Int, saved: Int, squared: Double)] {
        var steps: [(way: Int, saved: Int, squared: Double)] = []
        guard var here = bytes.indices.first else { return [] }
        while true {
            var best: (way: Int, saved: Int, squared: Double)?
            for way in bytes.indices where bytes[way] < bytes[here] && errors[way].isFinite {
                let saved = bytes[here] - bytes[way]
                let squared = max(0, errors[way] * errors[way] - errors[here] * errors[here])
                let step = (way, saved, squared)
                guard let known = best else {
                    best = step
                    continue
                }
                let (left, right) = (squared / Double(saved), known.squared / Double(known.saved))
                if left < right || left == right && saved > known.saved { best = step }
            }
            guard let best else { return steps }
            steps.append(best)
            here = best.way
        }
    }

    /// The way of each candidate after so many rungs.
    func choice(upTo count: Int) -> [Int] {
        var choice = [Int](repeating: 0, count: candidates)
        for rung in rungs.prefix(count) { choice[rung.candidate] = rung.way }
        return choice
    }

    func bytes(upTo count: Int) -> Int { losslessBytes - rungs.prefix(count).reduce(0) { $0 + $1.savedBytes } }

    /// Bytes for budgets of each power of ten, by the sum of squares.
    var estimates: [BudgetReport.Point] {
        [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].map { budget in
            var (sum, count) = (0.0, 0)
            for rung in rungs {
                guard sum + rung.squaredError <= budget * budget else { break }
                sum += rung.squaredError
                count += 1
            }
            return BudgetReport.Point(error: budget, bytes: bytes(upTo: count), isMeasured: false)
        }
    }
}

extension BudgetLadder.Rung {
    /// Squared error for each byte.
    fileprivate var cost: Double { squaredError / Double(max(1, savedBytes)) }
}

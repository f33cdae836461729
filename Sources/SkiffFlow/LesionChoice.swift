internal import SkiffGraph
internal import SkiffInspect

/// What share of a run's work lies where.
struct FlowCosts {
    /// By node, the share of the work up to it, its own included.
    private let sums: [Double]

    /// Multiply-adds that take about as long as what every node costs besides: planning, and passing its values.
    private static let perNode = 1_000_000.0

    init(_ inspection: Inspection) {
        var sum = 0.0
        var sums: [Double] = []
        for layer in inspection.layers {
            sum += Double(layer.multiplyAdds ?? 0) + Self.perNode
            sums.append(sum)
        }
        self.sums = sums.map { $0 / max(sum, 1) }
    }

    func share(upTo node: NodeID) -> Double { sums.indices.contains(node.index) ? sums[node.index] : 1 }
    func share(behind node: NodeID) -> Double { 1 - share(upTo: node) }
}

/// At which blocks the branch is taken away.
struct LesionChoice {
    let joins: [Join]
    /// Why some are left out, in words.
    let omission: String?

    init(_ all: [Join], _ lesions: SignalFlow.Lesions, secondsOfAll: ([Join]) -> Double) {
        switch lesions {
        case .none:
            joins = []
            omission = nil
        case .all:
            joins = all
            omission = nil
        case .most(let count):
            joins = Self.spread(all, count: count)
            omission = joins.count < all.count
                ? "branches of \(joins.count) of \(all.count) blocks were taken away, as asked for" : nil
        case .within(let budget):
            var step = 1
            var chosen = all
            while chosen.count > 2, secondsOfAll(chosen) > budget {
                step *= 2
                chosen = stride(from: 0, to: all.count, by: step).map { all[$0] }
            }
            joins = chosen
            omission = step == 1 ? nil
                : "branches of every \(step)\(Self.ending(step)) block only, \(chosen.count) of \(all.count), were "
                    + "taken away: all would take about \(Self.timeText(secondsOfAll(all)))"
        }
    }

    /// Evenly spaced, the first and the last among them.
    private static func spread(_ all: [Join], count: Int) -> [Join] {
        guard count < all.count else { return all }
        guard count > 1 else { return Array(all.prefix(max(count, 0))) }
        return (0..<count).map { all[($0 * (all.count - 1) + (count - 1) / 2) / (count - 1)] }
    }

    private static func ending(_ number: Int) -> String { number % 10 == 2 && number % 100 != 12 ? "nd" : "th" }

    private static func timeText(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "very long" }
        return seconds < 120 ? "\(Int(seconds.rounded())) s" : "\(Int((seconds / 60).rounded())) min"
    }
}

internal import Skiff

/// What `--profile` shows.
extension BenchReport {
    /// A step, or several with one algorithm, with what they took.
    struct Portion {
        var steps = 0
        var seconds = 0.0
        var multiplyAdds = 0
        var plannedMultiplyAdds = 0

        mutating func add(_ step: PlanReport.Step, _ seconds: Double) {
            steps += 1
            self.seconds += seconds
            multiplyAdds = clampedSum(multiplyAdds, step.multiplyAdds)
            plannedMultiplyAdds = clampedSum(plannedMultiplyAdds, step.plannedMultiplyAdds)
        }
    }

    private var timedSteps: [(step: PlanReport.Step, portion: Portion)] {
        zip(plan.steps, profile?.stepSeconds ?? []).map { step, seconds in
            var portion = Portion()
            portion.add(step, seconds)
            return (step, portion)
        }
    }

    /// Steps together, which is less than a run where threads wait between steps.
    private var total: Double { timedSteps.reduce(0) { $0 + $1.portion.seconds } }

    /// By algorithm, the slowest first.
    private var algorithms: [(name: String, portion: Portion)] {
        var portions: [String: Portion] = [:]
        for (step, seconds) in zip(plan.steps, profile?.stepSeconds ?? []) {
            portions[step.algorithm, default: Portion()].add(step, seconds)
        }
        return portions.map { (name: $0.key, portion: $0.value) }
            .sorted { ($1.portion.seconds, $0.name) < ($0.portion.seconds, $1.name) }
    }

    func algorithmLines(width: Int, style: TextStyle) -> [String] {
        var heading = style.heading("Algorithms")
        if let peakGigaflops {
            let each = threads == 1 ? "" : " (\(threads) × \(speed(peakGigaflops / Double(threads))))"
            heading += "  peak of the machine \(speed(peakGigaflops)) GFLOP/s\(each)"
        }
        let most = algorithms.first?.portion.seconds ?? 0
        var table = TextTable(columns: [
            .init(title: "algorithm", alignment: .left, leastWidth: 12), .init(title: "steps", alignment: .right),
        ] + columns)
        table.rows = algorithms.map { [escaped($0.name), String($0.portion.steps)] + cells($0.portion, most: most) }
        return [heading] + table.lines(width: width, style: style)
    }

    func profileLines(width: Int, style: TextStyle) -> [String] {
        let heading = style.heading("Profile")
            + "  \(timedSteps.count) steps, \(milliseconds(total)) ms together, a run \(milliseconds(median)) ms"
        let most = timedSteps.map(\.portion.seconds).max() ?? 0
        var table = TextTable(columns: [
            .init(title: "step", alignment: .left, leastWidth: 14),
            .init(title: "operation", alignment: .left, leastWidth: 18, isOptional: true, elision: .end),
            .init(title: "algorithm", alignment: .left, leastWidth: 11, elision: .end),
        ] + columns)
        table.rows = timedSteps.map { step, portion in
            [escaped(step.name), brief(step.operation), brief(step.algorithm)] + cells(portion, most: most)
        }
        var lines = [heading] + table.lines(width: width, style: style)
        if timedSteps.contains(where: { $0.portion.plannedMultiplyAdds != $0.portion.multiplyAdds }) {
            lines.append(style.faint("  of peak: multiply-adds as defined, in brackets those that were done"))
        }
        return lines
    }

    private var columns: [TextTable.Column] {
        [
            .init(title: countsMicroseconds ? "µs" : "ms", alignment: .right),
            .init(title: "share", alignment: .right), .init(title: "", alignment: .left),
            .init(title: "GFLOP/s", alignment: .right), .init(title: "of peak", alignment: .right),
        ]
    }

    /// Whether steps are too short for milliseconds.
    private var countsMicroseconds: Bool { total < 0.002 }

    private func cells(_ portion: Portion, most: Double) -> [String] {
        let share = total > 0 ? portion.seconds / total : 0
        return [
            countsMicroseconds ? decimal(portion.seconds * 1e6, 2) : decimal(portion.seconds * 1e3, 3), decimal(share * 100, 1) + " %",
            bar(most > 0 ? portion.seconds / most : 0, width: 8),
            portion.multiplyAdds > 0
                ? Self.gigaflops(portion.multiplyAdds, seconds: portion.seconds).map(speed) ?? "" : "",
            peakText(portion),
        ]
    }

    /// `161 % (72 %)`: of the machine's peak, by the defined products and by those that were done.
    private func peakText(_ portion: Portion) -> String {
        guard portion.multiplyAdds > 0, let defined = peakShare(portion.multiplyAdds, portion.seconds) else { return "" }
        let text = decimal(defined * 100, 0) + " %"
        guard portion.plannedMultiplyAdds != portion.multiplyAdds,
            let done = peakShare(portion.plannedMultiplyAdds, portion.seconds)
        else { return text }
        return text + " (" + decimal(done * 100, 0) + " %)"
    }

    private func peakShare(_ multiplyAdds: Int, _ seconds: Double) -> Double? {
        guard let peakGigaflops, let speed = Self.gigaflops(multiplyAdds, seconds: seconds) else { return nil }
        return speed / peakGigaflops
    }

    func profileJSON() -> JSONValue {
        [
            "peakGflops": peakGigaflops.map { .number($0) } ?? .null,
            "milliseconds": .number(total * 1e3),
            "steps": .array(timedSteps.map { step, portion in
                var object = stepJSON(step)
                object["fallback"] = .bool(step.isFallback)
                for (key, value) in portionJSON(portion) { object[key] = value }
                return .object(object)
            }),
            "algorithms": .array(algorithms.map { name, portion in
                var object = JSONObject()
                object["name"] = .string(name)
                object["steps"] = .integer(Int64(portion.steps))
                object["multiplyAdds"] = .integer(Int64(portion.multiplyAdds))
                object["plannedMultiplyAdds"] = .integer(Int64(portion.plannedMultiplyAdds))
                for (key, value) in portionJSON(portion) { object[key] = value }
                return .object(object)
            }),
        ]
    }

    private func portionJSON(_ portion: Portion) -> [(String, JSONValue)] {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        let seconds = portion.seconds
        return [
            ("milliseconds", .number(seconds * 1e3)),
            ("share", .number(total > 0 ? seconds / total : 0)),
            ("gflops", number(Self.gigaflops(portion.multiplyAdds, seconds: seconds))),
            ("plannedGflops", number(Self.gigaflops(portion.plannedMultiplyAdds, seconds: seconds))),
            ("peakShare", number(peakShare(portion.multiplyAdds, seconds))),
            ("plannedPeakShare", number(peakShare(portion.plannedMultiplyAdds, seconds))),
        ]
    }
}

/// A bar of `width` cells that is full at 1, in eighths of a cell.
private func bar(_ part: Double, width: Int) -> String {
    let eighths = Int((min(max(part, 0), 1) * Double(width * 8)).rounded())
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + rest
}

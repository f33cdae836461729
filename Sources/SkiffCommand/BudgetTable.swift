internal import Skiff

/// What was chosen within a budget, and what else there was to choose.
struct BudgetTable {
    let encodings: BudgetedEncodings

    private var report: BudgetReport { encodings.report }

    /// Lines, each behind a line end.
    var text: String {
        var rows = [["encoding", "weights", "bytes", "of Float", "outputs move, by these alone"]]
        for row in report.rows {
            rows.append([
                row.way, String(row.candidates), byteText(row.bytes), percent(row.bytes, of: row.elementBytes),
                row.way == Encoding.lossless.rawValue ? "not at all" : significant(row.error),
            ])
        }
        if encodings.otherBytes > 0 {
            rows.append(["lossless", "small ones", byteText(encodings.otherBytes), "", "not at all"])
        }
        var lines = ["", "outputs move by \(significant(report.error)), allowed \(significant(report.budget)) (relative RMS, "
            + "\(escaped(encodings.sampleName)))"]
        lines += table(rows, right: [1, 2, 3])
        let points = report.frontier.map { point in
            let mark = !point.isMeasured ? " by estimate" : point.bytes == report.bytes ? ", taken" : ""
            return "  \(byteText(point.bytes + encodings.otherBytes)): \(significant(point.error))\(mark)"
        }
        if !points.isEmpty { lines += ["what bytes of weights cost:"] + points }
        return lines.map { "\n" + $0 }.joined()
    }

    var json: JSONValue {
        [
            "budget": .number(report.budget), "error": .number(report.error),
            "sample": .string(encodings.sampleName), "sampleSHA256": .string(encodings.sampleChecksum),
            "bytes": .integer(Int64(report.bytes + encodings.otherBytes)),
            "encodings": .array(report.rows.map { row in
                [
                    "encoding": .string(row.way), "weights": .integer(Int64(row.candidates)),
                    "bytes": .integer(Int64(row.bytes)), "elementBytes": .integer(Int64(row.elementBytes)),
                    "error": .number(row.error),
                ]
            }),
            "weights": .array(report.choices.map { choice in
                [
                    "name": .string(choice.name), "encoding": .string(choice.way),
                    "bytes": .integer(Int64(choice.bytes)), "elementBytes": .integer(Int64(choice.elementBytes)),
                    "error": choice.errorAlone.map { .number($0) } ?? .null,
                ]
            }),
            "frontier": .array(report.frontier.map { point in
                [
                    "bytes": .integer(Int64(point.bytes + encodings.otherBytes)), "error": .number(point.error),
                    "measured": .bool(point.isMeasured),
                ]
            }),
        ]
    }

    /// `8.73e-4`.
    private func significant(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return short(value) }
        var (mantissa, exponent) = (value, 0)
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        while mantissa >= 9.995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        return decimal(mantissa, 2) + (exponent == 0 ? "" : "e\(exponent)")
    }

    private func percent(_ part: Int, of whole: Int) -> String {
        whole > 0 ? decimal(Double(part) / Double(whole) * 100, 1) + " %" : ""
    }
}

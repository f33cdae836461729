internal import Skiff

/// What `--plan` and `--errors` show.
extension BenchReport {
    func passLines(_ style: TextStyle) -> [String] {
        guard !plan.passes.isEmpty else { return [style.heading("Passes") + "  none"] }
        let rows = plan.passes.map { [escaped($0.name), String($0.changes)] }
        let table = TextTable(
            columns: [.init(title: "pass", alignment: .left), .init(title: "changes", alignment: .right)], rows: rows)
        return [style.heading("Passes") + "  \(plan.passes.count), in the order they ran"]
            + table.lines(width: 100, style: style)
    }

    func planLines(width: Int, style: TextStyle) -> [String] {
        var heading = style.heading("Steps") + "  \(plan.steps.count)"
        if fallbacks > 0 { heading += ", \(fallbacks) without a fast kernel (×)" }
        var table = TextTable(columns: [
            .init(title: "step", alignment: .left, leastWidth: 12),
            .init(title: "operation", alignment: .left, leastWidth: 18, elision: .end),
            .init(title: "algorithm", alignment: .left, leastWidth: 11, elision: .end),
            .init(title: "input", alignment: .left, isOptional: true),
            .init(title: "output", alignment: .left, isOptional: true),
            .init(title: "mult-adds", alignment: .right),
            .init(title: "predicted", alignment: .right),
        ])
        table.rows = plan.steps.map { step in
            [
                escaped(step.name), brief(step.operation), (step.isFallback ? "× " : "") + brief(step.algorithm),
                extents(step.inputShape), extents(step.outputShape),
                step.multiplyAdds > 0 ? multiplyAddsText(step.multiplyAdds) : "",
                step.predictedMicroseconds.map { "\(decimal($0, 1)) µs" } ?? "",
            ]
        }
        return [heading] + table.lines(width: width, style: style)
    }

    /// Errors are those of steps alone, each fed the inputs it has in the run.
    func errorLines(width: Int, style: TextStyle) -> [String] {
        var table = TextTable(columns: [
            .init(title: "step", alignment: .left, leastWidth: 12),
            .init(title: "operation", alignment: .left, leastWidth: 18, isOptional: true, elision: .end),
            .init(title: "algorithm", alignment: .left, leastWidth: 11, elision: .end),
            .init(title: "cost", alignment: .right),
            .init(title: "error", alignment: .right),
            .init(title: "direct", alignment: .right),
            .init(title: "ratio", alignment: .right),
            .init(title: "predicted", alignment: .right),
        ])
        for error in errors ?? [] where plan.steps.indices.contains(error.step) {
            let step = plan.steps[error.step]
            table.rows.append([
                escaped(step.name), brief(step.operation), brief(step.algorithm),
                step.predictedMicroseconds.map { "\(decimal($0, 1)) µs" } ?? "", scientific(error.measured),
                scientific(error.direct), error.ratio.map { decimal($0, 2) } ?? "",
                step.predictedErrorRatio.map { decimal($0, 2) } ?? "",
            ])
        }
        let heading = style.heading("Rounding") + "  relative RMS error against Double, and its ratio to a direct sum's"
        return [heading] + table.lines(width: width, style: style)
    }

    func planJSON() -> JSONValue {
        var measured: [Int: PlanReport.StepError] = [:]
        for error in errors ?? [] { measured[error.step] = error }
        return [
            "passes": .array(plan.passes.map { ["name": .string($0.name), "changes": .integer(Int64($0.changes))] }),
            "steps": .array(plan.steps.enumerated().map { index, step in
                var object = stepJSON(step)
                object["inputShape"] = .array(step.inputShape.map { .integer(Int64($0)) })
                object["outputShape"] = .array(step.outputShape.map { .integer(Int64($0)) })
                object["predictedMicroseconds"] = step.predictedMicroseconds.map { .number($0) } ?? .null
                object["predictedErrorRatio"] = step.predictedErrorRatio.map { .number($0) } ?? .null
                object["fallback"] = .bool(step.isFallback)
                if errors != nil { object["error"] = measured[index].map(errorJSON) ?? .null }
                return .object(object)
            }),
        ]
    }

    func stepJSON(_ step: PlanReport.Step) -> JSONObject {
        var object = JSONObject()
        object["name"] = .string(step.name)
        object["operation"] = .string(step.operation)
        object["algorithm"] = .string(step.algorithm)
        object["multiplyAdds"] = .integer(Int64(step.multiplyAdds))
        object["plannedMultiplyAdds"] = .integer(Int64(step.plannedMultiplyAdds))
        return object
    }

    private func errorJSON(_ error: PlanReport.StepError) -> JSONValue {
        [
            "measured": .number(error.measured), "direct": .number(error.direct),
            "ratio": error.ratio.map { .number($0) } ?? .null,
        ]
    }
}

extension PlanReport.StepError {
    /// How often the direct kernel's error; `nil` where that makes none.
    fileprivate var ratio: Double? { direct > 0 ? measured / direct : nil }
}

/// An operation or algorithm as a table's rows have it: `conv 3×3+add+ReLU`, `F(4×4, 3×3)`.
func brief(_ name: String) -> String {
    escaped(name).replacing("Convolution", with: "conv").replacing(" + ", with: "+").replacing("Winograd ", with: "")
}

/// `1×56×56×64`.
private func extents(_ shape: Shape) -> String { shape.map(String.init).joined(separator: "×") }

/// `4.1e-07`.
private func scientific(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return value == 0 ? "0" : "\(value)" }
    var mantissa = value
    var exponent = 0
    while mantissa >= 9.95 { mantissa /= 10; exponent += 1 }
    while mantissa < 0.995 { mantissa *= 10; exponent -= 1 }
    let digits = String(exponent.magnitude)
    return decimal(mantissa, 1) + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" : "") + digits
}

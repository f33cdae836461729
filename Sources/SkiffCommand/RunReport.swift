internal import Skiff

/// What `skiff run` prints of its outputs.
struct RunReport {
    var model: String
    var output: String?
    var results: ModelValues
    var accuracy: Accuracy?
    var top: Int?
    var duration: Duration

    var text: String {
        var rows: [[String]] = [["output", "shape", "type", "min", "max", "mean"]]
        for output in results.outputs {
            let summary = Summary(output.tensor)
            rows.append([
                escaped(output.name), output.tensor.shape.shapeText, output.tensor.elementType.rawValue,
                short(summary.minimum), short(summary.maximum), short(summary.mean),
            ])
        }
        var lines = table(rows, right: [3, 4, 5])
        if let top { lines += [""] + topLines(top) }
        if let accuracy { lines += ["", accuracy.text] }
        let written = output.map { "written to \(escaped($0)), " } ?? ""
        let count = results.intermediates.isEmpty ? "" : "\(results.intermediates.count) intermediate values, "
        return (lines + ["", count + written + timeText(duration)]).joined(separator: "\n")
    }

    /// For each sample of the first output the largest elements: `class 7 0.9981`.
    private func topLines(_ count: Int) -> [String] {
        guard let first = results.outputs.first else { return [] }
        let samples = Samples(first.tensor)
        let shown = samples.rows.prefix(20).enumerated().map { index, row in
            let largest = row.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(count)
            let text = largest.map { "\($0.offset): \(short($0.element))" }.joined(separator: "  ")
            return "sample \(index)  \(text)"
        }
        return samples.rows.count > 20 ? shown + ["… and \(samples.rows.count - 20) more samples"] : shown
    }

    var json: JSONValue {
        var object = JSONObject()
        object["schema"] = "skiff.run/1"
        object["model"] = .string(model)
        object["output"] = output.map { .string($0) } ?? .null
        object["seconds"] = .number(seconds(duration))
        object["outputs"] = .array(results.outputs.map { output in
            let summary = Summary(output.tensor)
            return [
                "name": .string(output.name), "elementType": .string(output.tensor.elementType.rawValue),
                "shape": .array(output.tensor.shape.map { .integer(Int64($0)) }),
                "minimum": .number(summary.minimum), "maximum": .number(summary.maximum), "mean": .number(summary.mean),
            ]
        })
        object["intermediates"] = .integer(Int64(results.intermediates.count))
        object["accuracy"] = accuracy?.json ?? .null
        return .object(object)
    }
}

/// Extremes and mean of a tensor's finite elements.
struct Summary {
    var minimum = 0.0
    var maximum = 0.0
    var mean = 0.0

    init(_ tensor: Tensor) {
        guard let values = try? tensor.doubles(), let first = values.first else { return }
        minimum = first
        maximum = first
        var sum = 0.0
        for value in values {
            if value < minimum || minimum.isNaN { minimum = value }
            if value > maximum || maximum.isNaN { maximum = value }
            sum += value
        }
        mean = sum / Double(values.count)
    }
}

/// A tensor as rows, one for each element of its first axis.
struct Samples {
    var rows: [ArraySlice<Double>] = []

    init(_ tensor: Tensor) {
        guard let values = try? tensor.doubles(), let count = tensor.shape.first, count > 0 else { return }
        let length = values.count / count
        rows = (0..<count).map { values[$0 * length..<($0 + 1) * length] }.map { ArraySlice(Array($0)) }
    }
}

/// How many samples the first output classifies as the labels say.
struct Accuracy {
    var correct = 0
    var total = 0

    /// `path` is a `.npy`, or a `.npz` with `:member` behind it (by default `labels`).
    init(of outputs: [(name: String, tensor: Tensor)], labels path: String) throws {
        let labels = try Self.labels(path)
        let truth = try labels.integers()
        guard let first = outputs.first else { return }
        let rows = Samples(first.tensor).rows
        guard rows.count == truth.count else {
            throw SkiffError(
                .arrays(
                    "holds \(truth.count) labels, output \"\(escaped(first.name))\" has \(rows.count) samples", hint: nil),
                at: Place(file: path))
        }
        total = rows.count
        for (row, label) in zip(rows, truth) {
            let best = row.indices.max { (row[$0], -$0) < (row[$1], -$1) }
            if let best, Int64(best - row.startIndex) == label { correct += 1 }
        }
    }

    private static func labels(_ text: String) throws -> Tensor {
        var path = text
        var member = "labels"
        if let colon = text.lastIndex(of: ":"), (try? Storage(mapping: text)) == nil {
            path = String(text[..<colon])
            member = String(text[text.index(after: colon)...])
        }
        switch try ArrayFile(contentsOf: path) {
        case .single(_, let tensor): return tensor
        case .archive(let members):
            guard let found = members.first(where: { $0.name == member }) else {
                throw SkiffError(
                    .arrays("has no member \"\(escaped(member))\"", hint: "name one: \(path):MEMBER"),
                    at: Place(file: path))
            }
            return found.tensor
        }
    }

    private var share: Double { total == 0 ? 0 : Double(correct) / Double(total) }

    var text: String { "\(correct) of \(total) classified as labelled (\(decimal(share * 100, 1)) %)" }

    var json: JSONValue {
        ["correct": .integer(Int64(correct)), "total": .integer(Int64(total)), "share": .number(share)]
    }
}

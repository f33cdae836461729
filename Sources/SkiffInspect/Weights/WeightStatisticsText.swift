internal import SkiffCore
public import SkiffGraph

extension WeightStatistics {
    /// What rows of the table are sorted by.
    public enum Order: String, Sendable, CaseIterable {
        /// As layers read them.
        case network
        /// Bytes, most first.
        case size
        case spread, zeros
        /// The largest magnitude first.
        case magnitude
        case name
    }

    /// The statistics as a terminal shows them: what they say as a whole, then a row for each tensor.
    ///
    /// - Parameters:
    ///   - graph: whose weights they are; `nil` for weights that no network reads.
    ///   - all: whether biases and normalizations that nothing is said of are listed too.
    ///   - limit: rows at most.
    public func text(
        of graph: Graph?, _ inspection: Inspection?, width: Int = 100, colors: Bool = false, order: Order = .network,
        all: Bool = false, limit: Int? = nil
    ) -> String {
        let style = TextStyle(colors: colors)
        let bytes = tensors.reduce(0) { clampedSum($0, $1.bytes) }
        let elements = tensors.reduce(0) { clampedSum($0, $1.elements) }
        var lines = titled(
            "Weights", "  \(countText(tensors.count, "tensor")), \(countText(elements, "element")), \(bytesText(bytes))",
            width: width, style: style)
        var summary = formLines
        if let graph, let inspection { summary = self.summary(of: graph, inspection) }
        for line in summary { lines += bullet(line, width: width) }
        if !summary.isEmpty { lines.append("") }
        var shown = sorted(by: order)
        if !all {
            shown = shown.filter { $0.role == .kernel || graph == nil || !notes(of: $0).isEmpty && $0.role != .constant }
        }
        let left = tensors.count - shown.count
        let cut = max(0, shown.count - (limit ?? shown.count))
        shown = Array(shown.prefix(limit ?? shown.count))
        lines += table(shown, width: width, style: style)
        func remark(_ text: String) { lines += wrapped(text, width: width, indent: 2).map { style.faint($0) } }
        if cut > 0 { remark("\(countText(cut, "row")) more; --limit-weights shows fewer or more") }
        if left > 0 {
            remark("\(countText(left, "bias, normalization or constant", plural: "biases, normalizations and constants")) without remarks; --all-weights lists \(left == 1 ? "it" : "them")")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func sorted(by order: Order) -> [TensorStatistics] {
        switch order {
        case .network: tensors
        case .size: stably { $0.bytes > $1.bytes }
        case .spread: stably { $0.standardDeviation > $1.standardDeviation }
        case .zeros: stably { $0.sparsity > $1.sparsity }
        case .magnitude: stably { $0.largestMagnitude > $1.largestMagnitude }
        case .name: stably { $0.name < $1.name }
        }
    }

    private func stably(_ isBefore: (TensorStatistics, TensorStatistics) -> Bool) -> [TensorStatistics] {
        tensors.enumerated().sorted { left, right in
            if isBefore(left.element, right.element) { return true }
            return !isBefore(right.element, left.element) && left.offset < right.offset
        }.map(\.element)
    }

    private func table(_ shown: [TensorStatistics], width: Int, style: TextStyle) -> [String] {
        // Below 92 columns names and notes give way further, below 80 figures do.
        let isNarrow = width < 92, leavesFigures = width < 80
        let least = width < 60 ? 11 : isNarrow ? 14 : 24
        var table = TextTable(columns: [
            .init(title: "tensor", alignment: .left, leastWidth: least),
            .init(title: "type", alignment: .left, isOptional: true),
            .init(title: "shape", alignment: .left, isOptional: true), .init(title: "mean", alignment: .right, isOptional: true),
            .init(title: "spread", alignment: .right), .init(title: "least", alignment: .right, isOptional: true),
            .init(title: "greatest", alignment: .right, isOptional: true), .init(title: "zeros", alignment: .right, isOptional: leavesFigures),
            .init(title: "histogram", alignment: .left, isOptional: leavesFigures),
            .init(title: "notes", alignment: .left, leastWidth: least, elision: .end),
        ])
        table.rows = shown.map { tensor in
            let hasFinite = tensor.isMeasured && tensor.minimum <= tensor.maximum
            return [
                escaped(tensor.name), tensor.elementType.rawValue, tensor.shape.map(String.init).joined(separator: "×"),
                hasFinite ? numberText(tensor.mean) : "", hasFinite ? numberText(tensor.standardDeviation) : "",
                hasFinite ? numberText(tensor.minimum) : "", hasFinite ? numberText(tensor.maximum) : "",
                percentText(tensor.zeros, of: tensor.elements), tensor.histogram.sparkLine(columns: 16),
                notes(of: tensor).joined(separator: ", "),
            ]
        }
        if table.rows.allSatisfy({ $0.last?.isEmpty ?? true }) { table.columns.removeLast() }
        table.paint = { _, column, text in column == 8 ? style.accent(text) : column == 9 ? style.warning(text) : text }
        return shown.isEmpty ? [] : table.lines(width: width, style: style)
    }

    /// What is worth a word of a tensor.
    func notes(of tensor: TensorStatistics) -> [String] {
        guard tensor.isMeasured else { return ["no statistics of \(tensor.elementType.rawValue)"] }
        var notes: [String] = []
        if tensor.nans > 0 { notes.append("\(groupedText(tensor.nans)) NaN") }
        let infinities = tensor.positiveInfinities + tensor.negativeInfinities
        if infinities > 0 { notes.append("\(groupedText(infinities)) infinite") }
        if tensor.role == .unused { notes.append("unused") }
        if tensor.role == .kernel, tensor.elements > 1, tensor.isConstant {
            notes.append(tensor.zeros > 0 ? "all zero" : "all \(numberText(tensor.mean))")
        } else if let dead = tensor.channels?.allZero.count, dead > 0 {
            notes.append("\(countText(dead, "dead channel"))")
        }
        if let form = tensor.form { notes.append(form.text) }
        if tensor.denormals > 0 { notes.append("\(groupedText(tensor.denormals)) denormal") }
        if let twin = tensor.duplicateOf { notes.append("as \(escaped(tensors[twin].name))") }
        return notes
    }
}

/// A heading with what stands behind it, on a line of its own where it does not fit.
func titled(_ heading: String, _ text: String, width: Int, style: TextStyle) -> [String] {
    if heading.count + text.count <= width { return [style.heading(heading) + style.faint(text)] }
    return [style.heading(heading)] + wrapped(String(text.drop { $0 == " " }), width: width, indent: 2).map { style.faint($0) }
}

/// A line behind a point, in as many lines as it takes.
private func bullet(_ text: String, width: Int) -> [String] {
    let lines = wrapped(text, width: width, indent: 4)
    return ["  · " + (lines.first.map { String($0.dropFirst(4)) } ?? "")] + lines.dropFirst()
}

/// `12 %`, `0.3 %`; nothing for none.
func percentText(_ part: Int, of whole: Int) -> String {
    guard part > 0, whole > 0 else { return "" }
    let share = Double(part) / Double(whole) * 100
    if part == whole { return "100 %" }
    if share < 0.1 { return "<0.1 %" }
    return share < 9.95 ? "\(numberText((share * 10).rounded() / 10)) %" : "\(min(99, Int(share.rounded()))) %"
}

extension TensorStatistics.Histogram {
    /// The counts as blocks of eight heights, several steps to a column; a column that is not empty shows.
    public func sparkLine(columns: Int) -> String {
        guard counts.count > 1, columns > 0 else { return counts.first.map { $0 > 0 ? "█" : "" } ?? "" }
        let merged = (0..<columns).map { column -> Int in
            let range = column * counts.count / columns..<max(column * counts.count / columns + 1, (column + 1) * counts.count / columns)
            return counts[range].reduce(0, +)
        }
        let most = max(1, merged.max() ?? 1)
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(merged.map { count in
            count == 0 ? " " : blocks[min(7, Int(Double(count) / Double(most) * 7.999))]
        })
    }
}

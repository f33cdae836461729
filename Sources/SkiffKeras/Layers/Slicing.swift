internal import SkiffCore
internal import SkiffGraph

/// An index as Python writes it: `x[:, 2:, ..., ::-1]`, `x[:, -1]`, `x[:, None]`.
struct SlicingIndex {
    /// Axes that are cut, their starts, ends and steps. Axes behind an ellipsis count from the end.
    private(set) var axes: [Int] = []
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []
    private(set) var steps: [Int] = []
    /// Axes of the input that one number picks from, and which the output has no more.
    private(set) var picked: [Int] = []
    /// Axes of the output that are new.
    private(set) var added: [Int] = []

    /// - Parameter value: `null` for a new axis, a number, a slice, an ellipsis, or a list of them.
    init(_ value: JSONValue) throws(KerasError) {
        let entries = value.arrayValue ?? [value]
        guard entries.count <= Limits.rank else {
            throw KerasError(.limit(name: "rank", declared: entries.count, allowed: Limits.rank))
        }
        let ellipsis = entries.firstIndex { Self.isEllipsis($0) }
        let head = entries.prefix(ellipsis ?? entries.count)
        let tail = entries.dropFirst(head.count + 1)
        var source = 0
        var target = 0
        for entry in head { try take(entry, &source, &target) }
        source = -tail.count { !$0.isNull }
        target = -tail.count { $0.intValue == nil }
        for entry in tail { try take(entry, &source, &target) }
    }

    private static func isEllipsis(_ value: JSONValue) -> Bool { value["class_name"]?.stringValue == "__ellipsis__" }

    private mutating func take(_ entry: JSONValue, _ source: inout Int, _ target: inout Int) throws(KerasError) {
        if entry.isNull {
            added.append(target)
            target += 1
        } else if let number = entry.intValue {
            try cut(source, start: number, end: number == -1 ? Self.farthest : number &+ 1, step: 1)
            picked.append(source)
            source += 1
        } else {
            let bounds = entry["config"] ?? entry
            guard entry.objectValue != nil, !Self.isEllipsis(entry) else { throw unsupported }
            let step = try bound(bounds["step"]) ?? 1
            let start = try bound(bounds["start"])
            let end = try bound(bounds["stop"])
            if start != nil || end != nil || step != 1 {
                try cut(
                    source, start: start ?? (step < 0 ? -1 : 0),
                    end: end ?? (step < 0 ? -Self.farthest : Self.farthest), step: step)
            }
            source += 1
            target += 1
        }
    }

    private mutating func cut(_ axis: Int, start: Int, end: Int, step: Int) throws(KerasError) {
        guard step != 0, [start, end, step].allSatisfy({ abs(Double($0)) <= Double(Self.farthest) }) else {
            throw unsupported
        }
        axes.append(axis)
        starts.append(start)
        ends.append(end)
        steps.append(step)
    }

    private func bound(_ value: JSONValue?) throws(KerasError) -> Int? {
        guard let value, !value.isNull else { return nil }
        guard let number = value.intValue else { throw unsupported }
        return number
    }

    private var unsupported: KerasError { KerasError(.unsupported("index that is not of constant numbers")) }

    /// What an open end is written as.
    private static let farthest = Int(Int32.max)
}

extension ModelImporter {
    /// Adds `input[index]`: a slice, then axes taken away and axes put in.
    mutating func slicing(_ site: CallSite, _ index: SlicingIndex, of input: ValueID) throws(KerasError) -> ValueID {
        var value = input
        let isPicking = !index.picked.isEmpty
        let isAdding = !index.added.isEmpty
        if !index.axes.isEmpty {
            let inputs: [ValueID?] = [
                value, try constant(site, "starts", integers: index.starts),
                try constant(site, "ends", integers: index.ends), try constant(site, "axes", integers: index.axes),
                try constant(site, "steps", integers: index.steps),
            ]
            value = try node(site, .slice(Slice()), inputs, suffix: isPicking || isAdding ? "slice" : nil)
        }
        if isPicking {
            let operation = Squeeze(axes: index.picked)
            value = try node(site, .squeeze(operation), [value], suffix: isAdding ? "squeeze" : nil)
        }
        if isAdding { return try node(site, .unsqueeze(Unsqueeze(axes: index.added)), [value]) }
        return value == input ? try node(site, .identity(Identity()), [input]) : value
    }
}

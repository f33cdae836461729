/// Finds what repeats behind each other, single boxes and groups of them.
enum Folding {
    /// Boxes of the longest group that is looked for.
    private static let longestPattern = 8

    /// The units in order; equal neighbours share a run where that is asked for.
    static func runs(of indices: [Int], in units: [NetworkDrawing.Unit], folds: Bool) -> [NetworkDrawing.Run] {
        guard folds else { return indices.map { NetworkDrawing.Run(pattern: [$0], members: [$0]) } }
        var identifiers: [String: Int] = [:]
        let keys = indices.map { index in
            // What does not read the box before it repeats nothing.
            let text = units[index].isFed ? signature(of: units[index], in: units, depth: 0) : "unfed \(index)"
            if let known = identifiers[text] { return known }
            identifiers[text] = identifiers.count
            return identifiers.count - 1
        }
        var runs: [NetworkDrawing.Run] = []
        var start = 0
        while start < keys.count {
            let (length, repeats) = pattern(in: keys, at: start)
            let end = start + length * repeats
            runs.append(
                NetworkDrawing.Run(
                    pattern: Array(indices[start..<(start + length)]), members: Array(indices[start..<end])))
            start = end
        }
        return runs
    }

    /// The group at `start` whose repeats save the most boxes; a single box where none repeats.
    static func pattern(in keys: [Int], at start: Int) -> (length: Int, repeats: Int) {
        var best = (length: 1, repeats: 1)
        var saved = 0
        for length in 1...longestPattern where start + 2 * length <= keys.count {
            var end = start + length
            while end < keys.count, keys[end] == keys[end - length] { end += 1 }
            let repeats = (end - start) / length
            if length * (repeats - 1) > saved {
                best = (length, repeats)
                saved = length * (repeats - 1)
            }
        }
        return best
    }

    /// What two boxes have in common that look alike.
    private static func signature(of unit: NetworkDrawing.Unit, in units: [NetworkDrawing.Unit], depth: Int) -> String {
        var text = "\(unit.block != nil)|\(unit.concatenates)|\(unit.activatesFirst)|\(unit.activatesLast)|\(unit.isUShaped)|"
        text += "\(unit.mark?.rawValue ?? "")|\(unit.shortcut?.kind.rawValue ?? "")|"
        text += (unit.shortcut?.labels ?? []).joined(separator: ",")
        for piece in unit.pieces { text += "|\(piece.kind.rawValue) \(piece.text) \(piece.count) \(piece.activates) \(piece.mark?.rawValue ?? "") \(piece.reads)" }
        guard depth < DrawingBuilder.deepestFrame else { return text }
        for index in unit.inner.flatMap(\.members) {
            text += "(\(signature(of: units[index], in: units, depth: depth + 1)))"
        }
        return text
    }
}

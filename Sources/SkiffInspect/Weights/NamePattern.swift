/// A name of a tensor, or a pattern of names: `*` stands for any characters, `?` for one.
public struct NamePattern: Hashable, Sendable {
    public let text: String
    private let characters: [Character]

    public init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    /// Whether the whole of `name` is the text, or fits the pattern. Takes time in proportion to both lengths' product.
    public func matches(_ name: String) -> Bool {
        if name == text { return true }
        let name = Array(name)
        var position = 0
        var at = 0
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if position < characters.count, characters[position] == "*" {
                star = (position, at)
                position += 1
            } else if position < characters.count, characters[position] == "?" || characters[position] == name[at] {
                position += 1
                at += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                position = last.pattern + 1
                at = last.name + 1
            } else {
                return false
            }
        }
        return characters[position...].allSatisfy { $0 == "*" }
    }

    /// The names that are nearest to the text, nearest first; nothing where none is near.
    public func suggestions(among names: [String], limit: Int = 3) -> [String] {
        let wanted = Array(text.lowercased().utf8.prefix(200))
        let scored = names.prefix(100_000).compactMap { name -> (Int, String)? in
            let other = Array(name.lowercased().utf8.prefix(200))
            if !wanted.isEmpty, name.lowercased().contains(text.lowercased()) { return (0, name) }
            let distance = editDistance(wanted, other)
            return distance * 3 <= max(wanted.count, other.count) + 2 ? (distance, name) : nil
        }
        return scored.sorted { $0.0 < $1.0 }.prefix(limit).map(\.1)
    }
}

/// Insertions, deletions and replacements that make one text of the other.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let next = min(row[column] + 1, row[column + 1] + 1, diagonal + (byte == right[column] ? 0 : 1))
            diagonal = row[column + 1]
            row[column + 1] = next
        }
    }
    return row[right.count]
}

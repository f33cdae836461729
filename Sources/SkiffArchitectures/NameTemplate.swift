/// A layer name with fields for stage, block and number: `conv{stage+2}_block{block+1}_{index+1}_conv`.
///
/// A field is `{name}`, `{name+k}` (the name says k more than the number) or `{name:a}` (a letter, a = 0).
struct NameTemplate: Hashable, Sendable {
    private enum Field: String { case stage, block, index }

    private enum Token: Hashable, Sendable {
        case literal(String)
        case number(Field, offset: Int)
        case letter(Field)
    }

    private let tokens: [Token]

    init(_ pattern: String) {
        var tokens: [Token] = []
        var rest = pattern[...]
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != "{" }
            if !literal.isEmpty { tokens.append(.literal(String(literal))) }
            rest = rest.dropFirst(literal.count)
            let inside = rest.dropFirst().prefix { $0 != "}" }
            rest = rest.dropFirst(inside.count + 2)
            let parts = inside.split(whereSeparator: { $0 == "+" || $0 == ":" })
            guard let field = parts.first.flatMap({ Field(rawValue: String($0)) }) else { continue }
            tokens.append(
                inside.contains(":") ? .letter(field) : .number(field, offset: parts.count > 1 ? Int(parts[1]) ?? 0 : 0))
        }
        self.tokens = tokens
    }

    /// The place that `name` stands for; `nil` where it is no name of this form.
    func match(_ name: Substring) -> (position: BlockPosition, index: Int)? {
        guard let (position, index, rest) = matchStart(of: name), rest.isEmpty else { return nil }
        return (position, index)
    }

    /// As ``match(_:)`` for a name that begins so, and what comes behind.
    func matchStart(of name: Substring) -> (position: BlockPosition, index: Int, rest: Substring)? {
        var values: [Field: Int] = [:]
        var rest = name
        for token in tokens {
            switch token {
            case .literal(let text):
                guard rest.hasPrefix(text) else { return nil }
                rest = rest.dropFirst(text.count)
            case .number(let field, let offset):
                let digits = rest.prefix { ("0"..."9").contains($0) }
                guard let number = Int(digits), number >= offset, number - offset < Self.limit else { return nil }
                values[field] = number - offset
                rest = rest.dropFirst(digits.count)
            case .letter(let field):
                guard let letter = rest.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) else {
                    return nil
                }
                values[field] = Int(letter - UInt8(ascii: "a"))
                rest = rest.dropFirst()
            }
        }
        return (BlockPosition(stage: values[.stage] ?? 0, block: values[.block] ?? 0), values[.index] ?? 0, rest)
    }

    /// Numbers past this are no places of a network.
    private static let limit = 100_000

    /// The name for a place; `nil` where a letter would pass `z`.
    func name(_ position: BlockPosition, _ index: Int) -> String? {
        var name = ""
        for token in tokens {
            switch token {
            case .literal(let text): name += text
            case .number(let field, let offset): name += String(value(field, position, index) + offset)
            case .letter(let field):
                let value = value(field, position, index)
                guard (0..<26).contains(value) else { return nil }
                name += String(UnicodeScalar(UInt8(ascii: "a") + UInt8(value)))
            }
        }
        return name
    }

    private func value(_ field: Field, _ position: BlockPosition, _ index: Int) -> Int {
        switch field {
        case .stage: position.stage
        case .block: position.block
        case .index: index
        }
    }
}

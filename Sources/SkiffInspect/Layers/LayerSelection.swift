/// Which layers a table shows, and how.
public struct LayerSelection: Hashable, Sendable {
    public enum Order: String, Hashable, Sendable, CaseIterable {
        /// As the data passes them.
        case order
        case name
        case `operator`
        /// The largest first, here and below.
        case parameters
        case multiplyAdds = "multiply-adds"
        /// Bytes of what the layer gives.
        case memory
    }

    /// How far a table opens the tree of stages, blocks and layers.
    public enum Depth: String, Hashable, Sendable, CaseIterable {
        case stage
        case block
        case layer
    }

    public var order = Order.order
    /// A layer is shown if its name, its operator or its block's name matches one of these; all where there is none.
    /// `*` and `?` stand for any text and any character of the whole name, other text may stand anywhere in it; case does
    /// not matter.
    public var filters: [String] = []
    /// The tree down to there; a plain list of layers where it is `nil`.
    public var depth: Depth?
    /// The most rows; all where it is `nil`.
    public var limit: Int?

    public init(order: Order = .order, filters: [String] = [], depth: Depth? = nil, limit: Int? = nil) {
        self.order = order
        self.filters = filters
        self.depth = depth
        self.limit = limit
    }
}

/// A pattern that names are looked for with.
struct NamePattern {
    private let characters: [Character]
    private let isGlob: Bool

    init(_ pattern: String) {
        characters = Array(pattern.lowercased())
        isGlob = characters.contains("*") || characters.contains("?")
    }

    func matches(_ name: String) -> Bool {
        let lowered = name.lowercased()
        return isGlob ? matchesWhole(Array(lowered)) : characters.isEmpty || lowered.contains(String(characters))
    }

    /// Goes back to the last star where the rest does not fit: no recursion, at most name × pattern steps.
    private func matchesWhole(_ name: [Character]) -> Bool {
        var (position, at) = (0, 0)
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
                (position, at) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return characters[position...].allSatisfy { $0 == "*" }
    }
}

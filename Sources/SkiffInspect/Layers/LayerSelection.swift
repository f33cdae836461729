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

/// One filter of a selection.
struct LayerFilter {
    private let text: String
    private let pattern: NamePattern?

    init(_ filter: String) {
        text = filter.lowercased()
        pattern = filter.contains("*") || filter.contains("?") ? NamePattern(text) : nil
    }

    func matches(_ name: String) -> Bool {
        let name = name.lowercased()
        return pattern.map { $0.matches(name) } ?? (text.isEmpty || name.contains(text))
    }
}

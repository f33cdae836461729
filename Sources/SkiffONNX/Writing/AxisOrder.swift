internal import SkiffCore

/// In which order a written value has the axes that the graph's has: its axis k is the graph's axis `axes[k]`.
struct AxisOrder: Hashable, Sendable {
    /// `nil` where the axes stand as the graph has them, whatever the rank.
    let axes: [Int]?

    static let natural = AxisOrder(axes: nil)

    private init(axes: [Int]?) { self.axes = axes }

    init(_ axes: [Int]) { self.axes = axes == Array(axes.indices) ? nil : axes }

    /// Channels-last maps as ONNX has them: the last axis behind the first.
    static func channelsFirst(rank: Int) -> AxisOrder {
        rank < 3 ? .natural : AxisOrder([0, rank - 1] + Array(1..<rank - 1))
    }

    /// The order in which `axis` stands second, where ONNX has channels.
    static func withChannels(axis: Int, rank: Int) -> AxisOrder {
        AxisOrder([0, axis] + (1..<rank).filter { $0 != axis })
    }

    var isNatural: Bool { axes == nil }

    /// Where an axis of the graph's value stands.
    func position(of axis: Int) -> Int { axes?.firstIndex(of: axis) ?? axis }

    /// The graph's axis that stands at a position.
    func axis(at position: Int) -> Int { axes?[position] ?? position }

    /// One thing for each of the graph's axes, in the order here.
    func arranged<Element>(_ list: [Element]) -> [Element] { axes?.map { list[$0] } ?? list }

    /// Whether the elements of a value of that shape lie in one order whether its axes stand so or as in the graph: only
    /// axes of extent one have moved.
    func keepsElements(of shape: SymbolicShape?) -> Bool {
        guard let axes else { return true }
        guard let shape, shape.count == axes.count else { return false }
        let moving = axes.filter { shape[$0] != 1 }
        return moving == moving.sorted()
    }
}

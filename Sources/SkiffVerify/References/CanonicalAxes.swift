internal import SkiffCore
internal import SkiffGraph

extension LayoutTrace {
    /// The order of axes in which a value's elements count in a ``Sketch``: channels first. Axis `i` of it is axis
    /// `result[i]` of the value.
    /// - Returns: `nil` where the value lies so, or no operator says how it lies.
    func canonicalAxes(of id: ValueID, rank: Int) -> [Int]? {
        layout(of: id).flatMap { Permutation(from: $0, to: .channelsFirst, rank: rank)?.axes }
    }

    /// The same for an input of the graph.
    func canonicalAxes(ofInput id: ValueID, rank: Int) -> [Int]? {
        layout(ofInput: id).flatMap { Permutation(from: $0, to: .channelsFirst, rank: rank)?.axes }
    }
}

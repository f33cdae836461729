public import SkiffCore
public import SkiffGraph
internal import SkiffInspect

/// A difference for people and for programs, with the names of both sides' layers.
public struct DifferenceReport {
    public let difference: ModelDifference
    let left: Graph
    let right: Graph
    let files: (left: String, right: String)

    /// - Parameters:
    ///   - left: the graphs that were compared.
    ///   - files: their files, as they are shown.
    public init(_ difference: ModelDifference, left: Graph, right: Graph, files: (left: String, right: String)) {
        self.difference = difference
        self.left = left
        self.right = right
        self.files = files
    }

    /// `a → b`, or one name where both are equal or one side has none.
    func names(_ layer: ModelDifference.Layer) -> String {
        let one = left.head(of: layer.left).map { left.displayName(of: $0) }
        let other = right.head(of: layer.right).map { right.displayName(of: $0) }
        guard let one, let other else { return escaped(one ?? other ?? "") }
        return one == other ? escaped(one) : "\(escaped(one)) → \(escaped(other))"
    }

    func names(_ block: ModelDifference.Block) -> String {
        let one = block.left.map { difference.left.blocks[$0].name }
        let other = block.right.map { difference.right.blocks[$0].name }
        guard let one, let other else { return escaped(one ?? other ?? "") }
        return one == other ? escaped(one) : "\(escaped(one)) → \(escaped(other))"
    }
}

extension Graph {
    /// The node that names a layer: the first that is no padding.
    func head(of nodes: [NodeID]) -> NodeID? {
        nodes.first { self[$0].operator.kind != .pad } ?? nodes.first
    }
}

internal import SkiffGraph

/// For every vertex of the dataflow the nearest vertex that all paths from the source pass before it.
///
/// In an acyclic graph that is the nearest common ancestor of a vertex's predecessors in the tree built so far.
/// Ancestors are found by skew-binary jumps, so a tree of n vertices takes O(edges · log n) whatever its depth.
/// Source: Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm (2001); Myers, An Applicative Random-Access
/// Stack (1983).
struct DominatorTree {
    private(set) var parent: [Int]
    private var jump: [Int]
    private var depth: [Int]

    init(of flow: Dataflow) {
        parent = [Int](repeating: Dataflow.source, count: flow.vertexCount)
        jump = parent
        depth = [Int](repeating: 0, count: flow.vertexCount)
        for value in flow.graph.inputs {
            hang(flow.vertex(giving: value), under: Dataflow.source)
        }
        for node in flow.graph.nodeIDs {
            var dominator: Int?
            for input in flow.dataInputs(of: node) {
                let predecessor = flow.vertex(giving: input)
                dominator = dominator.map { nearestCommonAncestor($0, predecessor) } ?? predecessor
            }
            hang(flow.vertex(of: node), under: dominator ?? Dataflow.source)
        }
    }

    private mutating func hang(_ vertex: Int, under dominator: Int) {
        guard vertex != Dataflow.source else { return }
        parent[vertex] = dominator
        depth[vertex] = depth[dominator] + 1
        let far = jump[dominator]
        let isEven = depth[dominator] - depth[far] == depth[far] - depth[jump[far]]
        jump[vertex] = isEven ? jump[far] : dominator
    }

    func nearestCommonAncestor(_ left: Int, _ right: Int) -> Int {
        var (low, high) = depth[left] < depth[right] ? (right, left) : (left, right)
        while depth[low] > depth[high] {
            low = depth[jump[low]] >= depth[high] ? jump[low] : parent[low]
        }
        while low != high {
            if jump[low] != jump[high] {
                (low, high) = (jump[low], jump[high])
            } else {
                (low, high) = (parent[low], parent[high])
            }
        }
        return low
    }
}

internal import SkiffInspect

/// Makes a drawing of a network from what its inspection found.
struct DrawingBuilder {
    /// A box of a column, before it is put there.
    struct Item {
        /// An index into ``NetworkDrawing/units``.
        var unit: Int
        var stage: Int?
        /// Blocks around it, the outermost first.
        var frames: [Int] = []
        /// Where it has no stage: spatial extents of what it gives.
        var extents: [Int]?
    }

    let inspection: Inspection
    let graph: Graph
    let glimpse: NodeGlimpse
    /// Nodes that concatenate a dense layer's input and what it gives.
    let denseJoins: Set<Int>
    var units: [NetworkDrawing.Unit] = []
    var stageOfBlock: [Int: Int] = [:]
    /// Blocks around others that are drawn as frames: all inside belongs to one stage.
    var framed: Set<Int> = []
    /// Nodes of gates; `true` for the one that stands for the gate, its pooling.
    private(set) var gates: [Int: Bool] = [:]
    /// By node: the node whose elements it computes on one by one; itself where it does more.
    private var origins: [Int] = []
    private let layout: Layout
    /// Frames in frames beyond which blocks are drawn side by side.
    static let deepestFrame = 3
    /// Pieces of one box beyond which the rest is counted.
    static let mostPieces = 14

    init(_ inspection: Inspection, _ graph: Graph) {
        self.inspection = inspection
        self.graph = graph
        denseJoins = Set(
            inspection.denseStages.flatMap(\.concatenations).map { inspection.concatenations[$0].node.index })
        glimpse = NodeGlimpse(of: graph)
        layout = Self.layout(of: graph)
        for (index, stage) in inspection.stages.enumerated() {
            for block in stage.blocks { stageOfBlock[block] = index }
        }
        framed = framedBlocks()
        origins = makeOrigins()
        gates = makeGates()
    }

    /// `x · sigmoid(x)` has one origin, as `relu(x)` has: activations of several nodes are told by that.
    private func makeOrigins() -> [Int] {
        var origins: [Int] = []
        origins.reserveCapacity(graph.nodes.count)
        for node in graph.nodes.indices {
            origins.append(node)
            let reads = glimpse.reads[node]
            guard let first = reads.first?.index, reads.count == glimpse.dataOperands[node], glimpse.layers[node] == nil,
                isElementwise(graph.nodes[node].operator), first < node
            else { continue }
            if reads.allSatisfy({ $0.index < node && origins[$0.index] == origins[first] }) { origins[node] = origins[first] }
        }
        return origins
    }

    private func isElementwise(_ operation: Operator) -> Bool {
        if case .unary = operation { return true }
        if case .binary = operation { return true }
        switch operation.role {
        case .activation, .sum, .product, .transparent: return true
        default: return false
        }
    }

    /// Whether a node of several operands is part of an activation.
    func isPartOfActivation(_ node: Int) -> Bool { origins[node] != node }

    private static func layout(of graph: Graph) -> Layout {
        for node in graph.nodes {
            switch node.operator {
            case .convolution(let convolution): return convolution.layout
            case .pooling(let pooling): return pooling.layout
            default: continue
            }
        }
        return .channelsFirst
    }

    private func framedBlocks() -> Set<Int> {
        var stages = [Set<Int>](repeating: [], count: inspection.blocks.count)
        var around: Set<Int> = []
        for index in inspection.blocks.indices.reversed() {
            if let stage = stageOfBlock[index] { stages[index].insert(stage) }
            guard let parent = inspection.blocks[index].parent, parent < index else { continue }
            around.insert(parent)
            // Two stages are enough to know that there is more than one.
            stages[parent].formUnion(stages[index].prefix(2))
        }
        return around.filter { stages[$0].count == 1 }
    }

    /// Spatial extents of what a layer gives; `nil` where they are not known or it has none.
    func extents(of layer: Int) -> [Int]? {
        guard let shape = inspection.layers[layer].outputShape, shape.count >= 3 else { return nil }
        let channel = layout.channelAxis(rank: shape.count)
        let spatial = shape.indices.filter { $0 != 0 && $0 != channel }.map { shape[$0] }
        return spatial.fixedShape
    }

    /// The blocks around a block that are drawn as frames, the outermost first.
    func frames(around block: Int?) -> [Int] {
        var chain: [Int] = []
        var next = block
        while let current = next {
            if framed.contains(current) { chain.append(current) }
            next = inspection.blocks[current].parent
        }
        return Array(chain.reversed().prefix(Self.deepestFrame))
    }

    // MARK: Pieces

    /// What a box shows of these nodes. A gate (pooled to one number per channel, computed on, multiplied back) is one
    /// piece; so is what makes attention.
    func pieces(of layers: [Int], into unit: inout NetworkDrawing.Unit) {
        let nodes = layers.filter { glimpse.dataOperands.indices.contains($0) && glimpse.dataOperands[$0] > 0 }
        let attends = nodes.contains { if case .softmax = graph.nodes[$0].operator { true } else { false } }
            && nodes.contains { glimpse.layers[$0] == nil && isProduct($0) }
        var ties = PieceTies()
        for node in nodes {
            let count = unit.pieces.count
            var reads = glimpse.reads[node].map(\.index)
            // What is read of the model's inputs comes from no node.
            if reads.count < glimpse.dataOperands[node] { reads.append(graph.nodes.count) }
            if let gate = gates[node] {
                if gate { unit.pieces.append(NetworkDrawing.Piece(kind: .gate, text: "SE gate")) } else {
                    // What is multiplied by a gate goes through it.
                    reads.removeAll { gates[$0] == nil }
                }
            } else {
                append(node, attends: attends, behind: ties.owner(of: reads), to: &unit)
            }
            ties.enter(node, asPiece: unit.pieces.count > count ? count : nil, reading: reads, &unit.pieces)
        }
    }

    private func isProduct(_ node: Int) -> Bool {
        switch graph.nodes[node].operator {
        case .matrixMultiplication, .einsum: glimpse.dataOperands[node] > 1
        default: false
        }
    }

    private func append(_ node: Int, attends: Bool, behind owner: Int?, to unit: inout NetworkDrawing.Unit) {
        let source = graph.nodes[node]
        if source.operator.role == .activation {
            if let owner { unit.pieces[owner].activates = true } else if unit.pieces.isEmpty { unit.activatesFirst = true }
            return
        }
        var piece: NetworkDrawing.Piece?
        if let layer = glimpse.layers[node] {
            var isTransposed = false
            if case .convolutionTranspose = source.operator { isTransposed = true }
            piece = PieceTexts.piece(of: layer, isTransposed: isTransposed)
        } else if attends, isProduct(node) {
            piece = nil
        } else if attends, case .softmax = source.operator {
            piece = NetworkDrawing.Piece(kind: .attention, text: "attention")
        } else {
            piece = PieceTexts.piece(of: source, dataOperands: glimpse.dataOperands[node])
        }
        guard var piece, !isPartOfActivation(node) || glimpse.layers[node] != nil else { return }
        piece.extents = extents(of: node)
        unit.pieces.append(piece)
    }

    private func makeGates() -> [Int: Bool] {
        var open: [Int: Int] = [:]
        var members: [Int: [Int]] = [:]
        var found: [Int: Bool] = [:]
        for node in graph.nodes.indices where glimpse.dataOperands[node] > 0 {
            let role = graph.nodes[node].operator.role
            if role == .globalPool {
                open[node] = node
                members[node] = [node]
                continue
            }
            let gated = glimpse.reads[node].compactMap { open[$0.index] }
            guard let gate = gated.first else { continue }
            if role == .product, gated.count < glimpse.dataOperands[node] {
                let inside = (members[gate] ?? []) + [node]
                guard inside.contains(where: { glimpse.layers[$0] != nil }) else { continue }
                for member in inside { found[member] = member == gate }
            } else if gated.count == glimpse.dataOperands[node] {
                open[node] = gate
                members[gate, default: []].append(node)
            }
        }
        return found
    }
}

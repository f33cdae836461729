/// A network as people draw it: stages as columns, residual blocks as boxes with their convolutions, shortcuts around
/// them. Pure data without places; SVG, pages, DOT and Mermaid come from it.
///
/// Source: He et al., Deep Residual Learning for Image Recognition (2015), figure 3, for what a drawing shows.
public struct NetworkDrawing: Sendable {
    /// A line of a box: one layer, or equal ones behind each other.
    struct Piece: Hashable, Sendable {
        enum Kind: String, Hashable, Sendable, CaseIterable {
            case convolution, pointwise, depthwise, grouped, dilated, matrix, attention, pooling, gate, resampling,
                joining, other
        }

        var kind: Kind
        /// `3×3, 64, /2`.
        var text: String
        /// Channels it gives; boxes are as wide as they are many.
        var channels: Int?
        /// Spatial extents of what it gives.
        var extents: [Int]?
        var count = 1
        /// Whether an activation follows.
        var activates = false
        /// Nodes it stands for, with those behind it that are not shown, as indices into ``Inspection/layers``.
        var nodes: [Int] = []
        /// Positions of the pieces of its box that it reads, through nodes that are not shown.
        var reads: [Int] = []
        /// Nodes outside of its box that it reads.
        var outside: [Int] = []
        /// Whether it reads something that enters the box from the box before.
        var readsBefore = false
        /// Whether what the box gives to the next one is its value.
        var isReadBehind = true
        /// What a comparison says of it, where its box shows no mark of its own.
        var mark: Mark?
    }

    /// How a unit's input gets around its branch.
    struct Shortcut: Hashable, Sendable {
        var kind: ResidualBlock.Shortcut
        /// What stands at the arc, a line each: `pool /2`, `1×1, 256`.
        var labels: [String]
    }

    /// What a comparison says of a box.
    enum Mark: String, Hashable, Sendable {
        case same, changed, added, removed
    }

    /// A box: a residual block, or layers between blocks.
    struct Unit: Sendable {
        /// An index into ``Inspection/blocks``.
        var block: Int?
        var title: String
        var pieces: [Piece] = []
        /// Runs of the blocks inside, where there are any.
        var inner: [Run] = []
        /// Whether an activation stands before the first piece.
        var activatesFirst = false
        /// Whether one stands behind the addition.
        var activatesLast = false
        var shortcut: Shortcut?
        /// Whether what comes along the shortcut is concatenated and not added: a layer of a dense stage.
        var concatenates = false
        /// Nodes, those of inner units left out, as indices into ``Inspection/layers``.
        var layers: [Int] = []
        var parameters = 0
        var multiplyAdds: Int? = 0
        /// Whether its pieces go down and up in resolution again.
        var isUShaped = false
        /// Whether it reads what the unit before it gives.
        var isFed = true
        /// Whether the unit behind it reads what it gives.
        var feeds = true
        var mark: Mark?
    }

    /// Units behind each other, as often as they repeat; indices into ``NetworkDrawing/units``.
    struct Run: Sendable {
        /// The first of the repeats.
        var pattern: [Int]
        /// All of them, in order.
        var members: [Int]
        var repeats: Int { pattern.isEmpty ? 1 : members.count / pattern.count }
    }

    /// A stage, or what lies before, between or behind stages.
    struct Column: Sendable {
        var title: String
        /// What stands under the title: `56×56`, `256 channels`.
        var details: [String]
        /// `/2`; `nil` where the column keeps its extents.
        var stride: String?
        var units: [Int]
        /// An index into ``Inspection/stages``, of the first one that it shows.
        var stage: Int?
        var parameters = 0
        var multiplyAdds: Int? = 0
        var extents: [Int]?
    }

    /// A value that goes past other boxes: of U-Nets, feature pyramids, blocks around stages.
    struct Skip: Hashable, Sendable {
        /// Units at both ends.
        var from: Int
        var to: Int
    }

    /// `ResNet-50 v1, stages 3-4-6-3`.
    var title: String
    /// `25.6 M parameters · 3.87 GMAC`.
    var subtitle: String
    var inputs: [String]
    var outputs: [String]
    /// Boxes that stand by themselves, and those inside others.
    var units: [Unit]
    var columns: [Column]
    var skips: [Skip]
    /// Whether the network's own extents go down and up again, column by column.
    var isUShaped = false
    /// What a reader should know that is not drawn.
    var omissions: [String] = []
}

public import SkiffCore
public import SkiffGraph
public import SkiffInspect

/// How two networks differ, found from structure and weights and never from names.
public struct ModelDifference: Sendable {
    /// What became of a block or layer on the way from the left network to the right one.
    public enum Change: String, Hashable, Sendable, CaseIterable {
        case same
        case changed
        /// Only the right one has it.
        case added
        /// Only the left one has it.
        case removed
    }

    /// How far both are the same, from the one end to the other.
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        /// The same layers in the same places, with the same weights in whatever order they lie.
        case same
        /// The same function but for the rounding of what was folded into weights.
        case sameButRounding = "same but for rounding"
        /// The same layers with the same weights, of which some are rounded to fewer bits.
        case rounded
        /// The same layers with the same attributes, and other weights.
        case otherWeights = "other weights"
        case different
        /// Nothing was found to differ, and not everything could be compared.
        case unknown
    }

    /// A residual block of both networks, or of one.
    public struct Block: Hashable, Sendable {
        public var change: Change
        /// Indices into ``Inspection/blocks`` of either side; `nil` where that side has no such block.
        public var left: Int?
        public var right: Int?
        /// What differs, a line each: `stride 1 → 2`, `weights of conv2 differ by 0.01 of their size`.
        public var texts: [String]
        /// What only one of them writes otherwise, a line each.
        public var notes: [String]

        public init(change: Change, left: Int?, right: Int?, texts: [String], notes: [String] = []) {
            self.change = change
            self.left = left
            self.right = right
            self.texts = texts
            self.notes = notes
        }
    }

    /// What became of one weight.
    public struct Weight: Hashable, Sendable {
        public enum State: String, Hashable, Sendable, CaseIterable {
            /// The same bytes.
            case identical
            /// The same elements in another order of axes, or as another element type that holds them all.
            case rearranged
            /// What folding a BatchNormalization into it gives, but for rounding.
            case folded
            /// Rounded to a type of fewer bits.
            case rounded
            case changed
            case added
            case removed
        }

        public var state: State
        public var left: ValueID?
        public var right: ValueID?
        /// The tensor's name on the left, else on the right.
        public var name: String
        /// In words: `float16 of what was float32`, `differs by 0.012 of its size, most at [3,5,0,0]`.
        public var text: String
        /// Root of the mean square of the difference over that of the left tensor, where both were compared.
        public var relativeError: Double?
        /// What it is to its layer: `weight`, `bias`, `scale`.
        public var role: String
        /// The largest difference of two elements, and the left tensor's index of it.
        public var largestError: Double?
        public var largestAt: [Int]?
        /// Elements that differ, and all.
        public var changedElements: Int?
        public var elements: Int?
        /// Output channels with an element that differs, and all.
        public var changedChannels: Int?
        public var channels: Int?
        /// The type of fewer bits, where one side is rounded to it: `float16`.
        public var roundedTo: String?
        /// Whether elements were not compared, so that only digests or nothing is known.
        public var isUnread: Bool

        public init(
            state: State, left: ValueID?, right: ValueID?, name: String, text: String, relativeError: Double? = nil,
            role: String = ""
        ) {
            self.role = role
            isUnread = false
            self.state = state
            self.left = left
            self.right = right
            self.name = name
            self.text = text
            self.relativeError = relativeError
        }
    }

    /// A layer of both networks, or of one.
    public struct Layer: Hashable, Sendable {
        public var change: Change
        /// Nodes of either side; several where one side does in one node what the other does in more (a folded
        /// BatchNormalization).
        public var left: [NodeID]
        public var right: [NodeID]
        /// Attributes that differ: `pads [1,1,1,1] → [0,0,2,2]`.
        public var attributes: [String]
        public var weights: [Weight]
        /// What both do, in words: `convolution`.
        public var operation: String
        /// What is written otherwise and computes the same, a line each.
        public var notes: [String]
        /// What is not known of it, a line each.
        public var unknowns: [String]
        /// Blocks it belongs to, indices into ``Inspection/blocks`` of either side.
        public var leftBlock: Int?
        public var rightBlock: Int?
        /// In what its values are computed, where that differs: `float32 → float16`.
        public var valueTypes: String?

        public init(
            change: Change, left: [NodeID], right: [NodeID], attributes: [String], weights: [Weight],
            operation: String = "", notes: [String] = [], unknowns: [String] = []
        ) {
            self.change = change
            self.left = left
            self.right = right
            self.attributes = attributes
            self.weights = weights
            self.operation = operation
            self.notes = notes
            self.unknowns = unknowns
        }
    }

    public var left: Inspection
    public var right: Inspection
    /// Whether both compute the same function by construction: the same layers in the same places with the same weights.
    public var isSameFunction: Bool
    /// Of inputs and outputs, a line each.
    public var interfaceChanges: [String]
    public var blocks: [Block]
    public var layers: [Layer]
    public var verdict: Verdict
    /// What is to be said first, in one sentence.
    public var summary: String
    /// Further remarks: stages, families, what was not compared.
    public var remarks: [String]
    /// What both write differently and which changes nothing: names, layout, operator sets.
    public var representation: [String]

    public init(
        left: Inspection, right: Inspection, isSameFunction: Bool, interfaceChanges: [String], blocks: [Block],
        layers: [Layer], verdict: Verdict? = nil, summary: String = "", remarks: [String] = [],
        representation: [String] = []
    ) {
        self.verdict = verdict ?? (isSameFunction ? .same : .different)
        self.summary = summary
        self.remarks = remarks
        self.representation = representation
        self.left = left
        self.right = right
        self.isSameFunction = isSameFunction
        self.interfaceChanges = interfaceChanges
        self.blocks = blocks
        self.layers = layers
    }
}

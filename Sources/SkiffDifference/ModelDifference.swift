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

    /// A residual block of both networks, or of one.
    public struct Block: Hashable, Sendable {
        public var change: Change
        /// Indices into ``Inspection/blocks`` of either side; `nil` where that side has no such block.
        public var left: Int?
        public var right: Int?
        /// What differs, a line each: `stride 1 → 2`, `weights of conv2 differ by 0.01 of their size`.
        public var texts: [String]

        public init(change: Change, left: Int?, right: Int?, texts: [String]) {
            self.change = change
            self.left = left
            self.right = right
            self.texts = texts
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

        public init(
            state: State, left: ValueID?, right: ValueID?, name: String, text: String, relativeError: Double? = nil
        ) {
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

        public init(change: Change, left: [NodeID], right: [NodeID], attributes: [String], weights: [Weight]) {
            self.change = change
            self.left = left
            self.right = right
            self.attributes = attributes
            self.weights = weights
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

    public init(
        left: Inspection, right: Inspection, isSameFunction: Bool, interfaceChanges: [String], blocks: [Block],
        layers: [Layer]
    ) {
        self.left = left
        self.right = right
        self.isSameFunction = isSameFunction
        self.interfaceChanges = interfaceChanges
        self.blocks = blocks
        self.layers = layers
    }
}

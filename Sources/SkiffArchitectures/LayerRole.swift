/// A residual block's place: stage and block in it, both from 0.
public struct BlockPosition: Hashable, Sendable, Comparable {
    public var stage: Int
    public var block: Int

    public init(stage: Int, block: Int) {
        self.stage = stage
        self.block = block
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.stage, left.block) < (right.stage, right.block)
    }
}

/// What a layer is to a residual network, in no framework's words: the key by which names are translated.
public enum LayerRole: Hashable, Sendable {
    /// Normalization of the image itself, in front of the first convolution.
    case inputNormalization
    /// Convolution of the stem, from 0; deep stems have three.
    case stemConvolution(Int)
    case stemNormalization(Int)
    /// Convolution of a block's residual branch, from 0 in the order data passes them.
    case convolution(BlockPosition, Int)
    /// Normalization that belongs to the convolution of that number: behind it, or in pre-activation blocks before it.
    case normalization(BlockPosition, Int)
    /// Convolution of a block's shortcut.
    case projection(BlockPosition)
    case projectionNormalization(BlockPosition)
    /// Normalization behind the last block of pre-activation networks.
    case finalNormalization
    /// The fully connected layer that gives the classes.
    case classifier

    /// The role without its place.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case inputNormalization, stemConvolution, stemNormalization, convolution, normalization, projection,
            projectionNormalization, finalNormalization, classifier

        var layerKind: TypedLayer.Kind {
            switch self {
            case .stemConvolution, .convolution, .projection: .convolution
            case .classifier: .dense
            case .inputNormalization, .stemNormalization, .normalization, .projectionNormalization,
                .finalNormalization: .normalization
            }
        }
    }

    public var kind: Kind {
        switch self {
        case .inputNormalization: .inputNormalization
        case .stemConvolution: .stemConvolution
        case .stemNormalization: .stemNormalization
        case .convolution: .convolution
        case .normalization: .normalization
        case .projection: .projection
        case .projectionNormalization: .projectionNormalization
        case .finalNormalization: .finalNormalization
        case .classifier: .classifier
        }
    }

    /// The block the layer is in; `nil` for stem and head.
    public var position: BlockPosition? {
        switch self {
        case .convolution(let position, _), .normalization(let position, _), .projection(let position),
            .projectionNormalization(let position): position
        case .inputNormalization, .stemConvolution, .stemNormalization, .finalNormalization, .classifier: nil
        }
    }

    /// The number among its kind in the stem or block.
    var index: Int {
        switch self {
        case .stemConvolution(let index), .stemNormalization(let index), .convolution(_, let index),
            .normalization(_, let index): index
        case .inputNormalization, .projection, .projectionNormalization, .finalNormalization, .classifier: 0
        }
    }

    init(_ kind: Kind, _ position: BlockPosition, _ index: Int) {
        self =
            switch kind {
            case .inputNormalization: .inputNormalization
            case .stemConvolution: .stemConvolution(index)
            case .stemNormalization: .stemNormalization(index)
            case .convolution: .convolution(position, index)
            case .normalization: .normalization(position, index)
            case .projection: .projection(position)
            case .projectionNormalization: .projectionNormalization(position)
            case .finalNormalization: .finalNormalization
            case .classifier: .classifier
            }
    }
}

extension LayerRole: CustomStringConvertible {
    /// `convolution 2 of block 3 in stage 1`, all counted from 1.
    public var description: String {
        func block(_ position: BlockPosition) -> String {
            "block \(position.block + 1) in stage \(position.stage + 1)"
        }
        return switch self {
        case .inputNormalization: "normalization of the input"
        case .stemConvolution(let index): "convolution \(index + 1) of the stem"
        case .stemNormalization(let index): "normalization \(index + 1) of the stem"
        case .convolution(let position, let index): "convolution \(index + 1) of \(block(position))"
        case .normalization(let position, let index): "normalization \(index + 1) of \(block(position))"
        case .projection(let position): "projection of \(block(position))"
        case .projectionNormalization(let position): "normalization of the projection of \(block(position))"
        case .finalNormalization: "normalization behind the last block"
        case .classifier: "classifier"
        }
    }
}

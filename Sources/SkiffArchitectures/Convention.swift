/// How a family of implementations builds a residual network: what its weights do not say.
///
/// One row of a table; ``NetworkAssembler`` builds from any of them.
public struct Convention: Hashable, Sendable {
    /// As `--architecture` spells it.
    public let identifier: String
    /// `torchvision (version 1.5)`.
    public let title: String
    /// Name schemes whose files it may be meant for.
    let schemes: [String]
    let isChannelsLast: Bool
    let activation: ActivationSite
    let stem: Stem
    let stride: StrideSite
    let shortcut: Shortcut
    let head: Head
    let epsilon: Float
    let padding: PaddingStyle
    public let preprocessing: Preprocessing
    /// Numbers of convolutions that blocks may have.
    let depths: [Int]
    /// Roles of normalizations that decide whether the convention fits.
    let normalizes: Normalizations
    /// Where the convention comes from, for the reasons of assumptions.
    let source: String
    /// Whether kernels are turned round, as Theano stored them.
    public private(set) var flipsKernels = false

    public enum ActivationSite: Hashable, Sendable {
        /// Behind each normalization and behind the addition.
        case after
        /// Normalization and activation in front of each convolution.
        case before
        /// As `before`, the first block's first normalization being the stem's.
        case beforeButFirst
    }

    public enum Stem: Hashable, Sendable {
        /// Stride 2, then maximum pooling of 3×3 with stride 2 over a map padded by this.
        case pooled(padding: Int)
        /// Stride 1, no pooling.
        case plain
    }

    public enum StrideSite: Hashable, Sendable {
        /// The first convolution of a stage's first block.
        case first
        /// The first convolution of a stage's first block that is wider than 1×1.
        case spatial
        /// The wide convolution of a stage's last block, in all stages but the last.
        case spatialOfLastBlock
    }

    public enum Shortcut: Hashable, Sendable {
        /// A strided convolution of the block's input.
        case projection
        /// A strided convolution of the input after the block's first normalization and activation.
        case activatedProjection
        /// Average pooling, then a convolution.
        case pooledProjection
        /// The input at every second position, padded with zero channels (option A of He et al. 2015).
        case padded
    }

    public enum Head: Hashable, Sendable {
        case globalPooling(softmax: Bool)
        /// Average pooling of this many positions, then all that is left in one row.
        case pooling(Int, softmax: Bool)
    }

    public enum PaddingStyle: Hashable, Sendable {
        /// The operator pads both sides alike.
        case symmetric
        /// Keras: `same` at stride 1, layers of their own elsewhere.
        case layers
        /// Keras' `same` everywhere: at stride 2 the odd element goes after.
        case same
    }

    public enum Preprocessing: String, Hashable, Sendable {
        case torch = "RGB in 0…1, less (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)"
        case caffe = "BGR in 0…255, less (103.939, 116.779, 123.68)"
        case tensorFlow = "RGB in −1…1"
        case unit = "RGB in 0…1"
        case raw = "RGB in 0…255"
    }

    public enum Normalizations: Hashable, Sendable {
        /// One behind the stem and every convolution.
        case all
        /// As `all`, but none behind projections.
        case allButProjections
        /// In front of convolutions; `stem`, `final` and `input` say whether those are there too.
        case before(stem: Bool, final: Bool, input: Bool)
    }
}

extension Convention.Preprocessing {
    /// What a network is given for one channel of a pixel of red, green and blue in 0…255. Networks of one channel
    /// see grey; others than three see the colours in turn.
    public func value(_ pixel: [Float], channel: Int, of channels: Int) -> Float {
        let position = channels == 1 ? 1 : channel % 3
        let colour = channels == 1 ? pixel.reduce(0, +) / Float(max(pixel.count, 1)) : pixel[position]
        switch self {
        case .torch:
            return (colour / 255 - [0.485, 0.456, 0.406][position]) / [0.229, 0.224, 0.225][position]
        case .caffe:
            let turned = channels == 1 ? colour : pixel[2 - position]
            return turned - [103.939, 116.779, 123.68][position]
        case .tensorFlow: return colour / 127.5 - 1
        case .unit: return colour / 255
        case .raw: return colour
        }
    }
}

public import SkiffCore

/// The maximum, mean or p-norm of each window, channel by channel.
///
/// Input 0 the map; output 0 the map with fewer positions; output 1 of maximum pooling, the flat indices of
/// maxima (ONNX), optional. Padding never wins a maximum.
/// Source: ONNX MaxPool 1 to 22, AveragePool 1 to 22, LpPool; Keras pooling layers.
public struct Pooling: OperatorAttributes {
    public enum Kind: Hashable, Sendable {
        case maximum
        /// The mean; `countsPadding` divides by the whole window even where it leaves the input.
        case average(countsPadding: Bool)
        case norm(p: Int)
    }

    public var kind: Kind
    /// Extent of the window, in taps of each spatial axis.
    public var kernel: [Int]
    public var window: Window
    /// Rounds the output extent up: the last window may leave the padded input, but starts inside it.
    public var ceilMode: Bool
    public var layout: Layout
    /// Whether output 1 counts positions column by column (ONNX `storage_order` 1).
    public var indicesAreColumnMajor: Bool

    public init(
        kind: Kind, kernel: [Int], window: Window, ceilMode: Bool = false, layout: Layout,
        indicesAreColumnMajor: Bool = false
    ) {
        self.kind = kind
        self.kernel = kernel
        self.window = window
        self.ceilMode = ceilMode
        self.layout = layout
        self.indicesAreColumnMajor = indicesAreColumnMajor
    }
}

/// The maximum, mean or p-norm over all positions of each channel.
///
/// Output (N, C, 1…) by ``layout`` where ``keepsDimensions``, else (N, C).
/// Source: ONNX GlobalAveragePool, GlobalMaxPool, GlobalLpPool; Keras GlobalAveragePooling, GlobalMaxPooling.
public struct GlobalPooling: OperatorAttributes {
    public enum Kind: Hashable, Sendable {
        case maximum, average
        case norm(p: Int)
    }

    public var kind: Kind
    public var layout: Layout
    public var keepsDimensions: Bool

    public init(kind: Kind, layout: Layout, keepsDimensions: Bool) {
        self.kind = kind
        self.layout = layout
        self.keepsDimensions = keepsDimensions
    }
}

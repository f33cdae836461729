public import SkiffCore

/// The input itself. Further outputs (ONNX Dropout's mask) are bool, all true.
/// Source: ONNX Identity, Dropout; Keras Dropout and its kin at inference.
public struct Identity: OperatorAttributes {
    public init() {}
}

/// Elements converted to another type; reals to integers towards zero. Source: ONNX Cast, CastLike.
public struct Cast: OperatorAttributes {
    public var elementType: ElementType
    public init(to elementType: ElementType) { self.elementType = elementType }
}

/// Inputs one behind the other along an axis. Source: ONNX Concat; Keras Concatenate.
public struct Concatenation: OperatorAttributes {
    /// Negative counts from the end.
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// The input cut along an axis into as many parts as there are outputs.
///
/// Inputs: 0 x; 1 the parts' extents (integers), optional. Without ``sizes`` and input 1 the parts are equal,
/// the last one smaller where they do not fit. Source: ONNX Split 1, 2, 11, 13, 18.
public struct Split: OperatorAttributes {
    public var axis: Int
    /// Extents of the parts where the source gives them as an attribute.
    public var sizes: [Int]?
    public init(axis: Int, sizes: [Int]?) {
        self.axis = axis
        self.sizes = sizes
    }
}

/// A part of the input, with steps. Inputs: 0 x; 1 starts; 2 ends; 3 axes, optional; 4 steps, optional.
/// Where the source has attributes (ONNX Slice 1) they are imported as weights. Source: ONNX Slice 10, 11, 13.
public struct Slice: OperatorAttributes {
    public init() {}
}

/// Slices of the input picked by index along an axis. Inputs: 0 x; 1 indices. Source: ONNX Gather.
public struct Gather: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// Elements picked by index along an axis. Inputs: 0 x; 1 indices of x's rank. Source: ONNX GatherElements.
public struct GatherElements: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// The input with elements added around it, or taken away where a number is negative.
///
/// Inputs: 0 x; 1 pads (integers, all begins then all ends), optional; 2 the constant (scalar), optional; 3 axes,
/// optional. ``pads`` holds them where the source has them as attributes: one begin and end per axis of x.
/// Source: ONNX Pad 1, 2, 11 to 25; Keras ZeroPadding.
public struct Pad: OperatorAttributes {
    public enum Mode: String, Hashable, Sendable, CaseIterable { case constant, reflect, edge, wrap }

    public var mode: Mode
    public var pads: [Int]?
    /// The constant where input 2 is left out.
    public var value: Float

    public init(mode: Mode, pads: [Int]?, value: Float = 0) {
        self.mode = mode
        self.pads = pads
        self.value = value
    }
}

/// The input without margins of its spatial axes. Source: Keras Cropping1D, 2D, 3D.
public struct Cropping: OperatorAttributes {
    /// Elements taken from the start of each spatial axis.
    public var before: [Int]
    public var after: [Int]
    public var layout: Layout
    public init(before: [Int], after: [Int], layout: Layout) {
        self.before = before
        self.after = after
        self.layout = layout
    }
}

/// The input in another shape. Inputs: 0 x; 1 the shape (integers), optional.
///
/// ``shape`` holds the extents where the source has them as an attribute. One −1 is what is left; 0 copies the
/// input's extent unless ``allowsZero``. ``keepsBatch``: the extents are those behind axis 0 (Keras).
/// Source: ONNX Reshape 1 to 25; Keras Reshape.
public struct Reshape: OperatorAttributes {
    public var shape: [Int]?
    public var allowsZero: Bool
    public var keepsBatch: Bool
    public init(shape: [Int]?, allowsZero: Bool, keepsBatch: Bool = false) {
        self.shape = shape
        self.allowsZero = allowsZero
        self.keepsBatch = keepsBatch
    }
}

/// (d₀·…, …·dₙ): the axes before ``axis`` as one, those from it on as another. Source: ONNX Flatten.
/// Keras Flatten is axis 1; for channels-first data Keras moves channels last first, imported as a Transpose.
public struct Flatten: OperatorAttributes {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }
}

/// The input without axes of extent one. Inputs: 0 x; 1 axes, optional. Without axes, all of extent one go.
/// Source: ONNX Squeeze 1, 11, 13 to 25.
public struct Squeeze: OperatorAttributes {
    public var axes: [Int]?
    public init(axes: [Int]?) { self.axes = axes }
}

/// The input with axes of extent one put in. Inputs: 0 x; 1 axes, optional where the attribute has them.
/// Source: ONNX Unsqueeze 1, 11, 13 to 25.
public struct Unsqueeze: OperatorAttributes {
    public var axes: [Int]?
    public init(axes: [Int]?) { self.axes = axes }
}

/// The input with its axes in another order: output axis i is input axis permutation[i]; reversed where `nil`.
/// Source: ONNX Transpose; Keras Permute.
public struct Transpose: OperatorAttributes {
    public var permutation: [Int]?
    public init(permutation: [Int]?) { self.permutation = permutation }
}

/// The input repeated along axes of extent one, by NumPy's broadcast of both shapes.
/// Inputs: 0 x; 1 the shape. Source: ONNX Expand.
public struct Expand: OperatorAttributes {
    public init() {}
}

/// The input repeated along every axis. Inputs: 0 x; 1 repeats, one per axis, optional. ``repeats`` holds them
/// where the source has an attribute. Source: ONNX Tile 6, 13; Keras RepeatVector.
public struct Tile: OperatorAttributes {
    public var repeats: [Int]?
    public init(repeats: [Int]?) { self.repeats = repeats }
}

/// Blocks of channels moved into blocks of positions. Source: ONNX DepthToSpace.
public struct DepthToSpace: OperatorAttributes {
    public enum Mode: String, Hashable, Sendable, CaseIterable { case depthColumnRow, columnRowDepth }

    public var blockSize: Int
    public var mode: Mode
    public init(blockSize: Int, mode: Mode) {
        self.blockSize = blockSize
        self.mode = mode
    }
}

/// Blocks of positions moved into channels. Source: ONNX SpaceToDepth.
public struct SpaceToDepth: OperatorAttributes {
    public var blockSize: Int
    public init(blockSize: Int) { self.blockSize = blockSize }
}

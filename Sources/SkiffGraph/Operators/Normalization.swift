public import SkiffCore

/// y = scale · (x − mean) / √(variance + epsilon) + offset, by channel, with stored moments.
///
/// Inputs: 0 the map; 1 scale (gamma), optional; 2 offset (beta), optional; 3 mean; 4 variance; each (C).
/// Output 0 the map; further outputs of training mode are not computed. ``isTraining`` is carried for models
/// exported in training mode, which cannot be run.
/// Source: ONNX BatchNormalization 1, 6, 7, 9, 14, 15; Keras BatchNormalization.
public struct BatchNormalization: OperatorAttributes {
    public var epsilon: Float
    /// The channel axis; negative counts from the end.
    public var axis: Int
    public var isTraining: Bool

    public init(epsilon: Float, axis: Int, isTraining: Bool = false) {
        self.epsilon = epsilon
        self.axis = axis
        self.isTraining = isTraining
    }
}

/// Normalizes each channel of each sample by its own moments. Inputs: 0 (N, C, …); 1 scale (C); 2 offset (C).
/// Source: ONNX InstanceNormalization 1, 6, 22.
public struct InstanceNormalization: OperatorAttributes {
    public var epsilon: Float
    public init(epsilon: Float) { self.epsilon = epsilon }
}

/// Normalizes over the axes from ``firstAxis`` to the last, or over ``axes`` where the source names them.
///
/// Inputs: 0 x; 1 scale, optional; 2 offset, optional. Source: ONNX LayerNormalization 17; Keras
/// LayerNormalization (`axes`).
public struct LayerNormalization: OperatorAttributes {
    public var epsilon: Float
    /// The normalized axes; negative count from the end. For ONNX, `axis` and all behind it.
    public var firstAxis: Int
    public init(epsilon: Float, firstAxis: Int) {
        self.epsilon = epsilon
        self.firstAxis = firstAxis
    }
}

/// Normalizes each group of channels of each sample by its own moments.
///
/// Inputs: 0 the map; 1 scale; 2 offset; each (C), or (groups) where ``affinePerGroup`` (ONNX 18).
/// Source: ONNX GroupNormalization 18, 21; Keras GroupNormalization.
public struct GroupNormalization: OperatorAttributes {
    public var groups: Int
    public var epsilon: Float
    public var axis: Int
    public var affinePerGroup: Bool
    public init(groups: Int, epsilon: Float, axis: Int, affinePerGroup: Bool) {
        self.groups = groups
        self.epsilon = epsilon
        self.axis = axis
        self.affinePerGroup = affinePerGroup
    }
}

/// y = x / (bias + alpha / size · Σ x²)^beta over ``size`` neighbouring channels of axis 1.
/// Source: ONNX LRN 1, 13.
public struct LocalResponseNormalization: OperatorAttributes {
    public var size: Int
    public var alpha: Float
    public var beta: Float
    public var bias: Float
    public init(size: Int, alpha: Float, beta: Float, bias: Float) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.bias = bias
    }
}

internal import SkiffCore

/// y = scale · (x − mean) / √(variance + epsilon) + offset, by channel, with stored moments.
///
/// Inputs: 0 the map; 1 scale (gamma), optional; 2 offset (beta), optional; 3 mean; 4 variance; each (C).
/// Output 0 the map. Where ``isTraining`` the moments are those of the batch, the variance over all elements, and
/// outputs 1 and 2 are the stored moments moved towards them: stored · momentum + batch · (1 − momentum).
/// Source: ONNX BatchNormalization 1, 6, 7, 9, 14, 15; Keras BatchNormalization.
public struct BatchNormalization: OperatorAttributes {
    public var epsilon: Float
    /// The channel axis; negative counts from the end.
    public var axis: Int
    public var isTraining: Bool
    /// What stored moments keep of themselves, where outputs 1 and 2 are asked for (ONNX's convention, and Keras').
    public var momentum: Float?

    public init(epsilon: Float, axis: Int, isTraining: Bool = false, momentum: Float? = nil) {
        self.epsilon = epsilon
        self.axis = axis
        self.isTraining = isTraining
        self.momentum = momentum
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

extension BatchNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = ["input", "scale", "offset", "mean", "variance"]
        let inputs = try Operands(inputs, names, required: 1, outputCount: outputCount, outputs: 1...(momentum == nil ? 1 : 3))
        let map = try inputs.required(0)
        for operand in inputs.all { try operand.require(.floatingPoint) }
        for position in [3, 4] { _ = try inputs.required(position) }
        var shape = try map.shape(atLeast: 1)
        let axis = try shape.map { shape throws(GraphError) in try normalizedAxis(self.axis, rank: shape.count) } ?? 0
        var channels = shape?[axis] ?? .unknown
        for operand in inputs.all.dropFirst() {
            guard let moments = try operand.shape(rank: 1) else { continue }
            channels = try unifyExtent(channels, moments[0], input: operand.name, axis: "channels")
        }
        shape?[axis] = channels
        let moments = [3, 4].map { Fact(inputs[$0]?.elementType ?? map.elementType, [channels]) }
        return Array(([Fact(map.elementType, shape)] + moments).prefix(outputCount))
    }
}

extension InstanceNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "scale", "offset"], required: 3, outputCount: outputCount)
        let map = try inputs.required(0)
        try map.require(.floatingPoint)
        try inputs.requireSameTypes()
        var shape = try map.shape(atLeast: 3)
        var channels = shape?[1] ?? .unknown
        for operand in inputs.all.dropFirst() {
            guard let affine = try operand.shape(rank: 1) else { continue }
            channels = try unifyExtent(channels, affine[0], input: operand.name, axis: "channels")
        }
        shape?[1] = channels
        return [Fact(map.elementType, shape)]
    }
}

extension LayerNormalization {
    /// Outputs 1 and 2 are the mean and the inverse deviation (float32), of extent one along normalized axes.
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(
            inputs, ["input", "scale", "offset"], required: 1, outputCount: outputCount, outputs: 1...3)
        let input = try inputs.required(0)
        try input.require(.floatingPoint)
        try inputs.requireSameTypes()
        var moments = try input.shape(atLeast: 1)
        if let shape = moments {
            let first = try normalizedAxis(firstAxis, rank: shape.count)
            for operand in inputs.all.dropFirst() { try requireBroadcast(operand, to: shape) }
            for axis in first..<shape.count { moments?[axis] = 1 }
        }
        let moment = Fact(input.elementType == .float64 ? .float64 : .float32, moments)
        return [Fact(input.elementType, input.shape), moment, moment]
    }
}

extension GroupNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let inputs = try Operands(inputs, ["input", "scale", "offset"], required: 1, outputCount: outputCount)
        let map = try inputs.required(0)
        try map.require(.floatingPoint)
        try inputs.requireSameTypes()
        guard groups >= 1 else {
            throw GraphError(.attribute(name: "groups", expected: "at least 1", found: "\(groups)"))
        }
        let shape = try map.shape(atLeast: 2)
        let axis = try shape.map { shape throws(GraphError) in try normalizedAxis(self.axis, rank: shape.count) } ?? 0
        let channels = shape?[axis] ?? .unknown
        if let channels = channels.fixedValue, channels % groups != 0 {
            throw GraphError(
                .extent(input: "input", expected: "a multiple of \(groups) groups", found: "\(channels) channels"))
        }
        for operand in inputs.all.dropFirst() {
            guard let affine = try operand.shape(rank: 1) else { continue }
            _ = try unifyExtent(
                affinePerGroup ? .fixed(groups) : channels, affine[0], input: operand.name,
                axis: affinePerGroup ? "groups" : "channels")
        }
        return [Fact(map.elementType, shape)]
    }
}

extension LocalResponseNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try map.require(.floatingPoint)
        guard size >= 1 else {
            throw GraphError(.attribute(name: "size", expected: "at least 1", found: "\(size)"))
        }
        return [Fact(map.elementType, try map.shape(atLeast: 2))]
    }
}

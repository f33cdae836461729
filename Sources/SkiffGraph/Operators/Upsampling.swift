internal import SkiffCore

/// Spatial axes enlarged by whole factors. Source: Keras UpSampling1D, 2D, 3D (`nearest` repeats, `bilinear`
/// samples at half pixels).
public struct Upsampling: OperatorAttributes {
    public enum Interpolation: String, Hashable, Sendable, CaseIterable { case nearest, bilinear }

    /// One factor per spatial axis.
    public var factors: [Int]
    public var interpolation: Interpolation
    public var layout: Layout

    public init(factors: [Int], interpolation: Interpolation, layout: Layout) {
        self.factors = factors
        self.interpolation = interpolation
        self.layout = layout
    }
}

extension Upsampling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try map.require(interpolation == .nearest ? .number : .floatingPoint)
        try requireList(factors, count: factors.count, minimum: 1, name: "factors")
        guard let shape = try map.shape(rank: factors.count + 2) else { return [Fact(map.elementType, nil)] }
        var scales = SymbolicShape(repeating: 1, count: shape.count)
        for (axis, factor) in factors.enumerated() { scales[layout.firstSpatialAxis + axis] = .fixed(factor) }
        return [Fact(map.elementType, try productShape(shape, scales, "output extent"))]
    }
}

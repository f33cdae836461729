internal import SkiffCore

/// The input sampled at other positions.
///
/// Inputs: 0 x; 1 region of interest, optional; 2 scales (reals), optional; 3 sizes (integers), optional. One of
/// scales and sizes is there. Source: ONNX Resize 10, 11, 13, 18, 19; Upsample 7, 9 (scales as input 2).
public struct Resize: OperatorAttributes {
    public enum Mode: Hashable, Sendable {
        case nearest(Rounding)
        case linear
        case cubic(coefficient: Float)
    }

    public enum Rounding: String, Hashable, Sendable, CaseIterable {
        case roundPreferFloor, roundPreferCeil, floor, ceil
    }

    /// How a position of the output is found in the input (ONNX `coordinate_transformation_mode`).
    public enum Coordinates: String, Hashable, Sendable, CaseIterable {
        case halfPixel, halfPixelSymmetric, pytorchHalfPixel, alignCorners, asymmetric, tfCropAndResize
        /// The half pixel of the nearest mode of Resize 11's `tf_half_pixel_for_nn`.
        case tfHalfPixelForNearest
        /// The same in Float, (x + 0.5) · (input / output): where that is nearly a whole number its rounding decides which
        /// element TensorFlow takes (`HalfPixelScalerForNN`).
        case tensorFlowNearest
    }

    /// What `sizes` means when it does not keep the aspect ratio (ONNX `keep_aspect_ratio_policy`).
    public enum AspectRatio: String, Hashable, Sendable, CaseIterable { case stretch, notLarger, notSmaller }

    public var mode: Mode
    public var coordinates: Coordinates
    public var extrapolationValue: Float
    public var antialias: Bool
    /// Neighbours outside the input have no share, and the others are scaled to sum to one (ONNX `exclude_outside`);
    /// otherwise the element at the end stands for them. Nearest has no shares.
    public var excludesOutside: Bool
    /// Axes that scales, sizes and region speak of; all where `nil`.
    public var axes: [Int]?
    public var aspectRatio: AspectRatio

    public init(
        mode: Mode, coordinates: Coordinates, extrapolationValue: Float = 0, antialias: Bool = false,
        excludesOutside: Bool = false, axes: [Int]? = nil, aspectRatio: AspectRatio = .stretch
    ) {
        self.mode = mode
        self.coordinates = coordinates
        self.extrapolationValue = extrapolationValue
        self.antialias = antialias
        self.excludesOutside = excludesOutside
        self.axes = axes
        self.aspectRatio = aspectRatio
    }
}

extension Resize {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let names = ["input", "region of interest", "scales", "sizes"]
        let inputs = try Operands(inputs, names, required: 1, outputCount: outputCount)
        let input = try inputs.required(0)
        try input.require(.number)
        guard let shape = input.shape else { return [Fact(input.elementType, nil)] }
        let resized = try normalizedAxes(axes ?? Array(shape.indices), rank: shape.count)
        // Older exporters leave scales in place as an empty tensor.
        if let sizes = inputs[3], sizes.shape != [0] {
            return [Fact(input.elementType, try sized(shape, resized, sizes))]
        }
        guard let scales = inputs[2], scales.shape != [0] else { throw GraphError(.missingInput("scales")) }
        return [Fact(input.elementType, try scaled(shape, resized, scales))]
    }

    /// The region of interest says what is sampled, not how much: ONNX Runtime, and ONNX's own inference and
    /// reference, leave it out of the output's extents.
    private func scaled(
        _ shape: SymbolicShape, _ resized: [Int], _ scales: Operand
    ) throws(GraphError) -> SymbolicShape {
        var result = shape
        guard let factors = try scales.realList(count: resized.count) else {
            for axis in resized { result[axis] = .unknown }
            return result
        }
        for (factor, axis) in zip(factors, resized) where factor != 1 {
            guard factor > 0, factor.isFinite else {
                throw GraphError(.attribute(name: "scales", expected: "numbers above 0", found: "\(factor)"))
            }
            result[axis] = try floorProduct(shape[axis], Float(factor))
        }
        return result
    }

    /// ⌊extent · factor⌋ in Float, as every runtime computes it.
    private func floorProduct(_ extent: Dimension, _ factor: Float) throws(GraphError) -> Dimension {
        guard let extent = extent.fixedValue else { return .unknown }
        guard let result = Int(exactly: (Float(extent) * factor).rounded(.down)) else {
            throw GraphError(.overflow("scaled extent"))
        }
        return .fixed(result)
    }

    private func sized(_ shape: SymbolicShape, _ resized: [Int], _ sizes: Operand) throws(GraphError) -> SymbolicShape {
        var result = shape
        let list = try sizes.integerList() ?? SymbolicShape(repeating: .unknown, count: resized.count)
        guard list.count == resized.count else {
            throw GraphError(.extent(input: sizes.name, expected: "\(resized.count) numbers", found: "\(list.count)"))
        }
        for (size, axis) in zip(list, resized) {
            if let size = size.fixedValue, size < 0 {
                throw GraphError(.attribute(name: "sizes", expected: "numbers of at least 0", found: "\(size)"))
            }
            result[axis] = size
        }
        if aspectRatio == .stretch { return result }
        guard let from = resized.map({ shape[$0] }).fixedShape, let to = list.fixedShape else {
            for axis in resized { result[axis] = .unknown }
            return result
        }
        let factors = zip(from, to).map { $0 == 0 ? 1 : Float($1) / Float($0) }
        let common = aspectRatio == .notLarger ? factors.min() : factors.max()
        for (extent, axis) in zip(from, resized) {
            guard let rounded = Int(exactly: (Float(extent) * (common ?? 1)).rounded()) else {
                throw GraphError(.overflow("scaled extent"))
            }
            result[axis] = .fixed(rounded)
        }
        return result
    }
}

extension Operand {
    /// The numbers of a list of `count` reals; `nil` where they are not known.
    /// - Throws: ``GraphError`` `elementType`, `rank`, `extent`.
    fileprivate func realList(count: Int) throws(GraphError) -> [Double]? {
        try require(.floatingPoint)
        if let found = try shape(rank: 1)?.first?.fixedValue, found != count {
            throw GraphError(.extent(input: name, expected: "\(count) numbers", found: "\(found)"))
        }
        guard let values = fact.reals, values.count == count else { return nil }
        return values
    }
}

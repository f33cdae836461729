internal import SkiffCore

/// The input sampled at other positions.
///
/// Inputs: 0 x; 1 region of interest, optional; 2 scales (reals), optional; 3 sizes (integers), optional. One of
/// scales and sizes is there. Source: ONNX Resize 10, 11, 13, 18, 19; Upsample 7, 9 (scales as input 2).
public struct Resize: OperatorAttributes {
    public enum Mode: Hashable, Sendable {
        case nearest(Rounding)
        case linear
        case cubic(coefficient: Float, excludesOutside: Bool)
    }

    public enum Rounding: String, Hashable, Sendable, CaseIterable {
        case roundPreferFloor, roundPreferCeil, floor, ceil
    }

    /// How a position of the output is found in the input (ONNX `coordinate_transformation_mode`).
    public enum Coordinates: String, Hashable, Sendable, CaseIterable {
        case halfPixel, halfPixelSymmetric, pytorchHalfPixel, alignCorners, asymmetric, tfCropAndResize
        /// The half pixel of the nearest mode of Resize 11's `tf_half_pixel_for_nn`.
        case tfHalfPixelForNearest
    }

    /// What `sizes` means when it does not keep the aspect ratio (ONNX `keep_aspect_ratio_policy`).
    public enum AspectRatio: String, Hashable, Sendable, CaseIterable { case stretch, notLarger, notSmaller }

    public var mode: Mode
    public var coordinates: Coordinates
    public var extrapolationValue: Float
    public var antialias: Bool
    /// Axes that scales, sizes and region speak of; all where `nil`.
    public var axes: [Int]?
    public var aspectRatio: AspectRatio

    public init(
        mode: Mode, coordinates: Coordinates, extrapolationValue: Float = 0, antialias: Bool = false,
        axes: [Int]? = nil, aspectRatio: AspectRatio = .stretch
    ) {
        self.mode = mode
        self.coordinates = coordinates
        self.extrapolationValue = extrapolationValue
        self.antialias = antialias
        self.axes = axes
        self.aspectRatio = aspectRatio
    }
}

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

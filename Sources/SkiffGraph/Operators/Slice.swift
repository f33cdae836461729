internal import SkiffCore

/// A part of the input, with steps. Inputs: 0 x; 1 starts; 2 ends; 3 axes, optional; 4 steps, optional.
/// Where the source has attributes (ONNX Slice 1) they are imported as weights. Source: ONNX Slice 10, 11, 13.
public struct Slice: OperatorAttributes {
    public init() {}
}

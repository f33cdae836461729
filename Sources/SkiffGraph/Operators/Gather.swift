internal import SkiffCore

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

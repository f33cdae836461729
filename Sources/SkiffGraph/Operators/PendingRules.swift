public import SkiffCore

// Shape rules move into each operator's own file as they are written.
extension ArgumentReduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension BatchNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Binary {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Cast {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Clip {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Concatenation {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension ConstantOfShape {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Convolution {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension ConvolutionTranspose {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Cropping {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension CumulativeSum {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Dense {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension DepthToSpace {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Expand {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Flatten {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Gather {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension GatherElements {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Gemm {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension GlobalPooling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension GroupNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Identity {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension InstanceNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension LayerNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension LocalResponseNormalization {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension MatrixMultiplication {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Pad {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension ParametricReLU {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Pooling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension RangeOfNumbers {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Reduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Reshape {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Resize {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Select {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension ShapeOf {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension SizeOf {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Slice {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Softmax {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension SpaceToDepth {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Split {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Squeeze {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Tile {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Transpose {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Unary {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Unsqueeze {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Upsampling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Variadic {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}

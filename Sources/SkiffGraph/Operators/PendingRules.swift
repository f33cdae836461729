internal import SkiffCore

// Shape rules move into each operator's own file as they are written.
extension ArgumentReduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension ConstantOfShape {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension CumulativeSum {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension DepthToSpace {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Expand {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Gather {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension GatherElements {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension RangeOfNumbers {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Reduction {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Resize {
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
extension SpaceToDepth {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Split {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Tile {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}
extension Upsampling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] { [] }
}

internal import SkiffCore

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

extension DepthToSpace {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        let area = try blockArea(blockSize)
        guard let shape = try map.shape(rank: 4) else { return [Fact(map.elementType, nil)] }
        let channels = try shape[1].divided(by: area, axis: 1)
        let spatial = try productShape(Array(shape[2...]), [.fixed(blockSize), .fixed(blockSize)], "output extent")
        return [Fact(map.elementType, [shape[0], channels] + spatial)]
    }
}

extension SpaceToDepth {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        let area = try blockArea(blockSize)
        guard let shape = try map.shape(rank: 4) else { return [Fact(map.elementType, nil)] }
        let channels = try productShape([shape[1]], [.fixed(area)], "output extent")
        let rows = try shape[2].divided(by: blockSize, axis: 2)
        let columns = try shape[3].divided(by: blockSize, axis: 3)
        return [Fact(map.elementType, [shape[0]] + channels + [rows, columns])]
    }
}

/// - Throws: ``GraphError`` `attribute`, `overflow`.
private func blockArea(_ blockSize: Int) throws(GraphError) -> Int {
    guard blockSize >= 1 else {
        throw GraphError(.attribute(name: "block size", expected: "at least 1", found: "\(blockSize)"))
    }
    return try checkedProduct(blockSize, blockSize, "block")
}

extension Dimension {
    /// - Throws: ``GraphError`` `extent` where it is no multiple of `divisor`.
    fileprivate func divided(by divisor: Int, axis: Int) throws(GraphError) -> Dimension {
        guard let extent = fixedValue else { return divisor == 1 ? self : .unknown }
        guard extent % divisor == 0 else {
            throw GraphError(
                .extent(input: "input", expected: "a multiple of \(divisor) along axis \(axis)", found: "\(extent)"))
        }
        return .fixed(extent / divisor)
    }
}

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

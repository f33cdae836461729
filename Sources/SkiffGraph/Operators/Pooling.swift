internal import SkiffCore

/// The maximum, mean or p-norm of each window, channel by channel.
///
/// Input 0 the map; output 0 the map with fewer positions; output 1 of maximum pooling, the flat indices of
/// maxima (ONNX), optional. Padding never wins a maximum.
/// Source: ONNX MaxPool 1 to 22, AveragePool 1 to 22, LpPool; Keras pooling layers.
public struct Pooling: OperatorAttributes {
    public enum Kind: Hashable, Sendable {
        case maximum
        /// The mean; `countsPadding` divides by the whole window even where it leaves the input.
        case average(countsPadding: Bool)
        case norm(p: Int)
    }

    public var kind: Kind
    /// Extent of the window, in taps of each spatial axis.
    public var kernel: [Int]
    public var window: Window
    /// Rounds the output extent up: the last window may leave the padded input, but starts inside it.
    public var ceilMode: Bool
    public var layout: Layout
    /// Whether output 1 counts positions column by column (ONNX `storage_order` 1).
    public var indicesAreColumnMajor: Bool

    public init(
        kind: Kind, kernel: [Int], window: Window, ceilMode: Bool = false, layout: Layout,
        indicesAreColumnMajor: Bool = false
    ) {
        self.kind = kind
        self.kernel = kernel
        self.window = window
        self.ceilMode = ceilMode
        self.layout = layout
        self.indicesAreColumnMajor = indicesAreColumnMajor
    }
}

/// The maximum, mean or p-norm over all positions of each channel.
///
/// Output (N, C, 1…) by ``layout`` where ``keepsDimensions``, else (N, C).
/// Source: ONNX GlobalAveragePool, GlobalMaxPool, GlobalLpPool; Keras GlobalAveragePooling, GlobalMaxPooling.
public struct GlobalPooling: OperatorAttributes {
    public enum Kind: Hashable, Sendable {
        case maximum, average
        case norm(p: Int)
    }

    public var kind: Kind
    public var layout: Layout
    public var keepsDimensions: Bool

    public init(kind: Kind, layout: Layout, keepsDimensions: Bool) {
        self.kind = kind
        self.layout = layout
        self.keepsDimensions = keepsDimensions
    }
}

extension Pooling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let outputs = kind == .maximum ? 1...2 : 1...1
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount, outputs: outputs).required(0)
        try map.require(kind == .maximum ? .number : .floatingPoint)
        try checkAttributes()
        var result = try map.shape(rank: kernel.count + 2)
        if let shape = result {
            for (axis, extent) in kernel.enumerated() {
                let position = layout.firstSpatialAxis + axis
                result?[position] = try window.outputExtent(
                    axis: axis, input: shape[position], kernel: .fixed(extent), ceilMode: ceilMode, outputAxis: position
                )
            }
        }
        return [Fact(map.elementType, result), Fact(.int64, result)]
    }

    private func checkAttributes() throws(GraphError) {
        guard !kernel.isEmpty else {
            throw GraphError(.attribute(name: "kernel", expected: "one number per spatial axis", found: "[]"))
        }
        try requireList(kernel, count: kernel.count, minimum: 1, name: "kernel")
        try window.check(spatialRank: kernel.count)
        if case .norm(let p) = kind, p < 1 {
            throw GraphError(.attribute(name: "p", expected: "at least 1", found: "\(p)"))
        }
        guard case .explicit(let before, let after) = window.padding else { return }
        for (axis, extent) in kernel.enumerated() {
            let span = try window.span(axis: axis, kernel: extent)
            let most = max(before[axis], after[axis])
            guard most < span else {
                throw GraphError(
                    .attribute(name: "pads", expected: "less than the window of \(span)", found: "\(most)"))
            }
        }
    }
}

extension GlobalPooling {
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let map = try Operands(inputs, ["input"], required: 1, outputCount: outputCount).required(0)
        try map.require(kind == .maximum ? .number : .floatingPoint)
        if case .norm(let p) = kind, p < 1 {
            throw GraphError(.attribute(name: "p", expected: "at least 1", found: "\(p)"))
        }
        guard let shape = try map.shape(atLeast: 3) else { return [Fact(map.elementType, nil)] }
        let channelAxis = layout.channelAxis(rank: shape.count)
        guard keepsDimensions else { return [Fact(map.elementType, [shape[0], shape[channelAxis]])] }
        var result = SymbolicShape(repeating: 1, count: shape.count)
        result[0] = shape[0]
        result[channelAxis] = shape[channelAxis]
        return [Fact(map.elementType, result)]
    }
}

internal import SkiffCore

/// How much a window operator extends its input, in elements of each spatial axis.
public enum Padding: Hashable, Sendable {
    /// These numbers, before and after each spatial axis.
    case explicit(before: [Int], after: [Int])
    /// No padding: only windows that lie in the input whole (Keras `valid`, ONNX VALID).
    case valid
    /// Enough that the output has ⌈input / stride⌉ elements; the odd one goes after (Keras `same`, SAME_UPPER).
    case sameUpper
    /// As `sameUpper`, the odd one goes before (SAME_LOWER).
    case sameLower
}

/// Kernel extent, stride and the rest of an operator that slides a window over spatial axes.
/// All lists have one number per spatial axis.
public struct Window: Hashable, Sendable {
    /// Steps between windows, in elements.
    public var strides: [Int]
    /// Steps between the taps of one window, in elements.
    public var dilations: [Int]
    public var padding: Padding

    public init(strides: [Int], dilations: [Int], padding: Padding) {
        self.strides = strides
        self.dilations = dilations
        self.padding = padding
    }
}

extension Window {
    /// Elements of padding before and after one axis of `extent` elements under a window of `kernel` taps.
    /// `axis` counts spatial axes. The attributes must have been accepted by the operator's `infer`.
    public func resolvedPadding(axis: Int, extent: Int, kernel: Int) -> (before: Int, after: Int) {
        switch padding {
        case .explicit(let before, let after):
            guard before.indices.contains(axis), after.indices.contains(axis) else { return (0, 0) }
            return (before[axis], after[axis])
        case .valid: return (0, 0)
        case .sameUpper, .sameLower:
            guard strides.indices.contains(axis), dilations.indices.contains(axis), strides[axis] > 0 else {
                return (0, 0)
            }
            let covered = (extent &- 1) / strides[axis] &* strides[axis] &+ (kernel &- 1) &* dilations[axis] &+ 1
            return split(max(covered &- extent, 0))
        }
    }

    /// `total` elements of padding on two sides; `sameLower` puts the odd one before.
    func split(_ total: Int) -> (before: Int, after: Int) {
        let half = max(total, 0) / 2
        return padding == .sameLower ? (total - half, half) : (half, total - half)
    }

    /// - Throws: ``GraphError`` `attribute` for lists of a wrong length, and numbers below one (strides, dilations)
    ///   or zero (pads).
    func check(spatialRank: Int) throws(GraphError) {
        try requireList(strides, count: spatialRank, minimum: 1, name: "strides")
        try requireList(dilations, count: spatialRank, minimum: 1, name: "dilations")
        guard case .explicit(let before, let after) = padding else { return }
        try requireList(before, count: spatialRank, minimum: 0, name: "pads before")
        try requireList(after, count: spatialRank, minimum: 0, name: "pads after")
    }

    /// Elements from the first tap of one window to its last, both counted.
    /// - Throws: ``GraphError`` `overflow`.
    func span(axis: Int, kernel: Int) throws(GraphError) -> Int {
        try checkedSum(checkedProduct(kernel - 1, dilations[axis], "dilated kernel"), 1, "dilated kernel")
    }

    /// Number of windows along one spatial axis. `ceilMode` rounds it up; the last window starts inside the input
    /// or the padding before it. `outputAxis` is the axis that errors name.
    /// - Throws: ``GraphError`` `emptyOutput` where not one window fits, `overflow`.
    func outputExtent(
        axis: Int, input: Dimension, kernel: Dimension, ceilMode: Bool = false, outputAxis: Int
    ) throws(GraphError) -> Dimension {
        let stride = strides[axis]
        if padding == .sameUpper || padding == .sameLower {
            if stride == 1 { return input }
            guard let extent = input.fixedValue else { return .unknown }
            return .fixed(extent / stride + (extent % stride == 0 ? 0 : 1))
        }
        guard let kernel = kernel.fixedValue else { return .unknown }
        let span = try span(axis: axis, kernel: kernel)
        let (before, after) = resolvedPadding(axis: axis, extent: 0, kernel: kernel)
        let pads = try checkedSum(before, after, "padding")
        guard let extent = input.fixedValue else { return stride == 1 && pads == span - 1 ? input : .unknown }
        let room = try checkedSum(extent, pads, "padded extent") - span
        guard room >= 0 else { throw GraphError(.emptyOutput(axis: outputAxis, found: room / stride)) }
        guard ceilMode, room % stride != 0 else { return .fixed(room / stride + 1) }
        let start = try checkedProduct(room / stride + 1, stride, "padded extent")
        return .fixed(room / stride + (start < extent + before ? 2 : 1))
    }
}

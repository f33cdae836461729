internal import SkiffCore
internal import SkiffGraph

/// Gives zeros that a `Pad` puts around a map to the convolution or pooling behind it as its own padding.
///
/// Maximum pooling passes over its padding, so it takes zeros only of a map without negative elements; average
/// pooling takes them where it counts them.
func mergePadding(_ draft: inout Draft) throws(EngineError) -> Int {
    let wiring = Wiring(draft)
    let isNonNegative = draft.nonNegativeValues()
    var changes = 0
    for index in draft.nodes.indices {
        guard let operation = draft.operation(index), let input = draft.input(index, 0),
            let pad = wiring.producers[input], let source = draft.input(pad, 0),
            draft.values[input].elementType.isFloatingPoint, draft.nodes[index].outputs.count == 1,
            let pads = draft.zeroPads(pad),
            let merged = draft.merging(pads, into: operation, index, isNonNegative: isNonNegative[source])
        else { continue }
        draft.nodes[index].work = .operation(merged)
        draft.nodes[index].inputs[0] = source
        draft.nodes[index].origins += draft.nodes[pad].origins
        changes += 1
    }
    draft.dropUnread()
    return changes
}

/// Elements added before and after one axis; negative where they are taken away.
typealias AxisPads = (before: Int, after: Int)

extension Draft {
    /// The pads of every axis of a `Pad` node, where they are known.
    func resolvedPads(_ index: Int) -> [AxisPads]? {
        guard case .pad(let pad) = operation(index), let source = input(index, 0) else { return nil }
        let rank = values[source].shape.count
        guard let given = input(index, 1).map({ integers($0) }) ?? pad.pads,
            let axes = input(index, 3).map({ integers($0) }) ?? Array(0..<rank), given.count == 2 * axes.count
        else { return nil }
        var pads = [AxisPads](repeating: (0, 0), count: rank)
        for (position, axis) in axes.enumerated() {
            guard axis >= -rank, axis < rank else { return nil }
            pads[axis < 0 ? axis + rank : axis] = (given[position], given[axes.count + position])
        }
        return pads
    }

    /// The pads of a `Pad` node that adds zeros and takes nothing away.
    fileprivate func zeroPads(_ index: Int) -> [AxisPads]? {
        guard case .pad(let pad) = operation(index), pad.mode == .constant,
            input(index, 2).map({ uniformNumber($0) == 0 }) ?? (pad.value == 0), let pads = resolvedPads(index),
            pads.allSatisfy({ $0.before >= 0 && $0.after >= 0 })
        else { return nil }
        return pads
    }

    /// The operator of node `index` with padding of its own for that of the `Pad` before it; `nil` where the two
    /// are not the same.
    fileprivate func merging(
        _ pads: [AxisPads], into operation: Operator, _ index: Int, isNonNegative: Bool
    ) -> Operator? {
        guard let padded = input(index, 0), let output = nodes[index].outputs.first else { return nil }
        let shape = values[padded].shape
        switch operation {
        case .convolution(var convolution):
            guard let weight = input(index, 1), !shape.contains(0),
                let window = convolution.window.adding(
                    pads, layout: convolution.layout, shape: shape,
                    kernel: convolution.kernelExtents(of: values[weight].shape))
            else { return nil }
            convolution.window = window
            return .convolution(convolution)
        case .pooling(var pooling):
            guard let window = pooling.window.adding(pads, layout: pooling.layout, shape: shape, kernel: pooling.kernel)
            else { return nil }
            switch pooling.kind {
            case .maximum where isNonNegative: break
            // Without padding of its own every tap that it counts lies in the padded map.
            case .average(let countsPadding) where countsPadding || pooling.isUnpadded(shape):
                pooling.kind = .average(countsPadding: true)
            default: return nil
            }
            pooling.window = window
            let source = zip(shape, pads).map { $0 - $1.before - $1.after }
            return pooling.reachesMap(source, output: values[output].shape, elementType: values[output].elementType)
                ? .pooling(pooling) : nil
        default: return nil
        }
    }

    /// Values that no element of is below zero, by what gives them.
    fileprivate func nonNegativeValues() -> [Bool] {
        var isNonNegative = [Bool](repeating: false, count: values.count)
        for index in nodes.indices {
            guard let operation = operation(index), let output = nodes[index].outputs.first else { continue }
            func all() -> Bool { nodes[index].inputs.allSatisfy { $0.map { isNonNegative[$0] } ?? false } }
            func first() -> Bool { (nodes[index].inputs.first ?? nil).map { isNonNegative[$0] } ?? false }
            isNonNegative[output] =
                switch operation {
                case .unary(let unary): unary.givesNoNegatives
                case .clip:
                    (input(index, 1).flatMap { uniformNumber($0) } ?? -1) >= 0
                        && (input(index, 2).map { uniformNumber($0) ?? -1 } ?? 0) >= 0
                case .softmax(let softmax): softmax.kind != .logSoftmax
                case .concatenation: all()
                case .binary(let binary): [.add, .multiply].contains(binary.kind) && all()
                case .variadic(let variadic): variadic.kind != .minimum && all()
                case .identity, .reshape, .transpose, .slice, .globalPooling: first()
                case .pooling(let pooling): pooling.kind != .maximum && first()
                default: false
                }
        }
        return isNonNegative
    }
}

extension Unary {
    /// Whether no result is below zero, whatever the input is.
    fileprivate var givesNoNegatives: Bool {
        switch kind {
        case .relu, .sigmoid, .softplus, .hardSigmoid, .exponential, .absolute, .squareRoot: true
        case .generalReLU(let maximum, let negativeSlope, let threshold):
            negativeSlope == 0 && threshold >= 0 && (maximum ?? 0) >= 0
        case .thresholdedReLU(let alpha): alpha >= 0
        default: false
        }
    }
}

extension Window {
    /// This window over a map without the pads that made it `shape`; `nil` where other than spatial axes have some.
    fileprivate func adding(_ pads: [AxisPads], layout: Layout, shape: Shape, kernel: [Int]) -> Window? {
        guard pads.count == shape.count, kernel.count == shape.count - 2 else { return nil }
        let spatial = layout.firstSpatialAxis..<layout.firstSpatialAxis + kernel.count
        guard pads.indices.allSatisfy({ spatial.contains($0) || pads[$0] == (0, 0) }) else { return nil }
        let own = kernel.indices.map { axis in
            resolvedPadding(axis: axis, extent: shape[spatial.lowerBound + axis], kernel: kernel[axis])
        }
        let added = pads[spatial]
        var window = self
        window.padding = .explicit(
            before: zip(own, added).map { $0.before &+ $1.before }, after: zip(own, added).map { $0.after &+ $1.after })
        return window
    }
}

extension Pooling {
    /// Whether no window leaves a map of `shape`.
    fileprivate func isUnpadded(_ shape: Shape) -> Bool {
        !ceilMode && kernel.indices.allSatisfy { axis in
            let extent = shape[layout.firstSpatialAxis + axis]
            return window.resolvedPadding(axis: axis, extent: extent, kernel: kernel[axis]) == (0, 0)
        }
    }

    /// Whether every window has a tap inside a map of shape `source`, and there are as many as before.
    fileprivate func reachesMap(_ source: Shape, output: Shape, elementType: ElementType) -> Bool {
        guard let inferred = try? Operator.pooling(self).infer([Fact(elementType, shape: source)], outputCount: 1),
            inferred.first?.shape?.fixedShape == output, case .explicit(let before, _) = window.padding,
            window.dilations.allSatisfy({ $0 == 1 })
        else { return false }
        return kernel.indices.allSatisfy { axis in
            let position = layout.firstSpatialAxis + axis
            return before[axis] < kernel[axis]
                && (output[position] - 1) * window.strides[axis] - before[axis] < source[position]
        }
    }
}

extension Convolution {
    /// Taps of each spatial axis of a weight of `shape`.
    func kernelExtents(of shape: Shape) -> [Int] {
        switch kernelOrder {
        case .outputInputSpatial, .inputOutputSpatial: Array(shape.dropFirst(2))
        case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput: Array(shape.dropLast(2))
        }
    }
}

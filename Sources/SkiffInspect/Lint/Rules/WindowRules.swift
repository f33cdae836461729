internal import SkiffCore
internal import SkiffGraph

extension LintRule {
    static let windowRules: [LintRule] = [
        asymmetricPadding, paddingBeyondKernel, paddedPointwise, skippedInputs, idleDilation, evenKernel,
    ]

    static let asymmetricPadding: LintRule = LintRule(
        "asymmetric-padding", .warning, "a convolution padded unlike its siblings on its two sides",
        reason: "A pad more on one side shifts the map by half a pixel or a pixel; among layers of one kernel and stride a single "
            + "one is mostly a slip of a converter. Padding as TensorFlow's SAME computes it is not reported.",
        advice: "compare with the layer in the code that trained the network",
        example: "node \"conv3\" (Conv): pads [1, 1, 0, 0], 12 others of kernel 3×3 and stride 1 pad both sides alike"
    ) { context in
        var groups: [WindowShape: [(use: WindowUse, isEven: Bool)]] = [:]
        for use in context.windows() where use.isConvolution {
            guard let pads = use.resolvedPads else { continue }
            groups[use.shape, default: []].append((use, pads.allSatisfy { $0.before == $0.after } || use.isSame))
        }
        return groups.values.flatMap { group -> [Finding] in
            let odd = group.filter { !$0.isEven }
            let even = group.count - odd.count
            guard even >= 2, odd.count * 3 <= even else { return [] }
            return odd.map { entry in
                asymmetricPadding.finding(
                    "pads \(entry.use.padsText), \(even) others of kernel \(extentsText(entry.use.shape.kernel)) and stride "
                        + "\(extentsText(entry.use.shape.strides)) pad both sides alike",
                    at: context.graph.place(of: entry.use.step.id))
            }
        }
    }

    static let paddingBeyondKernel: LintRule = LintRule(
        "padding-beyond-kernel", .warning, "padding that is as wide as the window",
        reason: "Windows at the border lie wholly in the padding and see nothing of the image.",
        advice: "look whether padding and kernel, or padding and dilation, were mixed up",
        example: "node \"conv1\" (Conv): pads 3 on a side of a window of 3: its outermost windows see padding alone"
    ) { context in
        context.windows().compactMap { use in
            guard use.shape.kernel.contains(where: { $0 > 1 }), let pads = use.resolvedPads else { return nil }
            for (axis, pad) in pads.enumerated() where max(pad.before, pad.after) >= use.span(axis) {
                return paddingBeyondKernel.finding(
                    "pads \(max(pad.before, pad.after)) on a side of a window of \(use.span(axis)): its outermost windows see padding alone",
                    at: context.graph.place(of: use.step.id))
            }
            return nil
        }
    }

    static let paddedPointwise: LintRule = LintRule(
        "padded-pointwise", .warning, "a convolution of one tap with padding",
        reason: "It adds a frame that sees no image, and makes the map larger.",
        advice: "look whether the kernel shrank from 3×3, or the padding belongs to a neighbour",
        example: "node \"conv1\" (Conv): pads [1, 1, 1, 1] with a kernel of 1×1"
    ) { context in
        context.windows().compactMap { use in
            guard use.isConvolution, use.shape.kernel.allSatisfy({ $0 == 1 }), let pads = use.resolvedPads,
                pads.contains(where: { $0.before > 0 || $0.after > 0 })
            else { return nil }
            return paddedPointwise.finding(
                "pads \(use.padsText) with a kernel of \(extentsText(use.shape.kernel))", at: context.graph.place(of: use.step.id))
        }
    }

    static let skippedInputs: LintRule = LintRule(
        "skipped-inputs", .warning, "a window whose stride is larger than itself",
        reason: "Pixels between the windows are never looked at. 1×1 convolutions and poolings with stride, which residual networks "
            + "have in their shortcuts, are not reported.",
        advice: "look whether kernel and stride were mixed up",
        example: "node \"conv1\" (Conv): steps by 4 with a window of 3: every 4th pixel of an axis is skipped"
    ) { context in
        context.windows().compactMap { use in
            for axis in use.shape.kernel.indices where use.shape.kernel[axis] > 1 && use.shape.strides.indices.contains(axis) {
                let stride = use.shape.strides[axis]
                guard stride > use.span(axis) else { continue }
                return skippedInputs.finding(
                    "steps by \(stride) with a window of \(use.span(axis)): pixels between are never looked at",
                    at: context.graph.place(of: use.step.id))
            }
            return nil
        }
    }

    static let idleDilation: LintRule = LintRule(
        "idle-dilation", .note, "a dilation without effect",
        reason: "A kernel of one tap has nothing to spread. Somebody expected a larger receptive field.",
        advice: "move the dilation to the convolution that sees its neighbourhood",
        example: "node \"conv1\" (Conv): has dilation 2 with a kernel of 1×1"
    ) { context in
        context.windows().compactMap { use in
            let isIdle = zip(use.shape.kernel, use.shape.dilations).allSatisfy { $0 == 1 || $1 == 1 }
            guard isIdle, use.shape.dilations.contains(where: { $0 > 1 }) else { return nil }
            return idleDilation.finding(
                "has dilation \(extentsText(use.shape.dilations)) with a kernel of \(extentsText(use.shape.kernel))",
                at: context.graph.place(of: use.step.id))
        }
    }

    static let evenKernel: LintRule = LintRule(
        "even-kernel", .note, "a convolution with an even kernel and no stride",
        reason: "It has no middle, so the map moves by half a pixel in a layer; branches that are added do not lie on each other.",
        advice: "check that the kernel is what the network was trained with",
        example: "node \"conv2\" (Conv): has a kernel of 4×4 with stride 1"
    ) { context in
        context.windows().compactMap { use in
            guard use.isConvolution else { return nil }
            let isEven = zip(use.shape.kernel, use.shape.strides).contains { $0 % 2 == 0 && $1 == 1 }
            // A kernel as large as its map is a dense layer.
            guard isEven, !use.coversInput else { return nil }
            return evenKernel.finding(
                "has a kernel of \(extentsText(use.shape.kernel)) with stride \(extentsText(use.shape.strides))",
                at: context.graph.place(of: use.step.id))
        }
    }
}

/// What windows have in common that are expected to be padded alike.
struct WindowShape: Hashable {
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
}

/// A window of a convolution or pooling on its map.
struct WindowUse {
    var step: LintContext.Step
    var shape: WindowShape
    var window: Window
    var isConvolution: Bool
    /// Spatial extents of the map, `nil` where open.
    var extents: [Int?]

    /// Elements from the first tap to the last.
    func span(_ axis: Int) -> Int {
        let dilation = shape.dilations.indices.contains(axis) ? shape.dilations[axis] : 1
        return clampedSum((shape.kernel[axis] - 1).multipliedReportingOverflow(by: dilation).partialValue, 1)
    }

    /// Padding in elements, where it is said in numbers.
    var resolvedPads: [(before: Int, after: Int)]? {
        guard case .explicit(let before, let after) = window.padding, before.count == shape.kernel.count,
            after.count == before.count
        else { return nil }
        return zip(before, after).map { ($0, $1) }
    }

    var padsText: String { resolvedPads.map { ($0.map(\.before) + $0.map(\.after)).shapeText } ?? "same" }

    /// Whether numbers are what SAME gives for this map, or may be where the map's extents are open.
    var isSame: Bool {
        guard let pads = resolvedPads else { return true }
        return [Padding.sameUpper, .sameLower].contains { padding in
            var same = window
            same.padding = padding
            return pads.indices.allSatisfy { axis in
                guard extents.indices.contains(axis), let extent = extents[axis] else {
                    return abs(pads[axis].before - pads[axis].after) <= 1
                        && clampedSum(pads[axis].before, pads[axis].after) < span(axis)
                }
                let expected = same.resolvedPadding(axis: axis, extent: extent, kernel: shape.kernel[axis])
                return expected == pads[axis]
            }
        }
    }

    var coversInput: Bool {
        zip(shape.kernel, extents).allSatisfy { $1 == nil || $0 >= ($1 ?? 0) } && extents.contains { $0 != nil }
    }
}

extension LintContext {
    /// Every window, with its kernel's extents where they are known.
    func windows() -> [WindowUse] {
        steps.compactMap { step in
            guard let input = step.node.inputs.first ?? nil else { return nil }
            func kernel(_ order: KernelOrder) -> [Int]? {
                guard step.node.inputs.count > 1, let weight = step.node.inputs[1],
                    let shape = graph[weight].fact?.shape?.fixedShape, shape.count >= 3
                else { return nil }
                switch order {
                case .outputInputSpatial, .inputOutputSpatial: return Array(shape.dropFirst(2))
                case .spatialInputOutput, .spatialChannelMultiplier, .spatialOutputInput: return Array(shape.dropLast(2))
                }
            }
            func use(_ kernel: [Int]?, _ window: Window, _ layout: Layout, isConvolution: Bool) -> WindowUse? {
                guard let kernel, window.strides.count == kernel.count, window.dilations.count == kernel.count else { return nil }
                let shape = graph[input].fact?.shape
                let extents = kernel.indices.map { axis -> Int? in
                    guard let shape, shape.count == kernel.count + 2 else { return nil }
                    return shape[layout.firstSpatialAxis + axis].fixedValue
                }
                return WindowUse(
                    step: step, shape: WindowShape(kernel: kernel, strides: window.strides, dilations: window.dilations),
                    window: window, isConvolution: isConvolution, extents: extents)
            }
            switch step.node.operator {
            case .convolution(let attributes):
                return use(kernel(attributes.kernelOrder), attributes.window, attributes.layout, isConvolution: true)
            case .pooling(let attributes):
                return use(attributes.kernel, attributes.window, attributes.layout, isConvolution: false)
            default: return nil
            }
        }
    }
}

internal import SkiffCore
internal import SkiffGraph
internal import SkiffVerify

/// What a piece does, said alike for every framework: the operation and what its attributes come to.
struct Description {
    struct Trait {
        var name: String
        /// For people, as the source has it.
        var text: String
        /// What counts: equal ones are one function.
        var meaning: String
        /// What counts at the extents that this model fixes, where that is less.
        var fixedMeaning: String?
        /// Whether ``fixedMeaning`` counts only beside another that is not told: the number of an axis.
        var isTold = false

        init(_ name: String, _ text: String, meaning: String? = nil, fixedMeaning: String? = nil, isTold: Bool = false) {
            self.name = name
            self.text = text
            self.meaning = meaning ?? text
            self.fixedMeaning = fixedMeaning
            self.isTold = isTold
        }

        func isSame(as other: Trait) -> Bool {
            if meaning == other.meaning { return true }
            return fixedMeaning != nil && fixedMeaning == other.fixedMeaning && !(isTold && other.isTold)
        }
    }

    var operation: String
    var traits: [Trait] = []
    /// The operator as the source spells it.
    var spelling: String
    /// Whether it is known what the operator computes.
    var isKnown = true

    /// What differs, a line each.
    func differences(from other: Description) -> [String] {
        guard operation == other.operation else { return ["\(operation) → \(other.operation)"] }
        var lines: [String] = []
        for trait in traits {
            guard let partner = other.traits.first(where: { $0.name == trait.name }) else {
                lines.append("\(trait.name) \(trait.text) → none")
                continue
            }
            if !trait.isSame(as: partner) {
                lines.append(
                    trait.text == partner.text
                        ? "\(trait.name) \(trait.meaning) → \(partner.meaning)"
                        : "\(trait.name) \(trait.text) → \(partner.text)")
            }
        }
        for trait in other.traits where !traits.contains(where: { $0.name == trait.name }) {
            lines.append("\(trait.name) none → \(trait.text)")
        }
        return lines
    }
}

extension Network {
    func description(of piece: Piece) -> Description {
        let node = graph[piece.head]
        var description = Description(operation: "", spelling: node.sourceOperator)
        describe(node, piece, &description)
        return description
    }

    /// The type in which a node's values are computed; what is not told is taken for float32.
    func valueType(of node: NodeID) -> ElementType {
        graph[node].outputs.first.flatMap { graph[$0].fact?.elementType } ?? .float32
    }

    func describe(node: NodeID, of piece: Piece) -> Description {
        let node = graph[node]
        var description = Description(operation: "", spelling: node.sourceOperator)
        var step = piece
        step.pad = nil
        step.operands = node.outputs.first.flatMap(side.parent).map { [$0] } ?? piece.operands
        describe(node, step, &description)
        return description
    }

    private func describe(_ node: Node, _ piece: Piece, _ description: inout Description) {
        func add(_ name: String, _ text: String, meaning: String? = nil) {
            description.traits.append(.init(name, text, meaning: meaning))
        }
        let source = piece.operands.first
        switch node.operator {
        case .convolution(let convolution):
            description.operation = "convolution"
            let taps = spatialTaps(of: node, convolution.kernelOrder)
            add("kernel", text(taps))
            addWindow(convolution.window, taps, convolution.layout, piece, node, &description)
            add("groups", "\(convolution.groups)")
        case .convolutionTranspose(let convolution):
            description.operation = "transposed convolution"
            let taps = spatialTaps(of: node, convolution.kernelOrder)
            add("kernel", text(taps))
            add("strides", text(convolution.window.strides))
            add("dilations", text(convolution.window.dilations))
            add("groups", "\(convolution.groups)")
            addTransposedPads(convolution, taps, piece, node, &description)
        case .dense: description.operation = "matrix product"
        case .gemm(let gemm):
            description.operation = "matrix product"
            if gemm.alpha != 1 { add("alpha", "\(gemm.alpha)") }
            if gemm.beta != 1, node.inputs.count > 2, node.inputs[2] != nil { add("beta", "\(gemm.beta)") }
        case .matrixMultiplication: description.operation = "matrix product"
        case .batchNormalization(let normalization):
            description.operation = "BatchNormalization"
            add("epsilon", "\(normalization.epsilon)")
            addAxis(normalization.axis, of: source, &description)
            if normalization.isTraining { add("moments", "of the batch") }
        case .pooling(let pooling): describe(pooling, node, piece, &description)
        case .globalPooling(let pooling):
            description.operation = "global \(poolName("\(pooling.kind)")) pooling"
        case .reduction(let reduction): describe(reduction, node, source, &description)
        case .unary(let unary): describe(unary.kind, isGate: piece.nodes.count == 2, &description)
        case .clip: describeClip(node, &description)
        case .quantize where saturations.contains(piece.head): description.operation = "ReLU"
        case .softmax(let softmax):
            description.operation = softmax.kind == .logSoftmax ? "log softmax" : "\(softmax.kind)"
            let rank = source.flatMap { graph[$0].fact?.shape?.count }
            let axis = rank.map { softmax.axis < 0 ? softmax.axis + $0 : softmax.axis } ?? softmax.axis
            let isLast = rank.map { axis == $0 - 1 } ?? false
            let onward = softmax.flattensFromAxis && !isLast ? " and on" : ""
            let text = axisText(softmax.axis, of: source)
            description.traits.append(
                .init("axis", text + onward, fixedMeaning: "\(axis)\(onward)", isTold: text != "\(axis)"))
        case .concatenation(let concatenation):
            description.operation = "concatenation"
            addAxis(concatenation.axis, of: node.outputs.first, &description)
        case .split(let split):
            description.operation = "split"
            addAxis(split.axis, of: source, &description)
            let sizes = node.outputs.map { output -> String in
                guard let shape = graph[output].fact?.shape, !shape.isEmpty else { return "computed" }
                let axis = split.axis < 0 ? split.axis + shape.count : split.axis
                return shape.indices.contains(axis) ? "\(shape[axis])" : "computed"
            }
            add("sizes", sizes.joined(separator: ","))
        case .binary(let binary): description.operation = Self.name(binary.kind)
        case .variadic(let variadic): description.operation = Self.name(variadic.kind)
        case .pad(let pad): describe(pad, node, source, &description)
        case .upsampling(let upsampling):
            description.operation = "resize"
            add("mode", upsampling.interpolation == .nearest ? "nearest" : "linear, halfPixel")
            addExtents(node, source, scales: nil, &description)
        case .resize(let resize): describe(resize, node, source, &description)
        case .unknown(let unknown):
            description.operation = unknown.domain.isEmpty ? unknown.name : "\(unknown.domain).\(unknown.name)"
            description.isKnown = false
            for attribute in unknown.attributes { add(attribute.name, "\(attribute.value)") }
            addConstants(node, &description)
        default: describeOther(node, source, &description)
        }
    }

    func text(_ numbers: [Int]) -> String { "[" + numbers.map(String.init).joined(separator: ",") + "]" }

    static func name(_ kind: Binary.Kind) -> String {
        switch kind {
        case .add: "addition"
        case .multiply: "product"
        case .subtract: "subtraction"
        case .divide: "division"
        default: "\(kind)"
        }
    }

    static func name(_ kind: Variadic.Kind) -> String {
        switch kind {
        case .sum: "addition"
        case .product: "product"
        default: "\(kind)"
        }
    }

    func poolName(_ text: String) -> String { text.hasPrefix("average") ? "average" : text }

    /// An axis by what it is, else by its number.
    func axisText(_ axis: Int, of value: ValueID?) -> String {
        guard let value, let rank = graph[value].fact?.shape?.count else { return "\(axis)" }
        let axis = axis < 0 ? axis + rank : axis
        guard let labels = side.axes(of: value), labels.indices.contains(axis) else { return "\(axis)" }
        let large = labels[axis].filter { $0.extent != .fixed(1) }
        guard let factor = large.count == 1 ? large.first : labels[axis].first, large.count < 2 else { return "\(axis)" }
        let label = factor.label
        if label == PairedFlows.batchLabel { return "batch" }
        if label == PairedFlows.channelsLabel { return "channels" }
        let spatial = label - PairedFlows.spatialLabel
        return (0..<8).contains(spatial) ? "spatial \(spatial)" : "\(axis)"
    }

    private func addAxis(_ axis: Int, of value: ValueID?, _ description: inout Description) {
        let rank = value.flatMap { graph[$0].fact?.shape?.count } ?? 0
        let number = axis < 0 ? axis + rank : axis
        let text = axisText(axis, of: value)
        description.traits.append(.init("axis", text, fixedMeaning: "\(number)", isTold: text != "\(number)"))
    }

    private func describeClip(_ node: Node, _ description: inout Description) {
        func bound(_ position: Int) -> String? {
            guard node.inputs.count > position, let id = node.inputs[position] else { return nil }
            guard let value = graph.smallConstant(id)?.first else { return "computed" }
            return abs(value) >= 3.4e38 ? nil : "\(value)"
        }
        clamp(bound(1), bound(2), &description)
    }

    private func clamp(_ low: String?, _ high: String?, _ description: inout Description) {
        description.operation = low == "0.0" && high == nil ? "ReLU" : "clamp"
        if description.operation == "clamp" {
            description.traits.append(.init("bounds", "\(low ?? "-∞") to \(high ?? "∞")"))
        }
    }

    private func describe(_ kind: Unary.Kind, isGate: Bool, _ description: inout Description) {
        switch kind {
        case .sigmoid where isGate, .swish(alpha: 1): description.operation = "swish"
        case .hardSigmoid where isGate: description.operation = "hardSwish"
        case .relu: description.operation = "ReLU"
        case .generalReLU(let maximum, let slope, let threshold) where slope == 0 && threshold == 0:
            clamp("0.0", maximum.map { "\(Double($0))" }, &description)
        case .generalReLU(nil, let slope, 0), .leakyReLU(let slope):
            description.operation = "LeakyReLU"
            description.traits.append(.init("alpha", "\(slope)"))
        default:
            let text = "\(kind)"
            let parts = text.split(separator: "(", maxSplits: 1)
            description.operation = String(parts.first ?? "")
            if parts.count > 1 { description.traits.append(.init("parameters", String(parts[1].dropLast()))) }
        }
    }

    private func describeOther(_ node: Node, _ source: ValueID?, _ description: inout Description) {
        description.operation = node.operator.kind.rawValue
        for child in Mirror(reflecting: node.operator.attributes).children {
            guard let label = child.label, !["layout", "kernelOrder", "momentum"].contains(label) else { continue }
            if label == "axis", let axis = child.value as? Int {
                description.traits.append(.init("axis", axisText(axis, of: source)))
            } else if label == "axes", let axes = child.value as? [Int] {
                description.traits.append(.init("axes", axes.map { axisText($0, of: source) }.joined(separator: ",")))
            } else {
                let text = "\(child.value)"
                description.traits.append(
                    .init(label, text.hasPrefix("Optional(") ? String(text.dropFirst(9).dropLast()) : text))
            }
        }
        addConstants(node, &description)
    }

    /// Small constants that the node reads, as far as they are known.
    private func addConstants(_ node: Node, _ description: inout Description) {
        for (position, input) in node.inputs.enumerated() {
            guard let input, !side.isComputed(input) else { continue }
            if let count = graph[input].fact?.shape?.fixedShape?.checkedElementCount, count > Self.toldConstants { continue }
            let text = graph.smallConstant(input).map { "\($0)" } ?? "computed"
            description.traits.append(.init("input \(position)", text))
        }
    }
}

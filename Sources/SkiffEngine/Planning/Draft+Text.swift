internal import SkiffCore
internal import SkiffGraph

extension Draft {
    /// What a node computes, with all that was fused to it: `Convolution 3×3/2 + BatchNormalization + add + ReLU`.
    func text(of index: Int, in graph: Graph) -> String {
        let node = nodes[index]
        var parts: [String] = []
        for origin in node.origins.sorted() {
            let part: String
            if case .product(let product) = node.work, origin == node.origins.first {
                part = text(of: product, node)
            } else {
                part = graph[origin].operator.text
            }
            parts.append(part)
        }
        if case .operation(let operation) = node.work, node.origins.count == 1 { parts = [operation.text] }
        return parts.joined(separator: " + ")
    }

    private func text(of product: FusedProduct, _ node: Node) -> String {
        guard let weight = node.inputs[1] else { return "product" }
        let shape = values[weight].shape
        switch product.kind {
        case .matrix(let isTransposed):
            let extents = isTransposed ? Array(shape.reversed()) : shape
            return "Matrix " + extents.map(String.init).joined(separator: "×")
        case .convolution(let convolution):
            var text = "Convolution "
            let kernel = convolution.kernelExtents(of: shape)
            if convolution.groups > 1 {
                let output = values[node.outputs[0]].shape
                let channels = output[convolution.layout.channelAxis(rank: output.count)]
                let isDepthwise = channels == convolution.groups
                text = isDepthwise ? "Depthwise convolution " : "\(convolution.groups)-group convolution "
            }
            return text + kernel.map(String.init).joined(separator: "×") + convolution.window.text
        }
    }
}

extension Window {
    /// `/2` and ` dilated 2`, axis by axis where they differ; empty for single steps.
    fileprivate var text: String {
        func joined(_ steps: [Int]) -> String? {
            guard steps.contains(where: { $0 != 1 }) else { return nil }
            return Set(steps).count == 1 ? "\(steps[0])" : steps.map(String.init).joined(separator: "×")
        }
        return (joined(strides).map { "/" + $0 } ?? "") + (joined(dilations).map { " dilated " + $0 } ?? "")
    }
}

extension Operator {
    /// What is computed, in a word or two.
    var text: String {
        switch self {
        case .binary(let binary): binary.kind.rawValue
        case .variadic(let variadic): variadic.kind == .sum ? "add" : variadic.kind.rawValue
        case .unary(let unary): unary.text
        case .pooling(let pooling):
            pooling.kind.text + " pooling " + pooling.kernel.map(String.init).joined(separator: "×")
                + pooling.window.text
        case .globalPooling(let pooling): "global " + pooling.kind.text + " pooling"
        case .reduction(let reduction): "reduce " + reduction.kind.rawValue
        case .softmax(let softmax): softmax.kind.rawValue
        case .unknown(let unknown): unknown.name
        default: kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
        }
    }
}

extension Pooling.Kind {
    fileprivate var text: String {
        switch self {
        case .maximum: "maximum"
        case .average: "average"
        case .norm(let p): "\(p)-norm"
        }
    }
}

extension GlobalPooling.Kind {
    fileprivate var text: String {
        switch self {
        case .maximum: "maximum"
        case .average: "average"
        case .norm(let p): "\(p)-norm"
        }
    }
}

extension Unary {
    fileprivate var text: String {
        switch kind {
        case .relu: "ReLU"
        case .generalReLU(let maximum?, negativeSlope: 0, threshold: 0): maximum == 6 ? "ReLU6" : "ReLU"
        case .generalReLU: "ReLU"
        case .leakyReLU: "leaky ReLU"
        default: String("\(kind)".prefix { $0 != "(" })
        }
    }
}

internal import SkiffCore
internal import SkiffGraph

extension Operator {
    /// Writes a node of this operator. The functions lie beside those that read the same operators.
    /// - Throws: ``ONNXError`` `needsOpset` where a later operator set can say it, `inexpressible` where none can.
    func write(_ node: NodeExport) throws(ONNXError) {
        switch self {
        case .convolution(let attributes): try attributes.write(node)
        case .convolutionTranspose(let attributes): try attributes.write(node)
        case .pooling(let attributes): try attributes.write(node)
        case .globalPooling(let attributes): try attributes.write(node)
        case .dense: try writeDense(node)
        case .gemm(let attributes): try attributes.write(node)
        case .matrixMultiplication: try node.give("MatMul", try node.names())
        case .einsum(let attributes): try attributes.write(node)
        case .batchNormalization(let attributes): try attributes.write(node)
        case .instanceNormalization(let attributes): try attributes.write(node)
        case .layerNormalization(let attributes): try attributes.write(node)
        case .groupNormalization(let attributes): try attributes.write(node)
        case .localResponseNormalization(let attributes): try attributes.write(node)
        case .unary(let attributes): try attributes.write(node)
        case .parametricReLU: try writeBroadcast("PRelu", node)
        case .clip: try writeClip(node)
        case .binary(let attributes): try attributes.write(node)
        case .variadic(let attributes): try attributes.write(node)
        case .select: try writeBroadcast("Where", node)
        case .reduction(let attributes): try attributes.write(node)
        case .argumentReduction(let attributes): try attributes.write(node)
        case .topK(let attributes): try attributes.write(node)
        case .softmax(let attributes): try attributes.write(node)
        case .cumulativeSum(let attributes): try attributes.write(node)
        case .identity: try writeIdentity(node)
        case .cast(let attributes): try attributes.write(node)
        case .quantize(let attributes): try attributes.write(node)
        case .dequantize(let attributes): try attributes.write(node)
        case .concatenation(let attributes): try attributes.write(node)
        case .split(let attributes): try attributes.write(node)
        case .slice: try writeSlice(node)
        case .gather(let attributes): try node.give("Gather", try node.names(), [attribute("axis", attributes.axis)])
        case .gatherElements(let attributes): try attributes.write(node)
        case .gatherND(let attributes): try attributes.write(node)
        case .scatterND(let attributes): try attributes.write(node)
        case .scatterElements(let attributes): try attributes.write(node)
        case .pad(let attributes): try attributes.write(node)
        case .cropping(let attributes): try attributes.write(node)
        case .resize(let attributes): try attributes.write(node)
        case .gridSample(let attributes): try attributes.write(node)
        case .upsampling(let attributes): try attributes.write(node)
        case .reshape(let attributes): try attributes.write(node)
        case .flatten(let attributes): try attributes.write(node)
        case .squeeze(let attributes): try attributes.write(node)
        case .unsqueeze(let attributes): try attributes.write(node)
        case .transpose(let attributes): try attributes.write(node)
        case .expand: try node.give("Expand", try node.names())
        case .tile(let attributes): try attributes.write(node)
        case .depthToSpace(let attributes): try attributes.write(node)
        case .spaceToDepth(let attributes):
            try node.give("SpaceToDepth", try node.names(), [attribute("blocksize", attributes.blockSize)])
        case .shapeOf(let attributes): try attributes.write(node)
        case .sizeOf: try node.give("Size", [try node.nameInAnyOrder(0)])
        case .constantOfShape(let attributes): try attributes.write(node)
        case .range:
            try node.require(11, "Range")
            try node.give("Range", try node.names())
        case .oneHot(let attributes): try node.give("OneHot", try node.names(), [attribute("axis", attributes.axis)])
        case .identityMatrix(let attributes): try attributes.write(node)
        case .unknown(let unknown): try unknown.write(node)
        }
    }
}

extension UnknownOperator {
    /// An operator that is carried goes back as it came, attribute by attribute.
    func write(_ node: NodeExport) throws(ONNXError) {
        guard node.isONNX else {
            throw node.inexpressible(reason ?? "its function is not known, so ONNX cannot be told of it")
        }
        if domain.isEmpty, let source = node.exporter.sourceOpset, source != node.opset {
            throw node.inexpressible("is known as operator set \(source) has it only, the model is written for \(node.opset)")
        }
        var attributes: [WrittenModel.Attribute] = []
        for attribute in self.attributes {
            let value: WrittenModel.Attribute.Value =
                switch attribute.value {
                case .integer(let number): .integer(number)
                case .real(let number): .real(number)
                case .text(let text): .text(text)
                case .integers(let numbers): .integers(numbers)
                case .reals(let numbers): .reals(numbers)
                case .texts(let texts): .texts(texts)
                case .opaque(let what):
                    throw node.inexpressible("attribute \(escaped(attribute.name)) is \(what), which is not carried")
                }
            attributes.append(.init(name: attribute.name, value: value))
        }
        if name == "initializer", domain.isEmpty { throw node.inexpressible("holds text, which is not carried") }
        try node.give(name, try node.names(), attributes, domain: domain)
    }
}

internal import SkiffCore
internal import SkiffGraph

/// An operator's attributes as the native format stores them. The files of Operators hold one description per
/// operator, which serves writing and reading alike; attributes are named as the properties are.
protocol StoredAttributes: OperatorAttributes {
    /// Attributes that reading overwrites.
    static var blank: Self { get }

    /// Passes every attribute to the coder, always in the same order.
    mutating func code(_ coder: inout AttributeCoder) throws(FormatError)
}

extension OperatorRecord {
    /// - Throws: ``FormatError`` `notStorable` where the operator has no description.
    init(_ operator: Operator, source: String) throws(FormatError) {
        guard var attributes = `operator`.attributes as? any StoredAttributes else {
            throw FormatError(.notStorable("operator \(`operator`.kind.rawValue) has no stored form"))
        }
        var coder = AttributeCoder()
        try attributes.code(&coder)
        self.init(name: `operator`.kind.rawValue, source: source, attributes: coder.records)
    }

    /// The operator that the record stands for.
    /// - Throws: ``FormatError`` for F18.
    func decoded() throws(FormatError) -> Operator {
        // F18
        guard let kind = Operator.Kind(rawValue: name) else {
            throw FormatError(.attribute("operator \"\(escaped(name))\" is not known"), at: Place(operatorName: source))
        }
        do throws(FormatError) {
            return try decoded(kind)
        } catch {
            throw error.at(Place(operatorName: source))
        }
    }

    private func decodedAttributes<Attributes: StoredAttributes>() throws(FormatError) -> Attributes {
        var coder = AttributeCoder(reading: attributes)
        var result = Attributes.blank
        try result.code(&coder)
        try coder.finish()
        return result
    }

    private func decoded(_ kind: Operator.Kind) throws(FormatError) -> Operator {
        switch kind {
        case .convolution: .convolution(try decodedAttributes())
        case .convolutionTranspose: .convolutionTranspose(try decodedAttributes())
        case .dense: .dense(try decodedAttributes())
        case .gemm: .gemm(try decodedAttributes())
        case .matrixMultiplication: .matrixMultiplication(try decodedAttributes())
        case .einsum: .einsum(try decodedAttributes())
        case .batchNormalization: .batchNormalization(try decodedAttributes())
        case .instanceNormalization: .instanceNormalization(try decodedAttributes())
        case .layerNormalization: .layerNormalization(try decodedAttributes())
        case .groupNormalization: .groupNormalization(try decodedAttributes())
        case .localResponseNormalization: .localResponseNormalization(try decodedAttributes())
        case .pooling: .pooling(try decodedAttributes())
        case .globalPooling: .globalPooling(try decodedAttributes())
        case .unary: .unary(try decodedAttributes())
        case .parametricReLU: .parametricReLU(try decodedAttributes())
        case .clip: .clip(try decodedAttributes())
        case .binary: .binary(try decodedAttributes())
        case .variadic: .variadic(try decodedAttributes())
        case .select: .select(try decodedAttributes())
        case .reduction: .reduction(try decodedAttributes())
        case .argumentReduction: .argumentReduction(try decodedAttributes())
        case .topK: .topK(try decodedAttributes())
        case .softmax: .softmax(try decodedAttributes())
        case .cumulativeSum: .cumulativeSum(try decodedAttributes())
        case .identity: .identity(try decodedAttributes())
        case .cast: .cast(try decodedAttributes())
        case .quantize: .quantize(try decodedAttributes())
        case .dequantize: .dequantize(try decodedAttributes())
        case .concatenation: .concatenation(try decodedAttributes())
        case .split: .split(try decodedAttributes())
        case .slice: .slice(try decodedAttributes())
        case .gather: .gather(try decodedAttributes())
        case .gatherElements: .gatherElements(try decodedAttributes())
        case .gatherND: .gatherND(try decodedAttributes())
        case .scatterND: .scatterND(try decodedAttributes())
        case .scatterElements: .scatterElements(try decodedAttributes())
        case .pad: .pad(try decodedAttributes())
        case .cropping: .cropping(try decodedAttributes())
        case .resize: .resize(try decodedAttributes())
        case .gridSample: .gridSample(try decodedAttributes())
        case .upsampling: .upsampling(try decodedAttributes())
        case .reshape: .reshape(try decodedAttributes())
        case .flatten: .flatten(try decodedAttributes())
        case .squeeze: .squeeze(try decodedAttributes())
        case .unsqueeze: .unsqueeze(try decodedAttributes())
        case .transpose: .transpose(try decodedAttributes())
        case .expand: .expand(try decodedAttributes())
        case .tile: .tile(try decodedAttributes())
        case .depthToSpace: .depthToSpace(try decodedAttributes())
        case .spaceToDepth: .spaceToDepth(try decodedAttributes())
        case .shapeOf: .shapeOf(try decodedAttributes())
        case .sizeOf: .sizeOf(try decodedAttributes())
        case .constantOfShape: .constantOfShape(try decodedAttributes())
        case .range: .range(try decodedAttributes())
        case .oneHot: .oneHot(try decodedAttributes())
        case .identityMatrix: .identityMatrix(try decodedAttributes())
        case .unknown: .unknown(try decodedAttributes())
        }
    }
}

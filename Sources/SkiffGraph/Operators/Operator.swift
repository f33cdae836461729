/// What every operator's attributes can tell: the shapes it gives and what it costs.
///
/// An attributes struct is the definition of its operator. Shapes are computed here and nowhere else.
public protocol OperatorAttributes: Hashable, Sendable {
    /// Facts of the outputs for facts of the inputs (`nil` where an optional input is left out).
    /// - Throws: ``GraphError`` where inputs do not fit.
    func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact]

    /// Multiply-adds of one run, counted as `inspect` prints them: products that a convolution or matrix
    /// multiplication sums. Elementwise work counts as none. `nil` where open extents leave it unknown.
    func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int?
}

extension OperatorAttributes {
    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? { 0 }
}

/// The operators that graphs are made of. The enum is closed: a `switch` over it finds every forgotten place.
///
/// Families that differ in a formula share a case and carry a kind.
public enum Operator: Hashable, Sendable {
    case convolution(Convolution)
    case convolutionTranspose(ConvolutionTranspose)
    case dense(Dense)
    case gemm(Gemm)
    case matrixMultiplication(MatrixMultiplication)
    case einsum(Einsum)
    case batchNormalization(BatchNormalization)
    case instanceNormalization(InstanceNormalization)
    case layerNormalization(LayerNormalization)
    case groupNormalization(GroupNormalization)
    case localResponseNormalization(LocalResponseNormalization)
    case pooling(Pooling)
    case globalPooling(GlobalPooling)
    case unary(Unary)
    case parametricReLU(ParametricReLU)
    case clip(Clip)
    case binary(Binary)
    case variadic(Variadic)
    case select(Select)
    case reduction(Reduction)
    case argumentReduction(ArgumentReduction)
    case topK(TopK)
    case softmax(Softmax)
    case cumulativeSum(CumulativeSum)
    case identity(Identity)
    case cast(Cast)
    case quantize(Quantize)
    case dequantize(Dequantize)
    case concatenation(Concatenation)
    case split(Split)
    case slice(Slice)
    case gather(Gather)
    case gatherElements(GatherElements)
    case gatherND(GatherND)
    case scatterND(ScatterND)
    case scatterElements(ScatterElements)
    case pad(Pad)
    case cropping(Cropping)
    case resize(Resize)
    case gridSample(GridSample)
    case upsampling(Upsampling)
    case reshape(Reshape)
    case flatten(Flatten)
    case squeeze(Squeeze)
    case unsqueeze(Unsqueeze)
    case transpose(Transpose)
    case expand(Expand)
    case tile(Tile)
    case depthToSpace(DepthToSpace)
    case spaceToDepth(SpaceToDepth)
    case shapeOf(ShapeOf)
    case sizeOf(SizeOf)
    case constantOfShape(ConstantOfShape)
    case range(RangeOfNumbers)
    case oneHot(OneHot)
    case identityMatrix(IdentityMatrix)
    case unknown(UnknownOperator)

    /// The case without its attributes, for tables and completeness tests.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case convolution, convolutionTranspose, dense, gemm, matrixMultiplication
        case batchNormalization, instanceNormalization, layerNormalization, groupNormalization,
            localResponseNormalization
        case pooling, globalPooling, unary, parametricReLU, clip
        case binary, variadic, select, reduction, argumentReduction, topK
        case softmax, cumulativeSum, identity, cast, concatenation
        case split, slice, gather, gatherElements, pad
        case cropping, resize, upsampling, reshape, flatten
        case squeeze, unsqueeze, transpose, expand, tile
        case depthToSpace, spaceToDepth, shapeOf, sizeOf, constantOfShape
        case range, gatherND, scatterND, scatterElements, oneHot
        case identityMatrix, einsum, gridSample, quantize, dequantize
        case unknown
    }

    /// The attributes of whatever case this is.
    public var attributes: any OperatorAttributes {
        switch self {
        case .convolution(let attributes): attributes
        case .convolutionTranspose(let attributes): attributes
        case .dense(let attributes): attributes
        case .gemm(let attributes): attributes
        case .matrixMultiplication(let attributes): attributes
        case .einsum(let attributes): attributes
        case .batchNormalization(let attributes): attributes
        case .instanceNormalization(let attributes): attributes
        case .layerNormalization(let attributes): attributes
        case .groupNormalization(let attributes): attributes
        case .localResponseNormalization(let attributes): attributes
        case .pooling(let attributes): attributes
        case .globalPooling(let attributes): attributes
        case .unary(let attributes): attributes
        case .parametricReLU(let attributes): attributes
        case .clip(let attributes): attributes
        case .binary(let attributes): attributes
        case .variadic(let attributes): attributes
        case .select(let attributes): attributes
        case .reduction(let attributes): attributes
        case .argumentReduction(let attributes): attributes
        case .topK(let attributes): attributes
        case .softmax(let attributes): attributes
        case .cumulativeSum(let attributes): attributes
        case .identity(let attributes): attributes
        case .cast(let attributes): attributes
        case .quantize(let attributes): attributes
        case .dequantize(let attributes): attributes
        case .concatenation(let attributes): attributes
        case .split(let attributes): attributes
        case .slice(let attributes): attributes
        case .gather(let attributes): attributes
        case .gatherElements(let attributes): attributes
        case .gatherND(let attributes): attributes
        case .scatterND(let attributes): attributes
        case .scatterElements(let attributes): attributes
        case .pad(let attributes): attributes
        case .cropping(let attributes): attributes
        case .resize(let attributes): attributes
        case .gridSample(let attributes): attributes
        case .upsampling(let attributes): attributes
        case .reshape(let attributes): attributes
        case .flatten(let attributes): attributes
        case .squeeze(let attributes): attributes
        case .unsqueeze(let attributes): attributes
        case .transpose(let attributes): attributes
        case .expand(let attributes): attributes
        case .tile(let attributes): attributes
        case .depthToSpace(let attributes): attributes
        case .spaceToDepth(let attributes): attributes
        case .shapeOf(let attributes): attributes
        case .sizeOf(let attributes): attributes
        case .constantOfShape(let attributes): attributes
        case .range(let attributes): attributes
        case .oneHot(let attributes): attributes
        case .identityMatrix(let attributes): attributes
        case .unknown(let attributes): attributes
        }
    }

    /// Facts of the outputs for facts of the inputs; no more facts than there are outputs.
    /// - Throws: ``GraphError`` where inputs do not fit, or a shape passes ``Limits``.
    public func infer(_ inputs: [Fact?], outputCount: Int) throws(GraphError) -> [Fact] {
        let outputs = try attributes.infer(inputs, outputCount: outputCount)
        for output in outputs { try output.check() }
        return Array(outputs.prefix(outputCount))
    }

    /// Multiply-adds of one run; see ``OperatorAttributes/multiplyAdds(inputs:outputs:)``.
    public func multiplyAdds(inputs: [Fact?], outputs: [Fact]) -> Int? {
        attributes.multiplyAdds(inputs: inputs, outputs: outputs)
    }

    /// Which case this is.
    public var kind: Kind {
        switch self {
        case .convolution: .convolution
        case .convolutionTranspose: .convolutionTranspose
        case .dense: .dense
        case .gemm: .gemm
        case .matrixMultiplication: .matrixMultiplication
        case .einsum: .einsum
        case .batchNormalization: .batchNormalization
        case .instanceNormalization: .instanceNormalization
        case .layerNormalization: .layerNormalization
        case .groupNormalization: .groupNormalization
        case .localResponseNormalization: .localResponseNormalization
        case .pooling: .pooling
        case .globalPooling: .globalPooling
        case .unary: .unary
        case .parametricReLU: .parametricReLU
        case .clip: .clip
        case .binary: .binary
        case .variadic: .variadic
        case .select: .select
        case .reduction: .reduction
        case .argumentReduction: .argumentReduction
        case .topK: .topK
        case .softmax: .softmax
        case .cumulativeSum: .cumulativeSum
        case .identity: .identity
        case .cast: .cast
        case .quantize: .quantize
        case .dequantize: .dequantize
        case .concatenation: .concatenation
        case .split: .split
        case .slice: .slice
        case .gather: .gather
        case .gatherElements: .gatherElements
        case .gatherND: .gatherND
        case .scatterND: .scatterND
        case .scatterElements: .scatterElements
        case .pad: .pad
        case .cropping: .cropping
        case .resize: .resize
        case .gridSample: .gridSample
        case .upsampling: .upsampling
        case .reshape: .reshape
        case .flatten: .flatten
        case .squeeze: .squeeze
        case .unsqueeze: .unsqueeze
        case .transpose: .transpose
        case .expand: .expand
        case .tile: .tile
        case .depthToSpace: .depthToSpace
        case .spaceToDepth: .spaceToDepth
        case .shapeOf: .shapeOf
        case .sizeOf: .sizeOf
        case .constantOfShape: .constantOfShape
        case .range: .range
        case .oneHot: .oneHot
        case .identityMatrix: .identityMatrix
        case .unknown: .unknown
        }
    }
}

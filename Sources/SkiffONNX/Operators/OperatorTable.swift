internal import SkiffGraph

/// How ONNX operators become Skiff's: one line per operator, and per version whose rules differ from those of the
/// version before. A node is read by the entry with the highest `since` that its operator set reaches.
///
/// Versions that only admit more element types have no line of their own.
/// Source: Operators.md and Changelog.md of onnx 1.23, opset 28.
struct OperatorTable: Sendable {
    struct Entry: Sendable {
        let name: String
        let since: Int
        let read: @Sendable (NodeImport) throws(ONNXError) -> Operator

        init(
            _ name: String, since: Int, _ read: @escaping @Sendable (NodeImport) throws(ONNXError) -> Operator
        ) {
            self.name = name
            self.since = since
            self.read = read
        }
    }

    /// The entry that reads operator `name` in a graph of that operator set.
    static func entry(_ name: String, opset: Int) -> Entry? {
        byName[name]?.last { $0.since <= opset }
    }

    /// The entry that reads a node; `nil` where none does.
    static func entry(_ node: NodeImport, domain: String) -> Entry? {
        if domain == "com.microsoft" { return runtimeOperators[node.operatorName] }
        return domain.isEmpty ? entry(node.operatorName, opset: node.opset) : nil
    }

    /// Why no entry reads a node, where there is more to say than its name.
    static func refusal(_ node: NodeImport, domain: String) -> String? {
        let name = node.operatorName
        if quantized.contains(name) {
            return "\(name) computes with quantized numbers, which Skiff does not; quantize in QDQ form "
                + "(QuantizeLinear and DequantizeLinear around float operators), or take the float model"
        }
        guard domain.isEmpty else { return nil }
        if ["If", "Loop", "Scan"].contains(name) {
            return "\(name) runs a graph by what only shows when the network runs; fixed input shapes often resolve it "
                + "at export"
        }
        guard let first = byName[name]?.first?.since else { return nil }
        return "\(name)-\(node.opset) is not read, only \(name)-\(first) and later"
    }

    /// Operators of ONNX and of ONNX Runtime that compute with quantized numbers themselves and are not read.
    private static let quantized: Set<String> = [
        "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "QLinearConcat", "QLinearLeakyRelu", "QLinearSigmoid",
        "QLinearSoftmax", "QLinearReduceMean", "QLinearWhere", "QEmbedLayerNormalization", "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat", "NhwcMaxPool",
    ]

    /// ONNX Runtime's own operators that its optimizer and its quantizer write into files, by name; domain
    /// `com.microsoft`, version 1.
    private static let runtimeOperators = Dictionary(
        uniqueKeysWithValues: [
            // In which it wrote 16-bit types before opset 21 had them.
            Entry("QuantizeLinear", since: 1, readQuantizeLinear),
            Entry("DequantizeLinear", since: 1, readDequantizeLinear),
            Entry("FusedConv", since: 1, readFusedConvolution), Entry("FusedGemm", since: 1, readFusedGemm),
            Entry("QuickGelu", since: 1) { (n) throws(ONNXError) in .unary(.init(.swish(alpha: try n.alpha(1.702)))) },
            Entry("Gelu", since: 1) { _ throws(ONNXError) in .unary(.init(.gelu(approximate: false))) },
            Entry("QLinearAdd", since: 1) { (n) throws(ONNXError) in try readQuantizedBinary(n, "Add", .add) },
            Entry("QLinearMul", since: 1) { (n) throws(ONNXError) in try readQuantizedBinary(n, "Mul", .multiply) },
            Entry("QLinearGlobalAveragePool", since: 1, readQuantizedGlobalPooling),
            Entry("QLinearAveragePool", since: 1, readQuantizedPooling), Entry("QGemm", since: 1, readQuantizedGemm),
        ].map { ($0.name, $0) })

    /// Names of the operators that are read, sorted.
    static var names: [String] { byName.keys.sorted() }

    private static let byName: [String: [Entry]] = Dictionary(grouping: entries, by: \.name)
        .mapValues { $0.sorted { $0.since < $1.since } }

    static let entries: [Entry] =
        convolutions + poolings + matrixProducts + normalizations + activations + elementary + binaries + variadics
        + reductions + arrangements + shaping + resizing + shapeArithmetic + quantizations
}

extension OperatorTable {
    private static let convolutions = [
        Entry("Conv", since: 1, readConvolution),
        Entry("ConvTranspose", since: 1, readConvolutionTranspose),
    ]

    private static let poolings = [
        Entry("MaxPool", since: 1, readMaximumPooling),
        Entry("AveragePool", since: 1, readAveragePooling),
        Entry("LpPool", since: 1, readNormPooling),
        Entry("GlobalMaxPool", since: 1) { _ throws(ONNXError) in globalPooling(.maximum) },
        Entry("GlobalAveragePool", since: 1) { _ throws(ONNXError) in globalPooling(.average) },
        Entry("GlobalLpPool", since: 1, readGlobalNormPooling),
    ]

    private static let matrixProducts = [
        Entry("Gemm", since: 1, readGemm),
        Entry("MatMul", since: 1) { _ throws(ONNXError) in .matrixMultiplication(.init()) },
        Entry("Einsum", since: 12, readEinsum),
    ]

    private static let normalizations = [
        Entry("BatchNormalization", since: 1, readBatchNormalization6),
        Entry("BatchNormalization", since: 7, readBatchNormalization7),
        Entry("BatchNormalization", since: 14, readBatchNormalization14),
        Entry("InstanceNormalization", since: 1, readInstanceNormalization),
        Entry("LayerNormalization", since: 17, readLayerNormalization),
        Entry("GroupNormalization", since: 18, readGroupNormalization18),
        Entry("GroupNormalization", since: 21, readGroupNormalization21),
        Entry("LRN", since: 1, readLocalResponseNormalization),
    ]

    private static let activations = [
        Entry("LeakyRelu", since: 1) { (n) throws(ONNXError) in .unary(.init(.leakyReLU(alpha: try n.alpha(0.01)))) },
        Entry("ThresholdedRelu", since: 10) { (n) throws(ONNXError) in
            .unary(.init(.thresholdedReLU(alpha: try n.alpha(1))))
        },
        Entry("Elu", since: 1) { (n) throws(ONNXError) in .unary(.init(.elu(alpha: try n.alpha(1)))) },
        Entry("Selu", since: 1, readSelu1),
        Entry("Selu", since: 6, readSelu),
        Entry("Celu", since: 12) { (n) throws(ONNXError) in .unary(.init(.celu(alpha: try n.alpha(1)))) },
        Entry("HardSigmoid", since: 1, readHardSigmoid),
        Entry("Swish", since: 24) { (n) throws(ONNXError) in .unary(.init(.swish(alpha: try n.alpha(1)))) },
        Entry("Gelu", since: 20, readGelu),
        Entry("Shrink", since: 9, readShrink),
        Entry("PRelu", since: 1, readParametricReLU6),
        Entry("PRelu", since: 7) { _ throws(ONNXError) in .parametricReLU(.init()) },
        Entry("Clip", since: 1, readClip6),
        Entry("Clip", since: 11) { _ throws(ONNXError) in .clip(.init()) },
    ]

    private static let elementary: [Entry] =
        plainUnary.map { unary($0.name, $0.since, $0.kind) } + [Entry("IsInf", since: 10, readIsInfinite)]

    private static let binaries: [Entry] =
        plainBinary.flatMap { name, since, kind in
            // Those that were there before broadcasting was NumPy's.
            since <= 7 ? [aligned(name, kind), binary(name, 7, kind)] : [binary(name, since, kind)]
        } + [
            Entry("Mod", since: 10, readModulo),
            Entry("BitShift", since: 11, readBitShift),
            Entry("Where", since: 9) { _ throws(ONNXError) in .select(.init()) },
        ]

    private static let variadics: [Entry] = plainVariadic.map { variadic($0.name, $0.kind) }

    private static let reductions: [Entry] =
        plainReductions.flatMap { name, axesSince, kind in
            [reduction1(name, kind), reductionOfInput(name, since: axesSince, kind)]
        } + [
            argument("ArgMax", .maximum), argument("ArgMin", .minimum), softmax1("Softmax", .softmax),
            softmax13("Softmax", .softmax), softmax1("LogSoftmax", .logSoftmax),
            softmax13("LogSoftmax", .logSoftmax), softmax1("Hardmax", .hardmax), softmax13("Hardmax", .hardmax),
            Entry("CumSum", since: 11, readCumulativeSum), Entry("TopK", since: 1, readTopK1),
            Entry("TopK", since: 10, readTopK10), Entry("TopK", since: 11, readTopK11),
        ]

    private static let arrangements = [
        Entry("Identity", since: 1) { _ throws(ONNXError) in .identity(.init()) },
        Entry("Dropout", since: 1, readDropout6),
        Entry("Dropout", since: 7, readDropout7),
        Entry("Dropout", since: 12, readDropout12),
        Entry("Cast", since: 1, readCast1),
        Entry("Cast", since: 6, readCast),
        Entry("CastLike", since: 15, readCastLike),
        Entry("Concat", since: 1, readConcatenation1),
        Entry("Concat", since: 4, readConcatenation),
        Entry("Split", since: 1, readSplit2),
        Entry("Split", since: 13, readSplit13),
        Entry("Split", since: 18, readSplit18),
        Entry("Slice", since: 1, readSlice1),
        Entry("Slice", since: 10) { _ throws(ONNXError) in .slice(.init()) },
        Entry("Gather", since: 1, readGather),
        Entry("GatherElements", since: 11, readGatherElements),
        Entry("GatherND", since: 11, readGatherND),
        Entry("Scatter", since: 9, readScatterElements),
        Entry("ScatterElements", since: 11, readScatterElements),
        Entry("ScatterND", since: 11, readScatterND),
        Entry("Pad", since: 1, readPad1),
        Entry("Pad", since: 2, readPad2),
        Entry("Pad", since: 11, readPad11),
    ]

    private static let shaping = [
        Entry("Reshape", since: 1, readReshape1),
        Entry("Reshape", since: 5, readReshape5),
        Entry("Reshape", since: 14, readReshape14),
        Entry("Flatten", since: 1, readFlatten),
        Entry("Squeeze", since: 1, readSqueeze1),
        Entry("Squeeze", since: 13) { _ throws(ONNXError) in .squeeze(.init(axes: nil)) },
        Entry("Unsqueeze", since: 1, readUnsqueeze1),
        Entry("Unsqueeze", since: 13) { _ throws(ONNXError) in .unsqueeze(.init(axes: nil)) },
        Entry("Transpose", since: 1, readTranspose),
        Entry("Expand", since: 8) { _ throws(ONNXError) in .expand(.init()) },
        Entry("Tile", since: 1, readTile1),
        Entry("Tile", since: 6) { _ throws(ONNXError) in .tile(.init(repeats: nil)) },
        Entry("DepthToSpace", since: 1, readDepthToSpace),
        Entry("SpaceToDepth", since: 1, readSpaceToDepth),
    ]

    private static let resizing = [
        Entry("Upsample", since: 1, readUpsample1),
        Entry("Upsample", since: 7, readUpsample7),
        Entry("Upsample", since: 9, readUpsample9),
        Entry("Resize", since: 10, readResize10),
        Entry("Resize", since: 11, readResize11),
        Entry("GridSample", since: 16, readGridSample),
    ]

    private static let shapeArithmetic = [
        Entry("Shape", since: 1) { _ throws(ONNXError) in .shapeOf(.init()) },
        Entry("Shape", since: 15, readShape15),
        Entry("Size", since: 1) { _ throws(ONNXError) in .sizeOf(.init()) },
        Entry("ConstantOfShape", since: 9, readConstantOfShape),
        Entry("Range", since: 11, readRange),
        Entry("OneHot", since: 9, readOneHot),
        Entry("EyeLike", since: 9, readEyeLike),
    ]

    private static let quantizations = [
        Entry("QuantizeLinear", since: 10, readQuantizeLinear),
        Entry("DequantizeLinear", since: 10, readDequantizeLinear),
        Entry("QLinearConv", since: 10, readQuantizedConvolution),
        Entry("QLinearMatMul", since: 10, readQuantizedProduct),
    ]
}

import SkiffCore
import SkiffGraph
import SkiffTestSupport

/// One line of Fixtures/shape-rules.json: an operator, its inputs, and the output shapes that ONNX Runtime or Keras
/// computed (Fixtures/make/shape_rules.py).
struct ShapeRuleCase: CustomStringConvertible, Sendable {
    let name: String
    let attributes: JSONValue
    let inputs: [Fact?]
    let outputCount: Int
    /// `nil` where the runtime refused. Where the runtime leaves the operator's definition, what the definition says.
    let outputs: [Shape]?
    let description: String

    init?(_ json: JSONValue) {
        guard let name = json["op"]?.stringValue, let attributes = json["attributes"],
            let shapes = json["inputs"]?.arrayValue
        else { return nil }
        self.name = name
        self.attributes = attributes
        outputCount = json["count"]?.intValue ?? 1
        outputs = (json["rule"] ?? json["outputs"])?.arrayValue?.map(\.integers)
        description = json.text()
        let elementType: ElementType = name == "Range" || name == "ConstantOfShape" ? .int64 : .float32
        inputs = shapes.enumerated().map { position, shape in
            guard shape.arrayValue != nil else { return nil }
            guard let contents = json["contents"]?["\(position)"]?.arrayValue else {
                return Fact(elementType, shape: shape.integers)
            }
            if name == "Resize", position < 3 {
                return Fact(.float32, shape: shape.integers, contents: .reals(contents.map { $0.doubleValue ?? 0 }))
            }
            return Fact(.int64, shape: shape.integers, contents: .integers(contents.map { .fixed($0.intValue ?? 0) }))
        }
    }

    static func all() throws -> [ShapeRuleCase] {
        let json = try JSONValue(parsing: Fixtures.bytes("shape-rules.json"))
        return (json["cases"]?.arrayValue ?? []).compactMap { ShapeRuleCase($0) }
    }

    /// What our rule gives: shapes, or the error.
    func inferred() throws -> [SymbolicShape?]? {
        let (operation, inputs) = try prepared()
        return try operation.infer(inputs, outputCount: outputCount).map(\.shape)
    }

    /// The operator, with the inputs in its order.
    func prepared() throws -> (Operator, [Fact?]) {
        if name.hasPrefix("keras:") { return (try kerasOperator(), kerasInputs()) }
        return (try onnxOperator(), inputs)
    }

    // MARK: ONNX

    private var spatialRank: Int { (inputs.first??.shape?.count ?? 2) - 2 }

    private func list(_ key: String, default value: Int) -> [Int] {
        attributes[key]?.integers ?? Array(repeating: value, count: spatialRank)
    }

    private func integer(_ key: String, default value: Int) -> Int { attributes[key]?.intValue ?? value }

    private var window: Window {
        let pads = attributes["pads"]?.integers ?? Array(repeating: 0, count: 2 * spatialRank)
        let padding: Padding =
            switch attributes["auto_pad"]?.stringValue {
            case "SAME_UPPER": .sameUpper
            case "SAME_LOWER": .sameLower
            case "VALID": .valid
            default: .explicit(before: Array(pads.prefix(spatialRank)), after: Array(pads.dropFirst(spatialRank)))
            }
        return Window(strides: list("strides", default: 1), dilations: list("dilations", default: 1), padding: padding)
    }

    private func onnxOperator() throws -> Operator {
        switch name {
        case "Conv":
            return .convolution(
                Convolution(
                    window: window, groups: integer("group", default: 1), layout: .channelsFirst,
                    kernelOrder: .outputInputSpatial))
        case "ConvTranspose":
            return .convolutionTranspose(
                ConvolutionTranspose(
                    window: window, outputPadding: list("output_padding", default: 0),
                    outputShape: attributes["output_shape"]?.integers, groups: integer("group", default: 1),
                    layout: .channelsFirst, kernelOrder: .inputOutputSpatial))
        case "MaxPool", "AveragePool", "LpPool":
            let kinds: [String: Pooling.Kind] = ["MaxPool": .maximum, "LpPool": .norm(p: 2)]
            return .pooling(
                Pooling(
                    kind: kinds[name] ?? .average(countsPadding: false), kernel: list("kernel_shape", default: 1),
                    window: window, ceilMode: integer("ceil_mode", default: 0) == 1, layout: .channelsFirst))
        case "GlobalAveragePool":
            return .globalPooling(GlobalPooling(kind: .average, layout: .channelsFirst, keepsDimensions: true))
        case "Resize":
            let policies: [String: Resize.AspectRatio] = ["not_larger": .notLarger, "not_smaller": .notSmaller]
            let policy = attributes["keep_aspect_ratio_policy"]?.stringValue
            return .resize(
                Resize(
                    mode: .nearest(.floor), coordinates: .asymmetric, axes: attributes["axes"]?.integers,
                    aspectRatio: policy.flatMap { policies[$0] } ?? .stretch))
        case "Slice": return .slice(Slice())
        case "Pad":
            let mode = attributes["mode"]?.stringValue.flatMap { Pad.Mode(rawValue: $0) }
            return .pad(Pad(mode: mode ?? .constant, pads: nil))
        case "Split": return .split(Split(axis: integer("axis", default: 0), sizes: nil))
        case "Reshape": return .reshape(Reshape(shape: nil, allowsZero: integer("allowzero", default: 0) == 1))
        case "Flatten": return .flatten(Flatten(axis: integer("axis", default: 1)))
        case "Softmax": return .softmax(Softmax(axis: integer("axis", default: -1)))
        case "Squeeze": return .squeeze(Squeeze(axes: nil))
        case "Unsqueeze": return .unsqueeze(Unsqueeze(axes: nil))
        case "Transpose": return .transpose(Transpose(permutation: attributes["perm"]?.integers))
        case "Expand": return .expand(Expand())
        case "Tile": return .tile(Tile(repeats: nil))
        case "Gather": return .gather(Gather(axis: integer("axis", default: 0)))
        case "Concat": return .concatenation(Concatenation(axis: integer("axis", default: 0)))
        case "ReduceSum":
            return .reduction(
                Reduction(
                    .sum, axes: nil, keepsDimensions: integer("keepdims", default: 1) == 1,
                    emptyAxesMeanNone: integer("noop_with_empty_axes", default: 0) == 1))
        case "ArgMax":
            return .argumentReduction(
                ArgumentReduction(
                    .maximum, axis: integer("axis", default: 0), keepsDimensions: integer("keepdims", default: 1) == 1,
                    selectsLast: false))
        case "Add": return .binary(Binary(.add))
        case "MatMul": return .matrixMultiplication(MatrixMultiplication())
        case "Gemm":
            return .gemm(
                Gemm(
                    alpha: 1, beta: 1, transposesA: integer("transA", default: 0) == 1,
                    transposesB: integer("transB", default: 0) == 1))
        case "DepthToSpace":
            return .depthToSpace(DepthToSpace(blockSize: integer("blocksize", default: 1), mode: .depthColumnRow))
        case "SpaceToDepth": return .spaceToDepth(SpaceToDepth(blockSize: integer("blocksize", default: 1)))
        case "Range": return .range(RangeOfNumbers())
        case "ConstantOfShape": return .constantOfShape(ConstantOfShape(elementType: .float32, value: 0))
        case "LRN":
            return .localResponseNormalization(
                LocalResponseNormalization(
                    size: integer("size", default: 1), alpha: 1, beta: 1, bias: 1))
        default: throw UnmappedOperator(name: name)
        }
    }

    // MARK: Keras

    private var layout: Layout {
        attributes["data_format"]?.stringValue == "channels_first" ? .channelsFirst : .channelsLast
    }

    private var kerasWindow: Window {
        let padding: Padding = attributes["padding"]?.stringValue == "same" ? .sameUpper : .valid
        return Window(
            strides: list("strides", default: 1), dilations: list("dilation_rate", default: 1), padding: padding)
    }

    private func kerasInputs() -> [Fact?] {
        guard let shape = inputs.first??.shape?.fixedShape, let kernel = attributes["kernel_size"]?.integers else {
            return inputs
        }
        let channels = shape[layout.channelAxis(rank: shape.count)]
        let last = attributes["filters"]?.intValue ?? integer("depth_multiplier", default: 1)
        return inputs + [Fact(.float32, shape: kernel + [channels, last])]
    }

    /// The margins of each spatial axis, before and after: `[2, 1]` or `[[2, 1], [0, 3]]`.
    private func margins(_ key: String) -> (before: [Int], after: [Int]) {
        let pairs = attributes[key]?.arrayValue ?? []
        let nested = pairs.first?.arrayValue == nil ? [pairs.compactMap(\.intValue)] : pairs.map(\.integers)
        return (nested.map { $0[0] }, nested.map { $0[1] })
    }

    private func kerasOperator() throws -> Operator {
        switch name {
        case "keras:Conv":
            return .convolution(
                Convolution(
                    window: kerasWindow, groups: 1, layout: layout, kernelOrder: .spatialInputOutput))
        case "keras:DepthwiseConv":
            let channels = inputs.first??.shape?.fixedShape.map { $0[layout.channelAxis(rank: $0.count)] }
            return .convolution(
                Convolution(
                    window: kerasWindow, groups: channels ?? 0, layout: layout, kernelOrder: .spatialChannelMultiplier))
        case "keras:MaxPooling", "keras:AveragePooling":
            return .pooling(
                Pooling(
                    kind: name == "keras:MaxPooling" ? .maximum : .average(countsPadding: false),
                    kernel: list("pool_size", default: 2), window: kerasWindow, layout: layout))
        case "keras:GlobalAveragePooling":
            return .globalPooling(
                GlobalPooling(
                    kind: .average, layout: layout, keepsDimensions: attributes["keepdims"]?.boolValue == true))
        case "keras:UpSampling":
            let factors = attributes["size"]?.intValue.map { [$0] } ?? list("size", default: 1)
            return .upsampling(Upsampling(factors: factors, interpolation: .nearest, layout: layout))
        case "keras:Cropping":
            let (before, after) = margins("cropping")
            return .cropping(Cropping(before: before, after: after, layout: layout))
        case "keras:ZeroPadding":
            let (before, after) = margins("padding")
            let (first, last) = layout == .channelsFirst ? ([0, 0], []) : ([0], [0])
            return .pad(Pad(mode: .constant, pads: first + before + last + first + after + last))
        default: throw UnmappedOperator(name: name)
        }
    }
}

struct UnmappedOperator: Error { let name: String }

extension JSONValue {
    var integers: [Int] { arrayValue?.compactMap(\.intValue) ?? [] }
}

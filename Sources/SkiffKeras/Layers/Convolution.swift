internal import SkiffCore
internal import SkiffGraph

/// What the convolutional layers share: window, layout, bias and fused activation.
struct ConvolutionOptions: Sendable {
    let axes: Int
    let kernel: [Int]
    let window: Window
    let layout: Layout
    let hasBias: Bool
    let activation: ActivationFunction
    /// Whether kernels are kept in the order in which Theano walks them.
    let isReversed: Bool

    init(_ options: LayerOptions, className: String) throws(KerasError) {
        axes = try spatialAxes(of: className)
        if axes == 2, let rows = options["nb_row"]?.intValue, let columns = options["nb_col"]?.intValue {
            kernel = [rows, columns]
        } else {
            kernel = try options.extents("kernel_size", "filter_length", axes: axes)
        }
        let dilations = try options.extents("dilation_rate", "atrous_rate", axes: axes, default: 1)
        window = Window(
            strides: try options.extents("strides", "subsample", "subsample_length", axes: axes, default: 1),
            dilations: dilations, padding: try padding(options, kernel: kernel, dilations: dilations))
        layout = try options.layout()
        hasBias = try options.flag("use_bias", "bias", default: true)
        activation = try ActivationFunction(options["activation"], major: options.major)
        isReversed = options.isTheano
    }

    /// A kernel as everything but Theano walks it.
    func kernel(_ tensor: Tensor, spatial axes: Range<Int>) throws(CoreError) -> Tensor {
        isReversed ? try tensor.reversed(axes: axes) : tensor
    }

    /// Keras 1 keeps the kernels of channels-first models with the output channels first.
    func kernelOrder(_ options: LayerOptions) -> KernelOrder {
        options.major < 2 && layout == .channelsFirst ? .outputInputSpatial : .spatialInputOutput
    }

    func bias(_ filters: Int?) -> [WeightRequirement] { hasBias ? [WeightRequirement("bias", [filters])] : [] }
}

/// 1, 2 or 3, from `Conv2D` and its kind.
func spatialAxes(of className: String) throws(KerasError) -> Int {
    for axes in 1...3 where className.contains("\(axes)D") { return axes }
    throw KerasError(.unsupported("number of spatial axes is not known"))
}

/// `padding`, which Keras 1 calls `border_mode`. Causal padding lies before the only spatial axis. Theano's `same`
/// is half a kernel before the first element whatever the stride, cut to the extent that it has elsewhere.
func padding(_ options: LayerOptions, kernel: [Int], dilations: [Int]) throws(KerasError) -> Padding {
    let name = try options.text("padding", "border_mode", default: "valid")
    switch name {
    case "valid": return .valid
    case "same" where options.isTheano:
        var reach: [Int] = []
        for (extent, dilation) in zip(kernel, dilations) {
            let (product, overflow) = (extent - 1).multipliedReportingOverflow(by: dilation)
            guard !overflow, product < Limits.extent else {
                throw KerasError(.limit(name: "padding", declared: .max, allowed: Limits.extent))
            }
            reach.append(product)
        }
        return .explicit(before: reach.map { ($0 + 1) / 2 }, after: reach.map { $0 - ($0 + 1) / 2 })
    case "same": return .sameUpper
    case "causal" where kernel.count == 1:
        let (reach, overflow) = (kernel[0] - 1).multipliedReportingOverflow(by: dilations[0])
        guard !overflow, reach <= Limits.extent else {
            throw KerasError(.limit(name: "padding", declared: .max, allowed: Limits.extent))
        }
        return .explicit(before: [reach], after: [0])
    default:
        throw KerasError(.configuration(key: "padding", expected: "valid, same or causal", found: name))
    }
}

/// Conv1D, Conv2D, Conv3D; Convolution2D and AtrousConvolution2D of Keras 1.
struct ConvolutionLayer: LayerDefinition {
    let common: ConvolutionOptions
    let filters: Int
    let groups: Int
    let kernelOrder: KernelOrder
    /// Keras 1 keeps kernels of one spatial axis with a second one of extent 1 behind it.
    let hasSecondAxis: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        common = try ConvolutionOptions(options, className: layer.className)
        filters = try options.integer("filters", "nb_filter")
        groups = try options.integer("groups", default: 1)
        kernelOrder = common.axes == 1 ? .spatialInputOutput : common.kernelOrder(options)
        hasSecondAxis = options.major < 2 && common.axes == 1
    }

    var weights: [WeightRequirement] {
        let extents = common.kernel + (hasSecondAxis ? [1] : [])
        let kernel: [Int?] =
            kernelOrder == .outputInputSpatial ? [filters, nil] + extents : extents + [nil, filters]
        return [WeightRequirement("kernel", kernel)] + common.bias(filters)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let convolution = Convolution(
            window: common.window, groups: groups, layout: common.layout, kernelOrder: kernelOrder)
        let first = kernelOrder == .outputInputSpatial ? 2 : 0
        let kernel = try importer.weight(site, "kernel") { tensor throws(CoreError) in
            let turned = try common.kernel(tensor, spatial: first..<first + common.axes)
            guard hasSecondAxis else { return turned }
            var flat = try Tensor(
                elementType: turned.elementType, shape: [turned.shape[0]] + turned.shape[2...],
                storage: turned.storage, byteRange: turned.byteRange, byteOrder: turned.byteOrder)
            flat.origin = turned.origin
            return flat
        }
        var inputs: [ValueID?] = [try site.input(), kernel]
        if common.hasBias { inputs.append(try importer.weight(site, "bias")) }
        return try importer.node(site, .convolution(convolution), inputs, activation: common.activation)
    }
}

/// DepthwiseConv1D, DepthwiseConv2D: one group per channel.
struct DepthwiseConvolutionLayer: LayerDefinition {
    let common: ConvolutionOptions
    let multiplier: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        common = try ConvolutionOptions(options, className: layer.className)
        multiplier = try options.integer("depth_multiplier", default: 1)
    }

    var weights: [WeightRequirement] {
        [WeightRequirement("depthwise_kernel", common.kernel + [nil, multiplier])] + common.bias(nil)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let kernel = try importer.weight(site, "depthwise_kernel")
        let convolution = Convolution(
            window: common.window, groups: importer.extent(of: kernel, axis: common.axes), layout: common.layout,
            kernelOrder: .spatialChannelMultiplier)
        var inputs: [ValueID?] = [try site.input(), kernel]
        if common.hasBias { inputs.append(try importer.weight(site, "bias")) }
        return try importer.node(site, .convolution(convolution), inputs, activation: common.activation)
    }
}

/// SeparableConv1D, SeparableConv2D: a depthwise convolution, then one over single positions.
struct SeparableConvolutionLayer: LayerDefinition {
    let common: ConvolutionOptions
    let filters: Int
    let multiplier: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        common = try ConvolutionOptions(options, className: layer.className)
        filters = try options.integer("filters", "nb_filter")
        multiplier = try options.integer("depth_multiplier", default: 1)
        guard options.major >= 2 || common.layout == .channelsLast else {
            throw KerasError(.unsupported("separable convolution of Keras 1 with channels first"))
        }
    }

    var weights: [WeightRequirement] {
        let ones = [Int?](repeating: 1, count: common.axes)
        return [
            WeightRequirement("depthwise_kernel", common.kernel + [nil, multiplier]),
            WeightRequirement("pointwise_kernel", ones + [nil, filters]),
        ] + common.bias(filters)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let kernel = try importer.weight(site, "depthwise_kernel")
        let depthwise = Convolution(
            window: common.window, groups: importer.extent(of: kernel, axis: common.axes), layout: common.layout,
            kernelOrder: .spatialChannelMultiplier)
        let between = try importer.node(
            site, .convolution(depthwise), [site.input(), kernel], suffix: "depthwise")
        let ones = [Int](repeating: 1, count: common.axes)
        let pointwise = Convolution(
            window: Window(strides: ones, dilations: ones, padding: .valid), groups: 1, layout: common.layout,
            kernelOrder: .spatialInputOutput)
        var inputs: [ValueID?] = [between, try importer.weight(site, "pointwise_kernel")]
        if common.hasBias { inputs.append(try importer.weight(site, "bias")) }
        return try importer.node(site, .convolution(pointwise), inputs, activation: common.activation)
    }
}

/// Conv1DTranspose, Conv2DTranspose, Conv3DTranspose.
///
/// Keras' output has input · stride elements (`same`), or input · stride + max(kernel − stride, 0) (`valid`), unless
/// `output_padding` says otherwise (keras/src/backend/common/backend_utils.py).
struct TransposedConvolutionLayer: LayerDefinition {
    let common: ConvolutionOptions
    let filters: Int
    let isSame: Bool

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        common = try ConvolutionOptions(options, className: layer.className)
        filters = try options.integer("filters", "nb_filter")
        isSame = try options.text("padding", default: "valid") == "same"
        guard options.major >= 2 else { throw KerasError(.unsupported("transposed convolution of Keras 1")) }
        guard options["output_padding"] == nil else {
            throw KerasError(.unsupported("transposed convolution with output_padding"))
        }
    }

    var weights: [WeightRequirement] {
        [WeightRequirement("kernel", common.kernel + [filters, nil])] + common.bias(filters)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        var before: [Int] = []
        var after: [Int] = []
        var extra: [Int] = []
        for axis in 0..<common.axes {
            let reach = (common.kernel[axis] - 1).multipliedReportingOverflow(by: common.window.dilations[axis])
            guard !reach.overflow, reach.partialValue < Limits.extent else {
                throw KerasError(.limit(name: "kernel extent", declared: .max, allowed: Limits.extent))
            }
            let excess = reach.partialValue + 1 - common.window.strides[axis]
            let total = isSame ? max(excess, 0) : 0
            before.append(total / 2)
            after.append(total - total / 2)
            extra.append(max(-excess, 0))
        }
        let convolution = ConvolutionTranspose(
            window: Window(
                strides: common.window.strides, dilations: common.window.dilations,
                padding: .explicit(before: before, after: after)),
            outputPadding: extra, outputShape: nil, groups: 1, layout: common.layout,
            kernelOrder: .spatialOutputInput)
        let kernel = try importer.weight(site, "kernel") { tensor throws(CoreError) in
            try common.kernel(tensor, spatial: 0..<common.axes)
        }
        var inputs: [ValueID?] = [try site.input(), kernel]
        if common.hasBias { inputs.append(try importer.weight(site, "bias")) }
        return try importer.node(site, .convolutionTranspose(convolution), inputs, activation: common.activation)
    }
}

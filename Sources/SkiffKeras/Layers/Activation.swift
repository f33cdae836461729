internal import SkiffCore
internal import SkiffGraph

/// An activation, by name or as a serialized function or layer.
enum ActivationFunction: Hashable, Sendable {
    /// The input itself: no node.
    case linear
    case unary(Unary.Kind)
    case softmax(Softmax.Kind)
    /// A function Skiff does not know, by its name.
    case unknown(String)

    /// - Parameter value: a name, `null`, or an object with `class_name` and `config`.
    init(_ value: JSONValue?, major: Int) throws(KerasError) {
        switch value {
        case nil, .null?: self = .linear
        case .string(let name)?: self = Self.named(name, major: major)
        case .object(let object)?: self = try Self.serialized(object, major: major)
        default:
            throw KerasError(.configuration(key: "activation", expected: "a name", found: value?.kind ?? ""))
        }
    }

    /// A function writes its name as `config`, a layer its own configuration.
    private static func serialized(_ object: JSONObject, major: Int) throws(KerasError) -> ActivationFunction {
        let className = object["class_name"]?.stringValue ?? ""
        if let registered = object["registered_name"]?.stringValue, registered.contains(">") {
            return .unknown(registered)
        }
        if let name = object["config"]?.stringValue { return named(name, major: major) }
        let options = LayerOptions(object: object["config"]?.objectValue ?? JSONObject(), major: major)
        switch className {
        case "Activation": return try ActivationFunction(options["activation"], major: major)
        case "ReLU": return .unary(try ReLULayer.kind(options))
        case "LeakyReLU": return .unary(try LeakyReLULayer.kind(options))
        case "ELU": return .unary(.elu(alpha: Float(try options.real("alpha", default: 1))))
        case "Softmax" where try options.integer("axis", default: -1) == -1: return .softmax(.softmax)
        default: return .unknown(className)
        }
    }

    private static func named(_ name: String, major: Int) -> ActivationFunction {
        switch name {
        case "linear": .linear
        case "relu": .unary(.relu)
        case "relu6": .unary(.generalReLU(maximum: 6, negativeSlope: 0, threshold: 0))
        case "leaky_relu": .unary(.leakyReLU(alpha: 0.2))
        case "elu": .unary(.elu(alpha: 1))
        case "selu": .unary(.selu(alpha: 1.6732632, gamma: 1.050701))
        case "celu": .unary(.celu(alpha: 1))
        case "softplus": .unary(.softplus)
        case "softsign": .unary(.softsign)
        case "tanh": .unary(.tanh)
        case "sigmoid": .unary(.sigmoid)
        // Keras 3 took the slope of the others; before, it was Theano's.
        case "hard_sigmoid": .unary(.hardSigmoid(alpha: major >= 3 ? 1 / 6 : 0.2, beta: 0.5))
        case "hard_silu", "hard_swish": .unary(.hardSwish)
        case "exponential": .unary(.exponential)
        case "gelu": .unary(.gelu(approximate: false))
        case "swish", "silu": .unary(.swish(alpha: 1))
        case "mish": .unary(.mish)
        case "hard_shrink": .unary(.shrink(bias: 0, lambda: 0.5))
        case "soft_shrink": .unary(.shrink(bias: 0.5, lambda: 0.5))
        case "softmax": .softmax(.softmax)
        case "log_softmax": .softmax(.logSoftmax)
        default: .unknown(name)
        }
    }

    /// The operator; `nil` for the linear one.
    var `operator`: Operator? {
        switch self {
        case .linear: nil
        case .unary(let kind): .unary(Unary(kind))
        case .softmax(let kind): .softmax(Softmax(kind, axis: -1))
        case .unknown(let name):
            .unknown(UnknownOperator(name: name, domain: "keras", reason: "activation function is not known"))
        }
    }
}

struct ActivationLayer: LayerDefinition {
    let function: ActivationFunction

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        function = try ActivationFunction(options["activation"], major: options.major)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, function.operator ?? .identity(Identity()), [site.input()])
    }
}

struct ReLULayer: LayerDefinition {
    let kind: Unary.Kind

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        kind = try Self.kind(options)
    }

    static func kind(_ options: LayerOptions) throws(KerasError) -> Unary.Kind {
        let maximum = options["max_value"] == nil ? nil : Float(try options.real("max_value"))
        let slope = Float(try options.real("negative_slope", default: 0))
        let threshold = Float(try options.real("threshold", default: 0))
        if maximum == nil, slope == 0, threshold == 0 { return .relu }
        return .generalReLU(maximum: maximum, negativeSlope: slope, threshold: threshold)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .unary(Unary(kind)), [site.input()])
    }
}

struct LeakyReLULayer: LayerDefinition {
    let kind: Unary.Kind

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        kind = try Self.kind(options)
    }

    /// `alpha` up to Keras 2, `negative_slope` in Keras 3.
    static func kind(_ options: LayerOptions) throws(KerasError) -> Unary.Kind {
        .leakyReLU(alpha: Float(try options.real("negative_slope", "alpha", default: 0.3)))
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .unary(Unary(kind)), [site.input()])
    }
}

struct ELULayer: LayerDefinition {
    let alpha: Float

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        alpha = Float(try options.real("alpha", default: 1))
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .unary(Unary(.elu(alpha: alpha))), [site.input()])
    }
}

struct ThresholdedReLULayer: LayerDefinition {
    let theta: Float

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        theta = Float(try options.real("theta", default: 1))
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .unary(Unary(.thresholdedReLU(alpha: theta))), [site.input()])
    }
}

/// The slope has the extents of the input without the batch, 1 along shared axes: it broadcasts from the right.
struct PReLULayer: LayerDefinition {
    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {}

    var weights: [WeightRequirement] { [WeightRequirement("alpha", nil)] }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let slope = try importer.weight(site, "alpha")
        return try importer.node(site, .parametricReLU(ParametricReLU()), [site.input(), slope])
    }
}

struct SoftmaxLayer: LayerDefinition {
    let axis: Int

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        guard try options.integers("axis")?.count ?? 1 == 1 else {
            throw KerasError(.unsupported("softmax over several axes"))
        }
        axis = try options.integer("axis", default: -1)
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        try importer.node(site, .softmax(Softmax(.softmax, axis: axis)), [site.inputs.first])
    }
}

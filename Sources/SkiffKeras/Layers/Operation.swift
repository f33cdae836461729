internal import SkiffCore
internal import SkiffGraph

/// A bare function in a model: `x + y` and its kind, which Keras 2 writes as `TFOpLambda` and Keras 3 as a class of
/// `keras.ops`.
struct OperationLayer: LayerDefinition {
    let function: String
    let options: LayerOptions

    /// Whether a class of `keras.ops` is among the functions read here.
    static func knows(_ className: String) -> Bool {
        let name = snakeCase(className)
        return binaryKinds[name] != nil || extremes[name] != nil || reductions[name] != nil
            || unaryKinds[name] != nil || otherNames.contains(name)
    }

    init(_ options: LayerOptions, _ layer: LayerConfiguration) throws(KerasError) {
        let name = try ["TFOpLambda", "SlicingOpLambda"].contains(layer.className)
            ? options.text("function") : snakeCase(layer.className)
        function = name.split(separator: ".").last.map(String.init) ?? name
        self.options = options
    }

    func emit(_ site: CallSite, into importer: inout ModelImporter) throws(KerasError) -> ValueID {
        let operands = Operands(site)
        if let kind = Self.binaryKinds[function] {
            return try importer.node(site, .binary(Binary(kind)), operands.pair(site, &importer))
        }
        if let kind = Self.extremes[function] {
            return try importer.node(site, .variadic(Variadic(kind)), operands.pair(site, &importer))
        }
        if let kind = Self.reductions[function] {
            let axes = try integers("axis", operands: operands)
            let keeps = constant("keepdims", operands)?.boolValue ?? false
            let operation = Reduction(kind, axes: axes, keepsDimensions: keeps)
            return try importer.node(site, .reduction(operation), [operands.first()])
        }
        if let operation = try simple(operands) { return try importer.node(site, operation, [operands.first()]) }
        if let value = try arrangement(operands, site, &importer) { return value }
        switch function {
        case "square":
            let input = try operands.first()
            return try importer.node(site, .binary(Binary(.multiply)), [input, input])
        case "concat", "concatenate":
            let axis = try integers("axis", operands: operands)?.first ?? 0
            return try importer.node(site, .concatenation(Concatenation(axis: axis)), site.inputs)
        case "clip", "clip_by_value":
            var inputs: [ValueID?] = [try operands.first()]
            for (name, old) in [("x_min", "clip_value_min"), ("x_max", "clip_value_max")] {
                guard let bound = (constant(name, operands) ?? constant(old, operands))?.doubleValue else {
                    throw KerasError(.unsupported("clip without constant bounds"))
                }
                inputs.append(try importer.constant(site, name, [bound], shape: []))
            }
            return try importer.node(site, .clip(Clip()), inputs)
        default: throw KerasError(.unsupported("function \(function) is not known"))
        }
    }

    /// Functions of one tensor that need nothing else made.
    private func simple(_ operands: Operands) throws(KerasError) -> Operator? {
        switch function {
        case "identity", "stop_gradient": return .identity(Identity())
        case "softmax", "log_softmax":
            let axis = try integers("axis", operands: operands)?.first ?? -1
            return .softmax(Softmax(function == "softmax" ? .softmax : .logSoftmax, axis: axis))
        case "gelu":
            let isKeras3 = options.major >= 3
            return .unary(Unary(.gelu(approximate: constant("approximate", operands)?.boolValue ?? isKeras3)))
        case "leaky_relu":
            let alpha = constant("negative_slope", operands) ?? constant("alpha", operands)
            return .unary(Unary(.leakyReLU(alpha: Float(alpha?.doubleValue ?? 0.2))))
        case "transpose":
            return .transpose(Transpose(permutation: try integers("axes", "perm", operands: operands)))
        case "expand_dims": return .unsqueeze(Unsqueeze(axes: try integers("axis", operands: operands) ?? []))
        case "squeeze": return .squeeze(Squeeze(axes: try integers("axis", operands: operands)))
        case "reshape":
            guard let shape = try integers("newshape", "shape", operands: operands) else {
                throw KerasError(.unsupported("reshape to a shape that is not constant"))
            }
            return .reshape(Reshape(shape: shape, allowsZero: true))
        default: return Self.unaryKinds[function].map { .unary(Unary($0)) }
        }
    }

    /// A constant parameter, of the call or of the function.
    func constant(_ name: String, _ operands: Operands) -> JSONValue? {
        if case .constant(let value)? = operands.keywords[name] { return value.isNull ? nil : value }
        return options[name]
    }

    /// Whole numbers of the first of the parameters that is there.
    func integers(_ names: String..., operands: Operands) throws(KerasError) -> [Int]? {
        for name in names {
            guard let value = constant(name, operands) else { continue }
            var options = options
            options.object[name] = value
            return try options.integers(name)
        }
        return nil
    }

    private static let otherNames: Set<String> = [
        "identity", "stop_gradient", "softmax", "log_softmax", "gelu", "leaky_relu", "transpose", "expand_dims",
        "squeeze", "reshape", "square", "get_item", "pad", "resize", "matmul", "stack", "depth_to_space",
        "space_to_depth", "concat", "concatenate", "clip", "clip_by_value",
    ]
    private static let binaryKinds: [String: Binary.Kind] = [
        "add": .add, "bias_add": .add, "sub": .subtract, "subtract": .subtract, "mul": .multiply, "multiply": .multiply,
        "div": .divide, "divide": .divide, "truediv": .divide, "true_divide": .divide, "pow": .power,
        "power": .power,
    ]
    private static let extremes: [String: Variadic.Kind] = ["maximum": .maximum, "minimum": .minimum]
    private static let reductions: [String: Reduction.Kind] = [
        "mean": .mean, "reduce_mean": .mean, "sum": .sum, "reduce_sum": .sum, "max": .maximum, "amax": .maximum,
        "reduce_max": .maximum, "min": .minimum, "amin": .minimum, "reduce_min": .minimum,
    ]
    private static let unaryKinds: [String: Unary.Kind] = [
        "relu": .relu, "relu6": .generalReLU(maximum: 6, negativeSlope: 0, threshold: 0), "sigmoid": .sigmoid,
        "tanh": .tanh, "softplus": .softplus, "softsign": .softsign, "silu": .swish(alpha: 1),
        "swish": .swish(alpha: 1), "elu": .elu(alpha: 1), "selu": .selu(alpha: 1.6732632, gamma: 1.050701),
        "exp": .exponential, "log": .logarithm, "sqrt": .squareRoot, "abs": .absolute, "absolute": .absolute,
        "neg": .negative, "negative": .negative, "floor": .floor, "ceil": .ceiling, "round": .round, "erf": .error,
        "hard_sigmoid": .hardSigmoid(alpha: 1 / 6, beta: 0.5), "hard_silu": .hardSwish, "hard_swish": .hardSwish,
        "sin": .sine, "cos": .cosine,
    ]
}

/// What a function is called with, in the order of its parameters.
struct Operands {
    enum Operand {
        case tensor(ValueID)
        case constant(JSONValue)
    }

    var positional: [Operand] = []
    var keywords: [String: Operand] = [:]

    init(_ site: CallSite) {
        var rest = site.inputs[...]
        for argument in site.call.arguments { positional += Self.operands(argument, &rest) }
        for (key, argument) in site.call.keywords.sorted(by: { $0.key < $1.key }) {
            keywords[key] = Self.operands(argument, &rest).first
        }
    }

    private static func operands(_ argument: CallArgument, _ rest: inout ArraySlice<ValueID>) -> [Operand] {
        switch argument {
        case .tensor: rest.popFirst().map { [.tensor($0)] } ?? []
        case .constant(let value): [.constant(value)]
        case .list(let elements): elements.flatMap { operands($0, &rest) }
        }
    }

    func first() throws(KerasError) -> ValueID {
        if case .tensor(let value)? = positional.first { return value }
        throw KerasError(.unsupported("function of a constant"))
    }

    /// Both operands of a binary function; numbers become weights.
    func pair(_ site: CallSite, _ importer: inout ModelImporter) throws(KerasError) -> [ValueID?] {
        let second = positional.count > 1 ? positional[1] : ["y", "x2", "b", "bias"].lazy.compactMap { keywords[$0] }.first
        guard let first = positional.first, let second else {
            throw KerasError(.unsupported("function of one operand, expected two"))
        }
        var values: [ValueID?] = []
        for (name, operand) in [("x", first), ("y", second)] {
            switch operand {
            case .tensor(let value): values.append(value)
            case .constant(let value):
                values.append(try importer.numbers(site, name, value))
            }
        }
        return values
    }
}

/// Keras' `to_snake_case`: `BatchNormalization` becomes `batch_normalization`, `Conv2D` `conv2d`.
func snakeCase(_ name: String) -> String {
    let letters = name.unicodeScalars.filter { $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0) }
        .map { Character($0) }
    var marked: [Character] = []
    // (.)([A-Z][a-z]+), then ([a-z])([A-Z]).
    for (index, letter) in letters.enumerated() {
        let before = index > 0 ? letters[index - 1] : nil
        let behind = index + 1 < letters.count ? letters[index + 1] : nil
        if let before, letter.isUppercase, before.isLowercase || (behind?.isLowercase ?? false), before != "_" {
            marked.append("_")
        }
        marked.append(letter)
    }
    return String(marked).lowercased()
}

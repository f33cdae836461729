internal import CONNXSchema
internal import SkiffCore
internal import SkiffGraph

/// One attribute's value. Messages inside stay in protobuf-c's memory and are read when somebody asks.
enum AttributeValue {
    case real(Float)
    case integer(Int64)
    case text(String)
    case reals([Float])
    case integers([Int64])
    case texts([String])
    case tensor(UnsafePointer<TensorMessage>)
    case graph(UnsafePointer<GraphMessage>)
    /// Values that nothing reads: what they are, in words.
    case other(String)

    /// - Throws: ``ONNXError`` where the declared type and the field that holds a value differ.
    init(_ message: AttributeMessage) throws(ONNXError) {
        typealias Kind = SkiffOnnx__AttributeProto__AttributeType
        let name = SkiffONNX.text(message.name)
        func declared(_ what: String) -> ONNXError {
            ONNXError(.attribute(name: name, expected: what, found: "declared so and left out"))
        }
        if let reference = message.ref_attr_name, reference[0] != 0 {
            self = .other("the attribute \(escaped(SkiffONNX.text(reference))) of the calling function")
            return
        }
        switch message.has_type != 0 ? message.type : Self.impliedType(message) {
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
            guard message.has_f != 0 else { throw declared("a real number") }
            self = .real(message.f)
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
            guard message.has_i != 0 else { throw declared("an integer") }
            self = .integer(message.i)
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
            guard message.has_s != 0 else { throw declared("a string") }
            self = .text(SkiffONNX.text(message.s))
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
            guard let tensor = message.t else { throw declared("a tensor") }
            self = .tensor(tensor)
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
            guard let graph = message.g else { throw declared("a graph") }
            self = .graph(graph)
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: self = .reals(Array(elements(message.n_floats, message.floats)))
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: self = .integers(Array(elements(message.n_ints, message.ints)))
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
            self = .texts(elements(message.n_strings, message.strings).map { SkiffONNX.text($0) })
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR: self = .other("a sparse tensor")
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO: self = .other("a type")
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS: self = .other("\(message.n_tensors) tensors")
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS: self = .other("\(message.n_graphs) graphs")
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS: self = .other("\(message.n_sparse_tensors) sparse tensors")
        case SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS: self = .other("\(message.n_type_protos) types")
        case let other: self = .other("a value of attribute type \(other.rawValue)")
        }
    }

    /// The type of an attribute whose writer left `type` out: that of the one field it set.
    private static func impliedType(_ message: AttributeMessage) -> SkiffOnnx__AttributeProto__AttributeType {
        if message.has_f != 0 { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT }
        if message.has_i != 0 { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT }
        if message.has_s != 0 { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING }
        if message.t != nil { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR }
        if message.g != nil { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH }
        if message.n_floats > 0 { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS }
        if message.n_strings > 0 { return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS }
        return SKIFF_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
    }

    /// The value in words, for errors.
    var description: String {
        switch self {
        case .real(let value): "the real number \(value)"
        case .integer(let value): "the integer \(value)"
        case .text(let value): "the string \(value)"
        case .reals(let values): "\(values.count) real numbers"
        case .integers(let values): "\(values.count) integers"
        case .texts(let values): "\(values.count) strings"
        case .tensor(let message):
            "a tensor \(Array(elements(message.pointee.n_dims, message.pointee.dims)).map(String.init))"
        case .graph(let message): "a graph of \(message.pointee.n_node) nodes"
        case .other(let text): text
        }
    }

    /// The value as an operator that Skiff does not know carries it.
    var carried: UnknownOperator.AttributeValue {
        switch self {
        case .real(let value): .real(value)
        case .integer(let value): .integer(value)
        case .text(let value): .text(value)
        case .reals(let values): .reals(values)
        case .integers(let values): .integers(values)
        case .texts(let values): .texts(values)
        case .tensor, .graph, .other: .opaque(description)
        }
    }
}

/// A node's attributes, which notes the ones that were asked for: what is left over says that the node means
/// something its import function does not know.
final class AttributeSet {
    private let values: [(name: String, value: AttributeValue)]
    private var asked: Set<String> = []

    /// - Parameter call: the call whose attributes the node's may name, where the node is a function's.
    /// - Throws: ``ONNXError`` for an attribute that is there twice, or has no value of its type.
    init(_ node: NodeMessage, of call: FunctionCall?) throws(ONNXError) {
        var names: Set<String> = []
        var values: [(name: String, value: AttributeValue)] = []
        for message in messages(node.n_attribute, node.attribute) {
            let name = SkiffONNX.text(message.pointee.name)
            guard names.insert(name).inserted else {
                throw ONNXError(.attribute(name: name, expected: "one", found: "given twice"))
            }
            if let call, let reference = message.pointee.ref_attr_name, reference[0] != 0 {
                // What the call leaves out, its node leaves out.
                if let value = call.attributes[SkiffONNX.text(reference)] { values.append((name, value)) }
            } else {
                values.append((name, try AttributeValue(message.pointee)))
            }
        }
        self.values = values
    }

    /// The values by name.
    var all: [String: AttributeValue] { Dictionary(values.map { ($0.name, $0.value) }) { first, _ in first } }

    /// Names of attributes that nobody asked for.
    var leftOver: [String] { values.map(\.name).filter { !asked.contains($0) } }

    /// The attributes as an operator that Skiff does not know carries them.
    var carried: [UnknownOperator.Attribute] { values.map { UnknownOperator.Attribute($0.name, $0.value.carried) } }

    subscript(name: String) -> AttributeValue? {
        asked.insert(name)
        return values.first { $0.name == name }?.value
    }

    /// Passes over attributes that do not change what is computed at inference.
    func ignore(_ names: String...) { asked.formUnion(names) }

    private func unexpected(_ name: String, _ value: AttributeValue, expected: String) -> ONNXError {
        ONNXError(.attribute(name: name, expected: expected, found: value.description))
    }

    func integer(_ name: String) throws(ONNXError) -> Int? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value else { throw unexpected(name, value, expected: "an integer") }
        return Int(number)
    }

    /// - Throws: ``ONNXError`` where the attribute is there and is not one of ONNX's two truth values.
    func flag(_ name: String, default fallback: Bool) throws(ONNXError) -> Bool {
        guard let number = try integer(name) else { return fallback }
        guard number == 0 || number == 1 else {
            throw ONNXError(.attribute(name: name, expected: "0 or 1", found: String(number)))
        }
        return number == 1
    }

    func real(_ name: String, default fallback: Float) throws(ONNXError) -> Float {
        try real(name) ?? fallback
    }

    func real(_ name: String) throws(ONNXError) -> Float? {
        guard let value = self[name] else { return nil }
        guard case .real(let number) = value else { throw unexpected(name, value, expected: "a real number") }
        return number
    }

    func text(_ name: String, default fallback: String) throws(ONNXError) -> String {
        guard let value = self[name] else { return fallback }
        guard case .text(let text) = value else { throw unexpected(name, value, expected: "a string") }
        return text
    }

    func integers(_ name: String) throws(ONNXError) -> [Int]? {
        guard let value = self[name] else { return nil }
        guard case .integers(let numbers) = value else { throw unexpected(name, value, expected: "a list of integers") }
        return numbers.map { Int($0) }
    }

    func reals(_ name: String) throws(ONNXError) -> [Float]? {
        guard let value = self[name] else { return nil }
        guard case .reals(let numbers) = value else { throw unexpected(name, value, expected: "a list of real numbers") }
        return numbers
    }

    func tensor(_ name: String) throws(ONNXError) -> UnsafePointer<TensorMessage>? {
        guard let value = self[name] else { return nil }
        guard case .tensor(let message) = value else { throw unexpected(name, value, expected: "a tensor") }
        return message
    }

    /// The case of a raw value that the attribute spells, by ONNX's spelling.
    func choice<Choice>(
        _ name: String, default fallback: String, _ choices: [String: Choice]
    ) throws(ONNXError) -> Choice {
        let text = try text(name, default: fallback)
        guard let choice = choices[text] else {
            throw ONNXError(.inexpressible("attribute \(name) is \"\(escaped(text))\", known are \(choices.keys.sorted().joined(separator: ", "))"))
        }
        return choice
    }
}

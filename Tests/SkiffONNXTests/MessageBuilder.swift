import SkiffCore
import SkiffGraph
@testable import SkiffONNX

/// Writes protobuf messages byte by byte, broken ones included.
struct MessageBuilder {
    private(set) var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    mutating func integer(_ field: Int, _ value: Int64) {
        bytes += Self.varint(UInt64(field) << 3) + Self.varint(UInt64(bitPattern: value))
    }

    mutating func real(_ field: Int, _ value: Float) {
        bytes += Self.varint(UInt64(field) << 3 | 5)
        bytes += [value.bitPattern].littleEndianBytes { $0.littleEndian }
    }

    mutating func data(_ field: Int, _ data: [UInt8]) {
        bytes += Self.varint(UInt64(field) << 3 | 2) + Self.varint(UInt64(data.count)) + data
    }

    mutating func text(_ field: Int, _ text: String) { data(field, Array(text.utf8)) }

    mutating func message(_ field: Int, _ fill: (inout MessageBuilder) -> Void) {
        var inner = MessageBuilder()
        fill(&inner)
        data(field, inner.bytes)
    }

    mutating func raw(_ raw: [UInt8]) { bytes += raw }
}

func message(_ fill: (inout MessageBuilder) -> Void) -> [UInt8] {
    var builder = MessageBuilder()
    fill(&builder)
    return builder.bytes
}

enum TestAttribute {
    case integer(Int64), real(Float), text(String), integers([Int64]), reals([Float]), tensor([UInt8]), graph([UInt8])
}

extension MessageBuilder {
    /// A TensorProto's dimensions, type and name; the data is the caller's to add.
    mutating func tensor(_ name: String, _ type: Int64, _ dims: [Int64]) {
        for extent in dims { integer(1, extent) }
        integer(2, type)
        text(8, name)
    }

    mutating func attribute(_ name: String, _ value: TestAttribute) {
        message(5) { attribute in
            attribute.text(1, name)
            switch value {
            case .integer(let number): attribute.integer(3, number); attribute.integer(20, 2)
            case .real(let number): attribute.real(2, number); attribute.integer(20, 1)
            case .text(let text): attribute.text(4, text); attribute.integer(20, 3)
            case .integers(let numbers): numbers.forEach { attribute.integer(8, $0) }; attribute.integer(20, 7)
            case .reals(let numbers): numbers.forEach { attribute.real(7, $0) }; attribute.integer(20, 6)
            case .tensor(let tensor): attribute.data(5, tensor); attribute.integer(20, 4)
            case .graph(let graph): attribute.data(6, graph); attribute.integer(20, 5)
            }
        }
    }

    mutating func node(
        _ type: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
        _ attributes: [(String, TestAttribute)] = []
    ) {
        message(1) { node in
            for input in inputs { node.text(1, input) }
            for output in outputs { node.text(2, output) }
            if !name.isEmpty { node.text(3, name) }
            node.text(4, type)
            for (name, value) in attributes { node.attribute(name, value) }
            if !domain.isEmpty { node.text(7, domain) }
        }
    }

    /// A ValueInfoProto of floats in field 11 (input), 12 (output) or 13.
    mutating func value(_ field: Int, _ name: String, _ shape: [Int64?]?, type: Int64 = 1) {
        message(field) { value in
            value.text(1, name)
            value.message(2) { kind in
                kind.message(1) { tensor in
                    tensor.integer(1, type)
                    guard let shape else { return }
                    tensor.message(2) { dims in
                        for extent in shape {
                            dims.message(1) { dim in
                                if let extent { dim.integer(1, extent) } else { dim.text(2, "N") }
                            }
                        }
                    }
                }
            }
        }
    }

    mutating func floats(_ name: String, _ dims: [Int64], _ values: [Float]) {
        message(5) { tensor in
            tensor.tensor(name, 1, dims)
            tensor.data(9, values.littleEndianBytes { $0.bitPattern.littleEndian })
        }
    }
}

/// A model around a graph.
func model(opset: Int64? = 17, ir: Int64 = 8, domains: [(String, Int64)] = [], _ graph: (inout MessageBuilder) -> Void) -> [UInt8] {
    message { model in
        model.integer(1, ir)
        model.text(2, "test")
        model.message(7, graph)
        if let opset { model.message(8) { $0.integer(2, opset) } }
        for (domain, version) in domains {
            model.message(8) { set in
                set.text(1, domain)
                set.integer(2, version)
            }
        }
    }
}

func read(_ bytes: [UInt8]) throws(ONNXError) -> Graph {
    try ONNXReader.read(storage: Storage(bytes), folder: nil)
}

/// The graph of one node on input x.
func graphOf(
    _ type: String, opset: Int64, shape: [Int64?]? = [2, 3, 8, 8], weights: [(String, [Int64])] = [],
    outputs: [String] = ["y"], inputs: [String]? = nil, _ attributes: [(String, TestAttribute)] = []
) throws(ONNXError) -> Graph {
    try read(model(opset: opset) { graph in
        graph.value(11, "x", shape)
        for (name, dims) in weights { graph.floats(name, dims, Array(repeating: 1, count: Int(dims.reduce(1, *)))) }
        graph.node(type, inputs ?? ["x"] + weights.map(\.0), outputs, name: "n", attributes)
        graph.value(12, "y", nil)
    })
}

/// The error that `body` throws.
func failure(_ body: () throws(ONNXError) -> some Any) -> ONNXError? {
    do throws(ONNXError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

internal import SkiffCore
internal import SkiffGraph

/// A message of a file whose weights are given when it is written.
typealias MessageOutput = ProtobufOutput<WeightView>

/// Where weights lie in an external file.
struct ExternalLayout: Sendable {
    /// The file's name, beside the model's.
    let location: String
    /// Offsets of weights in it, by position; weights without one stay in the model's file.
    let offsets: [Int: Int]
    /// Bytes of the file.
    let byteCount: Int

    /// Weights of fewer bytes stay in the model's file, as `onnx.save` leaves them.
    private static let leastBytes = 1024
    /// Where ONNX Runtime maps weights instead of reading them.
    private static let alignment = 64 << 10
    private static let alignedBytes = 1 << 20

    init(_ weights: [WrittenModel.Weight], location: String) {
        var offsets: [Int: Int] = [:]
        var end = 0
        for (index, weight) in weights.enumerated() where weight.view.tensor.byteRange.count >= Self.leastBytes {
            let count = weight.view.tensor.byteRange.count
            let alignment = count >= Self.alignedBytes ? Self.alignment : 64
            end = (end + alignment - 1) / alignment * alignment
            offsets[index] = end
            end += count
        }
        self.location = location
        self.offsets = offsets
        byteCount = end
    }
}

// Field numbers are those of onnx.proto; fields stand in their order, as protobuf's own writer puts them.
extension WrittenModel {
    /// The `ModelProto` of this model.
    func message(external: ExternalLayout?) -> MessageOutput {
        let source = ModelFields(metadata, opset: opset, weights: weights)
        var model = MessageOutput()
        model.append(1, integer: source.irVersion)
        model.append(2, unlessEmpty: source.producerName)
        model.append(3, unlessEmpty: source.producerVersion)
        model.append(4, unlessEmpty: source.domain)
        if let version = source.modelVersion { model.append(5, integer: version) }
        model.append(6, unlessEmpty: source.documentation)
        model.append(7, message: graphMessage(external))
        for (domain, version) in source.operatorSets {
            var message = MessageOutput()
            message.append(1, unlessEmpty: domain)
            message.append(2, integer: version)
            model.append(8, message: message)
        }
        for entry in source.properties { model.append(14, message: Self.entry(entry.key, entry.value)) }
        return model
    }

    private func graphMessage(_ external: ExternalLayout?) -> MessageOutput {
        var graph = MessageOutput()
        for node in nodes { graph.append(1, message: Self.message(node)) }
        // The checker demands a name.
        graph.append(2, text: name.isEmpty ? "graph" : name)
        for (index, weight) in weights.enumerated() {
            graph.append(5, message: Self.message(weight, external: external, offset: external?.offsets[index]))
        }
        for input in inputs { graph.append(11, message: Self.message(input)) }
        for output in outputs { graph.append(12, message: Self.message(output)) }
        for value in intermediates { graph.append(13, message: Self.message(value)) }
        return graph
    }

    private static func entry(_ key: String, _ value: String) -> MessageOutput {
        var entry = MessageOutput()
        entry.append(1, text: key)
        entry.append(2, text: value)
        return entry
    }

    private static func message(_ node: Node) -> MessageOutput {
        var message = MessageOutput()
        for input in node.inputs { message.append(1, text: input) }
        for output in node.outputs { message.append(2, text: output) }
        message.append(3, unlessEmpty: node.name)
        message.append(4, text: node.operatorName)
        for attribute in node.attributes { message.append(5, message: Self.message(attribute)) }
        message.append(7, unlessEmpty: node.domain)
        return message
    }

    private static func message(_ attribute: Attribute) -> MessageOutput {
        var message = MessageOutput()
        message.append(1, text: attribute.name)
        let type: Int64
        switch attribute.value {
        case .real(let value):
            message.append(2, real: value)
            type = 1
        case .integer(let value):
            message.append(3, integer: value)
            type = 2
        case .text(let value):
            message.append(4, text: value)
            type = 3
        case .tensor(let tensor):
            message.append(5, message: Self.message(Weight(name: "", view: WeightView(tensor)), external: nil, offset: nil))
            type = 4
        case .reals(let values):
            for value in values { message.append(7, real: value) }
            type = 6
        case .integers(let values):
            for value in values { message.append(8, integer: value) }
            type = 7
        case .texts(let values):
            for value in values { message.append(9, text: value) }
            type = 8
        }
        message.append(20, integer: type)
        return message
    }

    static func message(_ weight: Weight, external: ExternalLayout?, offset: Int?) -> MessageOutput {
        let (tensor, shape) = (weight.view.tensor, weight.view.shape)
        var message = MessageOutput()
        for extent in shape { message.append(1, integer: Int64(extent)) }
        message.append(2, integer: Int64(tensor.elementType.onnxNumber))
        message.append(8, unlessEmpty: weight.name)
        guard let external, let offset else {
            message.append(9, payload: weight.view, byteCount: tensor.byteRange.count)
            return message
        }
        let place = [("location", external.location), ("offset", String(offset)), ("length", String(tensor.byteRange.count))]
        for (key, value) in place { message.append(13, message: entry(key, value)) }
        message.append(14, integer: 1)
        return message
    }

    private static func message(_ declaration: Declaration) -> MessageOutput {
        var tensor = MessageOutput()
        tensor.append(1, integer: Int64(declaration.elementType.onnxNumber))
        if let shape = declaration.shape {
            var extents = MessageOutput()
            for dimension in shape {
                var extent = MessageOutput()
                switch dimension {
                case .fixed(let number): extent.append(1, integer: Int64(number))
                case .symbolic(let name): extent.append(2, text: name)
                case .unknown: break
                }
                extents.append(1, message: extent)
            }
            tensor.append(2, message: extents)
        }
        var type = MessageOutput()
        type.append(1, message: tensor)
        var message = MessageOutput()
        message.append(1, text: declaration.name)
        message.append(2, message: type)
        return message
    }
}

internal import CONNXSchema
public import SkiffCore
public import SkiffGraph

/// What an ONNX file says, taken down without making a network of it: files that the reader refuses have one too.
public struct ONNXSurvey: Sendable {
    public struct OperatorSet: Hashable, Sendable {
        /// Empty for ONNX's own.
        public var domain: String
        public var version: Int64
    }

    public struct Initializer: Sendable {
        public var name: String
        /// `nil` for a number that stands for no type.
        public var elementType: ElementType?
        public var shape: Shape
        /// Bytes by type and shape; `nil` where these make none.
        public var byteCount: Int?
        /// Whether the graph lists it as an input, too.
        public var isInput: Bool
        /// Whether a node, a graph inside a node or an output reads it.
        public var isRead: Bool
        /// The bytes of an external file that hold it.
        public var external: (location: String, bytes: Range<Int>)?
        /// Why it cannot be read; `nil` where it can.
        public var failure: ONNXError?
    }

    public struct Node: Sendable {
        public var name: String
        public var operatorName: String
        public var domain: String
        public var inputs: [String]
        public var outputs: [String]
        /// The name, else that of the first output.
        public var place: Place
        /// Whether the reader knows the operator, or the model defines it.
        public var isKnown: Bool
    }

    /// `nil` where the file says none.
    public var irVersion: Int64?
    public var operatorSets: [OperatorSet]
    public var inputs: [String]
    public var outputs: [String]
    public var initializers: [Initializer]
    public var nodes: [Node]
    /// What the file says of values that nodes give.
    public var declared: [(name: String, fact: Fact)]
}

extension ONNXReader {
    /// Takes down what the model that `storage` holds says. No external file is read, only opened.
    ///
    /// - Parameter folder: where external data is looked for, as in ``read(storage:folder:)``.
    /// - Throws: ``ONNXError`` where the bytes are no such message, or it has no graph.
    public static func survey(storage: Storage, folder: String?) throws(ONNXError) -> ONNXSurvey {
        let scanned = try ScannedMessage(storage, schema: ONNXSchema.model, descriptor: ONNXSchema.modelDescriptor)
        return try withExtendedLifetime(scanned) { () throws(ONNXError) in
            let model = scanned.message.pointer.assumingMemoryBound(to: ModelMessage.self).pointee
            guard let graph = model.graph?.pointee else { throw ONNXError(.missing("graph")) }
            return ONNXSurvey(model, graph, TensorReader(storage: storage, folder: folder, payloads: scanned.payloads))
        }
    }
}

extension ONNXSurvey {
    fileprivate init(_ model: ModelMessage, _ graph: GraphMessage, _ reader: TensorReader) {
        irVersion = model.has_ir_version != 0 ? model.ir_version : nil
        operatorSets = messages(model.n_opset_import, model.opset_import).map { message in
            OperatorSet(
                domain: OperatorSets.canonical(text(message.pointee.domain)),
                version: message.pointee.has_version != 0 ? message.pointee.version : 0)
        }
        let initial = messages(graph.n_initializer, graph.initializer)
        let initialized = Set(initial.map { text($0.pointee.name) })
        let listed = messages(graph.n_input, graph.input).map { text($0.pointee.name) }
        inputs = listed.filter { !initialized.contains($0) }
        outputs = messages(graph.n_output, graph.output).map { text($0.pointee.name) }
        let isListed = Set(listed)
        let nodeMessages = messages(graph.n_node, graph.node)
        let read = GraphImporter.readNames(nodeMessages, outputs: outputs)
        initializers = initial.map { message in
            Initializer(
                message, reader, isInput: isListed.contains(text(message.pointee.name)),
                isRead: read.contains(text(message.pointee.name)))
        }
        let known = Set(ONNXReader.operatorNames).union(["Constant", "If"])
        let defined = Set(messages(model.n_functions, model.functions).map { text($0.pointee.name) })
        nodes = nodeMessages.enumerated().map { index, message in
            Node(message, index: index, isKnown: { known.contains($0) || defined.contains($0) })
        }
        declared = (messages(graph.n_value_info, graph.value_info) + messages(graph.n_output, graph.output)).compactMap {
            message in
            guard let fact = try? Fact(value: message.pointee) else { return nil }
            return (text(message.pointee.name), fact)
        }
    }
}

extension ONNXSurvey.Initializer {
    fileprivate init(
        _ message: UnsafePointer<TensorMessage>, _ reader: TensorReader, isInput: Bool, isRead: Bool
    ) {
        let tensor = message.pointee
        name = text(tensor.name)
        elementType = ElementType(onnx: tensor.has_data_type != 0 ? tensor.data_type : 0)
        shape = elements(tensor.n_dims, tensor.dims).map { Int(clamping: $0) }
        self.isInput = isInput
        self.isRead = isRead
        byteCount = elementType.flatMap { [shape] in try? checkedTensorBytes(shape: shape, elementType: $0) }
        do throws(ONNXError) {
            let read = try reader.tensor(message)
            if tensor.n_external_data > 0, let path = read.storage.path { external = (path, read.byteRange) }
        } catch {
            if case .textTensor = error.reason { return }
            failure = error.at(Place(tensor: name))
        }
    }
}

extension ONNXSurvey.Node {
    fileprivate init(_ message: UnsafePointer<NodeMessage>, index: Int, isKnown: (String) -> Bool) {
        name = text(message.pointee.name)
        operatorName = text(message.pointee.op_type)
        domain = OperatorSets.canonical(text(message.pointee.domain))
        outputs = texts(message.pointee.n_output, message.pointee.output).filter { !$0.isEmpty }
        inputs = texts(message.pointee.n_input, message.pointee.input).filter { !$0.isEmpty }
        let display = name.isEmpty ? outputs.first ?? "#\(index)" : name
        place = Place(node: display, operatorName: operatorName)
        self.isKnown = isKnown(operatorName)
    }
}

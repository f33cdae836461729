internal import CONNXSchema
public import SkiffCore
public import SkiffGraph

/// Reads ONNX models: IR versions 3 to 14, opsets 1 to 28.
///
/// Weights stay in the model's file, or in the external files of its folder. Operators that Skiff does not know
/// are carried as ``Operator/unknown(_:)``. Training information is passed over.
/// Source: ONNX IR.md, Versioning.md and Operators.md of onnx 1.23.
public enum ONNXReader {
    /// The operators that can be run, by ONNX's names, sorted.
    public static var operatorNames: [String] { OperatorTable.names }

    /// The versions of the default operator set that are read.
    public static var opsets: ClosedRange<Int> { OperatorSets.supported }

    /// The graph of the model that `storage` holds.
    ///
    /// - Parameter folder: the folder that external data is looked for in; empty is the working directory, `nil`
    ///   refuses external data.
    /// - Throws: ``ONNXError`` with the place: byte offset and field for broken bytes, node for what an operator
    ///   gets, tensor for weights.
    public static func read(storage: Storage, folder: String?) throws(ONNXError) -> Graph {
        do throws(ONNXError) {
            return try unlocatedRead(storage: storage, folder: folder)
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// What can be made of a model that ``read(storage:folder:)`` refuses, to look at, not to run.
    ///
    /// A newer version is read as the newest known one; values that nothing gives, and weights that cannot be read, become
    /// inputs; nodes that break a rule become unknown operators.
    /// - Parameter folder: as in ``read(storage:folder:)``.
    /// - Returns: the network, and the names of the inputs that the file does not have.
    /// - Throws: ``ONNXError`` for what stays in the way.
    public static func readLeniently(
        storage: Storage, folder: String?
    ) throws(ONNXError) -> (graph: Graph, madeUp: Set<String>) {
        let scanned = try ScannedMessage(storage, schema: ONNXSchema.model, descriptor: ONNXSchema.modelDescriptor)
        return try withExtendedLifetime(scanned) { () throws(ONNXError) in
            let model = scanned.message.pointer.assumingMemoryBound(to: ModelMessage.self).pointee
            let reader = TensorReader(storage: storage, folder: folder, payloads: scanned.payloads)
            guard let graph = model.graph?.pointee else { throw ONNXError(.missing("graph")) }
            let importer = try GraphImporter(model: model, graph: graph, reader: reader, isLenient: true)
            return (try importer.importGraph(), importer.madeUp)
        }
    }

    /// The initializers of a model that can be read, whatever its nodes are like.
    /// - Throws: ``ONNXError`` where the bytes are no such message, or it has no graph.
    public static func initializers(
        storage: Storage, folder: String?
    ) throws(ONNXError) -> [(name: String, tensor: Tensor)] {
        let scanned = try ScannedMessage(storage, schema: ONNXSchema.model, descriptor: ONNXSchema.modelDescriptor)
        return try withExtendedLifetime(scanned) { () throws(ONNXError) in
            let model = scanned.message.pointer.assumingMemoryBound(to: ModelMessage.self).pointee
            let reader = TensorReader(storage: storage, folder: folder, payloads: scanned.payloads)
            guard let graph = model.graph?.pointee else { throw ONNXError(.missing("graph")) }
            return messages(graph.n_initializer, graph.initializer).compactMap { message in
                guard let tensor = try? reader.tensor(message) else { return nil }
                return (text(message.pointee.name), tensor)
            }
        }
    }

    private static func unlocatedRead(storage: Storage, folder: String?) throws(ONNXError) -> Graph {
        guard storage.byteCount > 0 else { throw ONNXError(.notThisFormat("is empty")) }
        let scanned = try ScannedMessage(
            storage, schema: ONNXSchema.model, descriptor: ONNXSchema.modelDescriptor)
        return try withExtendedLifetime(scanned) { () throws(ONNXError) in
            let model = scanned.message.pointer.assumingMemoryBound(to: ModelMessage.self).pointee
            let reader = TensorReader(storage: storage, folder: folder, payloads: scanned.payloads)
            guard let graph = model.graph?.pointee else { throw ONNXError(.missing("graph")) }
            return try GraphImporter(model: model, graph: graph, reader: reader).importGraph()
        }
    }
}

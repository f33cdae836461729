public import SkiffCore
public import SkiffGraph

/// Writes graphs as ONNX models. The same graph gives the same bytes.
///
/// Names, order and attributes stay as the graph has them wherever ONNX's operators say the same as the graph's. What
/// ONNX has no operator for is written as several, and channels-last maps as channels-first ones.
public enum ONNXWriter {
    /// Operator sets that are written.
    public static let opsets = 9...OperatorSets.supported.upperBound

    /// What was written.
    public struct Summary: Sendable {
        public var opset: Int
        /// Weights in the file.
        public var tensors: Int
        /// What there is to say of it, a line each.
        public var notes: [String]
    }

    /// Most bytes of one file: protobuf's own limit. Models past it keep their weights in a file beside them.
    static let fileLimit = Int(Int32.max)

    /// Writes `graph` to `path`, atomically. Weights go from where they lie to the file, piece by piece; past two
    /// gigabytes they go to a file beside it, called as it with `.data` at the end, which is written first.
    /// - Parameters:
    ///   - opset: the version of ONNX's operators; `nil` takes 13, or the first later one that has all operators.
    ///   - isSynchronised: whether it returns only when the medium has the bytes.
    ///   - progress: told the bytes of weights written so far and those there are.
    /// - Throws: ``ONNXError`` naming the node that ONNX cannot say in that version, or at all; `core` where writing
    ///   fails.
    @discardableResult
    public static func write(
        _ graph: Graph, to path: String, opset: Int? = nil, isSynchronised: Bool = true,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(ONNXError) -> Summary {
        try write(
            graph, to: path, opset: opset, fileLimit: fileLimit, isSynchronised: isSynchronised, progress: progress)
    }

    static func write(
        _ graph: Graph, to path: String, opset: Int?, fileLimit: Int, isSynchronised: Bool = true,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(ONNXError) -> Summary {
        let model = try WrittenModel(graph, opset: opset)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var external: ExternalLayout?
        var message = model.message(external: nil)
        if message.byteCount > fileLimit {
            let layout = ExternalLayout(model.weights, location: name + ".data")
            message = model.message(external: layout)
            external = layout
            guard message.byteCount <= fileLimit else {
                throw ONNXError(.unwritable("structure has \(message.byteCount) bytes, a file holds \(fileLimit)"))
            }
        }
        var meter = Meter(total: model.weights.reduce(0) { $0 + $1.view.tensor.byteRange.count }, progress)
        try located { () throws(CoreError) in
            // The model's file is begun first and ended last: its folder is known to be writable, and a model never stands
            // beside data that is not its own for longer than its name takes to change.
            try atomicWrite(to: path, isSynchronised: isSynchronised) { writer throws(CoreError) in
                if let external {
                    try write(model.weights, external, beside: path, isSynchronised: isSynchronised, &meter)
                }
                for segment in message.segments {
                    switch segment {
                    case .bytes(let bytes): try writer.write(bytes)
                    case .payload(let view, _): try write(view, to: &writer, &meter)
                    }
                }
            }
        }
        var notes = model.notes
        if let external { notes.append("weights lie in \(escaped(external.location)), which belongs beside the model") }
        return Summary(opset: model.opset, tensors: model.weights.count, notes: notes)
    }

    /// Writes the file of weights that lies beside the model.
    private static func write(
        _ weights: [WrittenModel.Weight], _ layout: ExternalLayout, beside path: String, isSynchronised: Bool,
        _ meter: inout Meter
    ) throws(CoreError) {
        let target = path + ".data"
        if let identity = (try? Storage(mapping: target))?.identity,
            weights.contains(where: { $0.view.tensor.storage.identity == identity })
        {
            throw CoreError(.malformed("is a file that the model is read from"), at: Place(file: target))
        }
        try atomicWrite(to: target, isSynchronised: isSynchronised) { writer throws(CoreError) in
            for (index, weight) in weights.enumerated() {
                guard let offset = layout.offsets[index] else { continue }
                try writer.write([UInt8](repeating: 0, count: offset - writer.position))
                try write(weight.view, to: &writer, &meter)
            }
        }
    }

    private static func write(
        _ view: WeightView, to writer: inout FileWriter, _ meter: inout Meter
    ) throws(CoreError) {
        try view.forEachPiece { bytes throws(CoreError) in
            try writer.write(bytes)
            meter.advance(by: bytes.count)
        }
    }

    /// Tells how much of the weights is written.
    private struct Meter {
        let total: Int
        let progress: ((Int, Int) -> Void)?
        var done = 0

        init(total: Int, _ progress: ((Int, Int) -> Void)?) {
            self.total = total
            self.progress = progress
        }

        mutating func advance(by count: Int) {
            done += count
            progress?(done, total)
        }
    }
}

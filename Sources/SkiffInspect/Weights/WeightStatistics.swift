public import SkiffCore
public import SkiffGraph
internal import Synchronization

/// What the weights of a network are like, in the order in which its layers read them.
public struct WeightStatistics: Sendable {
    public var tensors: [TensorStatistics]

    public init(tensors: [TensorStatistics]) { self.tensors = tensors }

    /// Reads every weight of a network twice, in parts and on several threads; memory stays flat.
    ///
    /// Figures hang neither on the number of threads nor on the processor.
    /// - Parameters:
    ///   - inspection: of the same graph.
    ///   - names: the weights to read; all where `nil`.
    ///   - workers: threads; all processors, up to 8, where `nil`.
    ///   - progress: told what part is read, from 0 to 1, on any thread.
    /// - Throws: ``CoreError`` at the tensor that cannot be read or decoded.
    public init(
        of graph: Graph, _ inspection: Inspection, names: Set<String>? = nil, workers: Int? = nil,
        progress: (@Sendable (Double) -> Void)? = nil
    ) throws(CoreError) {
        let uses = graph.weightUses()
        let read = graph.weightsInReadingOrder().filter { names?.contains(graph[$0].name) ?? true }
        let ordered = read.enumerated().sorted { left, right in
            (uses[left.element.index]?.position ?? .max, left.offset) < (uses[right.element.index]?.position ?? .max, right.offset)
        }.map(\.element)
        let weights = ordered.map { id in
            MeasuredWeight(
                value: id, name: graph[id].name, tensor: graph[id].tensor, use: uses[id.index])
        }
        tensors = try Self.measure(weights, workers: workers, kernels: .best, progress: progress)
    }

    /// Statistics of tensors that no network reads.
    /// - Throws: ``CoreError`` at the tensor that cannot be read or decoded.
    public init(
        of named: [(name: String, tensor: Tensor)], workers: Int? = nil, progress: (@Sendable (Double) -> Void)? = nil
    ) throws(CoreError) {
        let weights = named.enumerated().map { index, entry in
            MeasuredWeight(value: ValueID(index), name: entry.name, tensor: entry.tensor, use: nil)
        }
        tensors = try Self.measure(weights, workers: workers, kernels: .best, progress: progress)
    }

    /// Reads the tensors: all chunks once, then again those of tensors with more than one.
    static func measure(
        _ weights: [MeasuredWeight], workers: Int?, kernels: StatisticsKernels, progress: (@Sendable (Double) -> Void)?
    ) throws(CoreError) -> [TensorStatistics] {
        var sizes: [Int: Int] = [:]
        for weight in weights { sizes[weight.tensor?.byteRange.count ?? 0, default: 0] += 1 }
        let readings = weights.map { weight -> TensorReading? in
            guard let tensor = weight.tensor, let decoding = NumberDecoding(tensor.elementType) else { return nil }
            return TensorReading(
                tensor, name: weight.name, decoding: decoding,
                axis: weight.use?.axis ?? .single(tensor.elementCount),
                isDigested: sizes[tensor.byteRange.count, default: 0] > 1)
        }
        let present = readings.compactMap { $0 }
        let first = present.flatMap { reading in (0..<reading.chunks).map { (reading, $0) } }
        let long = present.filter { $0.chunks > 1 }
        let second = long.flatMap { reading in (0..<reading.chunks).map { (reading, $0) } }
        let pool = ChunkMemory.Pool()
        let done = Atomic(0)
        let total = max(1, first.count + second.count)
        try concurrently(first.count, workers: workers) { index throws(CoreError) in
            try pool.with { memory throws(CoreError) in try first[index].0.survey(first[index].1, memory, kernels) }
            progress?(Double(done.wrappingAdd(1, ordering: .relaxed).newValue) / Double(total))
        }
        for reading in long { reading.settle() }
        try concurrently(second.count, workers: workers) { index throws(CoreError) in
            try pool.with { memory throws(CoreError) in try second[index].0.measure(second[index].1, memory, kernels) }
            progress?(Double(done.wrappingAdd(1, ordering: .relaxed).newValue) / Double(total))
        }
        var tensors = zip(weights, readings).map { weight, reading in weight.statistics(reading) }
        markDuplicates(&tensors, weights, readings)
        return tensors
    }

    /// Tensors with the same bytes, whatever their shapes. A digest finds them, and the bytes decide.
    private static func markDuplicates(
        _ tensors: inout [TensorStatistics], _ weights: [MeasuredWeight], _ readings: [TensorReading?]
    ) {
        var known: [[UInt64]: [Int]] = [:]
        for index in tensors.indices {
            guard let reading = readings[index], !tensors[index].isConstant, tensors[index].elements > 1 else { continue }
            let digest = reading.totals.findings.digest
            guard !digest.isEmpty else { continue }
            let same = known[digest, default: []].first { other in
                guard let twin = readings[other]?.tensor else { return false }
                return reading.tensor.hasSameBytes(as: twin)
            }
            if let same {
                tensors[index].duplicateOf = same
            } else {
                known[digest, default: []].append(index)
            }
        }
    }
}

/// A tensor to read, and how a network reads it.
struct MeasuredWeight: Sendable {
    var value: ValueID
    var name: String
    var tensor: Tensor?
    var use: WeightUse?
}

extension Tensor {
    /// Whether the little-endian bytes are the same; shapes may differ.
    fileprivate func hasSameBytes(as other: Tensor) -> Bool {
        guard elementType == other.elementType, byteRange.count == other.byteRange.count else { return false }
        if storage === other.storage, byteRange == other.byteRange { return true }
        guard let flat = try? flattened(), let otherFlat = try? other.flattened() else { return false }
        return flat.firstDifferingElement(from: otherFlat) == nil
    }

    private func flattened() throws(CoreError) -> Tensor {
        try Tensor(
            elementType: elementType, shape: [elementCount], storage: storage, byteRange: byteRange, byteOrder: byteOrder)
    }
}

extension Graph {
    /// The weights as nodes read them, those that none reads last.
    func weightsInReadingOrder() -> [ValueID] {
        var ordered: [ValueID] = []
        var isListed = [Bool](repeating: false, count: values.count)
        for node in nodes {
            for case let input? in node.inputs where !isListed[input.index] && self[input].tensor != nil {
                isListed[input.index] = true
                ordered.append(input)
            }
        }
        return ordered + weights.filter { !isListed[$0.index] }
    }
}

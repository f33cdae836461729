internal import SkiffCore
internal import SkiffGraph

/// A weight on its way into a file.
struct PlannedWeight: Sendable {
    let name: String
    let tensor: Tensor
    let form: PayloadForm
    /// Of the output channels, for int8.
    let channelAxis: Int?
    let index: CanonicalIndex
    /// Empty where they are the tensor's own.
    let canonicalAxes: [Int]
    /// Position of an earlier weight with the same payload.
    let sharedWith: Int?
    /// int8's, one per channel.
    let scales: [Float]
    /// Why the tensor is not stored as it was asked to be, in words.
    let note: String?

    var encoding: Encoding { form.encoding }
}

/// Settles for each weight of a graph how it is stored.
/// - Throws: ``CoreError`` where weights cannot be read.
func planWeights(of graph: Graph, _ encodings: EncodingPlan) throws(CoreError) -> [PlannedWeight] {
    let axes = graph.weightAxes()
    let weights = graph.weights.compactMap { id in graph[id].tensor.map { (id: id, name: graph[id].name, tensor: $0) } }
    let drafts = try encodedForms(weights.map { ($0.name, $0.tensor, axes[$0.id]) }, encodings)
    let shares = try sharedPayloads(zip(weights, drafts).map { ($0.tensor, $1.form) })
    return weights.indices.map { position in
        let (weight, draft) = (weights[position], drafts[position])
        let canonical = axes[weight.id]?.canonical ?? []
        let isOwn = canonical == Array(canonical.indices)
        return PlannedWeight(
            name: weight.name, tensor: weight.tensor, form: draft.form,
            channelAxis: draft.form.encoding == .int8 ? axes[weight.id]?.outputChannels : nil,
            index: CanonicalIndex(
                weight.tensor.elementType, shape: weight.tensor.shape, canonicalAxes: isOwn ? [] : canonical),
            canonicalAxes: isOwn ? [] : canonical, sharedWith: shares[position], scales: draft.scales, note: draft.note)
    }
}

private struct DraftForm: Sendable {
    var form: PayloadForm
    var scales: [Float] = []
    var note: String?
}

/// The form of each weight; those that are to be rounded are read for it.
private func encodedForms(
    _ weights: [(name: String, tensor: Tensor, axes: WeightAxes?)], _ encodings: EncodingPlan
) throws(CoreError) -> [DraftForm] {
    let drafts = SharedArray(weights.map { weight in
        let encoding = encodings.encoding(of: weight.name, weight.tensor, isContracted: weight.axes != nil)
        return DraftForm(form: weight.tensor.form(encoding, axis: weight.axes?.outputChannels))
    })
    try concurrently(weights.count) { position throws(CoreError) in
        let (tensor, form) = (weights[position].tensor, drafts[position].form)
        guard form.encoding.isLossy else { return }
        let magnitudes = try Magnitudes(of: tensor, form)
        if let refusal = magnitudes.refusal(of: form.encoding) {
            drafts[position] = DraftForm(form: tensor.form(.lossless, axis: nil), note: "\(refusal); stored lossless")
        } else if form.encoding == .int8 {
            drafts[position].scales = magnitudes.scales
        }
    }
    return drafts.elements
}

extension Tensor {
    fileprivate func form(_ encoding: Encoding, axis: Int?) -> PayloadForm {
        PayloadForm(encoding, elementType, shape: shape, byteCount: byteRange.count, axis: axis)
    }
}

/// For each weight the first one before it whose payload is the same, if there is one.
///
/// Only weights of one size whose first and last bytes are equal are compared as a whole.
private func sharedPayloads(_ weights: [(tensor: Tensor, form: PayloadForm)]) throws(CoreError) -> [Int?] {
    struct Key: Hashable {
        var elementType: ElementType
        var encoding: Encoding
        var byteCount: Int
        var channels: [Int]
        var head: [UInt8]
        var tail: [UInt8]
    }
    var shares = [Int?](repeating: nil, count: weights.count)
    var candidates: [Key: [Int]] = [:]
    for (position, (tensor, form)) in weights.enumerated() {
        let count = tensor.byteRange.count
        guard count > 0 else { continue }
        let ends = min(count, 64)
        let key = Key(
            elementType: tensor.elementType, encoding: form.encoding, byteCount: count,
            channels: [form.channels, form.channelStep],
            head: try tensor.littleEndianBytes(0..<ends), tail: try tensor.littleEndianBytes(count - ends..<count))
        for earlier in candidates[key, default: []] {
            guard try tensor.hasSameBytes(as: weights[earlier].tensor) else { continue }
            shares[position] = earlier
            break
        }
        if shares[position] == nil { candidates[key, default: []].append(position) }
    }
    return shares
}

extension Tensor {
    /// A copy of a few bytes; whole elements or not.
    fileprivate func littleEndianBytes(_ range: Range<Int>) throws(CoreError) -> [UInt8] {
        var failure: CoreError?
        let width = 16
        let start = range.lowerBound / width * width
        let end = min(byteRange.count, (range.upperBound + width - 1) / width * width)
        let bytes = [UInt8](unsafeUninitializedCapacity: end - start) { buffer, initialized in
            do throws(CoreError) {
                try readLittleEndian(start..<end, into: UnsafeMutableRawBufferPointer(buffer))
                initialized = end - start
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return Array(bytes[range.lowerBound - start..<range.upperBound - start])
    }

    fileprivate func hasSameBytes(as other: Tensor) throws(CoreError) -> Bool {
        if storage === other.storage, byteRange == other.byteRange, byteOrder == other.byteOrder { return true }
        let pieceBytes = 1 << 18
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * pieceBytes, alignment: 64)
        defer { buffer.deallocate() }
        let (left, right) = (
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<pieceBytes]),
            UnsafeMutableRawBufferPointer(rebasing: buffer[pieceBytes...]))
        for start in stride(from: 0, to: byteRange.count, by: pieceBytes) {
            let piece = start..<min(byteRange.count, start + pieceBytes)
            try readLittleEndian(piece, into: left)
            try other.readLittleEndian(piece, into: right)
            guard left[..<piece.count].elementsEqual(right[..<piece.count]) else { return false }
        }
        return true
    }
}

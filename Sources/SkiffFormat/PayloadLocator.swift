internal import SkiffCore
internal import SkiffGraph

/// Finds every payload in a file, checked against its tensor, those before it and the file.
struct PayloadLocator {
    private let record: HeaderRecord
    private let storage: Storage
    private let headerStart: Int
    private let sourceCount: Int

    init(_ record: HeaderRecord, _ storage: Storage, headerStart: Int) {
        self.record = record
        self.storage = storage
        self.headerStart = headerStart
        sourceCount = record.provenance.metadata.sources.count
    }

    /// What makes a payload the same as another weight's.
    private struct Key: Hashable {
        var offset: UInt64
        var byteCount: UInt64
        var checksum: [UInt8]
        var elementType: String
        var encoding: String?
        var channels: [Int]

        init(_ record: TensorRecord, _ form: PayloadForm) {
            offset = record.offset
            byteCount = record.byteCount
            checksum = record.checksum
            elementType = record.elementType
            encoding = record.encoding?.name
            channels = [form.count, form.channels, form.channelStep]
        }
    }

    /// - Throws: ``FormatError`` for F10 to F14, and F20 to F22 as far as the header tells.
    func payloads() throws(FormatError) -> [Payload] {
        try checkSources()
        var payloads: [Payload] = []
        var earlier: [Key: Storage] = [:]
        var end = Layout.prologueBytes
        var decodedBytes = 0
        for value in record.values {
            guard let tensor = value.tensor else { continue }
            do throws(FormatError) {
                let form = try tensor.checkedForm()
                try tensor.checkDigests()
                try tensor.checkOrigin(sources: sourceCount)
                let key = Key(tensor, form)
                let shared = earlier[key]
                try addDecoded(form, to: &decodedBytes)
                if shared == nil {
                    end = try endOfPayload(tensor, form, behind: end, payloads.last?.name)
                }
                let payload = Payload(
                    name: value.name, record: tensor, form: form, shape: tensor.extents.map { Int(clamping: $0) },
                    file: storage, elements: shared)
                earlier[key] = payload.elements
                payloads.append(payload)
            } catch {
                throw error.at(Place(tensor: value.name))
            }
        }
        // F11
        guard end == headerStart else {
            throw FormatError(.payloadEnd(declared: headerStart, expected: end))
        }
        return payloads
    }

    /// Counts the bytes that encoded payloads decode to: few of them may stand for many, but not for any number.
    private func addDecoded(_ form: PayloadForm, to decodedBytes: inout Int) throws(FormatError) {
        guard form.encoding != .raw else { return }
        let (sum, overflow) = decodedBytes.addingReportingOverflow(form.count * form.width)
        let (share, isLarge) = storage.byteCount.multipliedReportingOverflow(by: Layout.decodedShare)
        let allowed = isLarge ? .max : max(Limits.decodedBytes, share)
        // F14
        guard !overflow, sum <= allowed else {
            throw FormatError(
                .core(.limit(name: "decoded bytes", declared: overflow ? .max : sum, allowed: allowed)))
        }
        decodedBytes = sum
    }

    /// Where a payload that begins behind `end` ends itself.
    private func endOfPayload(
        _ tensor: TensorRecord, _ form: PayloadForm, behind end: Int, _ name: String?
    ) throws(FormatError) -> Int {
        let start = form.encoding == .raw ? Layout.aligned(end) : end
        // F10
        guard let start, tensor.offset == UInt64(start) else {
            throw FormatError(.payloadOffset(declared: tensor.offset, expected: start ?? .max, behind: name))
        }
        let (next, overflow) = start.addingReportingOverflow(Int(clamping: tensor.byteCount))
        // F11
        guard !overflow, next <= headerStart else {
            throw FormatError(.payloadEnd(declared: headerStart, expected: overflow ? .max : next))
        }
        return next
    }

    /// - Throws: ``FormatError`` for F22.
    private func checkSources() throws(FormatError) {
        for source in record.provenance.metadata.sources {
            // F22
            guard (source.checksum?.count ?? Layout.checksumBytes) == Layout.checksumBytes else {
                throw FormatError(
                    .origin("source \"\(escaped(source.name))\" has a checksum of \(source.checksum?.count ?? 0) bytes"))
            }
        }
    }
}

extension TensorRecord {
    /// How the payload is laid out, as type, shape and encoding prescribe.
    /// - Throws: ``FormatError`` for F12 to F14.
    fileprivate func checkedForm() throws(FormatError) -> PayloadForm {
        // F12
        guard let type = ElementType(rawValue: elementType) else {
            throw FormatError(.tensorType("element type \"\(escaped(elementType))\" is not known"))
        }
        let shape = extents.map { Int(clamping: $0) }
        let elementBytes: Int
        do throws(CoreError) {
            elementBytes = try checkedTensorBytes(shape: shape, elementType: type)
        } catch {
            // F12
            throw FormatError(.tensorType(error.message))
        }
        let encoding = try checkedEncoding(type)
        let form = PayloadForm(
            encoding, type, shape: shape, byteCount: elementBytes, axis: self.encoding?.axis.map { Int($0) })
        // F14
        guard encoding == .raw ? byteCount == UInt64(elementBytes) : byteCount >= UInt64(form.leastBytes) else {
            throw FormatError(
                .payloadLength(declared: byteCount, expected: encoding == .raw ? elementBytes : form.leastBytes))
        }
        return form
    }

    /// - Throws: ``FormatError`` for F13.
    private func checkedEncoding(_ type: ElementType) throws(FormatError) -> Encoding {
        guard let record = encoding else { return .raw }
        // F13
        guard let encoding = Encoding(rawValue: record.name), encoding != .raw else {
            throw FormatError(
                .encoding(
                    "encoding \"\(escaped(record.name))\" is not known, known are "
                        + Encoding.allCases.dropFirst().map(\.rawValue).joined(separator: ", ")))
        }
        guard !encoding.isLossy || type == .float32 else {
            throw FormatError(.encoding("\(encoding.rawValue) holds float32, the tensor is \(type.rawValue)"))
        }
        guard (record.axis != nil) == (encoding == .int8), record.axis.map({ Int($0) < extents.count }) ?? true else {
            throw FormatError(.encoding("\(encoding.rawValue) has channels on axis \(record.axis.map { "\($0)" } ?? "none")"))
        }
        guard (record.sourceDigest?.count ?? 0) == (encoding.isLossy ? Layout.digestBytes : 0) else {
            throw FormatError(.encoding("\(encoding.rawValue) has a source digest of \(record.sourceDigest?.count ?? 0) bytes"))
        }
        return encoding
    }

    /// - Throws: ``FormatError`` for F20 and F21: digests of another length cannot be had.
    fileprivate func checkDigests() throws(FormatError) {
        // F20
        guard checksum.count == Layout.checksumBytes else { throw FormatError(.payloadChecksum) }
        // F21
        guard digest.count == Layout.digestBytes else {
            throw FormatError(.digest("digest has \(digest.count) bytes, expected \(Layout.digestBytes)"))
        }
    }

    /// - Throws: ``FormatError`` for F22.
    fileprivate func checkOrigin(sources: Int) throws(FormatError) {
        // F22
        let axes = canonicalAxes.map { Int($0) }
        guard axes.isEmpty || axes.sorted() == Array(extents.indices) && axes != Array(extents.indices) else {
            throw FormatError(.origin("canonical axes are no other order of \(extents.count) axes"))
        }
        guard origin?.source.map({ Int($0) < sources }) ?? true else {
            throw FormatError(.origin("origin refers to source \(origin?.source ?? 0), there are \(sources)"))
        }
    }
}

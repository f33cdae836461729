internal import SkiffCore
internal import SkiffGraph

/// A weight's bytes in a file, and what its header says of them.
struct Payload: Sendable {
    var name: String
    var range: Range<Int>
    var checksum: [UInt8]
    var digest: [UInt8]
    var sourceDigest: [UInt8]?
    var form: PayloadForm
    var index: CanonicalIndex
    /// Elements, as the digest counts them.
    var elementCount: Int
    /// The decoded bytes.
    var elements: Storage
    var elementRange: Range<Int>

    /// - Parameters:
    ///   - record: checked, or made by the writer itself.
    ///   - file: where the payload lies.
    ///   - elements: what decodes it, if that is there already.
    init(name: String, record: TensorRecord, form: PayloadForm, shape: Shape, file: Storage, elements: Storage? = nil) {
        self.name = name
        range = Int(clamping: record.offset)..<Int(clamping: record.offset) + Int(clamping: record.byteCount)
        checksum = record.checksum
        digest = record.digest
        sourceDigest = record.encoding?.sourceDigest
        self.form = form
        index = CanonicalIndex(form.elementType, shape: shape, canonicalAxes: record.canonicalAxes.map { Int($0) })
        elementCount = shape.checkedElementCount ?? 0
        if form.encoding == .raw {
            self.elements = file
            elementRange = range
        } else {
            self.elements = elements ?? Storage(decoder: PayloadDecoder(form, file: file, payload: range, checksum: checksum))
            elementRange = 0..<self.elements.byteCount
        }
    }
}

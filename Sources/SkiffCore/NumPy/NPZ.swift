/// Named NumPy arrays in a zip archive (`.npz`), in the archive's order.
public struct NPZ: Sendable {
    public struct Entry: Sendable {
        public var name: String
        public var tensor: Tensor
    }

    public let entries: [Entry]

    /// The array of that name.
    public subscript(name: String) -> Tensor? { entries.first { $0.name == name }?.tensor }

    /// Reads the archive that fills `range` (by default all) of `storage`. Stored members stay in place,
    /// deflated ones are inflated; every checksum is checked.
    /// - Parameter limit: bytes that the deflated members may have together.
    /// - Throws: ``CoreError`` with the member's name.
    public init(
        _ storage: Storage, range: Range<Int>? = nil, limit: Int = Limits.evaluationBytes
    ) throws(CoreError) {
        do throws(CoreError) {
            let archive = try ZipArchive(storage: storage, range: range, naming: .labels)
            var entries: [Entry] = []
            var left = limit
            for member in archive.members where !member.isFolder {
                guard member.name.hasSuffix(".npy") else {
                    throw CoreError(.numpy("member is no .npy array"), at: Place(member: member.name))
                }
                do throws(CoreError) {
                    let contents = try archive.contents(of: member, limit: left)
                    if member.method == .deflated { left -= member.byteCount }
                    let tensor = try NPY.read(contents.storage, in: contents.range)
                    entries.append(Entry(name: String(member.name.dropLast(4)), tensor: tensor))
                } catch {
                    throw error.at(Place(member: member.name))
                }
            }
            self.entries = entries
        } catch {
            throw error.at(Place(file: storage.path))
        }
    }

    /// Writes `arrays` in their order, atomically; the same arrays give the same bytes. bfloat16, which NumPy
    /// does not have, becomes float32.
    /// - Throws: ``CoreError`` `zip` for names that occur twice, `numpy` for types that NumPy does not have,
    ///   `system`.
    public static func write(
        _ arrays: [(name: String, tensor: Tensor)], to path: String, compressed: Bool = false
    ) throws(CoreError) {
        try atomicWrite(to: path) { writer throws(CoreError) in
            var zip = ZipWriter()
            for (name, tensor) in arrays {
                do throws(CoreError) {
                    try zip.add(
                        name + ".npy", NPY.pieces(of: tensor), method: compressed ? .deflated : .stored, to: &writer)
                } catch {
                    throw error.at(Place(tensor: name))
                }
            }
            try zip.finish(to: &writer)
        }
    }
}

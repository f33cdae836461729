public import SkiffCore

extension KerasReader {
    /// Whether opening an archive checks the member's CRC-32. That reads all of it, so large ones are left to
    /// ``verifyPayloads(storage:progress:)``.
    static func isCheckedAtOpening(_ member: ZipArchive.Member) -> Bool {
        member.byteCount <= Limits.checkedAtOpeningBytes
    }

    /// Checks the CRC-32 of those members of an archive that opening it leaves unchecked. HDF5 files pass: they have
    /// no checksums but those of chunks, which are checked where a chunk is decoded.
    /// - Parameter progress: told the bytes checked so far and those there are.
    /// - Throws: ``KerasError`` with the member in its place.
    public static func verifyPayloads(
        storage: Storage, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(KerasError) {
        do throws(CoreError) {
            guard ZipArchive.recognizes(try storage.bytes(in: 0..<min(4, storage.byteCount))) else { return }
            let archive = try ZipArchive(storage: storage)
            let members = archive.members.filter { $0.method == .stored && !isCheckedAtOpening($0) }
            let total = members.reduce(0) { $0 + $1.byteCount }
            var done = 0
            for member in members {
                try archive.verifyChecksum(of: member) { progress?(done + $0, total) }
                done += member.byteCount
            }
        } catch {
            throw KerasError(error)
        }
    }
}

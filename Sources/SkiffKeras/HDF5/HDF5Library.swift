internal import CHDF5Shims
internal import SkiffCore
internal import Synchronization

/// The process's libhdf5, which takes one caller at a time.
enum HDF5Library {
    private static let lock = Mutex(())

    /// The catalogue of the HDF5 file at `range` of a storage.
    ///
    /// This is the one door to libhdf5. The library sees the bytes of the range and nothing else.
    /// - Parameters:
    ///   - skipping: names of root members that are not looked at (state of optimizers).
    ///   - file: what the datasets bear as their ``HDF5Dataset/file``.
    static func catalogue(
        of storage: Storage, in range: Range<Int>, skipping: Set<String> = [], file: Int = 0
    ) throws(KerasError) -> HDF5Group {
        guard hasSignature(storage, at: range) else {
            throw KerasError(.notKeras("the HDF5 signature is missing"), at: Place(byteOffset: range.lowerBound))
        }
        let result: Result<HDF5Group, KerasError> = lock.withLock { _ in
            storage.withUnsafeBytes(in: range) { bytes in
                do throws(KerasError) {
                    return .success(try walk(bytes, skipping: skipping, file: file))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }

    /// The eight bytes at the very start; files with a block before their signature are not taken.
    static func hasSignature(_ storage: Storage, at range: Range<Int>) -> Bool {
        guard range.count >= signature.count, (try? storage.check(range)) != nil else { return false }
        return storage.withUnsafeBytes(in: range) { $0.prefix(signature.count).elementsEqual(signature) }
    }

    static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    private static func walk(
        _ bytes: UnsafeRawBufferPointer, skipping: Set<String>, file index: Int
    ) throws(KerasError) -> HDF5Group {
        guard skiff_hdf5_prepare() else { throw failure("starting") }
        var source = skiff_hdf5_source(
            bytes: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count: bytes.count, sealed: false)
        let result: Result<HDF5Group, KerasError> = withUnsafeMutablePointer(to: &source) { source in
            do throws(KerasError) {
                let file = skiff_hdf5_open_file(source)
                guard file >= 0 else { throw failure("opening the file") }
                defer { skiff_hdf5_close_file(file) }
                var walk = HDF5Walk(fileBytes: bytes.count, skipping: skipping, file: index)
                return .success(try walk.root(of: file))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The library's last complaint as an error.
    static func failure(_ doing: String, at path: String = "") -> KerasError {
        var text = [CChar](repeating: 0, count: 256)
        skiff_hdf5_take_error(&text, text.count)
        let complaint = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return KerasError(
            .hdf5(doing: doing, complaint: complaint.isEmpty ? "no reason given" : complaint),
            at: Place(member: path.isEmpty ? nil : path))
    }
}

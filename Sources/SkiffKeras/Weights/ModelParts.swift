internal import SkiffCore

/// The parts of a model that is more than one file: members of a `.keras` archive, or files of a folder, such as the
/// one an archive was unpacked to.
enum ModelParts {
    case archive(ZipArchive)
    /// Path of the folder; empty is the working directory.
    case folder(String)

    /// The bytes of one part, its checksum checked where it has one and is not large.
    /// - Returns: `nil` where there is no such part.
    func contents(_ name: String) throws(KerasError) -> (storage: Storage, range: Range<Int>)? {
        do throws(CoreError) {
            switch self {
            case .archive(let archive):
                guard let member = archive[name] else { return nil }
                let verifying = KerasReader.isCheckedAtOpening(member)
                return try archive.contents(of: member, limit: Limits.decodedBytes, verifying: verifying)
            case .folder(let folder):
                let storage = try openBeneath(folder: folder, relativePath: name)
                return (storage, 0..<storage.byteCount)
            }
        } catch {
            if error.isFileMissing { return nil }
            throw KerasError(error).at(place(of: name))
        }
    }

    /// - Throws: ``KerasError`` `missing` where there is no such part.
    func required(_ name: String) throws(KerasError) -> (storage: Storage, range: Range<Int>) {
        guard let contents = try contents(name) else {
            throw KerasError(.missing("\(noun) \"\(escaped(name))\""))
        }
        return contents
    }

    /// The part's text, under the limit of JSON texts.
    func json(_ name: String) throws(KerasError) -> JSONValue? {
        guard let (storage, range) = try contents(name) else { return nil }
        return try JSONValue(kerasText: storage, in: range, place: place(of: name))
    }

    func place(of name: String) -> Place {
        switch self {
        case .archive: Place(member: name)
        case .folder(let folder):
            Place(file: folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name)
        }
    }

    private var noun: String {
        switch self {
        case .archive: "member"
        case .folder: "file"
        }
    }
}

extension JSONValue {
    /// Parses a JSON text that Keras wrote.
    init(kerasText storage: Storage, in range: Range<Int>, place: Place) throws(KerasError) {
        do throws(CoreError) {
            guard range.count <= Limits.jsonBytes else {
                throw CoreError(.limit(name: "bytes of JSON", declared: range.count, allowed: Limits.jsonBytes))
            }
            self = try JSONValue(parsing: storage.bytes(in: range))
        } catch {
            throw KerasError(error).at(place)
        }
    }
}

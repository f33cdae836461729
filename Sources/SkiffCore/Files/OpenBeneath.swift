#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Third door: maps the file that a model names as external data, which never leaves the model's folder.
///
/// The path has to be relative, of plain parts between `/`; parts that are `.` are passed over. No part may be
/// a symbolic link, and the last one has to be a regular file with one name only. Each part is opened from the
/// folder before it without following links, so nobody can exchange one in between. Pipes do not block.
/// - Parameters:
///   - folder: the model's folder, as the user gave it; empty is the working directory. It may be a link.
///   - relativePath: the path from the file.
/// - Throws: ``CoreError`` `externalPathRefused`; `system` where a file that may be opened is not there.
public func openBeneath(folder: String, relativePath: String) throws(CoreError) -> Storage {
    let parts = try checkedParts(of: relativePath)
    func refused(_ why: String) -> CoreError {
        CoreError(.externalPathRefused(path: relativePath, why: why), at: Place(file: folder.isEmpty ? nil : folder))
    }
    var descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw CoreError(.system(call: "open", code: errno), at: Place(file: folder))
    }
    defer { close(descriptor) }
    for (index, part) in parts.enumerated() {
        let isLast = index == parts.count - 1
        var status = stat()
        // Looked at before it is opened, because opening a device may already do something.
        guard fstatat(descriptor, part, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw CoreError(.system(call: "stat", code: errno), at: Place(file: joined(folder, relativePath)))
        }
        let expected = isLast ? S_IFREG : S_IFDIR
        guard status.st_mode & S_IFMT == expected else {
            throw refused("\"\(escaped(part))\" is \(fileKind(status.st_mode))")
        }
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (isLast ? 0 : O_DIRECTORY)
        let next = openat(descriptor, part, flags)
        guard next >= 0 else {
            throw CoreError(.system(call: "open", code: errno), at: Place(file: joined(folder, relativePath)))
        }
        close(descriptor)
        descriptor = next
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw refused("is not a regular file")
    }
    guard status.st_nlink == 1 else { throw refused("has \(status.st_nlink) names (hard links)") }
    return try Storage(mappingDescriptor: descriptor, path: joined(folder, relativePath))
}

private func joined(_ folder: String, _ path: String) -> String {
    folder.isEmpty ? path : folder.hasSuffix("/") ? folder + path : folder + "/" + path
}

/// The parts of a path that stays beneath its folder by its text alone.
private func checkedParts(of path: String) throws(CoreError) -> [String] {
    func refused(_ why: String) -> CoreError { CoreError(.externalPathRefused(path: path, why: why)) }
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty else { throw refused("is empty") }
    guard bytes.count <= 4096 else { throw refused("has \(bytes.count) bytes, allowed are 4096") }
    guard !bytes.contains(0) else { throw refused("contains a NUL byte") }
    guard !bytes.contains(UInt8(ascii: "\\")) else { throw refused("contains a backslash") }
    guard bytes.first != UInt8(ascii: "/") else { throw refused("is absolute") }
    // Only a drive letter makes a path absolute elsewhere; a colon later in a name is a plain character.
    guard bytes.count < 2 || bytes[1] != UInt8(ascii: ":") else { throw refused("begins with a drive") }
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
        guard !part.isEmpty else { throw refused("has an empty part") }
        guard part != ".." else { throw refused("leaves its folder by \"..\"") }
        if part != "." { parts.append(String(part)) }
    }
    guard !parts.isEmpty, bytes.suffix(2) != [0x2F, 0x2E] else { throw refused("names a folder") }
    return parts
}

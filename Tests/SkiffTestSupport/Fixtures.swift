#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
public import SkiffCore

/// The committed fixtures.
public enum Fixtures {
    /// The folder `Fixtures` of this checkout.
    public static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/Fixtures"
    }()

    /// The path of a file in it, such as `numpy/shapes.npz`.
    public static func path(_ name: String) -> String { folder + "/" + name }

    /// The file, mapped.
    public static func storage(_ name: String) throws -> Storage { try Storage(mapping: path(name)) }

    /// All bytes of the file.
    public static func bytes(_ name: String) throws -> [UInt8] {
        let storage = try storage(name)
        return try storage.bytes(in: 0..<storage.byteCount)
    }
}

/// Runs `body` with a folder of its own, which is removed with all that is in it.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let folder = "\(base)/skiff-tests-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    guard mkdir(folder, 0o700) == 0 else { throw CoreError(.system(call: "mkdir", code: errno)) }
    defer { removeTree(folder) }
    return try body(folder)
}

/// The names in a folder, sorted; without `.` and `..`.
public func names(inFolder folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

private func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in names(inFolder: path) { removeTree(path + "/" + name) }
        rmdir(path)
    } else {
        unlink(path)
    }
}

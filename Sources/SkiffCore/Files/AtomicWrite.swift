#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Fourth door: writes a file so that `path` holds all of it or what it held before, whatever happens.
///
/// The bytes go to a temporary file beside the target, which is renamed when it is complete. An existing
/// target keeps its permissions; where it is a symbolic link, what it points at is replaced, as `cp` does. A
/// hard link is broken: other names keep the old contents. On any error, SIGINT, SIGTERM or SIGHUP the temporary
/// file is removed.
/// - Parameters:
///   - isSynchronised: returns only when the medium has the bytes, so that not even a loss of power leaves a part. Else
///     that is the system's to do, in its own time; the end of the process, whenever it comes, does no harm.
///   - body: writes the contents. What it throws is passed on.
/// - Throws: ``CoreError`` with the target's path: `notRegularFile` for folders, pipes and devices, `system`.
@discardableResult
public func atomicWrite<Result>(
    to path: String, isSynchronised: Bool = true, _ body: (inout FileWriter) throws(CoreError) -> Result
) throws(CoreError) -> Result {
    do throws(CoreError) {
        let target = try WriteTarget(path)
        return try target.write(isSynchronised: isSynchronised, body)
    } catch {
        throw error.at(Place(file: path))
    }
}

/// Finds out whether ``atomicWrite(to:isSynchronised:_:)`` can put a file there, before the work that makes its contents.
/// - Throws: ``CoreError`` as that function does, for what can be told without writing.
public func checkWritable(_ path: String) throws(CoreError) {
    do throws(CoreError) {
        try WriteTarget(path).check()
    } catch {
        throw error.at(Place(file: path))
    }
}

/// Where a file is going to be: a folder, a name in it, and the mode the file gets.
private struct WriteTarget {
    /// Path of the folder without links.
    let folder: String
    let name: String
    /// Permissions of the file that is there already.
    let existingMode: mode_t?
    /// The target as the user gave it, for messages.
    let givenPath: String

    private static let permissions: mode_t = 0o777

    init(_ path: String) throws(CoreError) {
        givenPath = path
        guard !path.isEmpty, !path.utf8.contains(0) else { throw CoreError(.malformed("is no path")) }
        var status = stat()
        var resolved = path
        if lstat(path, &status) == 0 {
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            guard !isLink || stat(path, &status) == 0 else {
                throw CoreError(.malformed("is a symbolic link to nothing"))
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw CoreError(.notRegularFile(kind: fileKind(status.st_mode)))
            }
            guard access(path, W_OK) == 0 else { throw CoreError(.system(call: "open", code: errno)) }
            existingMode = status.st_mode & Self.permissions
            if isLink { resolved = try Self.realPath(path) }
        } else {
            guard errno == ENOENT else { throw CoreError(.system(call: "open", code: errno)) }
            existingMode = nil
        }
        let slash = resolved.utf8.lastIndex(of: UInt8(ascii: "/"))
        let parent = slash.map { String(resolved[..<resolved.utf8.index(after: $0)]) } ?? "."
        name = slash.map { String(resolved[resolved.utf8.index(after: $0)...]) } ?? resolved
        guard !name.isEmpty else { throw CoreError(.notRegularFile(kind: "a folder")) }
        folder = try Self.realPath(parent)
    }

    /// - Throws: ``CoreError`` where no file can be made in the folder.
    func check() throws(CoreError) {
        guard access(folder, W_OK | X_OK) == 0 else { throw CoreError(.system(call: "open", code: errno)) }
    }

    private static func realPath(_ path: String) throws(CoreError) -> String {
        guard let pointer = realpath(path, nil) else { throw CoreError(.system(call: "open", code: errno)) }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    func write<Result>(
        isSynchronised: Bool, _ body: (inout FileWriter) throws(CoreError) -> Result
    ) throws(CoreError) -> Result {
        let (descriptor, temporary) = try createTemporary()
        let slot = TemporaryRegistry.register(temporary)
        var isOpen = true
        var isDone = false
        defer {
            if isOpen { close(descriptor) }
            if !isDone { unlink(temporary) }
            TemporaryRegistry.release(slot)
        }
        var writer = FileWriter(descriptor: descriptor, path: givenPath)
        let result = try body(&writer)
        try writer.flush()
        if let existingMode { try check(fchmod(descriptor, existingMode), "chmod") }
        if isSynchronised { try Self.synchronise(descriptor) }
        // Some file systems report only here that they have no room.
        isOpen = false
        try check(close(descriptor), "close")
        try check(rename(temporary, folder + "/" + name), "rename")
        isDone = true
        if isSynchronised { synchroniseFolder() }
        return result
    }

    /// A new file beside the target. Its name says whose it is, should the machine lose power.
    private func createTemporary() throws(CoreError) -> (descriptor: Int32, path: String) {
        let mode = existingMode.map { $0 & 0o600 } ?? 0o666
        for _ in 0..<100 {
            let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
            let temporary = "\(folder)/.skiff-\(suffix).tmp"
            let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            if descriptor >= 0 { return (descriptor, temporary) }
            guard errno == EEXIST || errno == EINTR else { break }
        }
        throw CoreError(.system(call: "open", code: errno))
    }

    /// Returns when the medium has the bytes. A failure is final: the system may have dropped them.
    private static func synchronise(_ descriptor: Int32) throws(CoreError) {
        #if canImport(Darwin)
        // fsync alone leaves the bytes in the drive's cache; some file systems have nothing else.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        guard errno == ENOTSUP || errno == ENOTTY || errno == EINVAL else {
            throw CoreError(.system(call: "fsync", code: errno))
        }
        #endif
        guard fsync(descriptor) == 0 else { throw CoreError(.system(call: "fsync", code: errno)) }
    }

    /// The file is complete and has its name by now, so a folder that cannot be synchronised is no error.
    private func synchroniseFolder() {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func check(_ status: Int32, _ call: String) throws(CoreError) {
        guard status == 0 else { throw CoreError(.system(call: call, code: errno)) }
    }
}

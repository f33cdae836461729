#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Makes a folder where none is; the folder it lies in has to be there.
/// - Throws: ``CoreError`` `system`.
public func makeFolder(_ path: String) throws(CoreError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
        throw CoreError(.malformed("is no path"), at: Place(file: path))
    }
    if mkdir(path, 0o777) == 0 { return }
    let code = errno
    var status = stat()
    guard code == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw CoreError(.system(call: "mkdir", code: code), at: Place(file: path))
    }
}

/// Removes a file's name; a file that is not there is none to remove.
/// - Throws: ``CoreError`` `system`; folders are refused.
public func removeFile(_ path: String) throws(CoreError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw CoreError(.system(call: "unlink", code: errno), at: Place(file: path))
}

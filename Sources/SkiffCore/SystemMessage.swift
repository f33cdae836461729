#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The system's sentence for an errno value.
func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    #if canImport(Glibc)
    // glibc's strerror_r is the GNU one for C and the POSIX one for Swift's importer; strerror is copied at once.
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
    #else
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #endif
}

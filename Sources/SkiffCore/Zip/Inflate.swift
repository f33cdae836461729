internal import CZlib

/// What frames a deflate stream.
public enum DeflateFraming: Sendable {
    /// RFC 1951 alone, as zip members hold it.
    case raw
    /// RFC 1950: a header and an Adler-32 checksum, as HDF5's filter and `.npz`-like formats hold it.
    case zlib

    var windowBits: Int32 {
        switch self {
        case .raw: -15
        case .zlib: 15
        }
    }
}

/// Second door: the `size` bytes that a deflate stream declares to hold, and no others.
///
/// - Throws: ``CoreError`` `inflate` where the stream is broken, holds fewer or more bytes than `size`, or
///   ends before its own last byte; `limit` where no stream of this length can give that many bytes. Memory
///   is taken only after that check.
public func boundedInflate(
    _ input: UnsafeRawBufferPointer, framing: DeflateFraming, size: Int
) throws(CoreError) -> [UInt8] {
    try checkReachable(size, from: input.count)
    var failure: CoreError?
    let output = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
        do throws(CoreError) {
            try boundedInflate(input, framing: framing, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = size
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return output
}

/// Deflate reaches at most 1032 bytes for one.
/// - Throws: ``CoreError`` `limit` where no stream of `count` bytes can give `size`.
func checkReachable(_ size: Int, from count: Int) throws(CoreError) {
    let (reachable, overflow) = count.multipliedReportingOverflow(by: 1032)
    guard size >= 0, overflow || size <= reachable else {
        throw CoreError(.limit(name: "inflated bytes", declared: size, allowed: reachable))
    }
}

/// Second door, into memory of the caller: the stream has to fill `output` exactly.
/// - Throws: ``CoreError`` `inflate`; the contents of `output` are undefined then.
public func boundedInflate(
    _ input: UnsafeRawBufferPointer, framing: DeflateFraming, into output: UnsafeMutableRawBufferPointer
) throws(CoreError) {
    var stream = z_stream()
    guard skiff_inflate_init(&stream, framing.windowBits) == Z_OK else {
        throw CoreError(.inflate("the decoder could not start"))
    }
    defer { inflateEnd(&stream) }
    var consumed = 0
    var produced = 0
    // One byte past the declared end: a stream that fills it holds too much.
    var spill: UInt8 = 0
    while true {
        // zlib counts in 32 bits.
        let offered = min(input.count - consumed, 1 << 30)
        let room = min(output.count - produced, 1 << 30)
        let status = withUnsafeMutablePointer(to: &spill) { spill in
            stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress.map { ($0 + consumed).assumingMemoryBound(to: UInt8.self) })
            stream.avail_in = UInt32(offered)
            stream.next_out = room == 0
                ? spill : output.baseAddress.map { ($0 + produced).assumingMemoryBound(to: UInt8.self) }
            stream.avail_out = UInt32(max(room, 1))
            return inflate(&stream, Z_NO_FLUSH)
        }
        let taken = offered - Int(stream.avail_in)
        let given = max(room, 1) - Int(stream.avail_out)
        consumed += taken
        if room == 0, given > 0 { throw CoreError(.inflate("holds more than the declared \(output.count) bytes")) }
        produced += given
        switch status {
        case Z_STREAM_END:
            guard produced == output.count else {
                throw CoreError(.inflate("holds \(produced) bytes, declared are \(output.count)"))
            }
            guard consumed == input.count else {
                throw CoreError(.inflate("\(input.count - consumed) bytes follow its end"))
            }
            return
        case Z_OK where taken > 0 || given > 0: continue
        case Z_OK, Z_BUF_ERROR: throw CoreError(.inflate("ends after \(produced) of \(output.count) bytes"))
        default: throw CoreError(.inflate("is broken at byte \(consumed)"))
        }
    }
}

/// Deflates `input` at zlib's default level; the same bytes give the same stream with one version of zlib.
/// - Throws: ``CoreError`` `inflate` where zlib has no memory.
public func deflated(_ input: UnsafeRawBufferPointer, framing: DeflateFraming) throws(CoreError) -> [UInt8] {
    var stream = z_stream()
    guard skiff_deflate_init(&stream, Z_DEFAULT_COMPRESSION, framing.windowBits) == Z_OK else {
        throw CoreError(.inflate("the encoder could not start"))
    }
    defer { deflateEnd(&stream) }
    var output: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    var consumed = 0
    while true {
        let offered = min(input.count - consumed, 1 << 30)
        let isLast = consumed + offered == input.count
        let status = block.withUnsafeMutableBufferPointer { block in
            stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress.map { ($0 + consumed).assumingMemoryBound(to: UInt8.self) })
            stream.avail_in = UInt32(offered)
            stream.next_out = block.baseAddress
            stream.avail_out = UInt32(block.count)
            return deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        }
        consumed += offered - Int(stream.avail_in)
        output.append(contentsOf: block.prefix(block.count - Int(stream.avail_out)))
        if status == Z_STREAM_END { return output }
        guard status == Z_OK || status == Z_BUF_ERROR else { throw CoreError(.inflate("the encoder failed")) }
    }
}

/// The CRC-32 of zip and PNG (polynomial 0xEDB88320) over `bytes`, continued from `crc`.
public func crc32(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(UInt(crc), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
}

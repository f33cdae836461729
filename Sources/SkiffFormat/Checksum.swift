internal import Crypto

/// SHA-256 (FIPS 180-4) over bytes that come in pieces.
struct Checksum {
    private var hash = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }

    /// The 32 bytes.
    func finished() -> [UInt8] { Array(hash.finalize()) }
}

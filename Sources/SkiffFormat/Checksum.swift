internal import Crypto

/// SHA-256 (FIPS 180-4) over bytes that come in pieces.
package struct Checksum {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }

    /// The 32 bytes.
    package func finished() -> [UInt8] { Array(hash.finalize()) }
}

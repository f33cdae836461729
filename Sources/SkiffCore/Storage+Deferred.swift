internal import Synchronization

/// Gives the bytes of a storage, any part of them, from an encoded form.
public protocol StorageDecoder: Sendable {
    /// Bytes when decoded.
    var byteCount: Int { get }
    /// Decodes the bytes of `range`, which lies inside ``byteCount``, to the beginning of `buffer`, which has room for
    /// them. Called from any thread, by several at a time.
    /// - Throws: ``CoreError`` where the encoded form is damaged; `buffer` is undefined then.
    func decode(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(CoreError)
    /// Checks the encoded form as a whole, where it has a checksum; called before it is decoded as a whole.
    /// - Throws: ``CoreError`` where it is damaged.
    func check() throws(CoreError)
}

extension StorageDecoder {
    public func check() throws(CoreError) {}
}

/// Bytes that are decoded as a whole when somebody looks at them first, or in part for those who copy.
final class DeferredBytes: Sendable {
    private struct State {
        /// The decoded bytes.
        var storage: Storage?
        var failure: CoreError?
    }

    private let decoder: any StorageDecoder
    private let state = Mutex(State())

    init(_ decoder: any StorageDecoder) { self.decoder = decoder }

    var isLoaded: Bool { state.withLock { $0.storage != nil && $0.failure == nil } }

    /// - Throws: ``CoreError`` of the decoder, the same at each call.
    func load() throws(CoreError) {
        let failure = state.withLock { state -> CoreError? in
            fill(&state)
            return state.failure
        }
        if let failure { throw failure }
    }

    /// The decoded bytes, which live as long as this does; all 0xFF where they cannot be decoded.
    func bytes() -> UnsafeRawBufferPointer {
        state.withLock { state in
            fill(&state)
            if state.failure != nil, state.storage == nil { state.storage = poison() }
            nonisolated(unsafe) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            state.storage?.withUnsafeBytes { bytes = $0 }
            return Lent(bytes: bytes)
        }.bytes
    }

    /// Bytes for those who did not load and look nevertheless; whoever loads first never takes memory for them.
    private func poison() -> Storage? {
        try? Storage(byteCount: decoder.byteCount) { target throws(CoreError) in
            _ = target.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
        }
    }

    /// - Throws: ``CoreError`` of the decoder.
    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(CoreError) {
        let (loaded, failure) = state.withLock { ($0.storage, $0.failure) }
        if let failure { throw failure }
        guard let loaded else { return try decoder.decode(range, into: buffer) }
        loaded.withUnsafeBytes(in: range) { buffer.copyMemory(from: $0) }
    }

    private func fill(_ state: inout State) {
        guard state.storage == nil, state.failure == nil else { return }
        do throws(CoreError) {
            guard decoder.byteCount <= Limits.availableEvaluationBytes() else {
                throw CoreError(.memory(bytes: decoder.byteCount))
            }
            try decoder.check()
            state.storage = try Storage(byteCount: decoder.byteCount) { target throws(CoreError) in
                try decoder.decode(0..<decoder.byteCount, into: target.bytes)
            }
        } catch {
            state.failure = error
        }
    }

    /// Lets a lock give out what it guards, which does not change any more.
    private struct Lent: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }
}

internal import Dispatch
internal import SkiffCore
internal import Synchronization

/// Writes what several threads hand over, one piece at a time.
///
/// Systems let one thread at a time write to a file, and the others spin. So whoever hands a piece over while nobody
/// writes writes it, and what was handed over meanwhile; the others go on with what they were doing.
final class WriteQueue: Sendable {
    private struct Piece: @unchecked Sendable {
        var bytes: UnsafeRawBufferPointer
        var offset: Int
        var done: @Sendable () -> Void
    }

    private struct State {
        var pieces: [Piece] = []
        var isWriting = false
        var failure: CoreError?
    }

    private let target: PositionedWriter
    private let state = Mutex(State())
    /// Pieces that may wait at a time.
    private let slots = DispatchSemaphore(value: 6)

    init(_ target: PositionedWriter) { self.target = target }

    /// Hands over bytes, which have to live until `done` is called, from any thread.
    /// - Throws: ``CoreError`` where this or an earlier piece could not be written.
    func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, done: @escaping @Sendable () -> Void
    ) throws(CoreError) {
        slots.wait()
        let piece = Piece(bytes: bytes, offset: offset, done: done)
        let (isMine, failure) = state.withLock { state in
            state.pieces.append(piece)
            defer { state.isWriting = true }
            return (!state.isWriting, state.failure)
        }
        if isMine { drain() }
        if let failure = failure ?? state.withLock({ $0.failure }) { throw failure }
    }

    /// Writes pieces until there are none left.
    private func drain() {
        while true {
            let (next, failed) = state.withLock { state -> (Piece?, Bool) in
                if state.pieces.isEmpty { state.isWriting = false }
                return (state.pieces.isEmpty ? nil : state.pieces.removeFirst(), state.failure != nil)
            }
            guard let next else { return }
            if !failed {
                do throws(CoreError) {
                    try target.write(next.bytes, at: next.offset)
                } catch {
                    state.withLock { $0.failure = error }
                }
            }
            next.done()
            slots.signal()
        }
    }

    /// - Throws: ``CoreError`` where a piece could not be written; called when all were handed over and `done`.
    func finish() throws(CoreError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}

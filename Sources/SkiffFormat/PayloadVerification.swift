internal import Dispatch
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import Synchronization
internal import SkiffCore
public import SkiffGraph

extension SkiffReader {
    /// Reads every payload and checks its checksum, on all processors, and that the bytes between are zero.
    /// - Parameter progress: told the bytes checked so far and those there are, from any thread, one call at a
    ///   time.
    /// - Throws: ``FormatError`` for F9 and F20, of the first damaged tensor in the file's order.
    public func verifyPayloads(
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(FormatError) {
        let total = payloads.reduce(0) { $0 + $1.range.count }
        let state = Mutex((done: 0, firstFailure: Int?.none))
        let next = Atomic(0)
        let workers = max(1, min(payloads.count, onlineProcessors(), Self.workerLimit))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < payloads.count else { return }
                let isSound = (try? check(index)) != nil
                state.withLock { state in
                    state.done += payloads[index].range.count
                    if !isSound { state.firstFailure = min(state.firstFailure ?? index, index) }
                    progress?(state.done, total)
                }
            }
        }
        if let failure = state.withLock({ $0.firstFailure }) { try check(failure) }
    }

    /// Checks one weight's checksum. Values that are no weights pass.
    /// - Throws: ``FormatError`` for F9 and F20.
    public func verifyPayload(of id: ValueID) throws(FormatError) {
        guard let index = payloads.firstIndex(where: { $0.value == id }) else { return }
        try check(index)
    }

    /// The payload at `index`, and the padding behind it.
    private func check(_ index: Int) throws(FormatError) {
        let payload = payloads[index]
        let place = Place(file: storage.path, tensor: payload.name, byteOffset: payload.range.lowerBound)
        var checksum = Checksum()
        storage.forEachPiece(in: payload.range) { checksum.update($0) }
        // F20
        guard checksum.finished() == payload.checksum else { throw FormatError(.payloadChecksum, at: place) }
        let paddingEnd = index + 1 < payloads.count ? payloads[index + 1].range.lowerBound : payload.range.upperBound
        let isZero = storage.withUnsafeBytes(in: payload.range.upperBound..<paddingEnd) { $0.allSatisfy { $0 == 0 } }
        // F9
        guard isZero else {
            var place = place
            place.byteOffset = payload.range.upperBound
            throw FormatError(.padding, at: place)
        }
    }

    /// Each thread holds a piece of the file in memory.
    private static let workerLimit = 8
}

/// Processors that the system has at work.
private func onlineProcessors() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

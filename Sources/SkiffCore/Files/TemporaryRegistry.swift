#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import Synchronization

/// Temporary files that have to go when SIGINT, SIGTERM or SIGHUP ends the process.
///
/// While a file is registered, a handler stands in for the default action of these signals, and only for the
/// default: it removes the files and then lets the default end the process. The handler calls nothing but
/// `unlink`, `getpid`, `signal` and `raise`, and reads memory that is never freed.
enum TemporaryRegistry {
    private static let slotCount = 64
    private static let slotBytes = 4096

    /// What the handler reads.
    private struct Slots: @unchecked Sendable {
        /// One path per slot, ended by NUL; an empty one is free.
        let paths: UnsafeMutablePointer<CChar>
        /// The process that registered each path: a fork inherits the paths and must not remove the files.
        let owners: UnsafeMutablePointer<pid_t>
    }

    private static let slots: Slots = {
        let paths = UnsafeMutablePointer<CChar>.allocate(capacity: slotCount * slotBytes)
        paths.initialize(repeating: 0, count: slotCount * slotBytes)
        let owners = UnsafeMutablePointer<pid_t>.allocate(capacity: slotCount)
        owners.initialize(repeating: 0, count: slotCount)
        return Slots(paths: paths, owners: owners)
    }()

    private struct Handlers {
        var registered = 0
        var replacesInterrupt = false
        var replacesTerminate = false
        var replacesHangup = false
    }

    private static let handlers = Mutex(Handlers())

    /// Registers `path`, which has to be absolute.
    /// - Returns: its slot; `nil` where all are taken or the path is too long, and then no signal removes it.
    static func register(_ path: String) -> Int? {
        let bytes = Array(path.utf8CString)
        guard bytes.count <= slotBytes else { return nil }
        return handlers.withLock { handlers -> Int? in
            let paths = slots.paths
            guard let slot = (0..<slotCount).first(where: { paths[$0 * slotBytes] == 0 }) else { return nil }
            slots.owners[slot] = getpid()
            let room = paths + slot * slotBytes
            // The first byte is written last: the handler sees no half path.
            for index in bytes.indices.dropFirst() { room[index] = bytes[index] }
            atomicMemoryFence(ordering: .releasing)
            room[0] = bytes[0]
            handlers.registered += 1
            if handlers.registered == 1 { install(&handlers) }
            return slot
        }
    }

    /// Frees a slot. The file is the caller's again.
    static func release(_ slot: Int?) {
        guard let slot else { return }
        handlers.withLock { handlers in
            slots.paths[slot * slotBytes] = 0
            handlers.registered -= 1
            if handlers.registered == 0 { uninstall(&handlers) }
        }
    }

    private static func install(_ handlers: inout Handlers) {
        handlers.replacesInterrupt = replaceDefault(of: SIGINT)
        handlers.replacesTerminate = replaceDefault(of: SIGTERM)
        handlers.replacesHangup = replaceDefault(of: SIGHUP)
    }

    private static func uninstall(_ handlers: inout Handlers) {
        if handlers.replacesInterrupt { signal(SIGINT, SIG_DFL) }
        if handlers.replacesTerminate { signal(SIGTERM, SIG_DFL) }
        if handlers.replacesHangup { signal(SIGHUP, SIG_DFL) }
    }

    /// Puts our handler in the place of the default action.
    /// - Returns: false where the program had its own, which stays.
    private static func replaceDefault(of number: Int32) -> Bool {
        let previous = signal(number, handle)
        guard previous == nil else {
            signal(number, previous)
            return false
        }
        return true
    }

    private static let handle: @convention(c) (Int32) -> Void = { number in
        let slots = TemporaryRegistry.slots
        var slot = 0
        while slot < TemporaryRegistry.slotCount {
            let path = slots.paths + slot * TemporaryRegistry.slotBytes
            if path[0] != 0, slots.owners[slot] == getpid() { unlink(path) }
            slot += 1
        }
        signal(number, SIG_DFL)
        raise(number)
    }
}

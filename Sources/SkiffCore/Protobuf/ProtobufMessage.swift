internal import CProtobufC

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A message that protobuf-c unpacked, freed with this object.
public final class ProtobufMessage {
    private let root: UnsafeMutablePointer<CProtobufC.ProtobufCMessage>
    private let budget: Budget

    /// The struct that protoc-c generated for the descriptor's message type.
    public var pointer: UnsafeRawPointer { UnsafeRawPointer(root) }

    /// Bytes that unpacking may allocate for a structure of `structureBytes`: a node or attribute takes five to
    /// ten times its wire size as structs and pointers, an empty message a hundred times.
    public static func memoryBudget(structureBytes: Int) -> Int { (32 << 20) + 24 * structureBytes }

    /// Unpacks `structure`, which ``ProtobufScanner`` wrote, within `budget` bytes.
    ///
    /// - Parameter descriptor: the `ProtobufCMessageDescriptor` of the root.
    /// - Throws: ``CoreError`` `limit` where the budget does not suffice, `malformed` where protobuf-c refuses.
    public init(
        unpacking structure: [UInt8], descriptor: UnsafeRawPointer, budget bytes: Int
    ) throws(CoreError) {
        let budget = Budget(bytes)
        var allocator = budget.allocator
        let unpacked = structure.withUnsafeBufferPointer { buffer in
            protobuf_c_message_unpack(
                descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), &allocator, buffer.count,
                buffer.baseAddress)
        }
        guard let unpacked else {
            if budget.isExceeded {
                throw CoreError(.limit(name: "bytes of unpacked structure", declared: budget.wanted, allowed: bytes))
            }
            throw CoreError(.malformed("protobuf-c cannot unpack the message"))
        }
        root = unpacked
        self.budget = budget
    }

    deinit {
        var allocator = budget.allocator
        protobuf_c_message_free_unpacked(root, &allocator)
    }
}

/// Counts what protobuf-c allocates, and refuses past a number of bytes.
private final class Budget {
    let allowed: Int
    private(set) var used = 0
    private(set) var wanted = 0
    var isExceeded: Bool { wanted > allowed }

    init(_ allowed: Int) { self.allowed = allowed }

    /// An allocator that charges this budget and lives no longer than it.
    var allocator: ProtobufCAllocator {
        ProtobufCAllocator(
            alloc: { context, size in
                guard let context else { return nil }
                return Unmanaged<Budget>.fromOpaque(context).takeUnretainedValue().allocate(size)
            },
            free: { _, pointer in free(pointer) },
            allocator_data: Unmanaged.passUnretained(self).toOpaque())
    }

    private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        // Each block of malloc carries a header and is rounded up.
        let (total, overflow) = used.addingReportingOverflow(size)
        guard size >= 0, !overflow, total <= allowed - 16 else {
            wanted = overflow ? Int.max : max(total, allowed + 1)
            return nil
        }
        used = total + 16
        return malloc(max(size, 1))
    }
}

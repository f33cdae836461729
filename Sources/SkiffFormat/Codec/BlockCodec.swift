internal import CSkiffCodec
import SkiffCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Lossless coding of weights, block by block: what `--encoding lossless` makes of a tensor's elements.
///
/// A block decodes alone, on any thread. Its bytes depend on its elements and their type alone, on every machine.
/// Docs/Format.md describes them; `Sources/CSkiffCodec` makes them.
enum BlockCodec {
    /// Elements of a block of that type, a multiple of 64: 2¹⁸ bytes of them, of 6-bit types 3/4 of that.
    static func blockElements(_ type: ElementType) -> Int {
        switch type.bitWidth ?? 8 {
        case 6: 1 << 18
        case let bits: (1 << 21) / bits
        }
    }

    /// Appends the coded block to `output`: never more bytes than `bytes` has.
    ///
    /// - Parameter bytes: whole little-endian elements, at most one block of them.
    static func encode(_ bytes: UnsafeRawBufferPointer, elementType: ElementType, into output: inout [UInt8]) {
        encode(bytes, elementType: elementType, kernels: .best, into: &output)
    }

    /// Decodes `coded`, exactly one block, into `output`, which has the block's decoded size. Thread safe.
    ///
    /// - Throws: ``CoreError`` `malformed` where the block breaks a rule, `memory` where there is none. The contents
    ///   of `output` are undefined then.
    static func decode(
        _ coded: UnsafeRawBufferPointer, elementType: ElementType, into output: UnsafeMutableRawBufferPointer
    ) throws(CoreError) {
        try decode(coded, elementType: elementType, kernels: .best, into: output)
    }
}

extension BlockCodec {
    /// The loops of one instruction set. All sets give the same bytes.
    struct Kernels: @unchecked Sendable {
        /// The table, which lives as long as the process and is never written.
        let table: UnsafePointer<skiff_codec_kernels>

        /// Those that `SKIFF_KERNELS` names, as the engine's do, or the best that this processor has.
        static let best: Kernels = {
            let forced = getenv("SKIFF_KERNELS").map { String(cString: $0) } ?? ""
            return named(forced) ?? Kernels(table: skiff_codec_best())
        }()

        /// `portable`, `avx2` or `avx512`; `nil` where this processor does not have them.
        static func named(_ name: String) -> Kernels? { skiff_codec_find(name).map(Kernels.init(table:)) }
    }

    static func encode(
        _ bytes: UnsafeRawBufferPointer, elementType: ElementType, kernels: Kernels, into output: inout [UInt8]
    ) {
        guard let first = bytes.baseAddress, !bytes.isEmpty else { return }
        output += [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, initialized in
            guard let coded = buffer.baseAddress else { return }
            let size = Int(skiff_codec_encode(kernels.table, layout(of: elementType), first, Int64(bytes.count), coded))
            // Without memory for more, elements stay as they are, which is a block, too.
            initialized = size < 0 ? bytes.count : size
        }
    }

    static func decode(
        _ coded: UnsafeRawBufferPointer, elementType: ElementType, kernels: Kernels,
        into output: UnsafeMutableRawBufferPointer
    ) throws(CoreError) {
        let failure = skiff_codec_decode(
            kernels.table, layout(of: elementType), coded.baseAddress, Int64(coded.count),
            output.baseAddress, Int64(output.count))
        guard failure != SKIFF_CODEC_OK.rawValue else { return }
        if failure == SKIFF_CODEC_MEMORY.rawValue { throw CoreError(.memory(bytes: 2 * output.count)) }
        throw CoreError(.malformed("coded block: \(explanation(of: UInt32(failure)))"))
    }

    /// How elements become planes: bytes of each, and bits to rotate left so that a float's exponent comes to the top.
    static func layout(of type: ElementType) -> skiff_element {
        switch type {
        case .float32, .complex64: skiff_element(width: 4, rotation: 1)
        case .float16, .bfloat16: skiff_element(width: 2, rotation: 1)
        // Of 11 bits of exponent the lower 8 differ.
        case .float64, .complex128: skiff_element(width: 8, rotation: 4)
        case .int16, .uint16: skiff_element(width: 2, rotation: 0)
        case .int32, .uint32: skiff_element(width: 4, rotation: 0)
        case .int64, .uint64: skiff_element(width: 8, rotation: 0)
        case .int8, .uint8, .bool, .string, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
            .float8e8m0, .uint4, .int4, .float4e2m1, .uint2, .int2, .float6e2m3, .float6e3m2:
            skiff_element(width: 1, rotation: 0)
        }
    }

    private static func explanation(of failure: UInt32) -> String {
        switch skiff_codec_failure(failure) {
        case SKIFF_CODEC_TRUNCATED: "ends before its last plane does"
        case SKIFF_CODEC_TRAILING: "is longer than its planes are"
        case SKIFF_CODEC_MODE: "has flags or a plane mode that there are not"
        case SKIFF_CODEC_TABLE: "has a table of frequencies that breaks a rule"
        case SKIFF_CODEC_STATE: "has a lane that does not end where it has to"
        case SKIFF_CODEC_REPEAT: "repeats what does not stand before"
        default: "is broken"
        }
    }
}

internal import CSkiffKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The micro-kernels of one instruction set and element type.
struct KernelSet: @unchecked Sendable {
    /// The table, which lives as long as the process and is never written.
    let table: UnsafePointer<skiff_kernels>

    /// The environment variable that forces a set.
    static let variable = "SKIFF_KERNELS"

    /// The best set that this processor has, or the one that `SKIFF_KERNELS` names.
    /// - Throws: ``EngineError`` `kernels` for a name that is no set's, or one that this processor cannot run.
    static func chosen(for type: any Real.Type = Float.self) throws(EngineError) -> KernelSet {
        let bytes: Int32 = type == Double.self ? 8 : 4
        let forced = getenv(variable).map { String(cString: $0) } ?? ""
        if !forced.isEmpty {
            guard let table = skiff_kernels_find(forced, bytes) else {
                throw EngineError(.kernels(found: forced, supported: supported))
            }
            return KernelSet(table: table)
        }
        guard let table = skiff_kernels_find(nil, bytes) else {
            throw EngineError(.kernels(found: "", supported: supported))
        }
        return KernelSet(table: table)
    }

    /// The set of that name; `nil` where this processor cannot run it.
    static func named(_ name: String, elementBytes: Int = 4) -> KernelSet? {
        skiff_kernels_find(name, Int32(elementBytes)).map(KernelSet.init(table:))
    }

    /// The names of the sets that this processor can run, best first.
    static var supported: [String] { ["avx512", "avx2", "portable"].filter { skiff_kernels_find($0, 4) != nil } }

    var name: String { String(cString: table.pointee.name) }
    /// Elements of a vector.
    var lanes: Int { Int(table.pointee.lanes) }
    /// Outputs of a full slice of packed weights.
    var sliceWidth: Int { 2 * lanes }
    /// Most pixels of a register tile.
    var tilePixels: Int { Int(table.pointee.tile_pixels) }

    /// Slices that `outputs` make: full ones, and one of a single vector where no more is left.
    func slices(_ outputs: Int) -> [Slice] {
        stride(from: 0, to: outputs, by: sliceWidth).map { first in
            let count = min(sliceWidth, outputs - first)
            return Slice(first: first, count: count, width: count > lanes ? sliceWidth : lanes)
        }
    }

    /// Neighbouring outputs whose weights stand side by side.
    struct Slice {
        /// Index of the first output.
        let first: Int
        /// Outputs.
        let count: Int
        /// Elements that they are packed in.
        let width: Int
    }
}

internal import CSkiffKernels
internal import SkiffCore

/// A copy of a value with its axes in another order in memory.
struct Rearrangement {
    /// Extents in the target's order.
    private let extents: [Int]
    /// Steps in the source along the target's axes.
    private let steps: [Int]
    private let outer: Int
    let description: String
    private let kernels: KernelSet

    /// Orders: axis k in memory is axis `order[k]` of `shape`.
    init(shape: Shape, from: [Int], to: [Int], kernels: KernelSet) {
        self.kernels = kernels
        var strides = [Int](repeating: 0, count: shape.count)
        var running = 1
        for axis in from.reversed() {
            strides[axis] = running
            running *= shape[axis]
        }
        // Axes of one element fall away, and neighbours that lie one in the other merge.
        var extents: [Int] = []
        var steps: [Int] = []
        for axis in to where shape[axis] != 1 {
            if let last = steps.last, last == strides[axis] * shape[axis] {
                extents[extents.count - 1] *= shape[axis]
                steps[steps.count - 1] = strides[axis]
            } else {
                extents.append(shape[axis])
                steps.append(strides[axis])
            }
        }
        if extents.isEmpty { (extents, steps) = ([1], [1]) }
        self.extents = extents
        self.steps = steps
        outer = extents.dropLast(min(2, extents.count)).reduce(1, *)
        description = "order \(from) to \(to)"
    }

    private var rows: Int { extents.count > 1 ? extents[extents.count - 2] : 1 }
    private static var rowsPerTask: Int { 256 }
    private var bands: Int { (rows + Self.rowsPerTask - 1) / Self.rowsPerTask }

    var tasks: Int { outer * bands }

    func run(_ task: Int, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        let (plane, band) = (task / bands, task % bands)
        var start = 0
        var rest = plane
        for axis in extents.indices.dropLast(min(2, extents.count)).reversed() {
            start += rest % extents[axis] * steps[axis]
            rest /= extents[axis]
        }
        let length = extents[extents.count - 1]
        let step = steps[steps.count - 1]
        let rowStep = extents.count > 1 ? steps[steps.count - 2] : 0
        let range = band * Self.rowsPerTask..<min(rows, (band + 1) * Self.rowsPerTask)
        let to = target + plane * rows * length
        if step == 1 {
            for row in range { (to + row * length).update(from: source + (start + row * rowStep), count: length) }
            return
        }
        if rowStep == 1 {
            kernels.table.pointee.transpose(
                source + (start + range.lowerBound), Int64(step), to + range.lowerBound * length, Int64(length),
                Int64(length), Int64(range.count))
            return
        }
        // Blocks keep both sides in the first-level cache.
        for first in stride(from: 0, to: length, by: 16) {
            for row in range {
                let from = source + (start + row * rowStep)
                let line = to + row * length
                for column in first..<min(length, first + 16) { line[column] = from[column &* step] }
            }
        }
    }
}

internal import CSkiffKernels
internal import SkiffCore
internal import SkiffGraph

/// The rows of a channels-last map under the windows of each row of the output: the last spatial axis is a row, which
/// the kernels walk along; the others, any number of them, are walked here.
struct WindowRows {
    /// Rows of one image's output, and pixels of each.
    let outputRows: Int
    let outputWidth: Int
    /// Elements of one image of the input.
    let imageElements: Int
    /// Where each output row's input rows begin in `offsets`; one more than there are rows.
    private(set) var starts: [Int] = [0]
    /// Element offset of each input row from its image.
    private(set) var offsets: [Int64] = []
    /// Which row of the kernel each is under, the last axis not counted.
    private(set) var kernelRows: [Int] = []
    /// Taps of the other axes that lie in the padded map, by output row.
    private(set) var covered: [Int64] = []
    /// Zeros behind a row.
    let after: Int
    let windows: skiff_windows

    /// Extents and steps below which no offset leaves 64 bits.
    private static var extentLimit: Int { 1 << 28 }
    private static var tableLimit: Int { 1 << 22 }

    private struct Tap {
        let position: Int
        let index: Int
    }

    /// `nil` where the numbers are too large for the kernels.
    init?(_ window: Window, kernel: [Int], input: [Int], output: [Int], channels: Int) {
        let paddings = kernel.indices.map {
            window.resolvedPadding(axis: $0, extent: input[$0], kernel: kernel[$0])
        }
        let numbers = kernel + input + output + window.strides + window.dilations + [channels]
            + paddings.flatMap { [abs($0.before), abs($0.after)] }
        let last = kernel.count - 1
        guard last >= 0, numbers.allSatisfy({ $0 < Self.extentLimit }),
            let elements = (input + [channels]).checkedElementCount, elements < 1 << 40,
            let outer = Shape(output[..<last]).checkedElementCount,
            let taps = Shape(kernel[..<last]).checkedElementCount,
            outer < Self.tableLimit, taps < Self.tableLimit, outer * taps < Self.tableLimit
        else { return nil }
        imageElements = elements
        outputRows = outer
        outputWidth = output[last]
        after = paddings[last].after
        windows = skiff_windows(
            columns: Int64(input[last]), pixel_stride: Int64(channels), first: Int64(-paddings[last].before),
            stride: Int64(window.strides[last]), dilation: Int64(window.dilations[last]), taps: Int64(kernel[last]))
        for row in 0..<outer {
            add(
                row, window, kernel: kernel, input: input, output: output, paddings: paddings,
                row: input[last] * channels)
        }
    }

    private mutating func add(
        _ row: Int, _ window: Window, kernel: [Int], input: [Int], output: [Int],
        paddings: [(before: Int, after: Int)], row length: Int
    ) {
        var rest = row
        var axes: [(taps: [Tap], covered: Int)] = []
        for axis in (0..<kernel.count - 1).reversed() {
            let start = rest % output[axis] * window.strides[axis] - paddings[axis].before
            rest /= output[axis]
            let positions = (0..<kernel[axis]).map { Tap(position: start + $0 * window.dilations[axis], index: $0) }
            let end = input[axis] + paddings[axis].after
            axes.append((
                positions.filter { 0..<input[axis] ~= $0.position }, positions.filter { $0.position < end }.count))
        }
        var taps = [Tap(position: 0, index: 0)]
        for (axis, own) in zip(0..<kernel.count - 1, axes.reversed()) {
            taps = taps.flatMap { tap in
                own.taps.map {
                    Tap(position: tap.position * input[axis] + $0.position, index: tap.index * kernel[axis] + $0.index)
                }
            }
        }
        offsets += taps.map { Int64($0.position * length) }
        kernelRows += taps.map(\.index)
        starts.append(offsets.count)
        covered.append(Int64(axes.reduce(1) { $0 * $1.covered }))
    }
}

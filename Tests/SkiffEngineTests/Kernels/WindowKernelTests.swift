import CSkiffKernels
import Testing

/// Poolings and depthwise convolutions against plain loops.
@Suite struct WindowKernelTests {
    /// Input rows and windows along them, wherever they start.
    private struct Rows {
        let columns, channels, pixel, rows: Int
        let offsets: [Int64]
        let windows: skiff_windows

        init(channels: Int, _ draw: inout Draw) {
            self.channels = channels
            columns = draw.int(1...24)
            pixel = channels + draw.int(0...2)
            rows = draw.int(0...4)
            let (rows, stride) = (rows, columns * pixel)
            offsets = (0..<rows).map { Int64((rows - 1 - $0) * stride) }
            windows = skiff_windows(
                columns: Int64(columns), pixel_stride: Int64(pixel), first: Int64(draw.int(-6...4)),
                stride: Int64(draw.int(1...4)), dilation: Int64(draw.int(1...3)), taps: Int64(draw.int(1...7)))
        }

        var count: Int { (rows + 1) * columns * pixel }

        /// The column of a tap, also outside the map.
        func column(_ x: Int, _ tap: Int) -> Int {
            Int(windows.first) + x * Int(windows.stride) + tap * Int(windows.dilation)
        }

        /// Taps of window x that lie in the map, and the elements they read.
        func elements(_ x: Int, _ channel: Int, of input: Elements) -> [(row: Int, tap: Int, value: Double)] {
            (0..<rows).flatMap { row in
                (0..<Int(windows.taps)).filter { 0 <= column(x, $0) && column(x, $0) < columns }.map {
                    (row, $0, input[Int(offsets[row]) + column(x, $0) * pixel + channel])
                }
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func pooling(_ set: KernelSet) {
        forSeeds(set, 300) { draw in
            let channels = draw.extent()
            let map = Rows(channels: channels, &draw)
            let (pixels, stride) = (draw.int(0...12), channels + draw.int(0...2))
            let input = draw.elements(map.count, isOdd: draw.int(0...2) == 0)
            let output = draw.output(pixels * stride)
            let (isAverage, countsPadding, after) = (draw.flag(), draw.flag(), draw.int(0...3))
            map.offsets.withUnsafeBufferPointer { rows in
                var pooling = skiff_pooling(
                    input: input.pointer, rows: rows.baseAddress, row_count: Int64(map.rows), windows: map.windows,
                    channels: Int64(channels), output: output.pointer, output_stride: Int64(stride),
                    is_average: isAverage ? 1 : 0, counts_padding: countsPadding ? 1 : 0,
                    rows_counted: Int64(map.rows + 1), padding_after: Int64(after))
                let part = draw.int(0...pixels)
                set.kernels.pooling(&pooling, 0, Int64(part))
                set.kernels.pooling(&pooling, Int64(part), Int64(pixels - part))
            }
            for x in 0..<pixels {
                for channel in 0..<channels {
                    let values = map.elements(x, channel, of: input).map(\.value)
                    let size = values.reduce(0) { $0 + abs($1) }
                    let covered = (0..<Int(map.windows.taps)).count { map.column(x, $0) < map.columns + after }
                    let divisor = countsPadding ? covered * (map.rows + 1) : values.count
                    let mean = divisor == 0 ? 0 : values.reduce(0, +) / Double(divisor)
                    let most = values.contains { $0.isNaN } ? .nan : values.reduce(-.infinity, max)
                    draw.expect(
                        output[x * stride + channel], isAverage ? mean : most,
                        within: isAverage && size.isFinite ? 30 * set.epsilon * size + set.unit(0) : 0,
                        "pixel \(x), channel \(channel)")
                }
            }
            draw.expectUntouched(output, width: channels, every: stride)
        }
    }

    @Test(arguments: KernelSet.all)
    func globalPooling(_ set: KernelSet) {
        forSeeds(set, 100) { draw in
            let (channels, pixels) = (draw.extent(), draw.int(0...4) == 0 ? draw.int(0...1) : draw.int(2...700))
            let pixel = channels + draw.int(0...2)
            let input = draw.elements(max(0, pixels - 1) * pixel + (pixels > 0 ? channels : 0))
            for value in [Double.nan, .infinity, 1e-42] where pixels > 0 && draw.int(0...3) == 0 {
                input[draw.int(0...input.count - 1)] = value
            }
            let (output, isAverage) = (draw.output(channels), draw.flag())
            var pooling = skiff_global_pooling(
                input: input.pointer, pixels: Int64(pixels), pixel_stride: Int64(pixel), channels: Int64(channels),
                output: output.pointer, is_average: isAverage ? 1 : 0)
            let part = draw.int(0...channels)
            set.kernels.global_pooling(&pooling, 0, Int64(part))
            set.kernels.global_pooling(&pooling, Int64(part), Int64(channels - part))
            for channel in 0..<channels {
                let values = (0..<pixels).map { input[$0 * pixel + channel] }
                let most = values.contains { $0.isNaN } ? .nan : values.reduce(-.infinity, max)
                let mean = values.reduce(0, +) / Double(pixels)
                // Blocks of 64 and their sums: no element is rounded more often than this.
                let tolerance = 76 * set.epsilon * values.reduce(0) { $0 + abs($1) } / Double(max(1, pixels))
                draw.expect(
                    output[channel], isAverage ? mean : most, within: isAverage && tolerance.isFinite ? tolerance : 0,
                    "channel \(channel) of \(channels), \(pixels) pixels")
            }
            draw.expectUntouched(output, width: channels, every: max(1, channels))
        }
    }

    @Test(arguments: KernelSet.all)
    func depthwise(_ set: KernelSet) {
        forSeeds(set, 300) { draw in
            let multiplier = draw.int(0...3) == 0 ? draw.int(2...5) : 1
            let map = Rows(channels: draw.extent(), &draw)
            let (channels, taps) = (map.channels * multiplier, Int(map.windows.taps))
            let (pixels, stride) = (draw.int(0...30), channels + draw.int(0...2))
            let input = draw.elements(map.count, isOdd: draw.int(0...4) == 0)
            let weights = draw.elements((map.rows + 1) * taps * channels)
            let weightRows = (0..<map.rows).map { Int64(($0 + 1) * taps * channels) }
            let (bias, addend) = (draw.elements(channels), draw.elements(pixels * stride))
            let output = draw.output(pixels * stride)
            let (hasBias, hasAddend, lower) = (draw.flag(), draw.flag(), draw.flag() ? 0 : -Double.infinity)
            map.offsets.withUnsafeBufferPointer { rows in
                weightRows.withUnsafeBufferPointer { weightRows in
                    var depthwise = skiff_depthwise(
                        input: input.pointer, rows: rows.baseAddress, weight_rows: weightRows.baseAddress,
                        row_count: Int64(map.rows), windows: map.windows, channels: Int64(channels),
                        multiplier: Int64(multiplier), weights: weights.pointer, bias: hasBias ? bias.pointer : nil,
                        addend: hasAddend ? addend.pointer : nil, addend_stride: Int64(stride), output: output.pointer,
                        output_stride: Int64(stride), lower: lower, upper: .infinity)
                    let part = draw.int(0...pixels)
                    set.kernels.depthwise(&depthwise, 0, Int64(part))
                    set.kernels.depthwise(&depthwise, Int64(part), Int64(pixels - part))
                }
            }
            for x in 0..<pixels {
                for channel in 0..<channels {
                    var (sum, size) = (hasBias ? bias[channel] : 0, 2.0)
                    for element in map.elements(x, channel / multiplier, of: input) {
                        let weight = weights[Int(weightRows[element.row]) + element.tap * channels + channel]
                        sum += element.value * weight
                        size += abs(element.value * weight)
                    }
                    if hasAddend { sum += addend[x * stride + channel] }
                    let tolerance = Double(map.rows * taps + 3) * set.epsilon * size
                    draw.expect(
                        output[x * stride + channel], clamped(sum, lower, .infinity),
                        within: tolerance.isFinite ? tolerance : 0, "pixel \(x), channel \(channel)")
                }
            }
            draw.expectUntouched(output, width: channels, every: stride)
        }
    }
}

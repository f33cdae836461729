import CSkiffKernels
import Testing

/// Winograd's transforms: together with a plain sum over channels they are a 3×3 convolution.
@Suite struct WinogradKernelTests {
    @Test(arguments: KernelSet.all)
    func transformsMakeAConvolution(_ set: KernelSet) {
        forSeeds(set, 120) { draw in
            let tile = draw.flag() ? 2 : 4
            let (height, width, channels) = (draw.int(1...9), draw.int(1...9), draw.extent())
            let outputs = draw.int(1...2 * set.lanes)
            let slice = outputs > set.lanes ? 2 * set.lanes : set.lanes
            let map = draw.elements(height * width * channels)
            let kernels = draw.elements(9 * channels * slice)
            // Where the tile stands, also past the borders.
            let (y, x) = (draw.int(-tile - 1...height), draw.int(-tile - 1...width))
            let weights = self.weights(kernels, count: channels * slice, tile: tile, &draw)
            let components = self.components(map, (height, width, channels), tile: tile, y: y, x: x, &draw)
            let sums = draw.output((tile + 2) * (tile + 2) * slice)
            for component in 0..<(tile + 2) * (tile + 2) {
                for o in 0..<slice {
                    sums[component * slice + o] = (0..<channels).reduce(0.0) { sum, c in
                        let weight = weights[(component * channels + c) * slice + o]
                        return sum + components[component * (channels + 3) + c] * weight
                    }
                }
            }
            checkOutput(sums, outputs: outputs, slice: slice, tile: tile, &draw) { row, column, o in
                var (sum, size) = (0.0, 0.0)
                for tap in 0..<9 {
                    let (py, px) = (y + row + tap / 3, x + column + tap % 3)
                    guard 0..<height ~= py, 0..<width ~= px else { continue }
                    for c in 0..<channels {
                        let term = map[(py * width + px) * channels + c] * kernels[(tap * channels + c) * slice + o]
                        sum += term
                        size += abs(term)
                    }
                }
                return (sum, size)
            }
        }
    }

    /// [component][count] of kernels [9][count].
    private func weights(_ kernels: Elements, count: Int, tile: Int, _ draw: inout Draw) -> Elements {
        let weights = draw.output((tile + 2) * (tile + 2) * count)
        draw.set.kernels.winograd_weights(
            Int32(tile), kernels.pointer, Int64(count), weights.pointer, Int64(count), Int64(count))
        draw.expectUntouched(weights, width: count, every: count)
        return weights
    }

    /// [component][channels + 3] of one tile.
    private func components(
        _ map: Elements, _ extents: (height: Int, width: Int, channels: Int), tile: Int, y: Int, x: Int,
        _ draw: inout Draw
    ) -> Elements {
        let (channels, stride) = (extents.channels, extents.channels + 3)
        let components = draw.output((tile + 2) * (tile + 2) * stride)
        let zeros = Elements(draw.set, count: channels)
        for channel in 0..<channels { zeros[channel] = 0 }
        var input = skiff_winograd_input()
        input.data = UnsafeRawPointer(map.pointer)
        input.zeros = UnsafeRawPointer(zeros.pointer)
        input.height = Int64(extents.height)
        input.width = Int64(extents.width)
        input.channels = Int64(channels)
        input.row_stride = Int64(extents.width * channels)
        input.pixel_stride = Int64(channels)
        input.component_stride = Int64(stride)
        input.tile = Int32(tile)
        draw.set.kernels.winograd_input(&input, Int64(y), Int64(x), components.pointer)
        draw.expectUntouched(components, width: channels, every: stride)
        return components
    }

    /// Transforms sums back, with bias, addend and clamp, and compares with what `direct` sums for a pixel and output.
    private func checkOutput(
        _ sums: Elements, outputs: Int, slice: Int, tile: Int, _ draw: inout Draw,
        direct: (Int, Int, Int) -> (sum: Double, size: Double)
    ) {
        let (rows, columns) = (draw.int(1...tile), draw.int(1...tile))
        let pixel = outputs + draw.int(0...2)
        let row = columns * pixel
        let (bias, addend, output) = (draw.elements(slice), draw.elements(rows * row), draw.output(rows * row))
        let (hasAddend, lower) = (draw.flag(), draw.flag() ? 0 : -Double.infinity)
        var out = skiff_winograd_output()
        out.bias = UnsafeRawPointer(bias.pointer)
        out.addend = hasAddend ? UnsafeRawPointer(addend.pointer) : nil
        out.output = output.pointer
        (out.outputs, out.rows, out.columns) = (Int64(outputs), Int64(rows), Int64(columns))
        (out.row_stride, out.pixel_stride) = (Int64(row), Int64(pixel))
        (out.addend_row_stride, out.addend_pixel_stride) = (Int64(row), Int64(pixel))
        (out.component_stride, out.tile) = (Int64(slice), Int32(tile))
        (out.lower, out.upper) = (lower, .infinity)
        draw.set.kernels.winograd_output(&out, sums.pointer)
        for index in 0..<rows * columns * outputs {
            let (o, place) = (index % outputs, index / outputs)
            let (sum, size) = direct(place / columns, place % columns, o)
            let at = place / columns * row + place % columns * pixel + o
            let expected = clamped(sum + bias[o] + (hasAddend ? addend[at] : 0), lower, .infinity)
            // The transforms' numbers reach 5 and 8, twice each.
            let tolerance = (tile == 4 ? 400 : 20) * draw.set.epsilon * (size + 2)
            draw.expect(output[at], expected, within: tolerance, "F(\(tile)×\(tile)), pixel \(place), output \(o)")
        }
        draw.expectUntouched(output, width: outputs, every: pixel)
    }
}

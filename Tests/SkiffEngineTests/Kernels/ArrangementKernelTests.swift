import CSkiffKernels
import Testing

/// Copies, transpositions, resizing, softmax and local response normalization against plain loops.
@Suite struct ArrangementKernelTests {
    @Test(arguments: KernelSet.all)
    func moves(_ set: KernelSet) {
        forSeeds(set) { draw in
            let (rows, columns) = (draw.extent(), draw.extent())
            let (from, to, across) = (columns + draw.int(0...2), columns + draw.int(0...2), rows + draw.int(0...2))
            let input = draw.elements((rows - 1) * from + columns, isOdd: true)
            let outputs = (0..<3).map { _ in draw.output((rows - 1) * to + columns) }
            let turned = draw.output((columns - 1) * across + rows)
            let offsets = (0..<rows).map { _ in Int64(draw.int(0...rows - 1) * from) }
            let kernels = set.kernels
            kernels.copy(input.pointer, Int64(from), outputs[0].pointer, Int64(to), Int64(rows), Int64(columns))
            kernels.gather(input.pointer, offsets, outputs[1].pointer, Int64(to), Int64(rows), Int64(columns))
            kernels.fill(outputs[2].pointer, Int64(to), Int64(rows), Int64(columns), -2.5)
            kernels.transpose(input.pointer, Int64(from), turned.pointer, Int64(across), Int64(rows), Int64(columns))
            for row in 0..<rows {
                for column in 0..<columns {
                    let element = input[row * from + column]
                    draw.expect(outputs[0][row * to + column], element, "copy")
                    draw.expect(outputs[1][row * to + column], input[Int(offsets[row]) + column], "gather")
                    draw.expect(outputs[2][row * to + column], -2.5, "fill")
                    draw.expect(turned[column * across + row], element, "transpose \(rows) × \(columns)")
                }
            }
            for output in outputs { draw.expectUntouched(output, width: columns, every: to) }
            draw.expectUntouched(turned, width: rows, every: across)
        }
    }

    /// Weights in the orders that files have them in, and in one that none has.
    @Test(arguments: KernelSet.all)
    func packs(_ set: KernelSet) {
        forSeeds(set) { draw in
            let (taps, channels, all) = (draw.int(1...9), draw.extent(), draw.extent())
            let outputs = min(all, 2 * set.lanes)
            let width = outputs > set.lanes ? 2 * set.lanes : set.lanes
            // Steps of tap, channel and output: OIHW, HWIO, OHWI, and one element further apart.
            let gap = draw.int(2...3)
            let orders = [
                (1, taps, taps * channels), (channels * all, all, 1), (channels, 1, taps * channels),
                (channels * all * gap, all * gap, gap),
            ]
            let steps = orders[draw.int(0...3)]
            let input = draw.elements(taps * channels * all * gap, isOdd: true)
            let target = draw.output(taps * channels * width)
            let scale = draw.flag() ? (0..<outputs).map { _ in draw.real() } : nil
            func pack(_ scale: UnsafePointer<Double>?) {
                var packing = skiff_packing(
                    input: input.pointer, taps: Int64(taps), channels: Int64(channels), outputs: Int64(outputs),
                    tap_step: Int64(steps.0), channel_step: Int64(steps.1), output_step: Int64(steps.2), scale: scale,
                    output: target.pointer, width: Int64(width))
                set.kernels.pack(&packing)
            }
            if let scale { scale.withUnsafeBufferPointer { pack($0.baseAddress) } } else { pack(nil) }
            for tap in 0..<taps {
                for channel in 0..<channels {
                    for output in 0..<width {
                        let place = tap * steps.0 + channel * steps.1 + output * steps.2
                        let product = output < outputs ? input[place] * (scale?[output] ?? 1) : 0
                        let expected = set.elementBytes == 4 ? Double(Float(product)) : product
                        draw.expect(
                            target[(tap * channels + channel) * width + output], expected, "pack \(taps)×\(channels)")
                    }
                }
            }
            draw.expectUntouched(target, width: width, every: width)
        }
    }

    @Test(arguments: KernelSet.all)
    func resize(_ set: KernelSet) {
        forSeeds(set) { draw in
            let (channels, columns, rows, pixels) = (draw.extent(), draw.int(1...9), draw.int(1...4), draw.int(0...9))
            let stride = channels + draw.int(0...2)
            let input = draw.elements(rows * columns * channels)
            let output = draw.output(pixels * stride)
            let offsets = (0..<rows).map { Int64($0 * columns * channels) }
            var (starts, taps) = ([Int32(0)], [Int64]())
            for _ in 0..<pixels {
                for _ in 0..<draw.int(0...4) { taps.append(Int64(draw.int(0...columns - 1) * channels)) }
                starts.append(Int32(taps.count))
            }
            let (rowWeights, columnWeights) = (draw.elements(rows), draw.elements(taps.count))
            offsets.withUnsafeBufferPointer { offsets in
                starts.withUnsafeBufferPointer { starts in
                    taps.withUnsafeBufferPointer { taps in
                        var resize = skiff_resize(
                            input: input.pointer, rows: offsets.baseAddress, row_weights: rowWeights.pointer,
                            row_count: Int64(rows), starts: starts.baseAddress, columns: taps.baseAddress,
                            column_weights: columnWeights.pointer, channels: Int64(channels), output: output.pointer,
                            output_stride: Int64(stride))
                        let part = draw.int(0...pixels)
                        set.kernels.resize(&resize, 0, Int64(part))
                        set.kernels.resize(&resize, Int64(part), Int64(pixels - part))
                    }
                }
            }
            for x in 0..<pixels {
                for channel in 0..<channels {
                    var sum = 0.0
                    for tap in Int(starts[x])..<Int(starts[x + 1]) {
                        for row in 0..<rows {
                            sum += columnWeights[tap] * rowWeights[row] * input[Int(offsets[row] + taps[tap]) + channel]
                        }
                    }
                    draw.expect(
                        output[x * stride + channel], sum, within: 40 * set.epsilon, "pixel \(x), channel \(channel)")
                }
            }
            draw.expectUntouched(output, width: channels, every: stride)
        }
    }

    @Test(arguments: KernelSet.all)
    func response(_ set: KernelSet) {
        forSeeds(set, 80) { draw in
            let (channels, pixels) = (draw.extent(), draw.int(0...5))
            let (from, to) = (channels + draw.int(0...2), channels + draw.int(0...2))
            let (input, output) = (draw.elements(pixels * from, scale: 10), draw.output(pixels * to))
            let (before, after) = (draw.int(0...4), draw.int(0...4))
            let (bias, factor, beta) = (set.rounded(draw.real() + 2), 0.25, set.rounded(draw.real() + 1))
            var response = skiff_response(
                input: input.pointer, input_stride: Int64(from), output: output.pointer, output_stride: Int64(to),
                channels: Int64(channels), before: Int64(before), after: Int64(after), bias: bias, factor: factor,
                beta: beta)
            set.kernels.response(&response, 0, Int64(pixels))
            for pixel in 0..<pixels {
                for channel in 0..<channels {
                    let near = max(0, channel - before)...min(channels - 1, channel + after)
                    let squares = near.reduce(0.0) { $0 + input[pixel * from + $1] * input[pixel * from + $1] }
                    let expected = input[pixel * from + channel] / power(bias + factor * squares, beta)
                    draw.expect(
                        output[pixel * to + channel], expected, within: 4 * set.unit(expected), "channel \(channel)")
                }
            }
            draw.expectUntouched(output, width: channels, every: to)
        }
    }

    @Test(arguments: KernelSet.all)
    func softmax(_ set: KernelSet) {
        forSeeds(set) { draw in
            let (length, rows) = (draw.extent(), draw.int(0...4))
            let (from, to) = (length + draw.int(0...2), length + draw.int(0...2))
            let input = draw.elements(rows * from, isOdd: draw.int(0...3) == 0, scale: draw.flag() ? 1 : 60)
            let (output, isLogarithm) = (draw.output(rows * to), draw.flag())
            var softmax = skiff_softmax(
                input: input.pointer, input_stride: Int64(from), output: output.pointer, output_stride: Int64(to),
                length: Int64(length), is_logarithm: isLogarithm ? 1 : 0)
            set.kernels.softmax(&softmax, 0, Int64(rows))
            for row in 0..<rows {
                let values = (0..<length).map { input[row * from + $0] }
                let shift = values.contains { $0.isNaN } ? .nan : values.reduce(-.infinity, max)
                let sum = values.reduce(0.0) { $0 + exponential($1 - shift) }
                for (index, value) in values.enumerated() {
                    let distance = value - shift
                    let expected = set.rounded(isLogarithm ? distance - logarithm(sum) : exponential(distance) / sum)
                    // The sum of n exponentials errs by at most n units in double; float rounds once.
                    let units = Double(length + 4) * 0x1p-52 * (isLogarithm ? 1 + abs(distance) : abs(expected))
                    draw.expect(
                        output[row * to + index], expected, within: set.unit(expected) + (units.isFinite ? units : 0),
                        "row \(row), \(index)")
                }
            }
            draw.expectUntouched(output, width: length, every: to)
        }
    }
}

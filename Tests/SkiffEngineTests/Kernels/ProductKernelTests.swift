import CSkiffKernels
import Testing

/// The sums behind convolutions and matrix products against plain loops.
@Suite struct ProductKernelTests {
    /// One call of `product`, and what it is compared with.
    private struct Case {
        var taps = 1, depth = 1, pixels = 1, outputs = 1
        var pixelStep = 1, outputStep = 1
        var lower = -Double.infinity, upper = Double.infinity
        var hasAddend = false, isOdd = false
    }

    private func check(_ shape: Case, _ draw: inout Draw) {
        let set = draw.set
        let slice = shape.outputs > set.lanes ? 2 * set.lanes : set.lanes
        let taps = (0..<shape.taps).map { _ in Int64(draw.int(0...20)) }
        let input = draw.elements(20 + shape.pixels * shape.pixelStep + shape.depth, isOdd: shape.isOdd)
        let weights = draw.elements(shape.taps * shape.depth * slice)
        let bias = draw.elements(slice)
        let count = max(0, shape.pixels - 1) * shape.outputStep + shape.outputs
        let (addend, output) = (draw.elements(count), draw.output(count))
        // Pixels in any order, so that no tile relies on neighbours.
        let places = (0..<shape.pixels).map { $0 * 7 % max(1, shape.pixels) }
        let order = Set(places).count == shape.pixels ? places : Array(0..<shape.pixels)
        let inputs = order.map { Int32($0 * shape.pixelStep) }
        let outputs = order.map { Int32($0 * shape.outputStep) }
        taps.withUnsafeBufferPointer { taps in
            var product = skiff_product(
                input: input.pointer, taps: taps.baseAddress, tap_count: Int64(shape.taps), depth: Int64(shape.depth),
                weights: weights.pointer, bias: bias.pointer, addend: shape.hasAddend ? addend.pointer : nil,
                output: output.pointer, outputs: Int64(shape.outputs), lower: shape.lower, upper: shape.upper,
                repeats: 1, input_step: 0, weights_step: 0, output_step: 0)
            set.kernels.product(&product, inputs, outputs, outputs, Int64(shape.pixels))
        }
        for pixel in 0..<shape.pixels {
            for o in 0..<shape.outputs {
                var (sum, size) = (bias[o], abs(bias[o]))
                for (index, tap) in taps.enumerated() {
                    for k in 0..<shape.depth {
                        let weight = weights[(index * shape.depth + k) * slice + o]
                        let term = input[pixel * shape.pixelStep + Int(tap) + k] * weight
                        sum += term
                        size += abs(term)
                    }
                }
                if shape.hasAddend { sum += addend[pixel * shape.outputStep + o] }
                let expected = clamped(sum, shape.lower, shape.upper)
                // Each of n additions and products rounds by half a unit of what is summed so far.
                let rounding = Double(taps.count * shape.depth + 3) * set.epsilon * (size + 1) + set.smallest
                let tolerance = rounding.isFinite ? rounding : 0
                draw.expect(
                    output[pixel * shape.outputStep + o], expected, within: tolerance,
                    "pixel \(pixel), output \(o) of \(shape)")
            }
        }
        if shape.pixels > 0 { draw.expectUntouched(output, width: shape.outputs, every: shape.outputStep) }
    }

    @Test(arguments: KernelSet.all)
    func everyTile(_ set: KernelSet) {
        let tile = Int(set.kernels.tile_pixels)
        forSeeds(set, 1) { draw in
            for pixels in Array(0...2 * tile + 1) + [29, 31] {
                for outputs in [1, set.lanes - 1, set.lanes, set.lanes + 1, 2 * set.lanes - 1, 2 * set.lanes] {
                    check(Case(taps: 2, depth: 3, pixels: pixels, outputs: outputs, outputStep: outputs + 1), &draw)
                }
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func anyShape(_ set: KernelSet) {
        forSeeds(set) { draw in
            var shape = Case(
                taps: draw.int(1...9), depth: draw.extent(), pixels: draw.int(0...40),
                outputs: draw.int(1...2 * set.lanes))
            shape.pixelStep = draw.int(0...3)
            shape.outputStep = shape.outputs + draw.int(0...3)
            shape.hasAddend = draw.flag()
            if draw.flag() { (shape.lower, shape.upper) = (0, draw.flag() ? 6 : .infinity) }
            shape.isOdd = draw.int(0...3) == 0
            check(shape, &draw)
        }
    }

    /// Bits do not hang on the tile that a pixel falls into.
    @Test(arguments: KernelSet.all)
    func sameBitsInEveryTile(_ set: KernelSet) {
        forSeeds(set, 20) { draw in
            let (depth, slice, pixels) = (draw.extent(), 2 * set.lanes, 25)
            let (input, weights) = (draw.elements(pixels + depth), draw.elements(depth * slice))
            let bias = draw.elements(slice)
            let (whole, single) = (draw.output(pixels * slice), draw.output(pixels * slice))
            let (inputs, outputs) = ((0..<pixels).map { Int32($0) }, (0..<pixels).map { Int32($0 * slice) })
            var tap: Int64 = 0
            withUnsafePointer(to: &tap) { tap in
                var product = skiff_product(
                    input: input.pointer, taps: tap, tap_count: 1, depth: Int64(depth), weights: weights.pointer,
                    bias: bias.pointer, addend: nil, output: whole.pointer, outputs: Int64(slice), lower: -.infinity,
                    upper: .infinity, repeats: 1, input_step: 0, weights_step: 0, output_step: 0)
                set.kernels.product(&product, inputs, outputs, nil, Int64(pixels))
                product.output = single.pointer
                for pixel in 0..<pixels { set.kernels.product(&product, [inputs[pixel]], [outputs[pixel]], nil, 1) }
            }
            for index in 0..<pixels * slice { draw.expect(single[index], whole[index], "element \(index) alone") }
        }
    }

    /// Repeats are calls of their own, each a step further on.
    @Test(arguments: KernelSet.all)
    func repeats(_ set: KernelSet) {
        forSeeds(set, 10) { draw in
            let (depth, slice, pixels, repeats) = (draw.extent(), 2 * set.lanes, draw.int(1...15), draw.int(1...5))
            let input = draw.elements(repeats * pixels * depth)
            let (weights, bias) = (draw.elements(repeats * depth * slice), draw.elements(slice))
            let (whole, single) = (draw.output(repeats * pixels * slice), draw.output(repeats * pixels * slice))
            let inputs = (0..<pixels).map { Int32($0 * depth) }
            let outputs = (0..<pixels).map { Int32($0 * slice) }
            let width = set.kernels.element_bytes
            var tap: Int64 = 0
            withUnsafePointer(to: &tap) { tap in
                var product = skiff_product(
                    input: input.pointer, taps: tap, tap_count: 1, depth: Int64(depth), weights: weights.pointer,
                    bias: bias.pointer, addend: nil, output: whole.pointer, outputs: Int64(slice), lower: -.infinity,
                    upper: .infinity, repeats: Int64(repeats), input_step: Int64(pixels * depth),
                    weights_step: Int64(depth * slice), output_step: Int64(pixels * slice))
                set.kernels.product(&product, inputs, outputs, nil, Int64(pixels))
                product.repeats = 1
                for step in 0..<repeats {
                    product.input = UnsafeRawPointer(input.pointer) + step * pixels * depth * Int(width)
                    product.weights = UnsafeRawPointer(weights.pointer) + step * depth * slice * Int(width)
                    product.output = single.pointer + step * pixels * slice * Int(width)
                    set.kernels.product(&product, inputs, outputs, nil, Int64(pixels))
                }
            }
            for index in 0..<repeats * pixels * slice { draw.expect(single[index], whole[index], "element \(index)") }
        }
    }

    @Test func tablesAreFoundByName() {
        #expect(skiff_kernels_find(nil, 4) != nil)
        #expect(skiff_kernels_find("portable", 8) != nil)
        #expect(skiff_kernels_find("sse9", 4) == nil)
        #expect(skiff_kernels_find("portable", 2) == nil)
        #expect(skiff_kernels_known("avx512") == 1)
        #expect(skiff_kernels_known("avx") == 0)
        #expect(KernelSet.all.allSatisfy { String(cString: $0.kernels.name) == $0.name })
    }
}

internal import CSkiffKernels
internal import SkiffCore

/// A direct convolution or matrix product: register tiles over blocks of pixels and slices of outputs.
struct ProductStep: @unchecked Sendable {
    /// Neighbouring pixels that one task takes for a slice.
    struct Block {
        /// Elements that the input's and the output's first pixel are further on than the tables say.
        var input: Int
        var output: Int
        /// First entry of the offset tables, and how many.
        var first: Int
        var count: Int
    }

    /// Neighbouring outputs, whose weights stand side by side.
    struct Slice {
        /// Offset of the first input channel and of the first output.
        var inputChannel: Int
        var output: Int
        var weights: Int
        var bias: Int
        /// Outputs.
        var count: Int
    }

    let kernels: KernelSet
    let bias: UnsafePointer<Float>
    let blocks: [Block]
    /// Offset of each pixel of a block in the input and in the output, in elements.
    let inputOffsets: [Int32]
    let outputOffsets: [Int32]
    let taps: [Int64]
    let depth: Int
    let lower: Double
    let upper: Double
    /// Weights are so many that a task takes few slices over all pixels, not few pixels for all slices.
    let isSliceMajor: Bool
    /// Parts that blocks and slices are cut into; a task is one of each.
    let blockParts: Int
    let sliceParts: Int
    let slices: [Slice]

    var tasks: Int { blockParts * sliceParts }

    static func range(_ part: Int, of parts: Int, count: Int) -> Range<Int> {
        part * count / parts..<(part + 1) * count / parts
    }

    func run(
        _ task: Int, weights: SliceWeights, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        addend: UnsafePointer<Float>?
    ) {
        let blockRange = Self.range(task / sliceParts, of: blockParts, count: blocks.count)
        let sliceRange = Self.range(task % sliceParts, of: sliceParts, count: slices.count)
        // Inside are pointers alone: counting references to arrays that threads share costs more than a tile.
        taps.withUnsafeBufferPointer { taps in
            inputOffsets.withUnsafeBufferPointer { inputOffsets in
                outputOffsets.withUnsafeBufferPointer { outputOffsets in
                    blocks.withUnsafeBufferPointer { blocks in
                        slices.withUnsafeBufferPointer { slices in
                            guard let ins = inputOffsets.baseAddress, let outs = outputOffsets.baseAddress else { return }
                            let call = Call(
                                kernel: kernels.table.pointee.product, weights: weights, bias: bias, input: input,
                                output: output, addend: addend, inputOffsets: ins, outputOffsets: outs)
                            call.run(
                                UnsafeBufferPointer(rebasing: blocks[blockRange]), slices, sliceRange,
                                isSliceMajor: isSliceMajor, product(taps))
                        }
                    }
                }
            }
        }
    }

    private func product(_ taps: UnsafeBufferPointer<Int64>) -> skiff_product {
        var product = skiff_product()
        product.taps = taps.baseAddress
        product.tap_count = Int64(taps.count)
        product.depth = Int64(depth)
        product.lower = lower
        product.upper = upper
        product.repeats = 1
        return product
    }

    /// What all calls of one task share.
    private struct Call {
        let kernel: @convention(c) (
            UnsafePointer<skiff_product>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, Int64
        ) -> Void
        let weights: SliceWeights
        let bias: UnsafePointer<Float>
        let input: UnsafePointer<Float>
        let output: UnsafeMutablePointer<Float>
        let addend: UnsafePointer<Float>?
        let inputOffsets: UnsafePointer<Int32>
        let outputOffsets: UnsafePointer<Int32>

        func run(
            _ blocks: UnsafeBufferPointer<Block>, _ slices: UnsafeBufferPointer<Slice>, _ range: Range<Int>,
            isSliceMajor: Bool, _ product: skiff_product
        ) {
            var product = product
            switch weights {
            case .streamed(let packer, let scratch):
                for index in range {
                    packer.pack(index, into: scratch)
                    for block in blocks { run(&product, slices[index], block, weights: UnsafePointer(scratch)) }
                }
            case .packed(let weights) where isSliceMajor:
                for index in range {
                    let slice = slices[index]
                    for block in blocks { run(&product, slice, block, weights: weights + slice.weights) }
                }
            case .packed(let weights):
                for block in blocks {
                    for index in range { run(&product, slices[index], block, weights: weights + slices[index].weights) }
                }
            }
        }

        @inline(__always)
        private func run(
            _ product: inout skiff_product, _ slice: Slice, _ block: Block, weights: UnsafePointer<Float>
        ) {
            let place = block.output &+ slice.output
            product.input = UnsafeRawPointer(input + (block.input &+ slice.inputChannel))
            product.weights = UnsafeRawPointer(weights)
            product.bias = UnsafeRawPointer(bias + slice.bias)
            product.output = UnsafeMutableRawPointer(output + place)
            product.addend = addend.map { UnsafeRawPointer($0 + place) }
            product.outputs = Int64(slice.count)
            let outs = outputOffsets + block.first
            kernel(&product, inputOffsets + block.first, outs, outs, Int64(block.count))
        }
    }
}

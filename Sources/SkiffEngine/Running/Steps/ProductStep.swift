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

    let kernels: KernelSet
    let bundles: [ProductBundle]
    let weights: UnsafePointer<Float>
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
    /// Slices of all bundles: bundle and slice.
    let slices: [(bundle: Int, slice: Int)]

    var tasks: Int { blockParts * sliceParts }

    static func range(_ part: Int, of parts: Int, count: Int) -> Range<Int> {
        part * count / parts..<(part + 1) * count / parts
    }

    func run(
        _ task: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, addend: UnsafePointer<Float>?
    ) {
        let blockRange = Self.range(task / sliceParts, of: blockParts, count: blocks.count)
        let sliceRange = Self.range(task % sliceParts, of: sliceParts, count: slices.count)
        taps.withUnsafeBufferPointer { taps in
            inputOffsets.withUnsafeBufferPointer { inputOffsets in
                outputOffsets.withUnsafeBufferPointer { outputOffsets in
                    guard let ins = inputOffsets.baseAddress, let outs = outputOffsets.baseAddress else { return }
                    var product = skiff_product()
                    product.taps = taps.baseAddress
                    product.tap_count = Int64(taps.count)
                    product.depth = Int64(depth)
                    product.lower = lower
                    product.upper = upper
                    product.repeats = 1
                    if isSliceMajor {
                        for slice in sliceRange {
                            for block in blockRange {
                                run(&product, slices[slice], blocks[block], input, output, addend, ins, outs)
                            }
                        }
                    } else {
                        for block in blockRange {
                            for slice in sliceRange {
                                run(&product, slices[slice], blocks[block], input, output, addend, ins, outs)
                            }
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private func run(
        _ product: inout skiff_product, _ index: (bundle: Int, slice: Int), _ block: Block,
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ addend: UnsafePointer<Float>?,
        _ inputOffsets: UnsafePointer<Int32>, _ outputOffsets: UnsafePointer<Int32>
    ) {
        let bundle = bundles[index.bundle]
        let slice = bundle.slices[index.slice]
        let place = block.output + bundle.output + slice.first
        product.input = UnsafeRawPointer(input + (block.input + bundle.inputChannel))
        product.weights = UnsafeRawPointer(weights + bundle.weightOffsets[index.slice])
        product.bias = UnsafeRawPointer(bias + bundle.biasOffsets[index.slice])
        product.output = UnsafeMutableRawPointer(output + place)
        product.addend = addend.map { UnsafeRawPointer($0 + place) }
        product.outputs = Int64(slice.count)
        let outs = outputOffsets + block.first
        kernels.table.pointee.product(&product, inputOffsets + block.first, outs, outs, Int64(block.count))
    }
}

/// The pixels of a direct product in blocks, and where each of them lies.
struct DirectGeometry {
    var blocks: [ProductStep.Block] = []
    var inputOffsets: [Int32] = []
    var outputOffsets: [Int32] = []
    var taps: [Int64] = []
    private let channelsPerTap: Int
    private let runLength: Int

    /// Most pixels that one table lists; larger maps have a table of one row.
    private static var tableLimit: Int { 1 << 14 }

    init(_ shape: ConvolutionShape, kernels: KernelSet) {
        let blockPixels = kernels.tilePixels * (48 / kernels.tilePixels)
        let channels = shape.inputChannels
        channelsPerTap = shape.channelsPerGroup
        // Taps of a row stand side by side where nothing is between them.
        let mergesRow = shape.groups == 1 && shape.dilations.last == 1 && !shape.isPointwise
        runLength = mergesRow ? shape.kernelExtents[shape.kernelExtents.count - 1] : 1
        let padded = shape.paddedExtents
        let image = padded.reduce(channels, *)
        if shape.isPointwise {
            taps = [0]
            addUniform(pixels: shape.batch * shape.inputPixels, by: blockPixels, shape)
            return
        }
        var kernel = shape.kernelExtents
        if mergesRow { kernel[kernel.count - 1] = 1 }
        taps = ConvolutionShape.offsets(kernel, steps: shape.dilations, in: padded).map { Int64($0 * channels) }
        if shape.outputPixels <= Self.tableLimit {
            let offsets = ConvolutionShape.offsets(shape.outputExtents, steps: shape.strides, in: padded)
            inputOffsets = offsets.map { Int32($0 * channels) }
            outputOffsets = offsets.indices.map { Int32($0 * shape.outputChannels) }
            for index in 0..<shape.batch {
                addBlocks(
                    input: index * image, output: index * shape.outputPixels * shape.outputChannels,
                    pixels: shape.outputPixels, by: blockPixels)
            }
        } else {
            addRows(shape, padded: padded, image: image, by: blockPixels)
        }
    }

    /// Elements that a tap reads.
    var depth: Int { runLength * channelsPerTap }

    private mutating func addUniform(pixels: Int, by size: Int, _ shape: ConvolutionShape) {
        let count = min(size, pixels)
        inputOffsets = (0..<count).map { Int32($0 * shape.inputChannels) }
        outputOffsets = (0..<count).map { Int32($0 * shape.outputChannels) }
        let parts = (pixels + size - 1) / size
        for part in 0..<parts {
            let range = ProductStep.range(part, of: parts, count: pixels)
            blocks.append(
                ProductStep.Block(
                    input: range.lowerBound * shape.inputChannels, output: range.lowerBound * shape.outputChannels,
                    first: 0, count: range.count))
        }
    }

    private mutating func addBlocks(input: Int, output: Int, pixels: Int, by size: Int) {
        let parts = (pixels + size - 1) / size
        for part in 0..<parts {
            let range = ProductStep.range(part, of: parts, count: pixels)
            blocks.append(ProductStep.Block(input: input, output: output, first: range.lowerBound, count: range.count))
        }
    }

    private mutating func addRows(_ shape: ConvolutionShape, padded: [Int], image: Int, by size: Int) {
        let last = padded.count - 1
        let width = shape.outputExtents[last]
        inputOffsets = (0..<width).map { Int32($0 * shape.strides[last] * shape.inputChannels) }
        outputOffsets = (0..<width).map { Int32($0 * shape.outputChannels) }
        let rowExtents = Array(shape.outputExtents[..<last]) + [1]
        let rows = ConvolutionShape.offsets(rowExtents, steps: shape.strides, in: padded)
        for index in 0..<shape.batch {
            for (row, offset) in rows.enumerated() {
                addBlocks(
                    input: index * image + offset * shape.inputChannels,
                    output: (index * shape.outputPixels + row * width) * shape.outputChannels, pixels: width, by: size)
            }
        }
    }
}

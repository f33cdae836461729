internal import CSkiffKernels

/// A 3×3 convolution by Winograd's minimal filtering: tiles are transformed, multiplied component by component,
/// and transformed back with bias, addend and clamp.
///
/// Where the weights are few, a task takes some tiles through all three (the components stay in its cache); where they
/// are many, one step transforms all tiles and the next takes the slices one by one, so that each weight comes from
/// memory once.
struct WinogradStep: @unchecked Sendable {
    let kernels: KernelSet
    let tile: Int
    let batch: Int
    /// Height and width of the input and of the output.
    let input: (height: Int, width: Int)
    let output: (height: Int, width: Int)
    /// Zeros above and to the left.
    let before: (y: Int, x: Int)
    let channels: Int
    let outputs: Int
    let slices: [KernelSet.Slice]
    /// Where each slice's [component][channel][width] begins among the packed weights.
    let weightOffsets: [Int]
    let bias: UnsafePointer<Float>
    let biasOffsets: [Int]
    let zeros: UnsafePointer<Float>
    let lower: Double
    let upper: Double
    /// Most tiles that are worked on together.
    let blockTiles: Int
    let blocks: Int

    var components: Int { (tile + 2) * (tile + 2) }
    var tileRows: Int { (output.height + tile - 1) / tile }
    var tileColumns: Int { (output.width + tile - 1) / tile }
    var tiles: Int { batch * tileRows * tileColumns }

    /// Elements from one tile's components to the next. Odd in lines of the cache, as all steps through components
    /// are: even ones would meet in few of its sets.
    var pitch: Int { channels % 256 == 0 ? channels + 16 : channels }
    var componentStride: Int { Self.oddLines(blockTiles * pitch) }
    var sumStride: Int { Self.oddLines(blockTiles * kernels.sliceWidth) }
    /// Floats of the components of one block, and of what they sum to for one slice.
    var componentElements: Int { components * componentStride }
    var sumElements: Int { components * sumStride }

    static func oddLines(_ elements: Int) -> Int {
        let lines = (elements + 15) / 16
        return (lines | 1) * 16
    }

    /// Offsets of a block's tiles among components, and among sums.
    let tileOffsets: [Int32]
    let sumOffsets: [(width: Int, offsets: [Int32])]

    func tileRange(_ block: Int) -> Range<Int> { ProductStep.range(block, of: blocks, count: tiles) }

    /// Transforms tiles `range` of a block into its components.
    func transform(
        _ range: Range<Int>, ofBlock block: Int, input source: UnsafePointer<Float>,
        components target: UnsafeMutablePointer<Float>
    ) {
        var map = skiff_winograd_input()
        map.zeros = UnsafeRawPointer(zeros)
        map.height = Int64(input.height)
        map.width = Int64(input.width)
        map.channels = Int64(channels)
        map.row_stride = Int64(input.width * channels)
        map.pixel_stride = Int64(channels)
        map.component_stride = Int64(componentStride)
        map.tile = Int32(tile)
        let first = tileRange(block).lowerBound
        let perImage = tileRows * tileColumns
        for index in range {
            let (image, rest) = (index / perImage, index % perImage)
            map.data = UnsafeRawPointer(source + image * input.height * input.width * channels)
            kernels.table.pointee.winograd_input(
                &map, Int64(rest / tileColumns * tile - before.y), Int64(rest % tileColumns * tile - before.x),
                target + (index - first) * pitch)
        }
    }

    /// Multiplies a block's components with one slice's weights and gives the outputs.
    func multiply(
        slice index: Int, weights: UnsafePointer<Float>, block: Int, components: UnsafePointer<Float>,
        sums: UnsafeMutablePointer<Float>, output target: UnsafeMutablePointer<Float>, addend: UnsafePointer<Float>?
    ) {
        let slice = slices[index]
        let range = tileRange(block)
        var tap: Int64 = 0
        var product = skiff_product()
        product.input = UnsafeRawPointer(components)
        product.tap_count = 1
        product.depth = Int64(channels)
        product.weights = UnsafeRawPointer(weights)
        product.bias = UnsafeRawPointer(zeros)
        product.output = UnsafeMutableRawPointer(sums)
        product.outputs = Int64(slice.width)
        product.lower = -.infinity
        product.upper = .infinity
        product.repeats = Int64(self.components)
        product.input_step = Int64(componentStride)
        product.weights_step = Int64(channels * slice.width)
        product.output_step = Int64(sumStride)
        let offsets = sumOffsets.first { $0.width == slice.width }?.offsets ?? []
        withUnsafePointer(to: &tap) { tap in
            product.taps = tap
            tileOffsets.withUnsafeBufferPointer { tiles in
                offsets.withUnsafeBufferPointer { sums in
                    kernels.table.pointee.product(&product, tiles.baseAddress, sums.baseAddress, nil, Int64(range.count))
                }
            }
        }
        finish(slice, biasOffsets[index], range, sums, target, addend)
    }

    private func finish(
        _ slice: KernelSet.Slice, _ biasOffset: Int, _ range: Range<Int>, _ sums: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>, _ addend: UnsafePointer<Float>?
    ) {
        var out = skiff_winograd_output()
        out.bias = UnsafeRawPointer(bias + biasOffset)
        out.outputs = Int64(slice.count)
        out.row_stride = Int64(output.width * outputs)
        out.pixel_stride = Int64(outputs)
        out.addend_row_stride = out.row_stride
        out.addend_pixel_stride = out.pixel_stride
        out.component_stride = Int64(sumStride)
        out.lower = lower
        out.upper = upper
        out.tile = Int32(tile)
        let perImage = tileRows * tileColumns
        for (position, index) in range.enumerated() {
            let (image, rest) = (index / perImage, index % perImage)
            let (y, x) = (rest / tileColumns * tile, rest % tileColumns * tile)
            let pixel = (image * output.height + y) * output.width + x
            let place = pixel * outputs + slice.first
            out.rows = Int64(min(tile, output.height - y))
            out.columns = Int64(min(tile, output.width - x))
            out.output = UnsafeMutableRawPointer(target + place)
            out.addend = addend.map { UnsafeRawPointer($0 + place) }
            kernels.table.pointee.winograd_output(&out, sums + position * slice.width)
        }
    }
}

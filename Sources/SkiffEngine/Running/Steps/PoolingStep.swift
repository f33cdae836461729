internal import CSkiffKernels

/// Maximum or average pooling, row by row.
struct PoolingStep: @unchecked Sendable {
    let kernels: KernelSet
    let rows: WindowRows
    let channels: Int
    let isAverage: Bool
    let countsPadding: Bool
    let tasks: RowTasks

    func run(_ task: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
        rows.offsets.withUnsafeBufferPointer { offsets in
            var pooling = skiff_pooling()
            pooling.windows = rows.windows
            pooling.channels = Int64(channels)
            pooling.output_stride = Int64(channels)
            pooling.is_average = isAverage ? 1 : 0
            pooling.counts_padding = countsPadding ? 1 : 0
            pooling.padding_after = Int64(rows.after)
            tasks.forEach(task) { row, first, pixels in
                let (image, own) = (row / rows.outputRows, row % rows.outputRows)
                let start = rows.starts[own]
                pooling.input = UnsafeRawPointer(input + image * rows.imageElements)
                pooling.rows = offsets.baseAddress.map { $0 + start }
                pooling.row_count = Int64(rows.starts[own + 1] - start)
                pooling.rows_counted = rows.covered[own]
                pooling.output = UnsafeMutableRawPointer(output + row * rows.outputWidth * channels)
                kernels.table.pointee.pooling(&pooling, Int64(first), Int64(pixels))
            }
        }
    }
}

/// A convolution whose every output reads one channel, row by row, from the map as it is: nothing is padded.
struct DepthwiseStep: @unchecked Sendable {
    let kernels: KernelSet
    let rows: WindowRows
    /// Outputs.
    let channels: Int
    /// Outputs that read the same channel.
    let multiplier: Int
    /// Weights of one row of the kernel.
    let kernelRowElements: Int
    /// [tap][output]
    let weights: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
    let lower: Double
    let upper: Double
    let tasks: RowTasks
    private let weightRows: [Int64]

    init(
        kernels: KernelSet, rows: WindowRows, channels: Int, multiplier: Int, kernelRowElements: Int,
        weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, lower: Double, upper: Double, tasks: RowTasks
    ) {
        self.kernels = kernels
        self.rows = rows
        self.channels = channels
        self.multiplier = multiplier
        self.kernelRowElements = kernelRowElements
        self.weights = weights
        self.bias = bias
        self.lower = lower
        self.upper = upper
        self.tasks = tasks
        weightRows = rows.kernelRows.map { Int64($0 * kernelRowElements) }
    }

    func run(
        _ task: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, addend: UnsafePointer<Float>?
    ) {
        rows.offsets.withUnsafeBufferPointer { offsets in
            weightRows.withUnsafeBufferPointer { weightRows in
                var depthwise = skiff_depthwise()
                depthwise.windows = rows.windows
                depthwise.channels = Int64(channels)
                depthwise.multiplier = Int64(multiplier)
                depthwise.weights = UnsafeRawPointer(weights)
                depthwise.bias = UnsafeRawPointer(bias)
                depthwise.addend_stride = Int64(channels)
                depthwise.output_stride = Int64(channels)
                depthwise.lower = lower
                depthwise.upper = upper
                tasks.forEach(task) { row, first, pixels in
                    let (image, own) = (row / rows.outputRows, row % rows.outputRows)
                    let (start, place) = (rows.starts[own], row * rows.outputWidth * channels)
                    depthwise.input = UnsafeRawPointer(input + image * rows.imageElements)
                    depthwise.rows = offsets.baseAddress.map { $0 + start }
                    depthwise.weight_rows = weightRows.baseAddress.map { $0 + start }
                    depthwise.row_count = Int64(rows.starts[own + 1] - start)
                    depthwise.addend = addend.map { UnsafeRawPointer($0 + place) }
                    depthwise.output = UnsafeMutableRawPointer(output + place)
                    kernels.table.pointee.depthwise(&depthwise, Int64(first), Int64(pixels))
                }
            }
        }
    }
}

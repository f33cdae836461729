internal import CSkiffKernels

/// Maps sampled along both spatial axes, row by row.
struct ResizeStep: @unchecked Sendable {
    let kernels: KernelSet
    let channels: Int
    let imageElements: Int
    let outputRows: Int
    let outputWidth: Int
    /// Every pixel is one of the input's.
    let isCopy: Bool
    let tasks: RowTasks
    /// Where each output row's input rows begin in the tables; one more than there are rows.
    private let rowStarts: [Int]
    private let rowOffsets: [Int64]
    private let rowWeights: [Float]
    private let columnStarts: [Int32]
    private let columnOffsets: [Int64]
    private let columnWeights: [Float]

    /// - Parameters:
    ///   - rows: For each row of the output the input's rows it is made of, and their shares.
    ///   - columns: The same of each column.
    init(
        kernels: KernelSet, rows: [[(index: Int, share: Double)]], columns: [[(index: Int, share: Double)]],
        inputWidth: Int, channels: Int, imageElements: Int, images: Int, threads: Int
    ) {
        self.kernels = kernels
        self.channels = channels
        self.imageElements = imageElements
        outputRows = rows.count
        outputWidth = columns.count
        isCopy = (rows + columns).allSatisfy { $0.count == 1 && $0[0].share == 1 }
        rowStarts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        rowOffsets = rows.flatMap { $0.map { Int64($0.index * inputWidth * channels) } }
        rowWeights = rows.flatMap { $0.map { Float($0.share) } }
        columnStarts = columns.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int32($1.count)) }
        columnOffsets = columns.flatMap { $0.map { Int64($0.index * channels) } }
        columnWeights = columns.flatMap { $0.map { Float($0.share) } }
        tasks = RowTasks(
            rows: images * rows.count, width: columns.count, cost: channels * (isCopy ? 1 : 4), threads: threads)
    }

    func run(_ task: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
        tasks.forEach(task) { row, first, pixels in
            let (image, own) = (row / outputRows, row % outputRows)
            let from = input + image * imageElements
            let to = output + row * outputWidth * channels
            if isCopy {
                columnOffsets.withUnsafeBufferPointer { columns in
                    guard let columns = columns.baseAddress else { return }
                    kernels.table.pointee.gather(
                        from + Int(rowOffsets[own]), columns + first, to + first * channels, Int64(channels),
                        Int64(pixels), Int64(channels))
                }
            } else {
                interpolate(own, from, to, first, pixels)
            }
        }
    }

    private func interpolate(
        _ row: Int, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ first: Int, _ pixels: Int
    ) {
        rowOffsets.withUnsafeBufferPointer { rows in
            rowWeights.withUnsafeBufferPointer { rowWeights in
                columnStarts.withUnsafeBufferPointer { starts in
                    columnOffsets.withUnsafeBufferPointer { columns in
                        columnWeights.withUnsafeBufferPointer { columnWeights in
                            var resize = skiff_resize()
                            resize.input = UnsafeRawPointer(from)
                            resize.rows = rows.baseAddress.map { $0 + rowStarts[row] }
                            resize.row_weights = rowWeights.baseAddress.map { UnsafeRawPointer($0 + rowStarts[row]) }
                            resize.row_count = Int64(rowStarts[row + 1] - rowStarts[row])
                            resize.starts = starts.baseAddress
                            resize.columns = columns.baseAddress
                            resize.column_weights = columnWeights.baseAddress.map { UnsafeRawPointer($0) }
                            resize.channels = Int64(channels)
                            resize.output = UnsafeMutableRawPointer(to)
                            resize.output_stride = Int64(channels)
                            kernels.table.pointee.resize(&resize, Int64(first), Int64(pixels))
                        }
                    }
                }
            }
        }
    }
}

internal import CSkiffKernels

/// A map made of another one's positions, listed for each axis, and of a constant: padding, cropping, slices.
struct SelectionStep: @unchecked Sendable {
    /// Neighbouring elements of a row; from −1 for the constant.
    private struct Run {
        var to: Int
        var from: Int
        var count: Int
    }

    let kernels: KernelSet
    let value: Double
    let tasks: RowTasks
    /// For each outer axis the source's element offset by position; −1 for the constant.
    private let outer: [[Int]]
    private let runs: [Run]
    private let rowElements: Int

    /// - Parameters:
    ///   - tables: For each axis, in the order of memory, the source's position; −1 for the constant.
    ///   - extents: The source's extents in that order.
    init(kernels: KernelSet, tables: [[Int]], extents: [Int], value: Double, threads: Int) {
        self.kernels = kernels
        self.value = value
        // Axes behind the last one that changes are one block.
        let changing = tables.indices.last { tables[$0] != Array(0..<extents[$0]) } ?? max(0, tables.count - 1)
        let block = extents.dropFirst(changing + 1).reduce(1, *)
        var strides = [Int](repeating: 0, count: extents.count)
        var running = 1
        for axis in extents.indices.reversed() {
            strides[axis] = running
            running *= extents[axis]
        }
        outer = tables.indices.prefix(changing).map { axis in tables[axis].map { $0 < 0 ? -1 : $0 * strides[axis] } }
        var runs: [Run] = []
        let row = tables.isEmpty ? [0] : tables[changing]
        for (position, source) in row.enumerated() {
            let from = source < 0 ? -1 : source * block
            if let last = runs.last, from < 0 ? last.from < 0 : last.from >= 0 && from == last.from + last.count {
                runs[runs.count - 1].count += block
            } else {
                runs.append(Run(to: position * block, from: from, count: block))
            }
        }
        self.runs = runs
        rowElements = row.count * block
        tasks = RowTasks(
            rows: outer.reduce(1) { $0 * $1.count }, width: 1, cost: rowElements + 32 * runs.count, threads: threads)
    }

    func run(_ task: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
        let table = kernels.table
        tasks.forEach(task) { row, _, count in
            guard count > 0 else { return }
            let to = output + row * rowElements
            guard let start = start(row) else {
                table.pointee.fill(to, 0, 1, Int64(rowElements), value)
                return
            }
            for run in runs {
                if run.from < 0 {
                    table.pointee.fill(to + run.to, 0, 1, Int64(run.count), value)
                } else {
                    table.pointee.copy(input + (start + run.from), 0, to + run.to, 0, 1, Int64(run.count))
                }
            }
        }
    }

    /// Where a row of the output begins in the source; `nil` for a row of the constant.
    private func start(_ row: Int) -> Int? {
        var (rest, start) = (row, 0)
        for table in outer.reversed() {
            let offset = table[rest % table.count]
            rest /= table.count
            if offset < 0 { return nil }
            start += offset
        }
        return start
    }
}

/// Rows of pixels cut into tasks: neighbouring rows, or parts of rows where there are few.
struct RowTasks {
    let rows: Int
    let width: Int
    let tasks: Int
    private let parts: Int

    /// - Parameter cost: Elements that are read for one pixel, roughly.
    init(rows: Int, width: Int, cost: Int, threads: Int) {
        self.rows = rows
        self.width = width
        let work = Double(rows) * Double(width) * Double(cost)
        // A task takes some microseconds at least.
        let wanted = threads == 1 ? 1 : max(1, min(threads * 4, Int(min(work / 20_000, 1e6))))
        parts = rows >= wanted || rows == 0 ? 1 : min(max(1, width), (wanted + rows - 1) / rows)
        tasks = max(1, min(rows * parts, wanted))
    }

    /// Calls `body` with the row, its first pixel and how many for everything that belongs to `task`.
    @inline(__always)
    func forEach(_ task: Int, _ body: (Int, Int, Int) -> Void) {
        for unit in ProductStep.range(task, of: tasks, count: rows * parts) {
            let pixels = ProductStep.range(unit % parts, of: parts, count: width)
            body(unit / parts, pixels.lowerBound, pixels.count)
        }
    }
}

/// Bytes of the arena that something has from one step to another.
final class Region {
    /// Alignment of every region in bytes: one line of the cache, and any vector.
    static let alignment = 64

    let byteCount: Int
    /// The steps that write it first and read it last.
    var firstStep = Int.max
    var lastStep = -1
    /// Byte offset in the arena, once that is laid out.
    var offset = 0

    init(byteCount: Int) {
        self.byteCount = max(Self.alignment, (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment)
    }

    func touch(_ step: Int) {
        firstStep = min(firstStep, step)
        lastStep = max(lastStep, step)
    }
}

/// Lays regions out so that those which are needed at the same time do not overlap.
struct ArenaLayout {
    private(set) var byteCount = 0
    /// Free ranges in order, no two of which touch.
    private var free: [Range<Int>] = []

    /// - Parameter steps: How many steps there are.
    init(_ regions: [Region], steps: Int) {
        var starting = [[Region]](repeating: [], count: steps + 1)
        var ending = [[Region]](repeating: [], count: steps + 1)
        for region in regions where region.lastStep >= 0 {
            starting[min(region.firstStep, steps)].append(region)
            ending[min(region.lastStep, steps)].append(region)
        }
        for step in 0...steps {
            for region in starting[step] { region.offset = take(region.byteCount) }
            for region in ending[step] { give(region.offset..<region.offset + region.byteCount) }
        }
    }

    /// The smallest free range that is large enough, else the end.
    private mutating func take(_ size: Int) -> Int {
        let fitting = free.indices.filter { free[$0].count >= size }
        if let best = fitting.min(by: { free[$0].count < free[$1].count }) {
            let range = free[best]
            if range.count == size {
                free.remove(at: best)
            } else {
                free[best] = range.lowerBound + size..<range.upperBound
            }
            return range.lowerBound
        }
        if let last = free.last, last.upperBound == byteCount {
            free.removeLast()
            byteCount = last.lowerBound + size
            return last.lowerBound
        }
        byteCount += size
        return byteCount - size
    }

    private mutating func give(_ range: Range<Int>) {
        var position = free.firstIndex { $0.lowerBound > range.lowerBound } ?? free.count
        var range = range
        if position < free.count, free[position].lowerBound == range.upperBound {
            range = range.lowerBound..<free[position].upperBound
            free.remove(at: position)
        }
        if position > 0, free[position - 1].upperBound == range.lowerBound {
            position -= 1
            range = free[position].lowerBound..<range.upperBound
            free.remove(at: position)
        }
        free.insert(range, at: position)
    }
}
